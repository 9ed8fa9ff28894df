package io.restripe.lab.sim;

import io.restripe.lab.sim.SimOptions.Order;
import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * One baton for many threads: exactly one simulated thread runs at a time, and hands over only in {@link #step} and {@link #block}. All
 * state here belongs to whoever holds the baton; passing it is the only synchronization there is.
 */
final class Scheduler {
    private static final int CALLS_AFTER_KILL = 10_000;
    private static final long NEVER = Long.MAX_VALUE;

    private record Timer(long due, long number, SimThread thread, long waitNumber) implements Comparable<Timer> {
        @Override
        public int compareTo(Timer other) {
            return due != other.due ? Long.compare(due, other.due) : Long.compare(number, other.number);
        }
    }

    final SimOptions options;
    private final SplittableRandom choice;
    private final List<SimThread> runnable = new ArrayList<>();
    private final List<SimThread> alive = new ArrayList<>();
    private final List<SimThread> failed = new ArrayList<>();
    private final PriorityQueue<Timer> timers = new PriorityQueue<>();
    private volatile SimThread current;
    private SimThread main;
    private CountDownLatch done = new CountDownLatch(0);
    private int killedRunnable;
    private int threads;
    private int resources;
    private long timerNumber;
    private long now;
    private long steps;
    private long hash = 0x9E3779B97F4A7C15L;
    private boolean closing;
    private String fatal;

    Scheduler(SimOptions options) {
        this.options = options;
        this.choice = new SplittableRandom(options.seed());
    }

    long now() {
        return now;
    }

    long steps() {
        return steps;
    }

    long hash() {
        return hash;
    }

    int nextResource() {
        return ++resources;
    }

    boolean chance(int perMille) {
        return options.order() == Order.SEEDED && perMille > 0 && choice.nextInt(1000) < perMille;
    }

    int pickIndex(int bound) {
        return options.order() == Order.SEEDED && bound > 1 ? choice.nextInt(bound) : 0;
    }

    /** The simulated thread that calls, null for a thread from outside while nothing runs. */
    SimThread self() {
        SimThread running = current;
        if (running != null && running.thread == Thread.currentThread()) {
            return running;
        }
        if (running == null) {
            return null;
        }
        throw new IllegalStateException("thread " + Thread.currentThread().getName()
                + " is not of this simulation, which runs " + running + "; start it with Env.start");
    }

    /** Runs a simulation to the end of its main thread, ends all others, and returns when none is left. */
    void run(SimProcess lab, Runnable body) {
        if (current != null) {
            throw new IllegalStateException("this simulation runs already");
        }
        closing = false;
        fatal = null;
        done = new CountDownLatch(1);
        main = create("main", lab, body);
        runnable.remove(main);
        current = main;
        main.grant();
        boolean ended;
        try {
            ended = done.await(options.realSeconds(), TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new SimulationFailed("interrupted from outside", e);
        }
        if (!ended) {
            SimThread stuck = current;
            throw new SimulationFailed("seed " + options.seed() + ": no end after " + options.realSeconds()
                    + " real seconds; " + stuck + " is busy at" + Reports.stack(stuck.thread));
        }
        report();
    }

    private void report() {
        if (fatal != null) {
            SimulationFailed e = new SimulationFailed("seed " + options.seed() + ": " + fatal);
            failed.forEach(t -> e.addSuppressed(t.failure));
            throw e;
        }
        if (main.failure != null) {
            failed.stream()
                    .filter(t -> t != main && !t.failureTaken)
                    .forEach(t -> main.failure.addSuppressed(t.failure));
            throw new SimulationFailed("seed " + options.seed() + ": " + main.failure, main.failure);
        }
        for (SimThread t : failed) {
            if (!t.failureTaken) {
                throw new SimulationFailed(
                        "seed " + options.seed() + ": thread " + t + " ended: " + t.failure, t.failure);
            }
        }
    }

    SimThread create(String name, SimProcess process, Runnable body) {
        SimThread created = new SimThread(++threads, name, process);
        Thread.Builder builder = options.platformThreads() ? Thread.ofPlatform().daemon(true) : Thread.ofVirtual();
        created.thread = builder.name("sim-" + name).unstarted(() -> {
            created.awaitGrant();
            runBody(created, body);
        });
        created.killed = process.isKilled();
        alive.add(created);
        makeRunnable(created);
        created.thread.start();
        return created;
    }

    private void runBody(SimThread self, Runnable body) {
        try {
            if (!self.killed) {
                body.run();
            }
        } catch (Killed e) {
            // Its process was killed: this is how its threads end.
        } catch (Throwable t) {
            if (!self.killed) {
                self.failure = t;
                failed.add(self);
            }
        }
        exit(self);
    }

    private void exit(SimThread self) {
        self.ended = true;
        List.copyOf(self.held).forEach(lock -> lock.abandon(self));
        alive.remove(self);
        self.joiners.forEach(this::wake);
        if (self == main) {
            closing = true;
            List.copyOf(alive).forEach(this::kill);
        }
        SimThread next = alive.isEmpty() ? null : pickOrAdvance();
        current = next;
        if (next == null) {
            timers.clear();
            done.countDown();
        } else {
            next.grant();
        }
    }

    /** A call that others may get in between: counts it, and perhaps hands over. */
    void step(Op op, int resource) {
        SimThread self = self();
        if (self == null) {
            return;
        }
        throwIfKilled(self);
        handOver(self, op, resource);
        throwIfKilled(self);
    }

    /** The same for calls that may not throw. */
    void quietStep(Op op, int resource) {
        SimThread self = self();
        if (self != null && !self.killed) {
            handOver(self, op, resource);
        }
    }

    private void handOver(SimThread self, Op op, int resource) {
        count(self, op, resource);
        now += options.stepNanos();
        if (!timers.isEmpty() && timers.peek().due <= now) {
            fireDue();
        }
        if (runnable.isEmpty()
                || killedRunnable == 0
                        && (options.order() == Order.UNTIL_BLOCKED
                                || options.order() == Order.SEEDED
                                        && options.switchPercent() < 100
                                        && choice.nextInt(100) >= options.switchPercent())) {
            return;
        }
        makeRunnable(self);
        SimThread next = pick();
        if (next != self) {
            current = next;
            next.grant();
            self.awaitGrant();
        }
    }

    private void count(SimThread self, Op op, int resource) {
        steps++;
        hash = (hash ^ (((long) self.id << 40) + ((long) op.code() << 32) + resource)) * 0xBF58476D1CE4E5B9L;
        hash = (hash ^ (hash >>> 29) ^ now) * 0x94D049BB133111EBL;
        if (steps == options.maxSteps()) {
            fail("no end after " + steps + " steps, taken for a livelock");
        }
    }

    /**
     * Waits until {@link #wake} or the deadline.
     *
     * @return false when the time was over
     */
    boolean block(SimThread self, String waitsFor, long deadline) {
        throwIfKilled(self);
        count(self, Op.BLOCK, 0);
        throwIfKilled(self);
        self.waitsFor = waitsFor;
        self.timedOut = false;
        self.waitNumber++;
        if (deadline != NEVER) {
            timers.add(new Timer(deadline, ++timerNumber, self, self.waitNumber));
        }
        SimThread next = pickOrAdvance();
        if (next != self) {
            current = next;
            next.grant();
            self.awaitGrant();
        }
        throwIfKilled(self);
        return !self.timedOut;
    }

    void wake(SimThread waiting) {
        if (waiting.waitsFor != null && !waiting.ended) {
            waiting.waitsFor = null;
            waiting.waitNumber++;
            makeRunnable(waiting);
        }
    }

    /** Its next call throws; if it waits, its wait does. */
    void kill(SimThread thread) {
        if (!thread.killed && !thread.ended) {
            thread.killed = true;
            if (thread.waitsFor != null) {
                wake(thread);
            } else if (runnable.contains(thread)) {
                killedRunnable++;
            }
        }
    }

    void killAll(List<SimProcess> processes) {
        processes.forEach(SimProcess::markKilled);
        alive.stream().filter(t -> t.process.isKilled()).forEach(this::kill);
        step(Op.KILL, processes.size());
    }

    private void throwIfKilled(SimThread self) {
        if (self.killed) {
            if (++self.callsAfterKill > CALLS_AFTER_KILL) {
                buryAlive(self);
            }
            throw Killed.INSTANCE;
        }
    }

    /** It was killed and goes on and on: it never runs again. */
    private void buryAlive(SimThread self) {
        self.failure = new SimulationFailed("killed thread " + self + " swallows every error and goes on");
        failed.add(self);
        exit(self);
        while (true) {
            LockSupport.park(this);
        }
    }

    private void makeRunnable(SimThread thread) {
        runnable.add(thread);
        if (thread.killed) {
            killedRunnable++;
        }
    }

    /** The killed first, so that nobody sees them half dead; then as the order says. */
    private SimThread pick() {
        int index = 0;
        if (killedRunnable > 0) {
            while (!runnable.get(index).killed) {
                index++;
            }
            killedRunnable--;
        } else {
            index = pickIndex(runnable.size());
        }
        return runnable.remove(index);
    }

    private SimThread pickOrAdvance() {
        if (runnable.isEmpty()) {
            advance();
        }
        if (runnable.isEmpty()) {
            fail("deadlock: nobody can run and no timer is set");
        }
        return pick();
    }

    private void advance() {
        while (runnable.isEmpty() && !timers.isEmpty()) {
            now = Math.max(now, timers.peek().due);
            fireDue();
        }
    }

    private void fireDue() {
        while (!timers.isEmpty() && timers.peek().due <= now) {
            Timer timer = timers.poll();
            if (timer.thread.waitNumber == timer.waitNumber && timer.thread.waitsFor != null) {
                timer.thread.timedOut = true;
                wake(timer.thread);
            }
        }
    }

    private void fail(String what) {
        if (!closing) {
            closing = true;
            fatal = what + " (step " + steps + ", " + now + " ns)" + Reports.threads(alive);
        }
        alive.forEach(this::kill);
    }

    List<SimThread> failed() {
        return failed;
    }
}
