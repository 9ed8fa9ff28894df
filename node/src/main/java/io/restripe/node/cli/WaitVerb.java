package io.restripe.node.cli;

import io.restripe.node.rpc.ContainerStatus;
import io.restripe.node.rpc.HostClient;
import io.restripe.rule.Problem;
import io.restripe.rule.ProblemException;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Model.CommandSpec;

/** Waits for background work to end. */
final class WaitVerb extends Verb {
    WaitVerb() {
        super("wait", "Wait until resync, recovery or reshape of an array is done");
    }

    @Override
    void describe(CommandSpec spec) {
        arguments(spec, "CONTAINER[/VOLUME] [OPTION...]", "CONTAINER[/VOLUME]", "What to wait for");
        spec.addOption(value("SECONDS", "Give up after so long, with exit status 1; the work goes on", "--timeout"));
        text(spec, "Ends at once, with exit status 1, when the work stands because of a problem.");
    }

    @Override
    int run(Line line, Session session) throws ProblemException {
        ArrayName array = ArrayName.parse(name(), line.first("CONTAINER[/VOLUME]"));
        line.atMost(1);
        long timeout = line.has("--timeout")
                ? TimeUnit.SECONDS.toMillis(
                        line.number("--timeout", 0, Integer.MAX_VALUE).getAsInt())
                : Long.MAX_VALUE;
        try (HostClient client = HostClient.connect(session.run(), array.container())) {
            if (!array.volume().isEmpty()) {
                DetailVerb.volume(client.status(), array);
            }
            ContainerStatus status = new Follower(session, client, array).follow(timeout);
            boolean idle = status.volumes().stream()
                    .filter(v -> array.volume().isEmpty() || v.name().equals(array.volume()))
                    .allMatch(v -> v.work().idle());
            if (!idle) {
                throw new ProblemException(new Problem(
                        array + " is not done yet",
                        array.toString(),
                        "the time of " + line.text("--timeout").orElse("") + " seconds is over",
                        "Wait longer: restripe wait " + array));
            }
            session.result(status.toMap(), StatusText.brief(status));
        }
        return Main.OK;
    }
}
