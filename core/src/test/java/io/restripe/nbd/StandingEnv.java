package io.restripe.nbd;

import io.restripe.env.Env;
import io.restripe.env.SystemEnv;
import java.time.Instant;
import java.util.concurrent.locks.Lock;
import java.util.random.RandomGenerator;

/** Its time stands still: nothing has ever waited long enough. */
final class StandingEnv implements Env {
    private final Env inner = new SystemEnv();

    @Override
    public long nanoTime() {
        return 1;
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
