package io.restripe.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Descriptors that outlive their process, by the example of a socket. */
@Timeout(60)
class HolderTest {
    @TempDir
    Path folder;

    @BeforeEach
    void this_system_can() {
        assumeTrue(Holder.possible(), "glibc 2.34 and /bin/sleep are needed");
    }

    private ServerSocketChannel listen(Path socket) throws IOException {
        ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        server.bind(UnixDomainSocketAddress.of(socket));
        return server;
    }

    @Test
    void a_holder_has_what_it_is_to_keep_and_nothing_else_and_gives_it_to_whoever_comes() throws Exception {
        Path socket = folder.resolve("s");
        try (ServerSocketChannel server = listen(socket)) {
            long pid;
            SocketChannel peer;
            try (Descriptor ours = Descriptor.connect(socket)) {
                peer = server.accept();
                pid = Holder.start(List.of(ours));
            }
            try (peer) {
                try {
                    awaitProgram(pid);
                    assertThat(descriptors(pid)).containsExactlyInAnyOrder("0", "1", "2", "3");
                    try (Descriptor taken = Descriptor.ofProcess(pid, Holder.FIRST_NUMBER, "taken")) {
                        assertThat(taken.write(ByteBuffer.wrap(new byte[] {1, 2, 3})))
                                .isEqualTo(3);
                    }
                    ByteBuffer got = ByteBuffer.allocate(3);
                    while (got.hasRemaining()) {
                        assertThat(peer.read(got)).isPositive();
                    }
                } finally {
                    Holder.end(pid);
                }
                assertThat(ProcessHandle.of(pid)).isEmpty();
                assertThat(peer.read(ByteBuffer.allocate(1)))
                        .as("nobody keeps it any more")
                        .isEqualTo(-1);
                Holder.end(pid); // a second time does nothing
            }
        }
    }

    private static List<String> descriptors(long pid) throws IOException {
        try (Stream<Path> open = Files.list(Path.of("/proc/" + pid + "/fd"))) {
            return open.map(d -> d.getFileName().toString()).toList();
        }
    }

    private static void awaitProgram(long pid) throws IOException {
        while (!Files.readString(Path.of("/proc/" + pid + "/comm")).strip().equals("sleep")) {
            Thread.onSpinWait(); // posix_spawn returns when it runs, or a moment before
        }
    }

    @Test
    void what_cannot_be_opened_or_taken_says_why() {
        assertThatThrownBy(() -> Descriptor.open(folder.resolve("none"))).hasMessageContaining("ENOENT");
        assertThatThrownBy(() -> Descriptor.connect(folder.resolve("none"))).hasMessageContaining("ENOENT");
        assertThatThrownBy(() -> Descriptor.connect(Path.of("/" + "x".repeat(120))))
                .hasMessageContaining("ENAMETOOLONG");
        assertThatThrownBy(() -> Descriptor.ofProcess(ProcessHandle.current().pid(), 999_999, "none"))
                .hasMessageContaining("EBADF");
        try (Arena arena = Arena.ofConfined();
                Descriptor nothing = Descriptor.open(Path.of("/dev/null"))) {
            assertThat(nothing.read(arena.allocate(8))).isZero();
        } catch (SystemCallException e) {
            throw new AssertionError(e);
        }
    }
}
