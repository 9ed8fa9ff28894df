package io.restripe.lab.sim;

import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;

/**
 * A reentrant lock of a simulation. Unfair on purpose: whoever the scheduler picks takes it. What a killed thread holds is released; its
 * unlocks from then on do nothing.
 */
final class SimLock implements Lock {
    private static final long NEVER = Long.MAX_VALUE;
    private final Scheduler scheduler;
    private final int id;
    private final List<SimThread> waiters = new ArrayList<>();
    private SimThread owner;
    private int holds;

    SimLock(Scheduler scheduler) {
        this.scheduler = scheduler;
        this.id = scheduler.nextResource();
    }

    @Override
    public void lock() {
        SimThread self = scheduler.self();
        if (self != null) {
            scheduler.step(Op.LOCK, id);
            acquire(self, 1, NEVER);
        }
    }

    @Override
    public void lockInterruptibly() {
        lock();
    }

    @Override
    public boolean tryLock() {
        SimThread self = scheduler.self();
        if (self == null) {
            return true;
        }
        scheduler.step(Op.LOCK, id);
        return (owner == null || owner == self) && acquire(self, 1, NEVER);
    }

    @Override
    public boolean tryLock(long time, TimeUnit unit) {
        SimThread self = scheduler.self();
        if (self == null) {
            return true;
        }
        long deadline = scheduler.now() + Math.max(0, unit.toNanos(time));
        scheduler.step(Op.LOCK, id);
        return acquire(self, 1, deadline);
    }

    private boolean acquire(SimThread self, int times, long deadline) {
        while (owner != null && owner != self) {
            waiters.add(self);
            try {
                if (!scheduler.block(self, this + " held by " + owner, deadline)) {
                    return false;
                }
            } finally {
                waiters.remove(self);
            }
        }
        if (owner == null) {
            owner = self;
            self.held.add(this);
        }
        holds += times;
        return true;
    }

    @Override
    public void unlock() {
        SimThread self = scheduler.self();
        if (self == null || owner != self && self.killed) {
            return;
        }
        requireOwner(self);
        if (--holds == 0) {
            release(self);
        }
        scheduler.quietStep(Op.UNLOCK, id);
    }

    private void release(SimThread self) {
        owner = null;
        holds = 0;
        self.held.remove(this);
        List.copyOf(waiters).forEach(scheduler::wake);
    }

    /** Its owner is dead. */
    void abandon(SimThread dead) {
        if (owner == dead) {
            release(dead);
        }
    }

    private void requireOwner(SimThread self) {
        if (owner != self) {
            throw new IllegalMonitorStateException(self + " does not hold " + this + "; " + owner + " does");
        }
    }

    @Override
    public Condition newCondition() {
        return new SimCondition();
    }

    @Override
    public String toString() {
        return "lock " + id;
    }

    /** Waiting with the lock given up. A signal goes to any waiter, not to the one that waits longest. */
    private final class SimCondition implements Condition {
        private final int conditionId = scheduler.nextResource();
        private final List<SimThread> sleepers = new ArrayList<>();

        @Override
        public void await() {
            await(NEVER);
        }

        @Override
        public void awaitUninterruptibly() {
            await(NEVER);
        }

        @Override
        public long awaitNanos(long nanos) {
            long start = scheduler.now();
            long deadline = nanos >= NEVER - start ? NEVER : start + Math.max(0, nanos);
            await(deadline);
            return deadline - scheduler.now();
        }

        @Override
        public boolean await(long time, TimeUnit unit) {
            return awaitNanos(unit.toNanos(time)) > 0;
        }

        @Override
        public boolean awaitUntil(Date deadline) {
            throw new UnsupportedOperationException("wait in the env's time: awaitNanos");
        }

        private void await(long deadline) {
            SimThread self = scheduler.self();
            if (self == null) {
                throw new IllegalStateException("only a thread of the simulation can wait");
            }
            requireOwner(self);
            int held = holds;
            release(self);
            if (scheduler.chance(scheduler.options.spuriousPerMille())) {
                scheduler.step(Op.AWAIT, conditionId);
            } else {
                sleepers.add(self);
                try {
                    scheduler.block(self, "condition " + conditionId + " of " + SimLock.this, deadline);
                } finally {
                    sleepers.remove(self);
                }
            }
            acquire(self, held, NEVER);
        }

        @Override
        public void signal() {
            SimThread self = scheduler.self();
            if (self == null) {
                return;
            }
            requireOwner(self);
            scheduler.step(Op.SIGNAL, conditionId);
            if (!sleepers.isEmpty()) {
                SimThread chosen = sleepers.remove(scheduler.pickIndex(sleepers.size()));
                scheduler.wake(chosen);
            }
        }

        @Override
        public void signalAll() {
            SimThread self = scheduler.self();
            if (self == null) {
                return;
            }
            requireOwner(self);
            scheduler.step(Op.SIGNAL, conditionId);
            List<SimThread> all = List.copyOf(sleepers);
            sleepers.clear();
            all.forEach(scheduler::wake);
        }
    }
}
