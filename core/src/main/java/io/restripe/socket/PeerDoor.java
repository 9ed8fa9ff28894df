package io.restripe.socket;

import io.restripe.env.Env;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;

/**
 * Lets peers in, on any number of sockets: one thread a socket, one a peer. A peer that its service cannot stand is dropped and harms nobody;
 * more than a bound are turned away. Any thread may call.
 */
public final class PeerDoor implements AutoCloseable {
    /** What is done for a peer, by its own thread. The channel is closed when this returns; an IOException drops the peer. */
    @FunctionalInterface
    public interface Service {
        void serve(SocketChannel peer) throws IOException;
    }

    private static final System.Logger LOG = System.getLogger("io.restripe.socket");
    private static final long ACCEPT_AGAIN_NANOS = 100_000_000;

    private final Env env;
    private final String who;
    private final int most;
    private final Lock lock;
    private final Condition threadEnded;
    /** Sockets that are listened on, with the file of each that has one. Guarded by the lock, like all below. */
    private final Map<ServerSocketChannel, List<Path>> listeners = new LinkedHashMap<>();

    private final Set<SocketChannel> peers = new LinkedHashSet<>();
    private int threads;
    private boolean closed;

    /**
     * A door through which nobody comes before it listens somewhere.
     *
     * @param who the peers, for logs and dumps: "an NBD client"
     * @param most peers at once; one more is closed as soon as it came
     */
    public PeerDoor(Env env, String who, int most) {
        this.env = env;
        this.who = who;
        this.most = most;
        this.lock = env.newLock();
        this.threadEnded = lock.newCondition();
    }

    /** Peers that are connected now. */
    public int peers() {
        lock.lock();
        try {
            return peers.size();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Listens on a Unix-domain socket that only its owner may open. {@link #cutOff} removes the file.
     *
     * @param path where; must not exist
     */
    public void listen(Path path, Service service) throws IOException {
        ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            listener.bind(UnixDomainSocketAddress.of(path));
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-------"));
            start(listener, List.of(path), service);
        } catch (IOException e) {
            listener.close();
            throw e;
        }
    }

    /**
     * Listens on TCP.
     *
     * @param address where; port 0: any that is free
     * @return where it listens
     */
    public InetSocketAddress listen(InetSocketAddress address, Service service) throws IOException {
        ServerSocketChannel listener = ServerSocketChannel.open();
        try {
            listener.setOption(StandardSocketOptions.SO_REUSEADDR, true);
            listener.bind(address);
            InetSocketAddress bound = (InetSocketAddress) listener.getLocalAddress();
            start(listener, List.of(), service);
            return bound;
        } catch (IOException e) {
            listener.close();
            throw e;
        }
    }

    private void start(ServerSocketChannel listener, List<Path> files, Service service) throws IOException {
        lock.lock();
        try {
            if (closed) {
                throw new IOException("the server is closed");
            }
            listeners.put(listener, files);
            startThread("door for " + who, () -> accept(listener, service));
        } finally {
            lock.unlock();
        }
    }

    /** Starts a thread that {@link #close} waits for. Called with the lock. */
    private void startThread(String name, Runnable body) {
        env.start(name, () -> {
            try {
                body.run();
            } finally {
                lock.lock(); // after whoever started it has counted it
                try {
                    threads--;
                    threadEnded.signalAll();
                } finally {
                    lock.unlock();
                }
            }
        });
        threads++;
    }

    private void accept(ServerSocketChannel listener, Service service) {
        while (listener.isOpen()) {
            try {
                admit(listener.accept(), service);
            } catch (ClosedChannelException e) {
                return; // cutOff() was called
            } catch (IOException e) {
                // Out of file descriptors, most likely: those that have one go on, and it may be over soon.
                LOG.log(System.Logger.Level.WARNING, "{0} cannot be let in: {1}", who, e.getMessage());
                env.sleepNanos(ACCEPT_AGAIN_NANOS);
            } catch (OutOfMemoryError e) {
                // No thread is to be had: the same.
                LOG.log(System.Logger.Level.WARNING, "{0} cannot be let in: {1}", who, e.getMessage());
                env.sleepNanos(ACCEPT_AGAIN_NANOS);
            }
        }
    }

    private void admit(SocketChannel peer, Service service) throws IOException {
        boolean admitted = false;
        lock.lock();
        try {
            if (!closed && peers.size() < most) {
                startThread(who, () -> serve(peer, service)); // waits for the lock before it leaves
                peers.add(peer);
                admitted = true;
                return;
            }
        } finally {
            lock.unlock();
            if (!admitted) {
                peer.close();
            }
        }
        LOG.log(System.Logger.Level.INFO, "{0} is turned away: there are {1}", who, most);
    }

    private void serve(SocketChannel peer, Service service) {
        try (peer) {
            if (peer.getLocalAddress() instanceof InetSocketAddress) {
                peer.setOption(StandardSocketOptions.TCP_NODELAY, true);
                peer.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
            }
            service.serve(peer);
        } catch (EOFException | ClosedChannelException e) {
            // the peer has gone, or cutOff() was called: nothing to tell
        } catch (IOException e) {
            LOG.log(System.Logger.Level.INFO, "{0} was dropped: {1}", who, e.getMessage());
        } finally {
            lock.lock();
            try {
                peers.remove(peer);
            } finally {
                lock.unlock();
            }
        }
    }

    /**
     * Lets nobody in any more and ends all connections; removes the files of the sockets. Waits for nothing: a service may still be busy with
     * what its peer wanted. A second time it does nothing.
     */
    public void cutOff() throws IOException {
        List<Path> files = new ArrayList<>();
        lock.lock();
        try {
            closed = true;
            for (ServerSocketChannel listener : listeners.keySet()) {
                listener.close();
            }
            for (SocketChannel peer : peers) {
                peer.close();
            }
            listeners.values().forEach(files::addAll);
            listeners.clear();
        } finally {
            lock.unlock();
        }
        for (Path file : files) {
            Files.deleteIfExists(file);
        }
    }

    /** As {@link #cutOff}, and on return no service is busy any more. Not for a service to call. */
    @Override
    public void close() throws IOException {
        cutOff();
        lock.lock();
        try {
            while (threads > 0) {
                threadEnded.awaitUninterruptibly();
            }
        } finally {
            lock.unlock();
        }
    }
}
