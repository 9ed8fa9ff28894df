package io.restripe.nbd;

import io.restripe.env.Conditions;
import io.restripe.env.Env;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;

/**
 * The memory that all connections of a server together may have for payloads. Who finds none left waits, first come, first served. A
 * connection that has memory because its peer does not send the rest of a payload, or does not take its answers, is ended when another has
 * waited for that long: so no number of such peers keeps the others out.
 */
final class PayloadRoom {
    private static final long LOOK_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** One connection, as far as its memory goes. All but the last two with the lock held. */
    interface Holder {
        boolean holdsMemory();

        /** Frees what it keeps for later. */
        void freeIdle();

        /** Since when its peer has kept it waiting, in the env's nanoseconds; 0: it does not. */
        long keptWaitingSince();

        /** Ends the connection, and with it what it waits for. */
        void hangUp();
    }

    private final Env env;
    private final long limitBytes;
    private final long patienceNanos;
    private final Lock lock;
    private final Condition freed;
    private final List<Holder> holders = new ArrayList<>();
    private final Deque<Holder> waiting = new ArrayDeque<>();
    private long takenBytes;

    /**
     * @param limitBytes at least the largest payload
     * @param patienceNanos how long a peer may keep a connection that has memory waiting while others want it
     */
    PayloadRoom(Env env, long limitBytes, long patienceNanos) {
        this.env = env;
        this.limitBytes = limitBytes;
        this.patienceNanos = patienceNanos;
        this.lock = env.newLock();
        this.freed = lock.newCondition();
    }

    /** Guards this room and what its connections have. */
    Lock lock() {
        return lock;
    }

    void enter(Holder holder) {
        lock.lock();
        try {
            holders.add(holder);
        } finally {
            lock.unlock();
        }
    }

    void leave(Holder holder) {
        lock.lock();
        try {
            holders.remove(holder);
        } finally {
            lock.unlock();
        }
    }

    /** Whether nobody else has waited for longer. With the lock held, as the next ones. */
    boolean isTurnOf(Holder holder) {
        return waiting.isEmpty() || waiting.getFirst() == holder;
    }

    /** Takes so much, unless it is not there. What connections keep idle is freed for it. */
    boolean tryTake(long bytes) {
        for (int i = 0; i < holders.size() && takenBytes + bytes > limitBytes; i++) {
            holders.get(i).freeIdle();
        }
        if (takenBytes + bytes > limitBytes) {
            return false;
        }
        takenBytes += bytes;
        return true;
    }

    long takenBytes() {
        lock.lock();
        try {
            return takenBytes;
        } finally {
            lock.unlock();
        }
    }

    void give(long bytes) {
        takenBytes -= bytes;
    }

    /** Something has been given back, to this room or to its connection. */
    void signal() {
        if (!waiting.isEmpty()) {
            freed.signalAll();
        }
    }

    /** Whether what is wanted could be had. */
    interface Attempt {
        boolean succeeds();
    }

    /** Waits, in turn, until the attempt succeeds. */
    void await(Holder holder, Attempt attempt) {
        waiting.addLast(holder);
        try {
            while (!attempt.succeeds()) {
                Conditions.awaitNanos(freed, Math.min(LOOK_NANOS, patienceNanos));
                hangUpOnWhoeverKeepsUsWaiting();
            }
        } finally {
            waiting.remove(holder);
            freed.signalAll(); // the next one may be served as well
        }
    }

    private void hangUpOnWhoeverKeepsUsWaiting() {
        long now = env.nanoTime();
        for (Holder holder : holders) {
            long since = holder.keptWaitingSince();
            if (since != 0 && now - since > patienceNanos && holder.holdsMemory()) {
                holder.hangUp();
            }
        }
    }
}
