package io.restripe.reshape;

import io.restripe.array.ArrayControl;
import io.restripe.array.Attribute;
import io.restripe.array.AttributeException;
import io.restripe.array.Attributes;
import io.restripe.metadata.Activity;
import io.restripe.metadata.Container;
import io.restripe.metadata.ReshapeGoal;
import io.restripe.metadata.Volume;
import io.restripe.rule.Problem;
import io.restripe.rule.ProblemException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;

/**
 * The reshape manager of one container: takes every volume through its reshape, one after another (R7), and takes up what was left
 * half-way. Alone moves {@code suspend_hi}, reads sources and writes backups; asks the monitor for everything else. Runs on the thread
 * that calls {@link #run}; status and switches may be used by any thread.
 */
public final class ReshapeManager {
    private static final System.Logger LOG = System.getLogger("io.restripe.reshape");

    /** How long a write may be held by a step, unless somebody says otherwise. */
    public static final long DEFAULT_MAX_HOLD_NANOS = 50_000_000L;

    /** What the manager is doing. */
    public enum Phase {
        WAITING,
        PREPARING,
        BACKING_UP,
        RELOCATING,
        FINISHING,
        PAUSED
    }

    private final Surroundings around;
    private final Lock lock;
    private final Condition changed;
    private Phase phase = Phase.WAITING;
    private volatile long maxHoldNanos = DEFAULT_MAX_HOLD_NANOS;
    private boolean pauseAsked;
    private boolean stopAsked;
    private long stopAskedAt;
    /** The first reshape is durably begun. */
    private boolean born;

    private boolean ended;
    private Problem problem;

    public ReshapeManager(Surroundings around) {
        this.around = new Surroundings(
                around.env(),
                new Numbered(around.env(), around.monitor()),
                around.metadata(),
                around.arrays(),
                around.disks());
        this.lock = around.env().newLock();
        this.changed = lock.newCondition();
    }

    /** How long a write to a step's range should wait at most; a step is never shorter than a unit of the format. From the next step on. */
    public void maxHold(long nanos) {
        maxHoldNanos = nanos;
    }

    long maxHoldNanos() {
        return maxHoldNanos;
    }

    /**
     * Runs the goals, then whatever the container still needs, until all is done, stopped or impossible. Returns normally in each case;
     * {@link #problem} says what stopped it.
     */
    public void run(List<ReshapeGoal> goals) {
        try {
            takeCharge();
            tidy();
            resumeHalfWay();
            List<ReshapeGoal> left = new ArrayList<>(goals);
            while (!isStopped()) {
                if (left.isEmpty()) {
                    left.addAll(ReshapePlanner.remaining(around.container()));
                }
                if (left.isEmpty()) {
                    ReshapePlanner.leftBehind(around.container()).ifPresent(this::fail);
                    break;
                }
                ReshapeGoal goal = left.removeFirst();
                new VolumeReshape(around, this, goal.volume()).begin(goal);
            }
        } catch (ProblemException e) {
            fail(e.problem());
        } catch (RuntimeException e) {
            LOG.log(System.Logger.Level.ERROR, "the reshape manager broke down", e);
            fail(brokenDown(e));
        } finally {
            end();
        }
    }

    private static Problem brokenDown(RuntimeException e) {
        return new Problem(
                "the reshape manager broke down",
                "the container's reshape",
                String.valueOf(e.getMessage() == null ? e : e.getMessage()),
                "Nothing is lost. Repair the cause if it can be seen, then: restripe grow --continue; else report it");
    }

    private void end() {
        try {
            thaw();
        } catch (RuntimeException e) {
            LOG.log(System.Logger.Level.WARNING, "the arrays stay frozen: {0}", e.getMessage());
        } finally {
            markEnded();
        }
    }

    /**
     * For a manager that has been refused its goals: lets go what one that was killed before it recorded anything has left held. Where
     * nothing is left it does nothing, and is in nobody's way.
     */
    public void tidyUp() throws ProblemException {
        Container container = around.container();
        boolean left = false;
        for (Volume volume : container.volumes()) {
            ArrayControl control = around.arrays().apply(volume.index());
            try {
                left |= control != null && isLeftOver(volume, control);
            } catch (AttributeException e) {
                LOG.log(System.Logger.Level.DEBUG, "{0}", e.getMessage()); // an array that has gone holds nothing
            }
        }
        if (left && container.reshaping().isEmpty()) {
            takeCharge();
            tidy();
            thaw();
        }
    }

    private void takeCharge() throws ProblemException {
        try {
            if (around.monitor().call(new Request.TakeCharge()) instanceof Reply.Refused refused) {
                throw new IOException(refused.rule() + ": " + refused.why());
            }
        } catch (IOException e) {
            throw new ProblemException(
                    new Problem(
                            "cannot begin to manage reshapes",
                            "the container's monitor",
                            String.valueOf(e.getMessage()),
                            "Nothing was changed. See that the monitor runs, then try again"),
                    e);
        }
    }

    /** What a manager that was killed after the end of a reshape, or before anything was recorded, has left behind. */
    private void tidy() throws ProblemException {
        for (Volume volume : around.container().volumes()) {
            ArrayControl control = around.arrays().apply(volume.index());
            try {
                if (control != null && isLeftOver(volume, control) && isNothingRecorded(volume)) {
                    new HeldWrites(around.monitor(), volume.index(), new Attributes(control)).letGo();
                    new Carrier(control).takeBack(volume.geometry().level());
                }
            } catch (IOException e) {
                throw new ProblemException(
                        new Problem(
                                "cannot tidy up after a reshape",
                                "volume " + volume.name(),
                                String.valueOf(e.getMessage()),
                                "Repair the cause, then: restripe grow --continue"),
                        e);
            }
        }
    }

    /** Asked of the monitor, after whatever it was asked before: what was read a moment ago may have been overtaken by a birth. */
    private boolean isNothingRecorded(Volume volume) throws IOException {
        return around.monitor().call(new Request.WithdrawStep(volume.index())) instanceof Reply.Ok
                && !(around.container().volumes().get(volume.index()).activity() instanceof Activity.Reshape);
    }

    /** Whether an array still looks as in a reshape, though none is recorded: writes are held, or a RAID0 is carried by another level. */
    public static boolean isLeftOver(Volume volume, ArrayControl control) throws AttributeException {
        Attributes attributes = new Attributes(control);
        return !(volume.activity() instanceof Activity.Reshape)
                && attributes.numberOr(Attribute.RESHAPE_POSITION, Attributes.NONE) == Attributes.NONE
                && (new Carrier(control).carries(volume.geometry().level())
                        || attributes.numberOr(Attribute.SUSPEND_HI, 0) > attributes.numberOr(Attribute.SUSPEND_LO, 0));
    }

    /** No array of the container may begin a rebuild or resync while one relocates. */
    void freeze() throws AttributeException {
        for (Volume other : around.container().volumes()) {
            ArrayControl array = around.arrays().apply(other.index());
            if (array != null
                    && !new Attributes(array).textOr(Attribute.SYNC_ACTION, "").isEmpty()) {
                array.write(Attribute.SYNC_ACTION, "frozen");
            }
        }
    }

    /** Nothing may start a rebuild between the volumes of one grow; afterwards it may. */
    private void thaw() {
        for (Volume volume : around.container().volumes()) {
            ArrayControl control = around.arrays().apply(volume.index());
            try {
                if (control != null && new Attributes(control).syncAction().equals("frozen")) {
                    control.write(Attribute.SYNC_ACTION, "idle");
                }
            } catch (AttributeException e) {
                LOG.log(
                        System.Logger.Level.WARNING,
                        "{0}",
                        e.getMessage()); // the array is gone or stopping: nothing to thaw
            }
        }
    }

    private void resumeHalfWay() throws ProblemException {
        Optional<Volume> half = around.container().reshaping();
        if (half.isPresent() && half.get().activity() instanceof Activity.Reshape) {
            new VolumeReshape(around, this, half.get().index()).resume();
        }
    }

    /** Whether there is anything to do: a volume half-way, or one that has not had its turn. */
    public static boolean hasWork(Container container) {
        return container.reshaping().isPresent()
                || !ReshapePlanner.remaining(container).isEmpty();
    }

    /**
     * Waits until the first reshape is durably begun, or it is clear that it will not be; then throws what stands against it. What goes
     * wrong later is for {@link #problem}.
     */
    public void awaitBorn() throws ProblemException {
        lock.lock();
        try {
            while (!born && !ended) {
                changed.awaitUninterruptibly();
            }
            if (!born && problem != null) {
                throw new ProblemException(problem);
            }
        } finally {
            lock.unlock();
        }
    }

    public Phase phase() {
        lock.lock();
        try {
            return phase;
        } finally {
            lock.unlock();
        }
    }

    /** What stopped the manager. */
    public Optional<Problem> problem() {
        lock.lock();
        try {
            return Optional.ofNullable(problem);
        } finally {
            lock.unlock();
        }
    }

    /** At the next bound the manager waits until {@link #resume}. Writes are not suspended meanwhile. */
    public void pause() {
        lock.lock();
        try {
            pauseAsked = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    public void resume() {
        lock.lock();
        try {
            pauseAsked = false;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** At the next bound, or after some seconds without reaching it, the manager ends; what is half-way stays half-way and can be taken up again. */
    public void stop() {
        lock.lock();
        try {
            if (!stopAsked) {
                stopAskedAt = around.env().nanoTime();
            }
            stopAsked = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    boolean isStopped() {
        lock.lock();
        try {
            return stopAsked;
        } finally {
            lock.unlock();
        }
    }

    /** Whether it was told to stop so long ago. */
    boolean isStoppedSince(long nanos) {
        lock.lock();
        try {
            return stopAsked && around.env().nanoTime() - stopAskedAt >= nanos;
        } finally {
            lock.unlock();
        }
    }

    /** Whether {@link #mayGoOn} would wait or say no. */
    boolean isHalting() {
        lock.lock();
        try {
            return pauseAsked || stopAsked;
        } finally {
            lock.unlock();
        }
    }

    /** Between two steps: waits while paused. False when told to stop. */
    boolean mayGoOn() {
        lock.lock();
        try {
            while (pauseAsked && !stopAsked) {
                phase = Phase.PAUSED;
                changed.awaitUninterruptibly();
            }
            return !stopAsked;
        } finally {
            lock.unlock();
        }
    }

    void enter(Phase next) {
        lock.lock();
        try {
            phase = next;
        } finally {
            lock.unlock();
        }
    }

    void markBorn() {
        lock.lock();
        try {
            born = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void markEnded() {
        lock.lock();
        try {
            phase = Phase.WAITING;
            ended = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void fail(Problem found) {
        lock.lock();
        try {
            problem = found;
        } finally {
            lock.unlock();
        }
    }
}
