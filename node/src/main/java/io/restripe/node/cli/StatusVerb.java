package io.restripe.node.cli;

import io.restripe.node.rpc.ContainerStatus;
import io.restripe.node.rpc.HostClient;
import io.restripe.node.rpc.Json;
import io.restripe.node.rpc.RunFolder;
import io.restripe.rule.Problem;
import io.restripe.rule.ProblemException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Model.CommandSpec;

/** All arrays of this host, as /proc/mdstat shows the kernel's. */
final class StatusVerb extends Verb {
    StatusVerb() {
        super("status", "Show all arrays that run on this host, and their progress");
    }

    @Override
    void describe(CommandSpec spec) {
        arguments(spec, "[CONTAINER...]", "CONTAINER", "Only these");
        text(spec, "A container whose host process died is shown too, until it is assembled again or stopped.");
    }

    @Override
    int run(Line line, Session session) throws ProblemException {
        RunFolder run = session.run();
        List<String> wanted = line.positionals().isEmpty() ? run.containers() : line.positionals();
        List<Map<String, Object>> maps = new ArrayList<>();
        List<String> texts = new ArrayList<>();
        boolean failed = false;
        for (String name : wanted) {
            String container = ArrayName.parse(name(), name).container();
            try (HostClient client = HostClient.connect(run, container)) {
                ContainerStatus status = client.status();
                maps.add(status.toMap());
                texts.add(StatusText.brief(status));
            } catch (ProblemException e) {
                Problem problem = e.problem();
                failed = true;
                maps.add(Json.map("container", container, "error", Json.ofProblem(problem)));
                texts.add(container + ": not running: " + problem.why() + "\n  " + problem.remedy());
            }
        }
        String nothing = "No array is running (run folder " + run.root() + ").";
        session.result(Json.map("containers", maps), texts.isEmpty() ? nothing : String.join("\n", texts));
        return failed ? Main.FAILED : Main.OK;
    }
}
