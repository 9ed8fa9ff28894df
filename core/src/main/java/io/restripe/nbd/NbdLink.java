package io.restripe.nbd;

import io.restripe.disk.Buffers;
import io.restripe.disk.DiskException;
import io.restripe.disk.DiskException.Operation;
import io.restripe.env.Env;
import io.restripe.nbd.ClientHandshake.Terms;
import io.restripe.unit.Units;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Lock;

/**
 * The connection of a client's disk, and its making again. One thread reads replies and reconnects; each caller sends its own request,
 * again after a reconnect, so that whoever reads is never held up by sending.
 *
 * <p>Invariant: a call is finished by the reading thread alone, so no reply is ever put into a buffer that its caller has back.
 */
final class NbdLink {
    private static final System.Logger LOG = System.getLogger("io.restripe.nbd");
    private static final long FIRST_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(10);
    private static final long LONGEST_PAUSE_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final Env env;
    private final NbdAddress address;
    private final NbdDisk.Options options;
    private final Deadlines deadlines;
    /** Held by whoever sends, around whole requests; never taken with {@link #lock} held. */
    private final Lock sending;

    private final Lock lock;
    /** Guarded by the lock, like all below. */
    private final Map<Long, Call> calls;

    private Terms terms;
    private SocketChannel channel;
    /** Number of the connection that requests go to; 0: there is none at the moment. */
    private long connection;

    private long connections;
    /** Why nothing works any more; null while all is well. */
    private String over;

    private boolean closed;
    private boolean reading;

    NbdLink(Env env, NbdAddress address, NbdDisk.Options options, Lock lock, Map<Long, Call> calls) {
        this.env = env;
        this.address = address;
        this.options = options;
        this.deadlines = new Deadlines(env);
        this.sending = env.newLock();
        this.lock = lock;
        this.calls = calls;
    }

    private record Connected(SocketChannel channel, PeerInput in, Terms terms) {}

    /** Connects for the first time and starts to read. */
    Terms open() throws DiskException {
        Connected first;
        try {
            first = connect(Math.max(options.reconnectNanos(), TimeUnit.SECONDS.toNanos(1)));
        } catch (IOException e) {
            throw new DiskException(address.toString(), Operation.OPEN, -1, 0, e.getMessage(), e);
        }
        String unfit = whyUnfit(first.terms);
        if (unfit != null) {
            hangUp(first.channel);
            throw new DiskException(address.toString(), Operation.OPEN, -1, 0, unfit);
        }
        lock.lock();
        try {
            terms = first.terms;
            use(first);
            reading = true;
        } finally {
            lock.unlock();
        }
        env.start("NBD replies of " + address, () -> read(first));
        return first.terms;
    }

    private String whyUnfit(Terms offered) {
        if (offered.minimumBlockBytes() > Buffers.PAGE_BYTES) {
            return "its smallest block has " + offered.minimumBlockBytes() + " bytes, more than " + Buffers.PAGE_BYTES;
        }
        if (!options.readOnly() && offered.has(Wire.READ_ONLY)) {
            return "the export is read-only";
        }
        if (!options.readOnly() && !offered.has(Wire.SEND_FLUSH)) {
            return "the server cannot flush, so nothing written there would be safe; it can be opened read-only";
        }
        return null;
    }

    private Connected connect(long withinNanos) throws IOException {
        SocketAddress socket = address.socketAddress();
        SocketChannel opened = socket instanceof UnixDomainSocketAddress
                ? SocketChannel.open(StandardProtocolFamily.UNIX)
                : SocketChannel.open();
        try (Deadlines.Guard guard = deadlines.guard(opened, withinNanos)) {
            announce(opened);
            opened.connect(socket);
            if (!(socket instanceof UnixDomainSocketAddress)) {
                opened.setOption(StandardSocketOptions.TCP_NODELAY, true);
                opened.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
            }
            PeerInput in = new PeerInput(opened);
            Terms agreed = new ClientHandshake(in, opened).run(address.export());
            if (guard.expired()) {
                throw new IOException("the server did not answer in time");
            }
            return new Connected(opened, in, agreed);
        } catch (IOException e) {
            hangUp(opened);
            throw e.getMessage() == null ? new IOException("the server did not answer in time", e) : e;
        }
    }

    /** Lets {@link #close} end an attempt to connect. */
    private void announce(SocketChannel opened) throws IOException {
        lock.lock();
        try {
            if (over != null) {
                throw new IOException(over);
            }
            channel = opened;
        } finally {
            lock.unlock();
        }
    }

    /** Requests go here from now on. Called with the lock. */
    private void use(Connected made) {
        channel = made.channel;
        connection = ++connections;
        calls.values().forEach(call -> call.changed.signal());
    }

    /** Sends the call and waits for its end. Called with the lock, which it gives up meanwhile. */
    void carryOut(Call call) throws IOException {
        while (!call.finished) {
            if (over != null && !reading) {
                throw new IOException(over);
            }
            if (over == null && connection != 0 && call.sentOn != connection) {
                call.sendOn(connection);
                send(call, channel);
            } else {
                call.changed.awaitUninterruptibly();
            }
        }
    }

    private void send(Call call, SocketChannel to) {
        lock.unlock();
        sending.lock();
        try {
            ByteBuffer header = call.header();
            ByteBuffer[] parts = {
                header, call.type == Wire.CMD_WRITE ? call.view.duplicate().clear() : header
            };
            while (parts[0].hasRemaining() || parts[1].hasRemaining()) {
                to.write(parts);
            }
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, "{0}: sending: {1}", address, e.getMessage());
            hangUp(to); // the reading thread sees it and connects again
        } finally {
            sending.unlock();
            lock.lock();
        }
    }

    private void read(Connected first) {
        try {
            Connected current = first;
            while (current != null) {
                String why = readUntilBroken(current);
                hangUp(current.channel);
                current = connectAgain(why);
            }
        } finally {
            lock.lock();
            try {
                over = over == null ? "reading replies broke" : over;
                reading = false;
                calls.values().forEach(call -> call.changed.signal());
            } finally {
                lock.unlock();
            }
        }
    }

    private String readUntilBroken(Connected current) {
        ClientReplies replies = new ClientReplies(current.in, new Waiting());
        try {
            while (true) {
                replies.takeNext();
            }
        } catch (IOException e) {
            return e.getMessage() == null ? "the connection was closed" : e.getMessage();
        }
    }

    private final class Waiting implements ClientReplies.Table {
        @Override
        public Call find(long cookie) throws PeerException {
            lock.lock();
            try {
                Call call = calls.get(cookie);
                if (call == null || call.finished || call.sentOn != connection) {
                    throw new PeerException("a reply to request " + cookie + ", which is not under way");
                }
                return call;
            } finally {
                lock.unlock();
            }
        }

        @Override
        public void finished(Call call, int error) {
            lock.lock();
            try {
                call.error = error;
                call.finished = true;
                call.changed.signal();
            } finally {
                lock.unlock();
            }
        }
    }

    /** The next connection; null when there will be none, and {@link #over} says why. */
    private Connected connectAgain(String broken) {
        long deadline = env.nanoTime() + options.reconnectNanos();
        String why = broken;
        long pause = FIRST_PAUSE_NANOS;
        while (mayGoOn(deadline, why)) {
            try {
                Connected made = connect(deadline - env.nanoTime());
                if (accept(made)) {
                    LOG.log(System.Logger.Level.INFO, "{0}: connected again after: {1}", address, broken);
                    return made;
                }
                return null;
            } catch (IOException e) {
                why = e.getMessage();
            }
            env.sleepNanos(Math.max(0, Math.min(pause, deadline - env.nanoTime())));
            pause = Math.min(2 * pause, LONGEST_PAUSE_NANOS);
        }
        return null;
    }

    private boolean mayGoOn(long deadline, String why) {
        lock.lock();
        try {
            connection = 0;
            if (over == null && deadline - env.nanoTime() <= 0) {
                over = "the connection broke and could not be made again in time: " + why;
            }
            return over == null;
        } finally {
            lock.unlock();
        }
    }

    private boolean accept(Connected made) {
        String unfit = made.terms.equals(terms) ? null : "the export changed while the connection was broken";
        if (unfit != null && made.terms.sizeBytes() != terms.sizeBytes()) {
            unfit += ": it had " + Units.sectorsOfBytesFloor(terms.sizeBytes()) + " sectors and has "
                    + Units.sectorsOfBytesFloor(made.terms.sizeBytes());
        }
        lock.lock();
        try {
            over = over == null ? unfit : over;
            if (over == null) {
                use(made);
                return true;
            }
        } finally {
            lock.unlock();
        }
        hangUp(made.channel);
        return false;
    }

    private static void hangUp(SocketChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, "closing a connection: {0}", e.getMessage());
        }
    }

    /** Takes leave and ends; calls that are under way fail. A second close does nothing. */
    void close() {
        SocketChannel open;
        lock.lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
            over = over == null ? "the disk is closed" : over;
            open = channel;
        } finally {
            lock.unlock();
        }
        if (open != null) {
            hangUp(open);
        }
    }
}
