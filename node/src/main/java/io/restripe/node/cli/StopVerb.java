package io.restripe.node.cli;

import io.restripe.node.device.AttachmentRecord;
import io.restripe.node.device.Leftover;
import io.restripe.node.rpc.HostClient;
import io.restripe.node.rpc.Json;
import io.restripe.node.rpc.RunFolder;
import io.restripe.rule.Problem;
import io.restripe.rule.ProblemException;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Model.CommandSpec;

/** Stops a container cleanly; returns when its host process has gone. */
final class StopVerb extends Verb {
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(30);
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    StopVerb() {
        super("stop", "Stop a running container cleanly");
    }

    @Override
    void describe(CommandSpec spec) {
        arguments(spec, "CONTAINER", "CONTAINER", "Its name");
        spec.addOption(flag(
                "Although NBD clients use its volumes or block devices are made of them: they are cut off",
                "-f",
                "--force"));
        text(spec, "Background work stops at a checkpoint and goes on with the next assemble.");
    }

    @Override
    int run(Line line, Session session) throws ProblemException, IOException {
        String container = ArrayName.parse(name(), line.first("CONTAINER")).container();
        line.atMost(1);
        RunFolder run = session.run();
        if (!run.alive(container) && run.pid(container).isPresent()) {
            removeDevices(run, container, line.has("--force"));
            long pid = run.pid(container).getAsLong();
            run.clean(container);
            session.result(
                    Json.map("stopped", container, "was-dead", true),
                    container + " was not running any more: its host process " + pid
                            + " had ended. What it left in the run folder is removed.");
            return Main.OK;
        }
        Optional<Problem> unrecorded;
        try (HostClient client = HostClient.connect(run, container)) {
            unrecorded = client.stop(line.has("--force"));
        }
        long start = session.env().nanoTime();
        while (run.alive(container)) {
            if (session.env().nanoTime() - start > PATIENCE_NANOS) {
                throw new ProblemException(new Problem(
                        "cannot see the host process of " + container + " end",
                        run.folder(container).toString(),
                        "the arrays are stopped, yet the process still holds its lock",
                        "Look at its log: " + run.log(container)));
            }
            session.env().sleepNanos(LOOK_NANOS);
        }
        if (unrecorded.isPresent()) {
            throw new ProblemException(unrecorded.get());
        }
        session.result(Json.map("stopped", container, "was-dead", false), container + " is stopped.");
        return Main.OK;
    }

    /** Devices that a dead host process left are removed like the rest, unless somebody uses them. */
    private static void removeDevices(RunFolder run, String container, boolean force)
            throws ProblemException, IOException {
        for (AttachmentRecord record : AttachmentRecord.all(run.folder(container))) {
            Leftover.remove(run.folder(container), container, record, force);
        }
    }
}
