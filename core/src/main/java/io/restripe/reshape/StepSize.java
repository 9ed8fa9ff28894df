package io.restripe.reshape;

import java.util.function.LongSupplier;

/**
 * How far a step without backup goes: where writes into its range wait as long as it lasts it is to take less than they may wait, else not
 * so long that many of them have two places; by what the steps before took. It is never less than a unit.
 */
final class StepSize {
    private static final long MOST_UNITS = 256;
    /** Long against the flushes that a step ends with. */
    private static final long THROUGH_NANOS = 250_000_000L;

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

    /**
     * A step of so many sectors took so long.
     *
     * @param through writes into it did not wait for it
     */
    void took(long sectors, long nanos, boolean through) {
        long target = through ? THROUGH_NANOS : maxHoldNanos.getAsLong() / 2; // steps of one size differ in time
        long done = Math.max(1, sectors / shape.unitSectors());
        if (nanos > target) {
            units = Math.clamp(done * target / nanos, 1, MOST_UNITS);
        } else if (nanos < target / 2 && done >= units) {
            units = Math.min(MOST_UNITS, units * 2);
        }
    }
}
