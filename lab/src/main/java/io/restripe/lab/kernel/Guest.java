package io.restripe.lab.kernel;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * A running guest. One thread uses it; {@link #stopDead}, {@link #freeze}, {@link #thaw} and {@link #hurry} alone may come from any.
 * Every wait is bounded, and {@link #close} leaves no process behind whatever happened before.
 */
public final class Guest implements AutoCloseable {
    private static final String HURRY = "hurry";
    private static final String GONE = "@gone";
    private static final Duration LONGEST_FAREWELL = Duration.ofSeconds(30);
    private static final int CONSOLE_LINES_SHOWN = 25;
    /** A thread dump and something before it. */
    private static final int LOG_LINES_SHOWN = 250;

    private final Process process;
    private final Path box;
    private final Path console;
    private final Writer commands;
    private final BlockingQueue<String> answers = new LinkedBlockingQueue<>();
    private final Thread listener;
    private final KernelProcesses kernel = new KernelProcesses();
    private int scripts;
    private boolean gone;
    private volatile boolean ended;

    /**
     * What became of a script.
     *
     * @param died true: the guest stopped while the script ran; there is no exit and no output then
     * @param exit its exit status, -1 if it died
     * @param output what it wrote to standard output and standard error
     */
    public record Outcome(boolean died, int exit, String output) {}

    Guest(Process process, Path box, Path console) {
        this.process = process;
        this.box = box;
        this.console = console;
        this.commands = process.outputWriter(UTF_8);
        this.listener = Thread.ofVirtual().name("guest " + process.pid()).start(this::listen);
    }

    private void listen() {
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                answers.add(line);
            }
        } catch (IOException e) {
            // The line breaks when the guest is killed; that it is gone is all there is to know.
        }
        answers.add(GONE);
    }

    void awaitReady(Duration atMost) throws IOException {
        String answer = nextAnswer(atMost);
        if (!answer.equals("@ready")) {
            String end = consoleEnd();
            close();
            throw new IOException(
                    "the guest did not boot within " + atMost.toSeconds() + " s (" + answer + ")\n" + end);
        }
    }

    /** The folder that the guest sees as {@code $BOX}. */
    public Path box() {
        return box;
    }

    /**
     * Runs a bash script in the guest, after {@code md.sh}.
     *
     * @throws IOException when it neither ends nor dies in time; the guest is stopped dead then
     */
    public Outcome run(String script, Duration atMost) throws IOException {
        if (gone) {
            return new Outcome(true, -1, "gone before the script");
        }
        Files.deleteIfExists(box.resolve(HURRY));
        int number = ++scripts;
        Files.writeString(box.resolve(number + ".sh"), ". $BOX/md.sh\n" + script + "\n");
        try {
            commands.write(number + "\n");
            commands.flush();
        } catch (IOException e) {
            return new Outcome(true, -1, "gone before the script: " + e.getMessage());
        }
        String answer = nextAnswer(atMost);
        if (answer.equals(GONE)) {
            gone = true;
            return new Outcome(true, -1, "");
        }
        String prefix = "@done " + number + " ";
        if (!answer.startsWith(prefix)) {
            String end = consoleEnd() + logEnds();
            stopDead();
            throw new IOException("script " + box.resolve(number + ".sh") + " did not end within " + atMost.toSeconds()
                    + " s (answer: " + answer + ")\n" + end);
        }
        return new Outcome(
                false,
                Integer.parseInt(answer.substring(prefix.length()).trim()),
                Files.readString(box.resolve(number + ".out")));
    }

    /**
     * Runs a script that must succeed.
     *
     * @return its output
     * @throws IOException when it exits with another status than 0, or the guest dies; the message has its output
     */
    public String must(String script, Duration atMost) throws IOException {
        Outcome outcome = run(script, atMost);
        if (outcome.died() || outcome.exit() != 0) {
            throw new IOException("script " + box.resolve(scripts + ".sh")
                    + (outcome.died() ? ": the guest died\n" + consoleEnd() : ": exit " + outcome.exit()) + "\n"
                    + outcome.output());
        }
        return outcome.output();
    }

    /** True until it has powered off, panicked or been stopped. */
    public boolean isAlive() {
        return process.isAlive();
    }

    /**
     * Holds the guest still until {@link #thaw}: on return nobody writes to the images, so what they hold now, and nothing else, is what a
     * power failure at this moment would leave. The guest knows nothing of it, but that its clock jumps.
     */
    public void freeze() throws IOException {
        kernel.freeze(process.toHandle());
    }

    /** Lets it go on. */
    public void thaw() throws IOException {
        kernel.thaw();
    }

    /** A sync that the running script waits for goes as fast as it can from now on. May come from any thread. */
    public void hurry() throws IOException {
        Files.writeString(box.resolve(HURRY), "");
    }

    /** Power failure: on return no process of the guest runs, and the images are what its disks had finished writing. */
    public void stopDead() {
        endProcessGroup();
        awaitEnd(LONGEST_FAREWELL);
    }

    /** Writes back what the guest holds, powers off, and waits for the end. Arrays should be stopped before. */
    public void powerOff() throws IOException {
        commands.close();
        if (!awaitEnd(LONGEST_FAREWELL)) {
            String end = consoleEnd();
            stopDead();
            throw new IOException("the guest did not power off\n" + end);
        }
    }

    /** Ends it however it is; {@link #powerOff} first if its caches matter. */
    @Override
    public void close() {
        stopDead();
    }

    /** The last lines of its console. */
    public String consoleEnd() {
        return end(console, CONSOLE_LINES_SHOWN);
    }

    /** Of whatever its programs write to logs in the box. */
    private String logEnds() {
        StringBuilder ends = new StringBuilder();
        try (DirectoryStream<Path> logs = Files.newDirectoryStream(box, "*.log")) {
            for (Path log : logs) {
                if (!log.equals(console)) {
                    ends.append('\n').append(end(log, LOG_LINES_SHOWN));
                }
            }
        } catch (IOException e) {
            ends.append("\nno logs in ").append(box).append(": ").append(e.getMessage());
        }
        return ends.toString();
    }

    private static String end(Path file, int most) {
        try {
            List<String> lines = Files.readAllLines(file, ISO_8859_1);
            int from = Math.max(0, lines.size() - most);
            return "end of " + file + ":\n" + String.join("\n", lines.subList(from, lines.size()));
        } catch (IOException e) {
            return "cannot read " + file + ": " + e.getMessage();
        }
    }

    private String nextAnswer(Duration atMost) {
        try {
            String answer = answers.poll(atMost.toMillis(), TimeUnit.MILLISECONDS);
            return answer == null ? "none" : answer;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            stopDead();
            throw new IllegalStateException("interrupted while waiting for a guest", e);
        }
    }

    private boolean awaitEnd(Duration atMost) {
        try {
            boolean exited = process.waitFor(atMost.toMillis(), TimeUnit.MILLISECONDS);
            // The kernel's processes for the guest's programs outlive it when it panics or is killed.
            endProcessGroup();
            ended |= exited;
            return exited && listener.join(atMost);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            endProcessGroup();
            return false;
        }
    }

    private void endProcessGroup() {
        if (ended) {
            return; // its number may be somebody else's by now
        }
        try {
            new ProcessBuilder("bash", "-c", "kill -KILL -- -" + process.pid() + " 2>/dev/null")
                    .redirectErrorStream(true)
                    .start()
                    .waitFor();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot end the guest's process group " + process.pid(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
