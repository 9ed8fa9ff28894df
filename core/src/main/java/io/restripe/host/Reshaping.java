package io.restripe.host;

import io.restripe.array.ArrayControl;
import io.restripe.array.AttributeException;
import io.restripe.env.Env;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.ReshapeGoal;
import io.restripe.metadata.Volume;
import io.restripe.reshape.Monitor;
import io.restripe.reshape.MonitorLink;
import io.restripe.reshape.ReshapeManager;
import io.restripe.reshape.ReshapePlan;
import io.restripe.reshape.ReshapePlanner;
import io.restripe.reshape.Surroundings;
import io.restripe.rule.Problem;
import io.restripe.rule.ProblemException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.Lock;

/** The reshape manager of a running container and its thread: one at a time, while there is something to reshape. Any thread. */
final class Reshaping {
    private final Env env;
    private final String container;
    private final Monitor monitor;
    private final ContainerArrays arrays;
    private final DiskChanges disks;
    private final MonitorLink toMonitor;
    private final Runnable ended;
    /** Held while somebody begins a change, by one at a time; before the other one. */
    private final Lock changes;

    private final Lock lock;
    private long maxHoldNanos = ReshapeManager.DEFAULT_MAX_HOLD_NANOS;
    private ReshapeManager manager;
    private Env.Worker managing;

    /** @param ended told when a manager is done */
    Reshaping(
            Env env,
            String container,
            Monitor monitor,
            ContainerArrays arrays,
            DiskChanges disks,
            MonitorLink toMonitor,
            Runnable ended) {
        this.env = env;
        this.container = container;
        this.monitor = monitor;
        this.arrays = arrays;
        this.disks = disks;
        this.toMonitor = toMonitor;
        this.ended = ended;
        this.changes = env.newLock();
        this.lock = env.newLock();
    }

    /** On return the first reshape of the plan is durably begun and goes on in the background. */
    void begin(ReshapePlan plan, List<MemberDisk> joining) throws ProblemException {
        changes.lock();
        try {
            requireNone("reshape");
            beginAlone(plan, joining);
        } finally {
            changes.unlock();
        }
    }

    private void requireNone(String what) throws ProblemException {
        if (isRunning()) {
            throw new ProblemException(new Problem(
                    "cannot " + what,
                    "container " + container,
                    "a reshape is under way",
                    "Wait for its end: restripe wait " + container));
        }
    }

    private void beginAlone(ReshapePlan plan, List<MemberDisk> joining) throws ProblemException {
        monitor.holdSyncs(true);
        try {
            for (MemberDisk disk : joining) {
                disks.add(disk);
            }
        } catch (ProblemException e) {
            monitor.holdSyncs(false);
            throw e;
        }
        awaitBorn(manage(plan.goals())); // the manager lets go of the syncs at its end
    }

    /** When it is refused its manager has ended, so that another one can be begun at once. */
    private void awaitBorn(ReshapeManager started) throws ProblemException {
        try {
            started.awaitBorn();
        } catch (ProblemException e) {
            managing().join();
            throw e;
        }
    }

    private Env.Worker managing() {
        lock.lock();
        try {
            return managing;
        } finally {
            lock.unlock();
        }
    }

    /** What was left half-way goes on in the background. */
    void takeUp() {
        manage(List.of());
    }

    /** See {@link RunningContainer#resume}. */
    void resume() throws ProblemException {
        changes.lock();
        try {
            resumeAlone();
        } finally {
            changes.unlock();
        }
    }

    private void resumeAlone() throws ProblemException {
        if (isRunning()) {
            manager().ifPresent(ReshapeManager::resume);
        } else if (ReshapeManager.hasWork(monitor.container()) || anyLeftOver()) {
            awaitBorn(manage(List.of()));
        } else {
            awaitBorn(manage(toBeMadeWider()));
        }
    }

    /** Volumes that have fewer members than the first one, as a grow that nobody has recorded may have left them. */
    private List<ReshapeGoal> toBeMadeWider() throws ProblemException {
        Optional<Problem> behind = ReshapePlanner.leftBehind(monitor.container());
        if (behind.isPresent()) {
            throw new ProblemException(behind.get());
        }
        List<ReshapeGoal> goals = ReshapePlanner.planNarrower(container, monitor.metadata());
        if (goals.isEmpty()) {
            throw new ProblemException(new Problem(
                    "nothing to continue",
                    "container " + container,
                    "no reshape is half-way",
                    "Begin one: restripe grow"));
        }
        arrays.requireReshapable(goals);
        return goals;
    }

    /** See {@link RunningContainer#pause}. */
    void pause() throws ProblemException {
        if (!isRunning()) {
            throw new ProblemException(new Problem(
                    "nothing to pause",
                    "container " + container,
                    "no reshape is under way",
                    "A resync or rebuild is not paused, it can be slowed down: restripe grow " + container
                            + " --speed-limit=KIB"));
        }
        manager().ifPresent(ReshapeManager::pause);
    }

    private boolean anyLeftOver() {
        for (Volume volume : monitor.container().volumes()) {
            ArrayControl array = arrays.of(volume.index());
            try {
                if (array != null && ReshapeManager.isLeftOver(volume, array)) {
                    return true;
                }
            } catch (AttributeException e) {
                return true; // a manager that tries says what the matter is
            }
        }
        return false;
    }

    private ReshapeManager manage(List<ReshapeGoal> goals) {
        lock.lock();
        try {
            ReshapeManager started =
                    new ReshapeManager(new Surroundings(env, toMonitor, monitor::metadata, arrays::of, monitor::disks));
            started.maxHold(maxHoldNanos);
            manager = started;
            monitor.holdSyncs(true);
            managing = env.start("reshape-manager", () -> {
                try {
                    started.run(goals);
                } finally {
                    monitor.holdSyncs(false);
                    ended.run();
                }
            });
            return started;
        } finally {
            lock.unlock();
        }
    }

    /** Something that no reshape may go on beside, and no rebuild begin. */
    interface Quietly {
        void run() throws ProblemException;
    }

    /**
     * Does something; reshapes that are asked for meanwhile wait for it.
     *
     * @param what for "cannot ..."
     */
    void whileNoneRuns(String what, Quietly quietly) throws ProblemException {
        changes.lock();
        try {
            requireNone(what);
            monitor.holdSyncs(true);
            try {
                quietly.run();
            } finally {
                monitor.holdSyncs(false);
            }
        } finally {
            changes.unlock();
        }
    }

    /** For the reshape that runs, and for those to come. */
    void maxHold(long nanos) {
        lock.lock();
        try {
            maxHoldNanos = nanos;
            if (manager != null) {
                manager.maxHold(nanos);
            }
        } finally {
            lock.unlock();
        }
    }

    boolean isRunning() {
        lock.lock();
        try {
            return managing != null && managing.isAlive();
        } finally {
            lock.unlock();
        }
    }

    /** The one at work, or the last that was. */
    Optional<ReshapeManager> manager() {
        lock.lock();
        try {
            return Optional.ofNullable(manager);
        } finally {
            lock.unlock();
        }
    }

    /** At the next bound the manager ends; on return it has, for good or ill. */
    void stop() {
        manager().ifPresent(ReshapeManager::stop);
        try {
            if (managing != null) {
                managing.join();
            }
        } catch (IllegalStateException e) {
            // It has been reported when it happened; the container can be stopped all the same.
            System.getLogger("io.restripe.host").log(System.Logger.Level.ERROR, "the reshape manager broke down", e);
        }
    }
}
