package io.restripe.nbd;

import io.restripe.env.Env;
import io.restripe.env.SystemEnv;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Lock;
import java.util.random.RandomGenerator;

/** Its time stands still unless a test moves it: nothing has ever waited long enough. */
final class StandingEnv implements Env {
    final AtomicLong now = new AtomicLong(1);

    private final Env inner = new SystemEnv();

    @Override
    public long nanoTime() {
        return now.get();
    }

    @Override
    public Instant wallTime() {
        return inner.wallTime();
    }

    @Override
    public RandomGenerator random() {
        return inner.random();
    }

    @Override
    public Lock newLock() {
        return inner.newLock();
    }

    @Override
    public Worker start(String name, Runnable body) {
        return inner.start(name, body);
    }

    @Override
    public void sleepNanos(long nanos) {
        inner.sleepNanos(nanos);
    }
}
