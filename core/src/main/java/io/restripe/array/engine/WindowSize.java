package io.restripe.array.engine;

import io.restripe.unit.Units;

/**
 * How much of the array one window of a relocation moves: writes into it wait as long as that lasts, so where writes are let through it
 * is to take half of what they may wait, by what the windows before took. It begins small, and is never less than a step of whole rows.
 * Owner: the sync thread.
 */
final class WindowSize {
    /** Enough for the disks to be busy. */
    private static final long MOST_SECTORS = 4L * 1024 * Units.SECTORS_PER_KIB;

    private static final long NANOS_PER_MILLI = 1_000_000L;

    private final long stepSectors;
    private final long most;
    private long sectors;
    private long targetNanos;

    WindowSize(long stepSectors) {
        this.stepSectors = stepSectors;
        this.most = Math.max(stepSectors, Units.floorToUnit(MOST_SECTORS, stepSectors));
        this.sectors = stepSectors;
    }

    /** @param maxHoldMillis how long a write may wait; 0: nobody waits for a window, who would wait is held for longer anyway */
    long sectors(long maxHoldMillis) {
        targetNanos = maxHoldMillis * NANOS_PER_MILLI / 2;
        return maxHoldMillis == 0 ? most : sectors;
    }

    /** A window of so many sectors took so long. */
    void took(long moved, long nanos) {
        if (targetNanos == 0) {
            return;
        }
        if (nanos > targetNanos) {
            long steps = moved / stepSectors * targetNanos / nanos;
            sectors = Math.max(1, steps) * stepSectors;
        } else if (nanos < targetNanos / 2 && moved >= sectors) {
            sectors = Math.min(most, sectors * 2);
        }
    }
}
