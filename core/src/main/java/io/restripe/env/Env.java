package io.restripe.env;

import java.time.Instant;
import java.util.concurrent.locks.Lock;
import java.util.random.RandomGenerator;

/**
 * Everything the product may ask of the outside apart from its disks and channels: time, chance, threads and waiting. Production
 * uses {@link SystemEnv}; the simulator owns all of it and decides, from a seed, who runs next. No other class may call
 * {@code System.nanoTime}, {@code Thread.sleep}, {@code new Thread}, {@code new Random} or take a JDK lock directly.
 */
public interface Env {
    /** Monotonic nanoseconds from an arbitrary origin; compare by subtraction. */
    long nanoTime();

    /** Wall-clock time, for what people and formats record; never for measuring. */
    Instant wallTime();

    /** The env's source of chance. Safe for use by any thread of the env. */
    RandomGenerator random();

    /** A new reentrant lock; its conditions are the only way to wait. {@code Condition.awaitNanos} is measured in this env's time. */
    Lock newLock();

    /**
     * Starts a thread. An exception or error that leaves {@code body} is kept and thrown by {@link Worker#join}; it also goes to the
     * env's failure log, so that it is never lost.
     *
     * @param name for logs and dumps
     */
    Worker start(String name, Runnable body);

    /** Stops the calling thread for at least so long, in this env's time. */
    void sleepNanos(long nanos);

    /** A started thread. */
    interface Worker {
        /** Waits for the end of the thread and rethrows (wrapped in IllegalStateException, or the Error itself) what ended it. */
        void join();

        boolean isAlive();
    }
}
