package io.restripe.reshape;

import java.util.function.LongSupplier;

/**
 * How far a step without backup goes: writes into its range wait as long as it lasts, so it is to take less than they may wait, by what the
 * steps before took; and it is never less than a unit.
 */
final class StepSize {
    private static final long MOST_UNITS = 256;

    private final ReshapeShape shape;
    private final LongSupplier maxHoldNanos;
    private long units = 2;

    /** @param maxHoldNanos how long a write may wait; looked at for every step */
    StepSize(ReshapeShape shape, LongSupplier maxHoldNanos) {
        this.shape = shape;
        this.maxHoldNanos = maxHoldNanos;
    }

    /** End of the next step. */
    long endFrom(long checkpoint) {
        long allowed = shape.stepEndWithoutBackup(checkpoint);
        long wanted = shape.positionOfUnit(shape.unitAt(checkpoint) + units);
        return Math.min(allowed, wanted);
    }

    /** A step of so many sectors took so long. */
    void took(long sectors, long nanos) {
        long target = maxHoldNanos.getAsLong() / 2; // steps of one size differ in time
        long done = Math.max(1, sectors / shape.unitSectors());
        if (nanos > target) {
            units = Math.clamp(done * target / nanos, 1, MOST_UNITS);
        } else if (nanos < target / 2 && done >= units) {
            units = Math.min(MOST_UNITS, units * 2);
        }
    }
}
