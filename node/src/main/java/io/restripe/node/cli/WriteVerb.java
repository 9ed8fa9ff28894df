package io.restripe.node.cli;

import io.restripe.node.rpc.HostClient;
import io.restripe.node.rpc.Json;
import io.restripe.rule.ProblemException;
import java.io.IOException;
import java.nio.channels.Channels;
import picocli.CommandLine.Model.CommandSpec;

/** Standard input into a running array. */
final class WriteVerb extends Verb {
    WriteVerb() {
        super("write", "Write standard input into a running array");
    }

    @Override
    void describe(CommandSpec spec) {
        arguments(spec, "CONTAINER/VOLUME [OPTION...]", "CONTAINER/VOLUME", "Which");
        spec.addOption(value("BYTES", "Where to begin; also with K, M, G or s (sectors of 512 bytes)", "--offset"));
        spec.addOption(value("BYTES", "At most so much; default: to the end of the input", "--length"));
        text(spec, "When the command succeeds the bytes are durable.");
    }

    @Override
    int run(Line line, Session session) throws ProblemException, IOException {
        ArrayName array = ArrayName.parseVolume(name(), line.first("CONTAINER/VOLUME"));
        line.atMost(1);
        long length = line.has("--length") ? line.size("--length", Sizes.BYTE) : -1;
        long offset = line.size("--offset", Sizes.BYTE);
        try (HostClient client = HostClient.connect(session.run(), array.container())) {
            long written = client.write(array.volume(), offset, length, Channels.newChannel(session.in()));
            session.result(
                    Json.map("written-bytes", written, "offset", offset),
                    written + " bytes are written to " + array + " from byte " + offset + ", and durable.");
        }
        return Main.OK;
    }
}
