package io.restripe.node.cli;

import io.restripe.node.daemon.Backend;
import io.restripe.node.daemon.HostJvm;
import io.restripe.node.daemon.StartOptions;
import io.restripe.node.rpc.ContainerStatus;
import io.restripe.node.rpc.Json;
import io.restripe.node.rpc.RunFolder;
import io.restripe.rule.Problem;
import io.restripe.rule.ProblemException;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Starts a host process: this same program with the verb {@code host}, in a session of its own so that a Ctrl-C for the command is not
 * one for the array, its words going to the container's log. Waits for its verdict.
 */
final class HostStarter {
    private static final long LOG_BYTES = 1 << 20;
    private final RunFolder run;
    private final Map<String, String> variables;

    HostStarter(RunFolder run, Map<String, String> variables) {
        this.run = run;
        this.variables = variables;
    }

    /** A started host and what it said first. */
    record Started(Process process, ContainerStatus status) {
        /** The same with what the command itself has to say. */
        Started withNote(Optional<String> note) {
            return note.map(text -> new Started(process, status.withNote(text))).orElse(this);
        }
    }

    /**
     * @param detached lives on when the command ends; else it belongs to the command's process group
     * @throws ProblemException the host's own, when it could not start the container
     */
    Started start(StartOptions options, boolean detached) throws ProblemException {
        try {
            File log = preparedLog(options.name());
            List<String> words = new ArrayList<>(List.of("host"));
            words.addAll(HostVerb.arguments(options));
            ProcessBuilder builder = new ProcessBuilder(commandLine(options.backend(), words, detached))
                    .redirectInput(new File("/dev/null"))
                    .redirectError(ProcessBuilder.Redirect.appendTo(log));
            builder.environment().put("RESTRIPE_RUN", run.root().toString());
            Process process = builder.start();
            return new Started(
                    process, ContainerStatus.ofMap(verdict(options.name(), process, run.log(options.name()))));
        } catch (IOException e) {
            throw new ProblemException(
                    new Problem(
                            "cannot start a host process for " + options.name(),
                            run.folder(options.name()).toString(),
                            String.valueOf(e.getMessage()),
                            "Set RESTRIPE_RUN to a folder of yours that can be written"),
                    e);
        }
    }

    /** A started monitor and what it said first. */
    record Monitor(Process process, Map<String, Object> verdict) {}

    /**
     * Starts {@code monitor} as a process of its own.
     *
     * @throws ProblemException its own, when it could not take over
     */
    Monitor monitor(String name, List<String> members, boolean detached) throws ProblemException {
        try {
            Path log = run.monitorLog(name);
            Files.createDirectories(log.getParent());
            List<String> words = new ArrayList<>(List.of("monitor", "--process", "--", name));
            words.addAll(members);
            ProcessBuilder builder = new ProcessBuilder(commandLine(Backend.KERNEL, words, detached))
                    .redirectInput(new File("/dev/null"))
                    .redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()));
            builder.environment().put("RESTRIPE_RUN", run.root().toString());
            Process process = builder.start();
            return new Monitor(process, verdict(name, process, log));
        } catch (IOException e) {
            throw new ProblemException(
                    new Problem(
                            "cannot start a monitor for " + name,
                            run.root().toString(),
                            String.valueOf(e.getMessage()),
                            "Set RESTRIPE_RUN to a folder of yours that can be written"),
                    e);
        }
    }

    private File preparedLog(String container) throws IOException {
        Path folder = run.folder(container);
        run.prepare(container);
        Path log = run.log(container);
        if (Files.exists(log) && Files.size(log) > LOG_BYTES) {
            Files.move(log, folder.resolve("host.log.old"), java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        }
        return log.toFile();
    }

    private List<String> commandLine(Backend backend, List<String> verb, boolean detached) {
        List<String> words = new ArrayList<>();
        if (detached) {
            sessionLeader().ifPresent(words::add);
        }
        words.addAll(HostJvm.command(backend));
        String more = variables.getOrDefault("RESTRIPE_HOST_JAVA_OPTS", "").strip();
        if (!more.isEmpty()) {
            words.addAll(List.of(more.split("\\s+", -1)));
        }
        words.addAll(List.of("-cp", System.getProperty("java.class.path")));
        words.add(System.getProperty("restripe.main", Main.class.getName()));
        words.addAll(verb);
        return words;
    }

    private Optional<String> sessionLeader() {
        for (String folder : variables.getOrDefault("PATH", "/usr/bin:/bin").split(":", -1)) {
            Path program = Path.of(folder.isEmpty() ? "." : folder, "setsid");
            if (Files.isExecutable(program)) {
                return Optional.of(program.toString());
            }
        }
        return Optional.empty();
    }

    private static Map<String, Object> verdict(String container, Process process, Path log)
            throws IOException, ProblemException {
        BufferedReader reader = process.inputReader(StandardCharsets.UTF_8);
        String line = reader.readLine();
        if (line == null) {
            throw new ProblemException(new Problem(
                    "cannot start " + container,
                    "host process " + process.pid(),
                    "it ended without a word",
                    "Its log may tell: " + log));
        }
        Map<String, Object> message = Json.parse(line);
        Optional<Map<String, Object>> error = Json.inner(message, "error");
        if (error.isPresent()) {
            throw new ProblemException(Json.problemOf(error.get()));
        }
        return Json.inner(message, "ok").orElseThrow(() -> new IOException("verdict " + line));
    }
}
