package io.restripe.nbd;

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
 * Serves disks to NBD clients, on any number of sockets. A flush on any connection covers every write that was acknowledged on any
 * connection to the same export, so clients may use several at once. A peer that does not keep to the protocol is dropped and harms
 * nobody; what each may take is bounded by {@link NbdLimits}.
 *
 * <p>There is no encryption and no asking who the client is: whoever reaches the socket reads and writes. A Unix-domain socket is for
 * its owner only; a TCP address is the caller's choice.
 */
public final class NbdServer implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger("io.restripe.nbd");
    private static final long ACCEPT_AGAIN_NANOS = 100_000_000;
    private final Env env;
    private final NbdLimits limits;
    private final ExportTable exports;
    private final Deadlines deadlines;
    private final Lock lock;
    private final Condition threadEnded;
    /** Sockets that are listened on, with the file of each that has one. */
    private final Map<ServerSocketChannel, List<Path>> listeners = new LinkedHashMap<>();

    private final Set<SocketChannel> peers = new LinkedHashSet<>();
    private int threads;
    private boolean closed;

    public NbdServer(Env env) {
        this(env, NbdLimits.USUAL);
    }

    public NbdServer(Env env, NbdLimits limits) {
        this.env = env;
        this.limits = limits;
        this.exports = new ExportTable(env);
        this.deadlines = new Deadlines(env);
        this.lock = env.newLock();
        this.threadEnded = lock.newCondition();
    }

    /**
     * Offers an export to clients that connect from now on. The only export there is also answers to the empty name.
     *
     * @throws IllegalArgumentException when the name is taken
     */
    public void add(Export export) {
        if (!exports.add(new ServedExport(env, export))) {
            throw new IllegalArgumentException("there is an export \"" + export.name() + "\" already");
        }
    }

    /**
     * Withdraws an export. On return no request of any client is at its disk any more; those that come later get ESHUTDOWN.
     *
     * @return whether there was one
     */
    public boolean remove(String name) {
        ServedExport export = exports.remove(name);
        if (export != null) {
            export.withdraw();
        }
        return export != null;
    }

    /** What is offered now. */
    public List<Export> exports() {
        return exports.all();
    }

    /** Clients that are connected now, also those that have not agreed on an export yet. */
    public int connections() {
        lock.lock();
        try {
            return peers.size();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Listens on a Unix-domain socket that only its owner may open. {@link #close} removes the file.
     *
     * @param path where; must not exist
     */
    public void listen(Path path) throws IOException {
        ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            listener.bind(UnixDomainSocketAddress.of(path));
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-------"));
            start(listener, List.of(path));
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
    public InetSocketAddress listen(InetSocketAddress address) throws IOException {
        ServerSocketChannel listener = ServerSocketChannel.open();
        try {
            listener.setOption(StandardSocketOptions.SO_REUSEADDR, true);
            listener.bind(address);
            InetSocketAddress bound = (InetSocketAddress) listener.getLocalAddress();
            start(listener, List.of());
            return bound;
        } catch (IOException e) {
            listener.close();
            throw e;
        }
    }

    private void start(ServerSocketChannel listener, List<Path> files) throws IOException {
        lock.lock();
        try {
            if (closed) {
                throw new IOException("the NBD server is closed");
            }
            listeners.put(listener, files);
            startThread("accept NBD clients", () -> accept(listener));
        } finally {
            lock.unlock();
        }
    }

    /** Starts a thread that {@link #close} waits for. Called with the lock. */
    private void startThread(String name, Runnable body) {
        threads++;
        env.start(name, () -> {
            try {
                body.run();
            } finally {
                lock.lock();
                try {
                    threads--;
                    threadEnded.signalAll();
                } finally {
                    lock.unlock();
                }
            }
        });
    }

    private void accept(ServerSocketChannel listener) {
        while (listener.isOpen()) {
            try {
                admit(listener.accept());
            } catch (ClosedChannelException e) {
                return; // close() was called
            } catch (IOException e) {
                // Out of file descriptors, most likely: those that have one go on, and it may be over soon.
                LOG.log(System.Logger.Level.WARNING, "an NBD client cannot be let in: {0}", e.getMessage());
                env.sleepNanos(ACCEPT_AGAIN_NANOS);
            }
        }
    }

    private void admit(SocketChannel peer) throws IOException {
        lock.lock();
        try {
            if (!closed && peers.size() < limits.connections()) {
                peers.add(peer);
                startThread("NBD client", () -> serve(peer));
                return;
            }
        } finally {
            lock.unlock();
        }
        peer.close();
        LOG.log(System.Logger.Level.INFO, "an NBD client is turned away: there are {0}", limits.connections());
    }

    private void serve(SocketChannel peer) {
        try (peer) {
            if (peer.getLocalAddress() instanceof InetSocketAddress) {
                peer.setOption(StandardSocketOptions.TCP_NODELAY, true);
                peer.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
            }
            PeerInput in = new PeerInput(peer);
            Agreement agreement = handshake(peer, in);
            if (agreement != null) {
                new Transmission(env, limits, PeerChannel.plain(peer), in, agreement).serve();
            }
        } catch (EOFException | ClosedChannelException e) {
            // the client has gone, or close() was called: nothing to tell
        } catch (IOException e) {
            LOG.log(System.Logger.Level.INFO, "an NBD client was dropped: {0}", e.getMessage());
        } finally {
            lock.lock();
            try {
                peers.remove(peer);
            } finally {
                lock.unlock();
            }
        }
    }

    private Agreement handshake(SocketChannel peer, PeerInput in) throws IOException {
        try (Deadlines.Guard guard = deadlines.guard(peer, limits.handshakeNanos())) {
            Agreement agreement = new ServerHandshake(in, peer, exports).run();
            return guard.expired() ? null : agreement;
        }
    }

    /**
     * Ends all connections, and with them what clients have not been answered yet; removes the files of the sockets. Waits for nothing:
     * requests that are at a disk are there until it lets go of them. A second time it does nothing.
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

    /** As {@link #cutOff}, and on return no request is at a disk any more: it waits for those that are, however long the disk takes. */
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
