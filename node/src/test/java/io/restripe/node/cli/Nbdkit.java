package io.restripe.node.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** An nbdkit of the distribution that serves a file on a Unix-domain socket; killed when the test is over. */
final class Nbdkit implements AutoCloseable {
    private static final Path PROGRAM = Path.of("/usr/bin/nbdkit");

    private final Path socket;
    private final List<String> words;
    private Process process;

    private Nbdkit(Path socket, List<String> words) {
        this.socket = socket;
        this.words = words;
    }

    static void require() {
        boolean there = Files.isExecutable(PROGRAM);
        assertThat(there || !"true".equals(System.getenv("CI")))
                .as("nbdkit is missing, and no test may be skipped under CI")
                .isTrue();
        assumeTrue(there, "nbdkit is missing: apt-get install nbdkit");
    }

    /**
     * Serves a file.
     *
     * @param more further options, such as those of encryption
     */
    static Nbdkit serving(Path file, Path socket, String... more) throws Exception {
        List<String> words = new ArrayList<>(List.of(PROGRAM.toString(), "-f", "-U", socket.toString()));
        words.addAll(List.of(more));
        words.addAll(List.of("file", file.toString()));
        Nbdkit server = new Nbdkit(socket, words);
        server.start();
        return server;
    }

    /** Starts it, again after {@link #kill}; returns when clients can connect. */
    void start() throws Exception {
        Files.deleteIfExists(socket);
        process = new ProcessBuilder(words)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        while (!listens()) {
            assertThat(process.waitFor(5, TimeUnit.MILLISECONDS))
                    .as(words + " ended")
                    .isFalse();
        }
    }

    private boolean listens() {
        try (SocketChannel probe = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
            return probe.isConnected();
        } catch (java.io.IOException e) {
            return false;
        }
    }

    void kill() {
        process.destroyForcibly().onExit().join();
    }

    /** From now on it answers nothing, and its connections stay. */
    void freeze() throws Exception {
        assertThat(new ProcessBuilder("kill", "-STOP", String.valueOf(process.pid()))
                        .start()
                        .waitFor())
                .isZero();
    }

    String uri() {
        return "nbd+unix:///?socket=" + socket;
    }

    @Override
    public void close() {
        kill();
    }
}
