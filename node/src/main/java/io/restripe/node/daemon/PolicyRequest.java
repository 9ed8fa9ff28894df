package io.restripe.node.daemon;

import io.restripe.consistency.ConsistencyPolicy;
import io.restripe.host.RunningContainer;
import io.restripe.metadata.Volume;
import io.restripe.node.rpc.Json;
import io.restripe.rule.Problem;
import io.restripe.rule.ProblemException;
import java.util.Map;

/**
 * Volumes are to be kept consistent in another way.
 *
 * @param volume empty: every volume of the container
 * @param policy md's word
 * @param from only volumes that have this policy; empty: whatever they have
 */
public record PolicyRequest(String volume, String policy, String from) {
    public Map<String, Object> toMap() {
        return Json.map("volume", volume, "policy", policy, "from", from);
    }

    static PolicyRequest ofMap(Map<String, Object> map) {
        return new PolicyRequest(Json.text(map, "volume"), Json.text(map, "policy"), Json.text(map, "from"));
    }

    /** One volume after the other; those before one that cannot stay changed. */
    void carryOut(RunningContainer running) throws ProblemException {
        ConsistencyPolicy wanted = ConsistencyPolicy.of(policy)
                .orElseThrow(() -> new ProblemException(new Problem(
                        "cannot change the consistency policy",
                        "container " + running.name(),
                        "\"" + policy + "\" is not known",
                        "Name one of resync, ppl and bitmap")));
        if (!volume.isEmpty()) {
            running.control(volume); // there must be one of this name
        }
        for (Volume each : running.container().volumes()) {
            String present = each.consistency().policy().word();
            if ((volume.isEmpty() || volume.equals(each.name())) && (from.isEmpty() || from.equals(present))) {
                running.changePolicy(each.name(), wanted);
            }
        }
    }
}
