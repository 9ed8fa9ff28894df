package io.restripe.node.cli;

import io.restripe.node.daemon.KernelActors;
import io.restripe.node.rpc.Json;
import io.restripe.rule.ProblemException;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** A monitor alone, in the place of mdmon. */
final class MonitorVerb extends Verb {
    MonitorVerb() {
        super("monitor", "Keep the metadata of a container that the kernel runs, in the place of mdmon");
    }

    @Override
    void describe(CommandSpec spec) {
        arguments(
                spec,
                "CONTAINER [OPTION...] MEMBER...",
                "CONTAINER MEMBER",
                "A name for it, then all of the container's disks in any order, PATH or PATH@SERIAL");
        spec.addOption(flag("Go on in the background, in a session of its own", "--daemonise"));
        spec.addOption(OptionSpec.builder("--process")
                .hidden(true)
                .description("Be the process itself")
                .build());
        text(
                spec,
                "The container must be there in the kernel (/proc/mdstat), whoever made it, and no other monitor may live. It takes over",
                "what runs as it is, and volumes of the container that begin to run later. It starts and stops nothing, and ends by",
                "itself when all volumes have been stopped. When it ends earlier the arrays go on: writes to a clean one wait for the",
                "next monitor. Root only.",
                "",
                "Example: restripe monitor imsm0 --daemonise /dev/sdb /dev/sdc /dev/sdd");
    }

    @Override
    int run(Line line, Session session) throws ProblemException {
        String name = ArrayName.parse(name(), line.first("the container")).container();
        List<String> members = line.membersAfterFirst();
        if (members.isEmpty()) {
            throw line.usage("arguments", "members are missing behind " + name);
        }
        if (line.has("--process")) {
            return new KernelActors(session.env(), session.run()).monitor(name, members, session.out());
        }
        boolean background = line.has("--daemonise");
        HostStarter.Monitor started =
                new HostStarter(session.run(), session.variables()).monitor(name, members, background);
        Map<String, Object> verdict = started.verdict();
        String text = name + ": process " + started.process().pid() + " keeps the metadata of "
                + Json.text(verdict, "monitors") + "\n  " + String.join("\n  ", Json.texts(verdict, "notes"));
        verdict.put("process", started.process().pid());
        session.result(verdict, text);
        if (background) {
            return Main.OK;
        }
        Thread atExit = Thread.ofPlatform().unstarted(() -> started.process().destroy());
        Runtime.getRuntime().addShutdownHook(atExit);
        return started.process().onExit().join().exitValue() == 0 ? Main.OK : Main.FAILED;
    }
}
