package io.restripe.socket;

import io.restripe.env.Env;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.concurrent.locks.Lock;

/** A connection to a {@link FrameServer}: connects at the first call, and again after a broken one. Calls take turns. */
public final class FrameClient implements AutoCloseable {
    private final Path path;
    private final Lock lock;
    private SocketChannel channel;
    private DataInputStream in;
    private DataOutputStream out;
    private volatile boolean closed;

    public FrameClient(Env env, Path path) {
        this.path = path;
        this.lock = env.newLock();
    }

    /**
     * Asks and waits for the answer.
     *
     * @throws IOException when there was none; whether the request took effect is then unknown
     */
    public byte[] call(byte[] frame) throws IOException {
        lock.lock();
        try {
            if (closed) {
                throw new IOException("the connection to " + path + " is closed");
            }
            if (channel == null) {
                channel = SocketChannel.open(UnixDomainSocketAddress.of(path));
                in = new DataInputStream(Channels.newInputStream(channel));
                out = new DataOutputStream(new BufferedOutputStream(Channels.newOutputStream(channel)));
            }
            Frame.send(out, frame);
            return Frame.receive(in);
        } catch (IOException e) {
            drop();
            throw new IOException(path + ": " + (e.getMessage() == null ? "the peer has gone" : e.getMessage()), e);
        } finally {
            lock.unlock();
        }
    }

    private void drop() throws IOException {
        if (channel != null) {
            channel.close();
            channel = null;
        }
    }

    /** Ends the connection, also under a call that waits: that call fails. */
    @Override
    public void close() throws IOException {
        closed = true;
        SocketChannel open = channel;
        if (open != null) {
            open.close();
        }
    }
}
