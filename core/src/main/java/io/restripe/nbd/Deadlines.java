package io.restripe.nbd;

import io.restripe.env.Conditions;
import io.restripe.env.Env;
import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;

/**
 * Closes what is not done in time: a read or write that waits for a peer has no end of its own. One thread, which runs only while
 * something is guarded. Any thread may call.
 */
final class Deadlines {
    private static final System.Logger LOG = System.getLogger("io.restripe.nbd");
    private final Env env;
    private final Lock lock;
    private final Condition changed;
    private final Set<Guard> guards = new LinkedHashSet<>();
    private boolean watching;

    Deadlines(Env env) {
        this.env = env;
        this.lock = env.newLock();
        this.changed = lock.newCondition();
    }

    /** A guard on one thing; closing the guard ends it and leaves the thing alone. */
    final class Guard implements AutoCloseable {
        private final Closeable thing;
        private final long deadline;
        private volatile boolean expired;

        private Guard(Closeable thing, long nanos) {
            this.thing = thing;
            this.deadline = env.nanoTime() + nanos;
        }

        /** Whether the time was over before the guard ended. */
        boolean expired() {
            return expired;
        }

        @Override
        public void close() {
            lock.lock();
            try {
                guards.remove(this);
                changed.signalAll();
            } finally {
                lock.unlock();
            }
        }
    }

    /** Closes the thing after so long, unless the guard was closed by then. */
    Guard guard(Closeable thing, long nanos) {
        lock.lock();
        try {
            Guard guard = new Guard(thing, nanos);
            guards.add(guard);
            if (watching) {
                changed.signalAll();
            } else {
                watching = true;
                env.start("deadlines of NBD peers", this::watch);
            }
            return guard;
        } finally {
            lock.unlock();
        }
    }

    private void watch() {
        for (List<Guard> over = nextOver(); !over.isEmpty(); over = nextOver()) {
            for (Guard guard : over) {
                try {
                    guard.thing.close();
                } catch (IOException e) {
                    LOG.log(System.Logger.Level.DEBUG, "closing what took too long: {0}", e.getMessage());
                }
            }
        }
    }

    /** The guards that have run out, as soon as there are any; none when nothing is guarded any more, and then the watch ends. */
    private List<Guard> nextOver() {
        lock.lock();
        try {
            while (true) {
                List<Guard> over = new ArrayList<>();
                long shortest = TimeUnit.HOURS.toNanos(1);
                for (Guard guard : guards) {
                    long left = guard.deadline - env.nanoTime();
                    shortest = Math.min(shortest, left);
                    if (left <= 0) {
                        guard.expired = true;
                        over.add(guard);
                    }
                }
                over.forEach(guards::remove);
                if (!over.isEmpty() || guards.isEmpty()) {
                    watching = !over.isEmpty();
                    return over;
                }
                Conditions.awaitNanos(changed, shortest);
            }
        } finally {
            lock.unlock();
        }
    }
}
