package io.restripe.array.engine;

import io.restripe.disk.Disk;

/**
 * A disk in the array and what md knows about it. Fields are guarded by the state lock, except {@code failed} and {@code
 * recoveredSector}, which the data path reads without it: both only ever turn the way that a reader under its row's lock may rely on.
 */
final class Member {
    static final int NO_SLOT = -1;

    final String name;
    final Disk disk;
    long offsetSectors;
    long sizeSectors;
    /** Of the whole disk: where its partial parity log begins. */
    long pplSector;

    long pplSectors;
    int slot = NO_SLOT;
    boolean inSync;
    boolean blocked;
    boolean externalBadBlocks;
    boolean writeMostly;
    boolean writeError;
    long correctedErrors;

    /** Taken into an empty slot of the old geometry by a reshape: holds nothing of the old rows, all of the new ones. */
    boolean filledByReshape;

    /** As far as is known it gives up ranges for less than the price of zeros. */
    volatile boolean discards = true;

    private volatile boolean failed;

    /** Member sector below which the content is valid; Long.MAX_VALUE when all of it is. */
    private volatile long recoveredSector;

    Member(String name, Disk disk) {
        this.name = name;
        this.disk = disk;
    }

    boolean failed() {
        return failed;
    }

    void markFailed() {
        failed = true;
    }

    long recoveredSector() {
        return recoveredSector;
    }

    void recoveredTo(long memberSector) {
        recoveredSector = memberSector;
    }

    /** Whether what it holds below {@code endSector} is valid and may be read and must be written. */
    boolean usable(long endSector) {
        return !failed && endSector <= recoveredSector;
    }

    /** In a slot, in sync and not failed. */
    boolean working() {
        return slot != NO_SLOT && inSync && !failed;
    }

    /** md's comma list. */
    String stateText() {
        StringBuilder text = new StringBuilder();
        append(text, failed, "faulty");
        append(text, inSync && !failed, "in_sync");
        append(text, writeMostly, "write_mostly");
        append(text, blocked, "blocked");
        append(text, !inSync && !failed, "spare");
        append(text, writeError, "write_error");
        append(text, externalBadBlocks, "external_bbl");
        return text.toString();
    }

    private static void append(StringBuilder text, boolean shown, String word) {
        if (shown) {
            text.append(text.isEmpty() ? "" : ",").append(word);
        }
    }
}
