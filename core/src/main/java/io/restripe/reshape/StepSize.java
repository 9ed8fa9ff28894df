package io.restripe.reshape;

/**
 * How far a step without backup goes: so far that it takes about {@link #TARGET_NANOS}, measured on the steps before, because writes
 * into the step's range wait as long as it lasts; and never less than a unit.
 */
final class StepSize {
    private static final long TARGET_NANOS = 100_000_000L;
    private static final long MOST_UNITS = 256;

    private final ReshapeShape shape;
    private long units = 4;

    StepSize(ReshapeShape shape) {
        this.shape = shape;
    }

    /** End of the next step. */
    long endFrom(long checkpoint) {
        long allowed = shape.stepEndWithoutBackup(checkpoint);
        long wanted = shape.positionOfUnit(shape.unitAt(checkpoint) + units);
        return Math.min(allowed, wanted);
    }

    /** A step of so many sectors took so long. */
    void took(long sectors, long nanos) {
        if (nanos < TARGET_NANOS / 2) {
            units = Math.min(MOST_UNITS, units * 2);
        } else if (nanos > TARGET_NANOS) {
            long fitting = sectors / shape.unitSectors() * TARGET_NANOS / nanos;
            units = Math.clamp(fitting, 1, MOST_UNITS);
        }
    }
}
