package io.restripe.nbd;

import io.restripe.disk.DiskException;
import io.restripe.disk.DiskException.Operation;
import io.restripe.env.Conditions;
import io.restripe.env.Env;
import io.restripe.nbd.ClientHandshake.Terms;
import io.restripe.nbd.Connector.Connection;
import java.io.IOException;
import java.nio.channels.Channel;
import java.nio.channels.SocketChannel;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;

/**
 * The connection of a client's disk, and its making again. One thread reads replies and reconnects; each caller sends its own request,
 * again after a reconnect, so that whoever reads is never held up by sending. Another thread watches that answers come.
 *
 * <p>Invariant: a call is finished by the reading thread alone, so no reply is ever put into a buffer that its caller has back.
 */
final class NbdLink {
    private static final System.Logger LOG = System.getLogger("io.restripe.nbd");
    private static final long FIRST_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(10);
    private static final long LONGEST_PAUSE_NANOS = TimeUnit.SECONDS.toNanos(1);
    /** How often the watch looks within the time that a server has. */
    private static final int LOOKS = 8;

    private final Env env;
    private final NbdAddress address;
    private final NbdDisk.Options options;
    private final Connector connector;
    /** Held by whoever sends, around whole requests; never taken with {@link #lock} held. */
    private final Lock sending;

    private final Lock lock;
    private final Condition callCame;
    /** Guarded by the lock, like all below. */
    private final Map<Long, Call> calls;

    private final UnflushedWrites unflushed;
    private final SameDisk sameDisk;
    private final Drain drain;

    private Channel channel;
    private PeerChannel sendTo;
    /** Number of the connection that requests go to; 0: there is none at the moment. */
    private long connection;

    private long connections;
    private long answers;
    /** Why nothing works any more; null while all is well. */
    private String over;

    private boolean closed;
    private boolean reading;
    private boolean watchIsIdle;

    NbdLink(
            Env env,
            NbdAddress address,
            NbdDisk.Options options,
            Lock lock,
            Map<Long, Call> calls,
            UnflushedWrites unflushed) {
        this.env = env;
        this.address = address;
        this.options = options;
        this.connector = new Connector(env, address);
        this.sending = env.newLock();
        this.lock = lock;
        this.callCame = lock.newCondition();
        this.calls = calls;
        this.unflushed = unflushed;
        this.sameDisk = new SameDisk(lock, unflushed);
        this.drain = new Drain(lock, sending, calls);
    }

    /** Connects for the first time and starts to read. */
    Terms open() throws DiskException {
        Connection first;
        try {
            long within = Math.max(options.reconnectNanos(), TimeUnit.SECONDS.toNanos(1));
            first = connector.connect(within, this::announce, _ -> {});
        } catch (IOException e) {
            throw new DiskException(address.toString(), Operation.OPEN, -1, 0, e.getMessage(), e);
        }
        String unfit = first.terms().whyUnfit(options.readOnly());
        if (unfit != null) {
            first.hangUp();
            throw new DiskException(address.toString(), Operation.OPEN, -1, 0, unfit);
        }
        lock.lock();
        try {
            sameDisk.begins(first.terms());
            use(first);
            reading = true;
        } finally {
            lock.unlock();
        }
        env.start("NBD replies of " + address, () -> read(first));
        env.start("NBD watch of " + address, this::watch);
        return first.terms();
    }

    /** Lets {@link #close} and the watch end an attempt to connect. */
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
    private void use(Connection made) {
        channel = made.channel();
        sendTo = made.channel();
        connection = ++connections;
        drain.use(sendTo, connection);
        calls.values().forEach(call -> call.changed.signal());
    }

    /** What a reconnect must lead to. */
    SameDisk sameDisk() {
        return sameDisk;
    }

    /** Fails when nothing works any more. Called with the lock. */
    void requireAlive() throws IOException {
        if (over != null && !reading) {
            throw new IOException(over);
        }
    }

    /** Sends the call and waits for its end. Called with the lock held once, which it gives up meanwhile. */
    void carryOut(Call call) throws IOException {
        if (watchIsIdle) {
            callCame.signal();
        }
        while (!call.finished) {
            requireAlive();
            if (over == null && connection != 0 && !drain.hasBegun() && call.sentOn != connection) {
                call.sendOn(connection);
                send(call, sendTo);
            } else {
                call.changed.awaitUninterruptibly();
            }
        }
    }

    private void send(Call call, PeerChannel to) {
        lock.unlock();
        sending.lock();
        try {
            call.sendTo(to);
            drain.sent(to);
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, "{0}: sending: {1}", address, e.getMessage());
            drain.giveUp(to); // the reading thread sees it and connects again
        } finally {
            sending.unlock();
            lock.lock();
        }
    }

    private void read(Connection first) {
        try {
            Connection current = first;
            while (current != null) {
                String why = readUntilBroken(current);
                current.hangUp();
                current = connectAgain(why);
            }
        } finally {
            lock.lock();
            try {
                over = over == null ? "reading replies broke" : over;
                reading = false;
                unflushed.close();
                calls.values().forEach(call -> call.changed.signal());
                callCame.signalAll();
            } finally {
                lock.unlock();
            }
        }
    }

    private String readUntilBroken(Connection current) {
        ClientReplies replies = new ClientReplies(current.in(), new Waiting());
        try {
            while (true) {
                replies.takeNext();
            }
        } catch (PeerException e) {
            drain.dropRest(current.channel());
            return e.getMessage();
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
                answers++;
                if (drain.hasBegun() && error == Wire.ESHUTDOWN) {
                    return; // it did not begin, and is sent again
                }
                call.error = error;
                call.finished = true;
                if (call.copy != null) {
                    unflushed.ended(call.copy, error == 0);
                } else if (call.type == Wire.CMD_FLUSH && error == 0) {
                    unflushed.flushed(call.flush);
                }
                call.changed.signal();
                drain.answered();
            } finally {
                lock.unlock();
            }
        }
    }

    /** The next connection; null when there will be none, and {@link #over} says why. */
    private Connection connectAgain(String broken) {
        long deadline = env.nanoTime() + options.reconnectNanos();
        String why = broken;
        long pause = FIRST_PAUSE_NANOS;
        while (mayGoOn(deadline, why)) {
            try {
                Connection made = connector.connect(deadline - env.nanoTime(), this::announce, sameDisk::revive);
                if (take(made)) {
                    LOG.log(System.Logger.Level.INFO, "{0}: connected again after: {1}", address, broken);
                    return made;
                }
                return null;
            } catch (Revival.OtherDiskException e) {
                end(e.getMessage());
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

    private boolean take(Connection made) {
        lock.lock();
        try {
            if (over == null) {
                use(made);
                return true;
            }
        } finally {
            lock.unlock();
        }
        made.hangUp();
        return false;
    }

    /** Looks whether answers come: a server may be silent without the connection being broken. */
    private void watch() {
        Patience patience = new Patience(options.answerNanos());
        lock.lock();
        try {
            while (over == null) {
                watchIsIdle = calls.isEmpty();
                if (watchIsIdle) {
                    callCame.awaitUninterruptibly();
                    continue;
                }
                long now = env.nanoTime();
                long oldest = calls.values().iterator().next().begun;
                Patience.Verdict verdict = patience.look(now, answers, oldest, connection);
                if (verdict == Patience.Verdict.GIVE_UP) {
                    over = "the server did not answer a request for " + TimeUnit.NANOSECONDS.toMillis(now - oldest)
                            + " ms";
                }
                if (verdict == Patience.Verdict.GIVE_UP) {
                    Connector.hangUp(channel);
                } else if (verdict == Patience.Verdict.CONNECT_AGAIN) {
                    drain.giveUp(sendTo);
                }
                Conditions.awaitNanos(callCame, options.answerNanos() / LOOKS);
            }
        } finally {
            lock.unlock();
        }
    }

    private void end(String why) {
        lock.lock();
        try {
            over = over == null ? why : over;
        } finally {
            lock.unlock();
        }
    }

    /** Takes leave and ends; calls that are under way fail. A second close does nothing. */
    void close() {
        Channel open;
        lock.lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
            over = over == null ? "the disk is closed" : over;
            open = channel;
            callCame.signalAll();
        } finally {
            lock.unlock();
        }
        if (open != null) {
            Connector.hangUp(open);
        }
    }
}
