package io.restripe.nbd;

import io.restripe.env.Conditions;
import io.restripe.env.Env;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;

/**
 * Keeps a connection being read while the thread that reads it carries out a request itself and does not come back from it soon: another
 * thread looks now and then, and takes over the reading. So a request that unexpectedly waits keeps those behind it waiting for a few
 * milliseconds at most.
 *
 * <p>Invariant: {@link #turn} only grows. Even: the reader reads; odd: it carries out a request. Whoever makes it even is the reader: the
 * same thread, or the one that takes over. What belongs to the reader is handed over with it.
 */
final class StandIn {
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(3);

    /** Reads requests until there are no more; leaves with {@link ReplacedException} when another thread has taken over. */
    interface Reading {
        void read() throws IOException;
    }

    /** This thread is not the reader any more. */
    static final class ReplacedException extends IOException {
        private static final long serialVersionUID = 1L;

        ReplacedException() {
            super("another thread reads");
        }
    }

    private final Env env;
    private final Reading reading;
    private final AtomicLong turn = new AtomicLong();
    private final Lock lock;
    private final Condition changed;
    private volatile boolean asleep;
    private volatile boolean begun;
    /** Guarded by the lock, like all below. */
    private int threads;

    private boolean ended;
    private Throwable failure;

    StandIn(Env env, Reading reading) {
        this.env = env;
        this.reading = reading;
        this.lock = env.newLock();
        this.changed = lock.newCondition();
    }

    /** The reader is about to carry out a request; gives the ticket for {@link #leave}. */
    long enter() {
        long ticket = turn.get() + 1;
        turn.set(ticket);
        if (asleep || !begun) {
            wake();
        }
        return ticket;
    }

    /** The request is done; false: another thread reads meanwhile. */
    boolean leave(long ticket) {
        return turn.compareAndSet(ticket, ticket + 1);
    }

    private void wake() {
        lock.lock();
        try {
            if (!begun) {
                begun = true;
                startLooking();
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void startLooking() {
        env.start("stand-in of an NBD client", this::look); // waits for the lock
        threads++;
    }

    /** Reads until the end, whoever reads it; on return no thread but the caller's is busy with the connection any more. */
    void read() throws IOException {
        Throwable mine = attempt();
        lock.lock();
        try {
            while (mine instanceof ReplacedException && !ended) {
                changed.awaitUninterruptibly();
            }
            mine = mine instanceof ReplacedException ? failure : mine;
            ended = true;
            changed.signalAll();
            while (threads > 0) {
                changed.awaitUninterruptibly();
            }
        } finally {
            lock.unlock();
        }
        switch (mine) {
            case null -> {}
            case IOException e -> throw e;
            case RuntimeException e -> throw e;
            case Error e -> throw e;
            default -> throw new IOException(mine);
        }
    }

    private Throwable attempt() {
        try {
            reading.read();
            return null;
        } catch (IOException | RuntimeException | Error e) {
            return e; // told to the thread that serves the connection
        }
    }

    private void look() {
        try {
            if (awaitStuck()) {
                Throwable how = attempt();
                if (!(how instanceof ReplacedException)) {
                    end(how);
                }
            }
        } finally {
            lock.lock();
            try {
                threads--;
                changed.signalAll();
            } finally {
                lock.unlock();
            }
        }
    }

    private void end(Throwable how) {
        lock.lock();
        try {
            failure = how;
            ended = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Returns when the caller has become the reader; false: the connection has ended. */
    private boolean awaitStuck() {
        lock.lock();
        try {
            long seen = -1;
            while (!ended) {
                long now = turn.get();
                boolean busy = now % 2 != 0;
                if (now == seen && busy && turn.compareAndSet(now, now + 1)) {
                    startLooking();
                    return true;
                }
                if (now == seen && !busy) {
                    sleepUntilEntered(now);
                } else {
                    Conditions.awaitNanos(changed, LOOK_NANOS);
                }
                seen = now;
            }
            return false;
        } finally {
            lock.unlock();
        }
    }

    private void sleepUntilEntered(long seen) {
        asleep = true;
        while (turn.get() == seen && !ended) {
            changed.awaitUninterruptibly();
        }
        asleep = false;
    }
}
