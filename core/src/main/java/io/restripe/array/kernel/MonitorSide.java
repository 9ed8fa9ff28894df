package io.restripe.array.kernel;

import io.restripe.array.ArrayControl;
import io.restripe.array.Attribute;
import io.restripe.array.AttributeException;
import io.restripe.array.Attributes;
import io.restripe.array.Errno;
import io.restripe.array.MemberAttribute;
import io.restripe.consistency.ConsistencyPolicy;
import io.restripe.env.Conditions;
import io.restripe.env.Env;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;

/**
 * A kernel array's control for the thread that answers {@code write-pending}. In md nearly every write waits for the array's
 * configuration mutex, and whoever holds that may itself wait for the answer: for {@code raid_disks} on a clean array until it is dirty,
 * for {@code suspend_lo} until stripes are finished that stand still while {@code write-pending} stands. So only the writes that md
 * carries out without the mutex are made at once (docs/md-control.md, section 1); the others are handed to a thread of their own.
 *
 * <p>A write that was handed over and takes long is answered with EBUSY and goes on; the same write asked for again gives what became
 * of it. {@code suspend_lo} alone is not waited for: it lets go of what is durable already, so that late is as good as now, and whoever
 * writes a bound after it waits for it.
 */
final class MonitorSide implements ArrayControl, AutoCloseable {
    private static final long PATIENCE_NANOS = 100_000_000L;
    private static final long LOOK_NANOS = 5_000_000L;
    private static final long LONGEST_BUSY_NANOS = 5_000_000_000L;

    private final Env env;
    private final KernelArray array;
    private final Attributes attributes;
    private final Lock lock;
    private final Condition changed;
    private final Env.Worker worker;
    /** Null: nobody has been failed yet. The monitor's thread only, and whoever closes this after it. */
    private Failing failing;

    private Handed handed;
    private String suspendLo;
    /** The bound that is being written; null: none. */
    private String moving;

    private boolean closed;

    /** A write that the thread makes. */
    private interface Write {
        void make() throws AttributeException;
    }

    private static final class Handed {
        private final String what;
        private final Write write;
        private final long sinceNanos;
        private boolean done;
        private AttributeException failure;

        Handed(String what, Write write, long nowNanos) {
            this.what = what;
            this.write = write;
            this.sinceNanos = nowNanos;
        }
    }

    MonitorSide(Env env, KernelArray array) {
        this.env = env;
        this.array = array;
        this.attributes = new Attributes(array);
        this.lock = env.newLock();
        this.changed = lock.newCondition();
        this.worker = env.start(array.name() + "-writes", this::run);
    }

    /** What md does without its configuration mutex on a running array. */
    private static boolean isFree(Attribute attribute, String value) {
        return switch (attribute) {
            case SYNC_MAX, SYNC_MIN, SYNC_SPEED_MIN, SYNC_SPEED_MAX, SAFE_MODE_DELAY -> true;
            case ARRAY_STATE -> value.equals("active") || value.equals("clean");
            default -> false;
        };
    }

    @Override
    public void write(Attribute attribute, String value) throws AttributeException {
        if (isFree(attribute, value)) {
            array.writeAtOnce(attribute, value);
        } else if (attribute == Attribute.SUSPEND_LO) {
            lock.lock();
            try {
                suspendLo = value;
                changed.signalAll();
            } finally {
                lock.unlock();
            }
        } else {
            hand(attribute.mdName(), value, () -> array.writeNow(attribute, value));
        }
    }

    @Override
    public void write(String member, MemberAttribute attribute, String value) throws AttributeException {
        boolean fails = attribute == MemberAttribute.STATE && value.equals("faulty");
        if (attribute == MemberAttribute.BAD_BLOCKS || fails) {
            handOrFail(member, attribute, value);
        } else {
            handTo(member, attribute, value);
        }
    }

    /**
     * The mutex may be held by who waits for stripes that wait for this: {@code suspend_lo} for one, or {@code frozen}. There is no other
     * way to acknowledge a bad block. Then the member is failed, which md does without the mutex, unless the array needs it.
     */
    private void handOrFail(String member, MemberAttribute attribute, String value) throws AttributeException {
        try {
            handTo(member, attribute, value);
        } catch (AttributeException e) {
            if (e.errno() == Errno.EBUSY && isStuck()) {
                failPastMutex(member);
            }
            throw e;
        }
    }

    /** Whether the write that is under way, this or another, has been waiting for the mutex for long. */
    private boolean isStuck() {
        lock.lock();
        try {
            return handed != null && !handed.done && env.nanoTime() - handed.sinceNanos > LONGEST_BUSY_NANOS;
        } finally {
            lock.unlock();
        }
    }

    /** By a thread of its own: to open a device may take long. */
    private void failPastMutex(String member) {
        if (failing == null || failing.isDone()) {
            failing = new Failing(env, array, member);
        }
    }

    private void handTo(String member, MemberAttribute attribute, String value) throws AttributeException {
        hand("dev-" + member + "/" + attribute.mdName(), value, () -> array.write(member, attribute, value));
    }

    @Override
    public void addMember(String member) throws AttributeException {
        hand("new_dev", member, () -> array.addMember(member));
    }

    @Override
    public void release() throws AttributeException {
        try {
            hand("array_state", "clear", array::release);
        } catch (AttributeException e) {
            if (e.errno() != Errno.EBUSY) { // EBUSY: it is being done, or asked for again
                throw e;
            }
        }
    }

    @Override
    public boolean reshapes(ConsistencyPolicy policy) {
        return array.reshapes(policy);
    }

    @Override
    public boolean wentInOrder() {
        return array.wentInOrder();
    }

    @Override
    public void flushMembers() throws AttributeException {
        array.flushMembers(this);
    }

    private void hand(String attribute, String value, Write write) throws AttributeException {
        String what = attribute + "=" + value;
        long deadline = env.nanoTime() + PATIENCE_NANOS;
        lock.lock();
        try {
            if (handed == null || handed.done && !handed.what.equals(what)) {
                handed = new Handed(what, write, env.nanoTime());
                changed.signalAll();
            }
            Handed mine = handed;
            if (mine.what.equals(what)) {
                while (!mine.done && env.nanoTime() - deadline < 0 && mayWait()) {
                    Conditions.awaitNanos(changed, LOOK_NANOS);
                }
                if (mine.done) {
                    handed = null;
                    if (mine.failure != null) {
                        throw mine.failure;
                    }
                    return;
                }
            }
            throw new AttributeException(
                    array.name(), attribute, value, Errno.EBUSY, "the array is busy with " + mine.what);
        } finally {
            lock.unlock();
        }
    }

    /** Not while the array waits for the very thread that waits here. */
    private boolean mayWait() throws AttributeException {
        return !attributes.arrayState().equals("write-pending");
    }

    /** Until what the monitor has asked of {@code suspend_lo} is in force; for whoever else is about to move a bound. */
    void awaitSuspendLo() {
        lock.lock();
        try {
            while ((suspendLo != null || moving != null) && !closed) {
                changed.awaitUninterruptibly();
            }
        } finally {
            lock.unlock();
        }
    }

    private void run() {
        while (true) {
            String bound = null;
            Handed next = null;
            lock.lock();
            try {
                while (suspendLo == null && (handed == null || handed.done) && !closed) {
                    changed.awaitUninterruptibly();
                }
                if (suspendLo != null) {
                    bound = suspendLo;
                    suspendLo = null;
                    moving = bound;
                } else if (handed != null && !handed.done) {
                    next = handed;
                } else {
                    return;
                }
            } finally {
                lock.unlock();
            }
            if (next == null) {
                moveBound(Objects.requireNonNull(bound));
            } else {
                make(next);
            }
        }
    }

    private void moveBound(String bound) {
        try {
            array.writeNow(Attribute.SUSPEND_LO, bound);
        } catch (AttributeException e) {
            // Writes below the checkpoint stay held, until the bound is moved again: by the next step or by a new
            // monitor.
            System.getLogger("io.restripe.kernel").log(System.Logger.Level.WARNING, "{0}", e.getMessage());
        } finally {
            lock.lock();
            try {
                moving = null;
                changed.signalAll();
            } finally {
                lock.unlock();
            }
        }
    }

    private void make(Handed next) {
        AttributeException failure = null;
        try {
            next.write.make();
        } catch (AttributeException e) {
            failure = e;
        } finally {
            lock.lock();
            try {
                next.failure = failure;
                next.done = true;
                changed.signalAll();
            } finally {
                lock.unlock();
            }
            array.wakeSubscribers(); // who was answered with EBUSY asks again
        }
    }

    @Override
    public String name() {
        return array.name();
    }

    @Override
    public String read(Attribute attribute) throws AttributeException {
        if (attribute == Attribute.SUSPEND_LO) {
            lock.lock();
            try {
                String coming = suspendLo != null ? suspendLo : moving;
                if (coming != null) {
                    return coming; // as good as written: a birth must not be recorded over a bound that is about to
                    // move
                }
            } finally {
                lock.unlock();
            }
        }
        return array.read(attribute);
    }

    @Override
    public String read(String member, MemberAttribute attribute) throws AttributeException {
        return array.read(member, attribute);
    }

    @Override
    public List<String> members() throws AttributeException {
        return array.members();
    }

    @Override
    public Runnable subscribe(Runnable wake) {
        return array.subscribe(wake);
    }

    /** Ends its thread, when what that is about has come to its end. */
    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        worker.join();
        if (failing != null) {
            failing.join();
        }
    }
}
