package io.restripe.nbd;

import io.restripe.env.Conditions;
import io.restripe.env.Env;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.function.Consumer;

/**
 * Where the open run of a connection waits for the writes that are expected to go on with it, while the reader waits for the peer. Whoever
 * takes it away first has it: the reader when more has come, or the thread here once it has waited long enough. The reader leaves and
 * reclaims; the thread starts with the first that is left.
 */
final class LingeringRun {
    /** Longer than a client on this machine takes from an answer to the next request; nobody notices it once a stream. */
    private static final long LINGER_NANOS = TimeUnit.MILLISECONDS.toNanos(1);
    /** A thread that had nothing to do for so long is woken by the next one. */
    private static final long AWAKE_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    private final Env env;
    private final Consumer<Request> carryOut;
    private final Lock lock;
    private final Condition changed;
    private Request run;
    private long leftNanos;
    private boolean asleep;
    private boolean ending;
    private Env.Worker thread;

    /** @param carryOut what is done with a run that nobody reclaimed in time */
    LingeringRun(Env env, Consumer<Request> carryOut) {
        this.env = env;
        this.carryOut = carryOut;
        this.lock = env.newLock();
        this.changed = lock.newCondition();
    }

    /** By the reader, which will wait for its peer now. */
    void leave(Request open) {
        lock.lock();
        try {
            run = open;
            leftNanos = env.nanoTime();
            if (thread == null) {
                thread = env.start("unfinished row of an NBD client", this::look);
            } else if (asleep) {
                changed.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    /** What was left last; null when nothing was, or it is being carried out. */
    Request reclaim() {
        lock.lock();
        try {
            Request left = run;
            run = null;
            return left;
        } finally {
            lock.unlock();
        }
    }

    private void look() {
        for (Request due = await(); due != null; due = await()) {
            carryOut.accept(due);
        }
    }

    /** Null at the end. */
    private Request await() {
        lock.lock();
        try {
            while (!ending) {
                long waited = env.nanoTime() - leftNanos;
                if (run == null && waited >= AWAKE_NANOS) {
                    asleep = true;
                    changed.awaitUninterruptibly();
                    asleep = false;
                } else if (run == null || waited < LINGER_NANOS) {
                    Conditions.awaitNanos(changed, run == null ? LINGER_NANOS : LINGER_NANOS - waited);
                } else {
                    Request due = run;
                    run = null;
                    return due;
                }
            }
            return null;
        } finally {
            lock.unlock();
        }
    }

    /** Returns when the thread has ended. Nothing may be left here any more. */
    void finish() {
        Env.Worker started;
        lock.lock();
        try {
            ending = true;
            changed.signalAll();
            started = thread;
        } finally {
            lock.unlock();
        }
        if (started != null) {
            started.join();
        }
    }
}
