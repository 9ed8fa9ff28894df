package io.restripe.nbd;

import io.restripe.env.Env;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/** A server that says exactly what a test wants it to, byte by byte, with the numbers written out as the specification has them. */
final class RawServer implements AutoCloseable {
    static final long BYTES = 1 << 20;

    /** What it does on a connection; the connection ends with it. */
    interface Script {
        void play(Peer peer) throws IOException;
    }

    /** A connected client. */
    static final class Peer {
        final DataInputStream in;
        final DataOutputStream out;
        /** 1 for the first connection. */
        final int number;

        private final CountDownLatch over;

        private Peer(SocketChannel channel, int number, CountDownLatch over) {
            this.over = over;
            this.in = new DataInputStream(Channels.newInputStream(channel));
            this.out = new DataOutputStream(Channels.newOutputStream(channel));
            this.number = number;
        }

        void greet() throws IOException {
            out.writeLong(0x4e42444d41474943L);
            out.writeLong(0x49484156454F5054L);
            out.writeShort(3);
            in.readInt();
        }

        /** Takes an option. */
        int option() throws IOException {
            in.readLong();
            int option = in.readInt();
            in.readNBytes(in.readInt());
            return option;
        }

        void reply(int option, int type, byte[] data) throws IOException {
            out.write(RawClient.bytes(to -> {
                to.writeLong(0x3e889045565a9L);
                to.writeInt(option);
                to.writeInt(type);
                to.writeInt(data.length);
                to.write(data);
            }));
        }

        /** Everything up to the acknowledgement of GO, with structured replies or without. */
        Peer agree(boolean structured) throws IOException {
            greet();
            reply(option(), structured ? 1 : 0x80000001, new byte[0]);
            int go = option();
            reply(go, 3, RawClient.bytes(to -> {
                to.writeShort(0);
                to.writeLong(BYTES);
                to.writeShort(1 | 4);
            }));
            reply(go, 1, new byte[0]);
            return this;
        }

        /** Takes the header of a request and gives its cookie; what a write brings is taken too. */
        Taken request() throws IOException {
            in.readInt();
            in.readShort();
            int type = in.readUnsignedShort();
            long cookie = in.readLong();
            long offset = in.readLong();
            int length = in.readInt();
            return new Taken(type, cookie, offset, length, type == 1 ? in.readNBytes(length) : new byte[0]);
        }

        void simpleReply(long cookie, int error) throws IOException {
            out.write(RawClient.bytes(to -> {
                to.writeInt(0x67446698);
                to.writeInt(error);
                to.writeLong(cookie);
            }));
        }

        void chunk(int flags, int type, long cookie, int length, byte[] data) throws IOException {
            out.write(RawClient.bytes(to -> {
                to.writeInt(0x668e33ef);
                to.writeShort(flags);
                to.writeShort(type);
                to.writeLong(cookie);
                to.writeInt(length);
                to.write(data);
            }));
        }

        /** Reads nothing more and leaves the connection as it is until the server is closed. */
        void awaitClose() throws IOException {
            try {
                over.await();
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
        }

        /** Waits until the client hangs up. */
        void awaitEnd() throws IOException {
            while (in.read() >= 0) {}
        }
    }

    record Taken(int type, long cookie, long offset, int length, byte[] data) {}

    private final ServerSocketChannel listener;
    private final List<SocketChannel> channels = new CopyOnWriteArrayList<>();
    private final CountDownLatch over = new CountDownLatch(1);
    private final AtomicInteger connections = new AtomicInteger();

    RawServer(Env env, Path socket, Script script) throws IOException {
        listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        listener.bind(UnixDomainSocketAddress.of(socket));
        env.start("raw server", () -> accept(env, script));
    }

    private void accept(Env env, Script script) {
        try {
            while (true) {
                SocketChannel channel = listener.accept();
                channels.add(channel);
                int number = connections.incrementAndGet();
                env.start("raw peer", () -> play(channel, number, script));
            }
        } catch (IOException e) {
            // closed: the test is over
        }
    }

    private void play(SocketChannel channel, int number, Script script) {
        try (channel) {
            script.play(new Peer(channel, number, over));
        } catch (IOException e) {
            // the client hung up, or the test is over
        }
    }

    int connections() {
        return connections.get();
    }

    @Override
    public void close() throws IOException {
        over.countDown();
        listener.close();
        for (SocketChannel channel : channels) {
            channel.close();
        }
    }
}
