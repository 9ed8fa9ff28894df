package io.restripe.lab.kill;

import io.restripe.env.Env;
import io.restripe.node.daemon.Backend;
import io.restripe.node.daemon.HostJvm;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;

/** A process of a round: what it said so far, and the handle by which it is killed. Its standard error goes to a log of the round. */
final class Child {
    private static final long LOOK_NANOS = 10_000_000;

    private final Env env;
    private final Process process;
    private final Writer input;
    private final ConcurrentLinkedQueue<String> said = new ConcurrentLinkedQueue<>();

    private Child(Env env, Process process) {
        this.env = env;
        this.process = process;
        this.input = process.outputWriter(StandardCharsets.UTF_8);
        env.start("listener", this::listen);
    }

    /** Starts a main class in the JVM that the product starts its hosts in. */
    static Child start(Env env, Path log, Map<String, String> variables, Class<?> main, List<String> arguments)
            throws IOException {
        List<String> words = new ArrayList<>(HostJvm.command(Backend.EMBEDDED));
        words.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
        words.addAll(arguments);
        File file = log.toFile();
        ProcessBuilder builder = new ProcessBuilder(words).redirectError(ProcessBuilder.Redirect.appendTo(file));
        builder.environment().putAll(variables);
        return new Child(env, builder.start());
    }

    private void listen() {
        try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                said.add(line);
            }
        } catch (IOException e) {
            said.add("unreadable: " + e.getMessage()); // it was killed while it spoke
        }
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** Exit status of one that has ended. */
    int exitValue() {
        return process.exitValue();
    }

    boolean hasSaid(String beginning) {
        return said.stream().anyMatch(line -> line.startsWith(beginning));
    }

    /** The line that begins so, once it has been said. */
    String await(String beginning, long nanos) throws IOException {
        long deadline = env.nanoTime() + nanos;
        while (!hasSaid(beginning)) {
            boolean late = env.nanoTime() - deadline > 0;
            if (late || !process.isAlive() && !isStillHeard()) {
                throw new IOException("process " + process.pid() + " did not say \"" + beginning + "\" but " + said
                        + (process.isAlive() ? "" : ", and ended with " + process.exitValue()));
            }
            env.sleepNanos(LOOK_NANOS);
        }
        return said.stream()
                .filter(line -> line.startsWith(beginning))
                .findFirst()
                .orElseThrow();
    }

    /** The last words of a process may arrive after its end. */
    private boolean isStillHeard() {
        int before = said.size();
        env.sleepNanos(10 * LOOK_NANOS);
        return said.size() > before;
    }

    void tell(String line) throws IOException {
        input.write(line + "\n");
        input.flush();
    }

    /** Lets it end by itself. */
    int awaitEnd(long nanos) throws IOException {
        long deadline = env.nanoTime() + nanos;
        while (process.isAlive()) {
            if (env.nanoTime() - deadline > 0) {
                throw new IOException("process " + process.pid() + " does not end; it said " + said);
            }
            env.sleepNanos(LOOK_NANOS);
        }
        return process.exitValue();
    }

    /** SIGKILL, and its death. */
    void kill() {
        process.destroyForcibly();
        process.onExit().join();
    }
}
