package io.restripe.reshape;

import java.util.OptionalLong;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * How far ahead of the checkpoint writes are held where the array cannot let them through, as Linux md cannot: by how fast the checkpoint
 * moves, and by whether anybody writes. The window is asked for before the array has come to the end of what it was asked for last, so
 * that it never stands. Owner: the manager's thread.
 */
final class HeldWindow {
    private static final long MOST_UNITS = 512;
    /** So long after the last write nobody is taken to be writing. */
    private static final long QUIET_NANOS = 1_000_000_000L;
    /** What the first write after that may wait, in what others may. */
    private static final long QUIET_FACTOR = 5;

    private final LongSupplier nanoTime;
    private final ReshapeShape shape;
    private final LongSupplier maxHoldNanos;
    private final Supplier<OptionalLong> writesDone;
    private long units = 2;
    private OptionalLong writesSeen;
    private long movedAt;
    private long lastWriteAt;
    private boolean written;

    /**
     * @param nanoTime the clock of the manager's environment
     * @param maxHoldNanos how long a write may wait; looked at for every step
     * @param writesDone how many there have been; empty where nobody knows: then there are always some
     */
    HeldWindow(
            LongSupplier nanoTime, ReshapeShape shape, LongSupplier maxHoldNanos, Supplier<OptionalLong> writesDone) {
        this.nanoTime = nanoTime;
        this.shape = shape;
        this.maxHoldNanos = maxHoldNanos;
        this.writesDone = writesDone;
        this.writesSeen = writesDone.get();
        this.movedAt = nanoTime.getAsLong();
        this.lastWriteAt = movedAt;
    }

    /**
     * Up to where writes should be held and the array allowed; {@code asked} when that is enough for now.
     *
     * @param asked array position up to which the array is allowed already, at or past the checkpoint
     */
    long endFrom(long checkpoint, long asked) {
        long allowed = shape.stepEndWithoutBackup(checkpoint);
        long end = Math.min(allowed, shape.positionOfUnit(shape.unitAt(checkpoint) + units));
        boolean worthIt = end - asked >= Math.max(1, units / 4) * shape.unitSectors() || end >= shape.end();
        return end > asked && (worthIt || asked <= checkpoint) ? end : asked;
    }

    /** The checkpoint has moved by so many sectors since it last did. */
    void moved(long sectors) {
        long now = nanoTime.getAsLong();
        long nanos = Math.max(1, now - movedAt);
        movedAt = now;
        long target = isWritten(now) ? maxHoldNanos.getAsLong() : QUIET_FACTOR * maxHoldNanos.getAsLong();
        long done = Math.max(1, sectors / shape.unitSectors());
        double fitting = (double) done * target / nanos;
        units = Math.clamp((long) Math.min(fitting, 2.0 * units), 1, MOST_UNITS);
    }

    /** The array stood for a reason that says nothing of its speed. */
    void standsSince() {
        movedAt = nanoTime.getAsLong();
    }

    private boolean isWritten(long now) {
        OptionalLong writes = writesDone.get();
        if (writes.isEmpty() || !writes.equals(writesSeen)) {
            writesSeen = writes;
            lastWriteAt = now;
            written = true;
        }
        return written && now - lastWriteAt < QUIET_NANOS;
    }
}
