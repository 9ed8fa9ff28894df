package io.restripe.socket;

import io.restripe.env.Env;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.Lock;

/**
 * Answers frames on a Unix-domain socket that only its owner may open. One thread a connection; a peer that sends something else is
 * dropped and harms nobody. {@link #close} ends all connections and removes the socket file.
 */
public final class FrameServer implements AutoCloseable {
    /** What to answer. An IOException drops the peer. Called by many threads. */
    @FunctionalInterface
    public interface Handler {
        byte[] answer(byte[] frame) throws IOException;
    }

    private static final System.Logger LOG = System.getLogger("io.restripe.socket");
    private final Env env;
    private final Handler handler;
    private final Path path;
    private final ServerSocketChannel server;
    private final Lock lock;
    private final Set<SocketChannel> peers = new LinkedHashSet<>();

    /** @param path where; must not exist */
    public FrameServer(Env env, Path path, Handler handler) throws IOException {
        this.env = env;
        this.handler = handler;
        this.path = path;
        this.lock = env.newLock();
        this.server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            server.bind(UnixDomainSocketAddress.of(path));
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-------"));
        } catch (IOException e) {
            server.close();
            throw e;
        }
        env.start("accept " + path.getFileName(), this::accept);
    }

    private void accept() {
        try {
            while (true) {
                SocketChannel peer = server.accept();
                keep(peer);
                env.start("peer of " + path.getFileName(), () -> serve(peer));
            }
        } catch (ClosedChannelException e) {
            // close() was called: the end of this thread
        } catch (IOException e) {
            LOG.log(System.Logger.Level.WARNING, "{0} answers no more: {1}", path, e.getMessage());
        }
    }

    private void keep(SocketChannel peer) {
        lock.lock();
        try {
            peers.add(peer);
        } finally {
            lock.unlock();
        }
    }

    private void serve(SocketChannel peer) {
        try (peer) {
            DataInputStream in = new DataInputStream(Channels.newInputStream(peer));
            DataOutputStream out = new DataOutputStream(new BufferedOutputStream(Channels.newOutputStream(peer)));
            while (true) {
                Frame.send(out, handler.answer(Frame.receive(in)));
            }
        } catch (EOFException | ClosedChannelException e) {
            // the peer has gone, or close() was called: nothing to tell
        } catch (IOException e) {
            LOG.log(System.Logger.Level.INFO, "a peer of {0} was dropped: {1}", path, e.getMessage());
        } finally {
            lock.lock();
            try {
                peers.remove(peer);
            } finally {
                lock.unlock();
            }
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
        lock.lock();
        try {
            for (SocketChannel peer : List.copyOf(peers)) {
                peer.close();
            }
        } finally {
            lock.unlock();
        }
        Files.deleteIfExists(path);
    }
}
