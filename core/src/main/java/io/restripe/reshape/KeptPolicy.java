package io.restripe.reshape;

import io.restripe.array.ArrayControl;
import io.restripe.consistency.ConsistencyPolicy;
import io.restripe.metadata.Volume;
import io.restripe.rule.Problem;
import io.restripe.rule.ProblemException;

/** Refuses a reshape that an array would refuse because of what keeps it consistent, before anything is recorded. Stateless. */
public final class KeptPolicy {
    private KeptPolicy() {}

    /** @param array the volume's */
    public static void requireReshapable(ArrayControl array, Volume volume) throws ProblemException {
        ConsistencyPolicy policy = volume.consistency().policy();
        if (!array.reshapes(policy)) {
            throw new ProblemException(
                    new Problem(
                            "cannot reshape " + array.name(),
                            "volume " + volume.name(),
                            "the kernel's arrays do not change their shape with --consistency-policy=" + policy.word(),
                            "Stop the container, assemble it with --backend=embedded, and reshape it there: the policy stays in force meanwhile"));
        }
    }
}
