package io.restripe.os;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class ReadableLookTest {
    @TempDir
    Path folder;

    @Test
    void a_socket_of_a_path_is_readable_when_there_are_bytes_or_the_end() throws IOException {
        look(UnixDomainSocketAddress.of(folder.resolve("s")));
    }

    @Test
    void a_socket_of_a_port_is_readable_when_there_are_bytes_or_the_end() throws IOException {
        look(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    }

    private static void look(SocketAddress address) throws IOException {
        try (ServerSocketChannel door = address instanceof UnixDomainSocketAddress
                ? ServerSocketChannel.open(StandardProtocolFamily.UNIX)
                : ServerSocketChannel.open()) {
            door.bind(address);
            try (SocketChannel peer = SocketChannel.open(door.getLocalAddress());
                    SocketChannel here = door.accept()) {
                ReadableLook look = ReadableLook.of(here).orElseThrow();
                assertThat(look.isReadable()).isFalse();
                peer.write(ByteBuffer.wrap(new byte[2]));
                await(look);
                here.read(ByteBuffer.allocate(1));
                assertThat(look.isReadable()).isTrue();
                here.read(ByteBuffer.allocate(2));
                assertThat(look.isReadable()).isFalse();
                peer.shutdownOutput();
                await(look);
                assertThat(here.read(ByteBuffer.allocate(1))).isEqualTo(-1);
            }
        }
    }

    @Test
    void a_closed_channel_is_said_to_be_readable_or_not_and_nothing_is_read() throws IOException {
        UnixDomainSocketAddress address = UnixDomainSocketAddress.of(folder.resolve("s"));
        try (ServerSocketChannel door = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            door.bind(address);
            try (SocketChannel peer = SocketChannel.open(address)) {
                SocketChannel first = door.accept();
                ReadableLook look = ReadableLook.of(first).orElseThrow();
                first.close();
                look.isReadable();
                try (SocketChannel second = SocketChannel.open(address); // most likely of the same number
                        SocketChannel secondHere = door.accept()) {
                    second.write(ByteBuffer.wrap(new byte[] {7}));
                    look.isReadable();
                    ByteBuffer received = ByteBuffer.allocate(1);
                    assertThat(secondHere.read(received)).isOne();
                    assertThat(received.get(0)).isEqualTo((byte) 7);
                }
                assertThat(peer.read(ByteBuffer.allocate(1))).isEqualTo(-1);
            }
        }
    }

    private static void await(ReadableLook look) {
        while (!look.isReadable()) {
            Thread.onSpinWait();
        }
    }
}
