package io.restripe.node.cli;

import io.restripe.node.daemon.Backend;
import io.restripe.node.daemon.BackendChoice;
import io.restripe.node.daemon.StartOptions;
import io.restripe.node.rpc.ContainerStatus;
import io.restripe.node.rpc.HostClient;
import io.restripe.node.rpc.Json;
import io.restripe.node.rpc.RunFolder;
import io.restripe.rule.Problem;
import io.restripe.rule.ProblemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** Starts a container from its members: in the background, in the foreground, or until everything half-way is done. */
final class AssembleVerb extends Verb {
    AssembleVerb() {
        super("assemble", "Start a container from its members; what was half-way goes on");
    }

    @Override
    void describe(CommandSpec spec) {
        arguments(
                spec,
                "[CONTAINER] [OPTION...] MEMBER...",
                "[CONTAINER] MEMBER",
                "The name it shall have (default imsm0, imsm1, ...), then its members in any order, PATH, PATH@SERIAL or the URI of an NBD export. "
                        + "The first argument is the name when it has no slash and no file is called so");
        spec.addOption(flag("Stay in the foreground until it is stopped; Ctrl-C stops it cleanly", "--foreground"));
        spec.addOption(flag("Write to no member; reshapes stay where they are", "-o", "--read-only", "--readonly"));
        spec.addOption(flag(
                "Run in the foreground whatever is half-way (reshape, recovery, resync), then stop cleanly",
                "--finish"));
        spec.addOption(flag("Start although members are missing", "-R", "--run"));
        spec.addOption(flag("Start from a doubtful state: degraded and not cleanly stopped", "-f", "--force"));
        copyArea(spec);
        memberTimeout(spec);
        listen(spec);
        backend(spec);
        spec.addOption(OptionSpec.builder("--volatile-cache")
                .hidden(true)
                .description("Members forget unflushed writes when the host dies: for the demonstration and tests")
                .build());
        text(
                spec,
                "A reshape that was cut off anywhere is recovered from its copy area and goes on in the background.",
                "Arrays that the kernel runs already are taken over as they are, whoever started them, when nobody keeps their",
                "metadata any more.",
                "",
                "Example: restripe assemble c0 /d/*.img");
    }

    @Override
    int run(Line line, Session session) throws ProblemException {
        if (line.positionals().isEmpty()) {
            throw line.usage("arguments", "members are missing");
        }
        boolean named = named(line.positionals().getFirst());
        List<String> members = named ? line.membersAfterFirst() : Line.absolute(line.positionals());
        if (members.isEmpty()) {
            throw line.usage(
                    "arguments",
                    "members are missing behind " + line.positionals().getFirst());
        }
        if (line.has("--finish") && line.has("--read-only")) {
            throw line.usage("--finish", "nothing can be finished with --read-only");
        }
        if (line.backend().equals(Optional.of(Backend.KERNEL)) && line.has("--read-only")) {
            throw line.usage("--backend", "--read-only looks at the members alone: leave --backend out");
        }
        RunFolder run = session.run();
        String container = named ? line.positionals().getFirst() : freeName(run);
        StartOptions options = new StartOptions(
                container,
                members,
                line.has("--read-only"),
                line.has("--run"),
                line.has("--force"),
                line.copyArea(),
                line.memberTimeoutNanos(),
                line.listen(),
                Backend.EMBEDDED,
                line.has("--volatile-cache"));
        boolean foreground = line.has("--foreground") || line.has("--finish");
        HostStarter.Started host = start(session, options, line.backend(), !foreground);
        if (!foreground) {
            session.result(host.status().toMap(), StatusText.noted(host.status()));
            return Main.OK;
        }
        boolean staying = !line.has("--finish");
        Thread atExit = Thread.ofPlatform().unstarted(() -> end(host.process(), staying));
        Runtime.getRuntime().addShutdownHook(atExit);
        return line.has("--finish") ? finish(session, host) : stay(session, host);
    }

    private static HostStarter.Started start(
            Session session, StartOptions options, Optional<Backend> told, boolean detached) throws ProblemException {
        HostStarter starter = new HostStarter(session.run(), session.variables());
        if (session.run().alive(options.name())) {
            return starter.start(
                    options, detached); // which refuses: that is to be told, and not what its members allow
        }
        BackendChoice choice = session.engine().backendFor(options, told);
        return starter.start(options.withBackend(choice.backend()), detached).withNote(choice.note());
    }

    private static boolean named(String first) {
        return ArrayName.isContainer(first) && !Files.exists(Path.of(first));
    }

    private static String freeName(RunFolder run) throws ProblemException {
        for (int i = 0; ; i++) {
            if (!run.alive("imsm" + i)) {
                return "imsm" + i;
            }
        }
    }

    private static int stay(Session session, HostStarter.Started host) {
        session.note(StatusText.noted(host.status()) + "\nIn the foreground: Ctrl-C, or restripe stop "
                + host.status().name() + ", stops it.");
        return awaitEnd(host.process());
    }

    private static int finish(Session session, HostStarter.Started host) throws ProblemException {
        String container = host.status().name();
        try (HostClient client = HostClient.connect(session.run(), container)) {
            session.note(StatusText.noted(host.status()));
            ContainerStatus status = new Follower(session, client, new ArrayName(container, "")).follow(Long.MAX_VALUE);
            Optional<Problem> unrecorded = end(host, client, status);
            int exit = awaitEnd(host.process());
            if (unrecorded.isPresent()) {
                throw new ProblemException(unrecorded.get());
            }
            session.result(
                    Json.map("finished", exit == 0, "status", status.toMap()),
                    container + ": nothing is half-way any more; stopped cleanly.");
            return exit == 0 ? Main.OK : Main.FAILED;
        }
    }

    /** A device that waited for this process, and is in use, waits for the next one: a signal does that, where a stop would cut it off. */
    private static Optional<Problem> end(HostStarter.Started host, HostClient client, ContainerStatus status)
            throws ProblemException {
        if (status.volumes().stream().allMatch(volume -> volume.device().isEmpty())) {
            return client.stop(true);
        }
        host.process().destroy();
        return Optional.empty();
    }

    private static int awaitEnd(Process process) {
        return process.onExit().join().exitValue() == 0 ? Main.OK : Main.FAILED;
    }

    /**
     * SIGTERM is a clean stop. The host has its own Ctrl-C from the terminal already; twice is once. To be stopped so is how a command that
     * stays in the foreground is meant to end: its status is 0, where the JVM would tell of the signal.
     */
    private static void end(Process process, boolean staying) {
        process.destroy();
        if (awaitEnd(process) == Main.OK && staying) {
            Runtime.getRuntime().halt(Main.OK);
        }
    }
}
