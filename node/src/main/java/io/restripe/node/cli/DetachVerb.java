package io.restripe.node.cli;

import io.restripe.node.device.AttachmentRecord;
import io.restripe.node.device.Leftover;
import io.restripe.node.rpc.HostClient;
import io.restripe.node.rpc.Json;
import io.restripe.node.rpc.RunFolder;
import io.restripe.rule.ProblemException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;

/** The block device of a volume ends; also one whose host process has died. */
final class DetachVerb extends Verb {
    DetachVerb() {
        super("detach", "End the block device of a volume, also of one whose host process has died");
    }

    @Override
    void describe(CommandSpec spec) {
        arguments(spec, "CONTAINER/VOLUME [OPTION...]", "CONTAINER/VOLUME", "Which");
        spec.addOption(flag(
                "Although it is in use, such as mounted: its users get errors, what they have not written is lost, and the device goes"
                        + " with the last of them",
                "-f",
                "--force"));
        text(
                spec,
                "Needs root. When the command succeeds what was written to the device is durable, unless --force cut somebody off.");
    }

    @Override
    int run(Line line, Session session) throws ProblemException, IOException {
        ArrayName array = ArrayName.parseVolume(name(), line.first("CONTAINER/VOLUME"));
        line.atMost(1);
        boolean force = line.has("--force");
        RunFolder run = session.run();
        Path folder = run.folder(array.container());
        Optional<AttachmentRecord> left =
                run.alive(array.container()) ? Optional.empty() : AttachmentRecord.find(folder, array.volume());
        if (left.isPresent()) {
            String device = Leftover.remove(folder, array.container(), left.get(), force);
            told(session, array, device, true);
            return Main.OK;
        }
        try (HostClient client = HostClient.connect(run, array.container())) {
            Map<String, Object> ended = client.call("detach", Json.map("volume", array.volume(), "force", force));
            told(session, array, Json.text(ended, "device"), false);
        }
        return Main.OK;
    }

    private static void told(Session session, ArrayName array, String device, boolean wasDead) {
        session.result(
                Json.map("volume", array.volume(), "device", device, "was-dead", wasDead),
                array + " is not attached any more"
                        + (wasDead ? "; what its dead host process left of the device is removed." : "."));
    }
}
