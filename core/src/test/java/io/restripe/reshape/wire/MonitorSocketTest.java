package io.restripe.reshape.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.restripe.env.SystemEnv;
import io.restripe.geometry.Geometry;
import io.restripe.metadata.ReshapeGoal;
import io.restripe.reshape.Reply;
import io.restripe.reshape.Request;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@Timeout(30)
@SuppressWarnings("try") // the server is there to be talked to through its path
class MonitorSocketTest {
    @TempDir
    Path folder;

    private final List<Request> heard = new CopyOnWriteArrayList<>();

    private Reply hear(Request request) throws IOException {
        heard.add(request);
        return switch (request) {
            case Request.PingManager _ -> throw new IOException("the manager thread is gone");
            case Request.SetSyncMax _ -> new Reply.Refused("R2_BOUND", "too far");
            default -> new Reply.Ok();
        };
    }

    static List<Request> requests() {
        return List.of(
                new Request.PingMonitor(),
                new Request.SetSyncMax(1, 1L << 40, true),
                new Request.CancelReshape(0),
                new Request.FromManager(-7, 1L << 40, new Request.TakeCharge()),
                new Request.FromManager(7, 2, new Request.WithdrawStep(3)),
                new Request.WithdrawStep(3),
                new Request.BeginReshape(new ReshapeGoal(1, Geometry.ofMd(5, 0, 5, 128), List.of("first", "second"))));
    }

    @ParameterizedTest
    @MethodSource("requests")
    void a_request_arrives_as_it_was_sent(Request request) throws Exception {
        Path path = folder.resolve("monitor.sock");
        try (MonitorSocket server = new MonitorSocket(new SystemEnv(), this::hear, path);
                SocketLink link = new SocketLink(new SystemEnv(), path)) {
            Reply reply = link.call(request);
            assertThat(heard).containsExactly(request);
            assertThat(reply)
                    .isEqualTo(
                            request instanceof Request.SetSyncMax
                                    ? new Reply.Refused("R2_BOUND", "too far")
                                    : new Reply.Ok());
            assertThat(Files.getPosixFilePermissions(path)).hasSize(2);
        }
        assertThat(path).doesNotExist();
    }

    @Test
    void a_failure_to_answer_is_told_and_the_next_call_works() throws Exception {
        Path path = folder.resolve("monitor.sock");
        try (MonitorSocket server = new MonitorSocket(new SystemEnv(), this::hear, path);
                SocketLink link = new SocketLink(new SystemEnv(), path)) {
            assertThatThrownBy(() -> link.call(new Request.PingManager()))
                    .hasMessageContaining("manager thread is gone");
            assertThat(link.call(new Request.PingMonitor())).isEqualTo(new Reply.Ok());
        }
    }

    @Test
    void a_peer_that_speaks_something_else_harms_nobody() throws Exception {
        Path path = folder.resolve("monitor.sock");
        try (MonitorSocket server = new MonitorSocket(new SystemEnv(), this::hear, path);
                SocketLink link = new SocketLink(new SystemEnv(), path);
                SocketChannel hostile = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
            new DataOutputStream(Channels.newOutputStream(hostile)).writeInt(Integer.MAX_VALUE);
            assertThat(hostile.read(java.nio.ByteBuffer.allocate(1))).isEqualTo(-1);
            assertThat(link.call(new Request.PingMonitor())).isEqualTo(new Reply.Ok());
        }
    }
}
