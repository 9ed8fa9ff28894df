package io.restripe.env;

import java.time.Instant;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.random.RandomGenerator;

/** The real machine: platform threads, the system's clocks, a seed from the system. */
public final class SystemEnv implements Env {
    private static final System.Logger LOG = System.getLogger("io.restripe.env");
    private final RandomGenerator random = new java.security.SecureRandom();

    @Override
    public long nanoTime() {
        return System.nanoTime();
    }

    @Override
    public Instant wallTime() {
        return Instant.now();
    }

    @Override
    public RandomGenerator random() {
        return random;
    }

    @Override
    public Lock newLock() {
        return new ReentrantLock();
    }

    @Override
    public void sleepNanos(long nanos) {
        long deadline = System.nanoTime() + nanos;
        for (long left = nanos; left > 0; left = deadline - System.nanoTime()) {
            LockSupport.parkNanos(left);
        }
    }

    @Override
    public Worker start(String name, Runnable body) {
        PlatformWorker worker = new PlatformWorker(body);
        worker.thread.setName(name);
        worker.thread.setDaemon(true);
        worker.thread.start();
        return worker;
    }

    private static final class PlatformWorker implements Worker {
        private final Thread thread;
        private volatile Throwable failure;

        PlatformWorker(Runnable body) {
            this.thread = new Thread(() -> run(body));
        }

        private void run(Runnable body) {
            try {
                body.run();
            } catch (Throwable t) {
                failure = t;
                LOG.log(
                        System.Logger.Level.ERROR,
                        "thread " + Thread.currentThread().getName() + " ended",
                        t);
            }
        }

        @Override
        public void join() {
            boolean interrupted = false;
            while (true) {
                try {
                    thread.join();
                    break;
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
            switch (failure) {
                case null -> {}
                case Error e -> throw e;
                case Throwable t -> throw new IllegalStateException(thread.getName() + " failed", t);
            }
        }

        @Override
        public boolean isAlive() {
            return thread.isAlive();
        }
    }
}
