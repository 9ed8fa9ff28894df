package io.restripe.node.cli;

import io.restripe.node.rpc.HostClient;
import io.restripe.node.rpc.Json;
import io.restripe.rule.ProblemException;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Model.CommandSpec;

/** A running volume becomes a block device. */
final class AttachVerb extends Verb {
    AttachVerb() {
        super("attach", "Make a block device of a running volume");
    }

    @Override
    void describe(CommandSpec spec) {
        arguments(spec, "CONTAINER/VOLUME [OPTION...]", "CONTAINER/VOLUME", "Which");
        spec.addOption(value(
                "DRIVER",
                "nbd (the kernel's NBD client) or fuse (FUSE and a loop device); default: nbd where the kernel has it",
                "--driver"));
        text(
                spec,
                "Needs root. Prints the device: make a file system on it, mount it, and grow the volume meanwhile; the device becomes as"
                        + " large as the volume when the reshape has ended. A volume that Linux md runs is a device already, which is"
                        + " printed.",
                "",
                "When the host process dies, requests wait for the next one of this container (with fuse: Linux 6.9 or newer, else they"
                        + " fail): assemble it again.",
                "",
                "Example: mkfs.ext4 $(restripe attach c0/data)");
    }

    @Override
    int run(Line line, Session session) throws ProblemException {
        ArrayName array = ArrayName.parseVolume(name(), line.first("CONTAINER/VOLUME"));
        line.atMost(1);
        String driver = line.text("--driver").orElse("");
        if (!List.of("", "nbd", "fuse").contains(driver)) {
            throw line.usage("--driver", "\"" + driver + "\" is neither nbd nor fuse");
        }
        try (HostClient client = HostClient.connect(session.run(), array.container())) {
            Map<String, Object> made = client.call("attach", Json.map("volume", array.volume(), "driver", driver));
            session.result(made, Json.text(made, "device"));
        }
        return Main.OK;
    }
}
