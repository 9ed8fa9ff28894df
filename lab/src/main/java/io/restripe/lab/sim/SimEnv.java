package io.restripe.lab.sim;

import io.restripe.env.Env;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.locks.Lock;
import java.util.random.RandomGenerator;

/**
 * An env in which everything is decided by a seed: one thread runs at a time, hands over only at calls to the env or to a {@link SimDisk},
 * and the clock moves only when nobody can run. {@link #run} runs a main thread and everything it starts, and leaves no thread behind.
 *
 * <p>The same seed and the same program give the same {@link #traceHash}, as long as the program depends on nothing else (iteration
 * order of identity hashes and of {@code Set.of} is such a thing).
 */
public final class SimEnv implements Env {
    private static final Instant BIRTH = Instant.parse("2026-01-01T00:00:00Z");
    private final Scheduler scheduler;
    private final SplittableRandom random;
    private final SimProcess lab;
    private final List<SimProcess> processes = new ArrayList<>();

    public SimEnv(SimOptions options) {
        this.scheduler = new Scheduler(options);
        this.random = new SplittableRandom(options.seed() ^ 0x5DEECE66DL);
        this.lab = new SimProcess(this, 0, "lab");
    }

    /**
     * Runs a program to its end, then ends every thread that is left.
     *
     * @throws SimulationFailed on deadlock, livelock, or when a thread ended with something that nobody took by joining it; the
     *     cause is that something
     */
    public void run(Runnable main) {
        scheduler.run(lab, main);
    }

    /** A new group of threads, to be killed together. */
    public SimProcess process(String name) {
        SimProcess created = new SimProcess(this, processes.size() + 1, name);
        processes.add(created);
        return created;
    }

    /** Every process but the main thread's, which is the experimenter's, dies at once. */
    void killMachine() {
        scheduler.killAll(processes);
    }

    /** A place where another thread may run, for simulated channels and the like. */
    public void yieldPoint() {
        scheduler.step(Op.YIELD, 0);
    }

    /** A number for the order of everything that has happened: equal for equal runs. */
    public long traceHash() {
        return scheduler.hash();
    }

    /** Calls so far at which threads could hand over. */
    public long steps() {
        return scheduler.steps();
    }

    /** What ended threads that did not end by themselves, so far. */
    public List<Throwable> failures() {
        return scheduler.failed().stream().map(t -> t.failure).toList();
    }

    Scheduler scheduler() {
        return scheduler;
    }

    @Override
    public long nanoTime() {
        return scheduler.now();
    }

    @Override
    public Instant wallTime() {
        return BIRTH.plusNanos(scheduler.now());
    }

    @Override
    public RandomGenerator random() {
        return random;
    }

    @Override
    public Lock newLock() {
        return new SimLock(scheduler);
    }

    @Override
    public Worker start(String name, Runnable body) {
        SimThread self = scheduler.self();
        return start(self == null ? lab : self.process, name, body);
    }

    private Worker start(SimProcess process, String name, Runnable body) {
        if (scheduler.self() == null) {
            throw new IllegalStateException("start threads inside run, not before it: " + name);
        }
        scheduler.step(Op.START, 0);
        return new SimWorker(scheduler.create(name, process, body));
    }

    @Override
    public void sleepNanos(long nanos) {
        scheduler.step(Op.SLEEP, 0);
        if (nanos > 0) {
            SimThread self = scheduler.self();
            if (self == null) {
                throw new IllegalStateException("only a thread of the simulation can sleep");
            }
            scheduler.block(self, "its sleep of " + nanos + " ns to end", scheduler.now() + nanos);
        }
    }

    Env view(SimProcess process) {
        return new ProcessEnv(process);
    }

    private final class SimWorker implements Worker {
        private final SimThread thread;

        SimWorker(SimThread thread) {
            this.thread = thread;
        }

        @Override
        public void join() {
            scheduler.step(Op.JOIN, thread.id);
            SimThread self = scheduler.self();
            while (!thread.ended) {
                if (self == null) {
                    throw new IllegalStateException("only a thread of the simulation can join another");
                }
                thread.joiners.add(self);
                scheduler.block(self, "the end of " + thread, Long.MAX_VALUE);
            }
            thread.failureTaken = true;
            switch (thread.failure) {
                case null -> {}
                case Error e -> throw e;
                case Throwable t -> throw new IllegalStateException(thread.name + " failed", t);
            }
        }

        @Override
        public boolean isAlive() {
            return !thread.ended;
        }
    }

    private final class ProcessEnv implements Env {
        private final SimProcess process;

        ProcessEnv(SimProcess process) {
            this.process = process;
        }

        @Override
        public long nanoTime() {
            return SimEnv.this.nanoTime();
        }

        @Override
        public Instant wallTime() {
            return SimEnv.this.wallTime();
        }

        @Override
        public RandomGenerator random() {
            return random;
        }

        @Override
        public Lock newLock() {
            return SimEnv.this.newLock();
        }

        @Override
        public Worker start(String name, Runnable body) {
            return SimEnv.this.start(process, name, body);
        }

        @Override
        public void sleepNanos(long nanos) {
            SimEnv.this.sleepNanos(nanos);
        }
    }
}
