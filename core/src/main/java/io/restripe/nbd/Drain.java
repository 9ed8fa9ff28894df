package io.restripe.nbd;

import io.restripe.disk.Buffers;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.concurrent.locks.Lock;

/**
 * How a client gives up a connection. While writes are under way on it, it is not cut off: the server could still carry one out after a
 * newer one that came over the next connection. It is told that nothing more comes, and their answers, or the end of the connection,
 * are waited for: that says that the server has nothing of it left. Ours ends a connection so ({@link Transmission}); qemu-nbd ends it at
 * once, and there a write that is stuck may still land late. Where neither comes in the time that a server has, the disk is over.
 *
 * <p>Locks: the link's, and around it the one that whoever sends a request holds.
 */
final class Drain {
    private static final System.Logger LOG = System.getLogger("io.restripe.nbd");

    private final Lock lock;
    private final Lock sending;
    private final Map<Long, Call> calls;
    private PeerChannel channel;
    private long connection;
    private boolean begun;

    Drain(Lock lock, Lock sending, Map<Long, Call> calls) {
        this.lock = lock;
        this.sending = sending;
        this.calls = calls;
    }

    /** Requests go to this connection from now on. Called with the link's lock. */
    void use(PeerChannel made, long number) {
        channel = made;
        connection = number;
        begun = false;
    }

    /** Whether nothing more is sent on the connection. Called with the link's lock. */
    boolean hasBegun() {
        return begun;
    }

    /** Gives the connection up: requests are sent again on the next one. */
    void giveUp(PeerChannel given) {
        boolean waits;
        lock.lock();
        try {
            waits = given == channel && writesAreUnderWay();
            begun |= given == channel;
        } finally {
            lock.unlock();
        }
        if (!waits) {
            Connector.hangUp(given);
        } else if (sending.tryLock()) { // else whoever is sending does it, behind a whole request
            try {
                endSending(given);
            } finally {
                sending.unlock();
            }
        }
    }

    private boolean writesAreUnderWay() {
        return calls.values().stream().anyMatch(c -> c.writes() && !c.finished && c.sentOn == connection);
    }

    private static void endSending(PeerChannel to) {
        try {
            to.shutdownOutput();
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, "ending what is sent: {0}", e.getMessage());
            Connector.hangUp(to);
        }
    }

    /** A whole request was sent. Called with the lock of those who send. */
    void sent(PeerChannel to) {
        boolean ends;
        lock.lock();
        try {
            ends = begun && to == channel;
        } finally {
            lock.unlock();
        }
        if (ends) {
            endSending(to);
        }
    }

    /** A request was answered: what else is under way may come twice if it writes nothing. Called with the link's lock. */
    void answered() {
        if (begun && !writesAreUnderWay()) {
            Connector.hangUp(channel);
        }
    }

    /** After nonsense: what still comes means nothing, its end does. By the thread that reads; somebody else has an eye on the time. */
    void dropRest(PeerChannel from) {
        giveUp(from);
        ByteBuffer dropped = ByteBuffer.allocateDirect(Buffers.PAGE_BYTES);
        try {
            while (from.read(dropped.clear()) >= 0) {}
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, "dropping the rest: {0}", e.getMessage());
        }
    }
}
