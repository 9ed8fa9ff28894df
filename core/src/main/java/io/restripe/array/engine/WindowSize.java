package io.restripe.array.engine;

import io.restripe.unit.Units;

/**
 * How much of the array one window of a sync works on, by what the windows before took: who writes into it waits as long as it lasts,
 * and users of the rest meet it at the disks. It begins small, and is never less than a step of whole rows. Where a window costs much
 * however small it is, it is not made small for those who merely meet it: now and then a larger one is tried, and kept if it moves more
 * in the same time. Owner: the sync thread.
 */
final class WindowSize {
    private static final int WINDOWS_A_TRIAL = 32;
    /** One alone may only have lost its processor. */
    private static final int WINDOWS_IN_A_TRIAL = 3;

    private static final int FIRST_TRIAL = 4;
    /** A window of twice the size must be so much faster to be worth it. */
    private static final double WORTH_IT = 1.3;

    /** Of the best rate, from one window to the next: so it is of the last few, and those that only lost the processor do not count. */
    private static final double KEPT = 0.9;

    private final long stepSectors;
    private final long most;
    private long sectors;
    /** Smaller ones are not worth it. */
    private long least;

    private long holdNanos;
    private long turnNanos;
    private int windows;
    private boolean trial;
    private int failedInTrial;
    /** Sectors a nanosecond, at the best of late. */
    private double rate;

    /**
     * @param stepSectors of what there is never less, and always whole multiples
     * @param mostSectors enough for the disks to be busy
     */
    WindowSize(long stepSectors, long mostSectors) {
        this.stepSectors = stepSectors;
        this.most = Math.max(stepSectors, Units.floorToUnit(mostSectors, stepSectors));
        this.sectors = stepSectors;
        this.least = stepSectors;
    }

    /**
     * For the next window.
     *
     * @param holdNanos how long it may take, for those who wait for it; 0: nobody, or for longer anyway
     * @param turnNanos how long it should take, for those who meet it; 0: nobody does
     */
    long sectors(long holdNanos, long turnNanos) {
        this.holdNanos = holdNanos;
        this.turnNanos = turnNanos;
        if (turnNanos == 0) { // what was seen is of another time
            rate = 0;
            windows = 0;
            failedInTrial = 0;
        }
        if (holdNanos == 0 && turnNanos == 0) {
            trial = false;
            return most;
        }
        trial = turnNanos > 0 && (failedInTrial > 0 || windows % WINDOWS_A_TRIAL == FIRST_TRIAL);
        return trial ? Math.min(most, 2 * sectors) : sectors;
    }

    /** A window of so many sectors took so long. */
    void took(long moved, long nanos) {
        double now = (double) moved / Math.max(1, nanos);
        boolean whole = moved >= sectors; // a bound may cut one short
        windows += whole ? 1 : 0;
        if (trial && (moved >= 2 * sectors || moved == most)) {
            tried(moved, moved >= 2 * sectors && now > rate * WORTH_IT);
        } else if (whole && turnNanos > 0) {
            rate = Math.max(now, rate * KEPT);
        }
        if (holdNanos > 0 && nanos > holdNanos) {
            sectors = smaller(moved, holdNanos, nanos);
            least = Math.min(least, sectors);
        } else if (turnNanos > 0 && nanos > turnNanos) {
            sectors = Math.max(least, smaller(moved, turnNanos, nanos));
        } else if (nanos < target() / 2 && whole) {
            sectors = Math.min(most, sectors * 2);
        }
    }

    private void tried(long moved, boolean worthIt) {
        failedInTrial = worthIt ? 0 : failedInTrial + 1;
        if (worthIt) {
            least = moved;
            sectors = moved;
        } else if (failedInTrial == WINDOWS_IN_A_TRIAL) {
            failedInTrial = 0;
            least = smaller(least, 1, 2);
        }
    }

    private long target() {
        return holdNanos == 0 ? turnNanos : turnNanos == 0 ? holdNanos : Math.min(holdNanos, turnNanos);
    }

    private long smaller(long from, long part, long of) {
        return Math.max(1, from / stepSectors * part / of) * stepSectors;
    }
}
