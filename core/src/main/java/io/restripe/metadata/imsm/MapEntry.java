package io.restripe.metadata.imsm;

import java.util.ArrayList;
import java.util.List;

/**
 * A map of a volume: one geometry and which disk is in which slot (docs/imsm.md, 2.6).
 *
 * @param raw the 48 bytes before the order table
 * @param startSector first sector of the volume on every member
 * @param memberSectors sectors reserved on every member
 * @param stripes number of data stripes as the format counts them (4.2)
 * @param chunkSectors sectors in a chunk; 128 for RAID1
 * @param state {@link #NORMAL}, {@link #UNINITIALISED}, {@link #DEGRADED} or {@link #LOST}
 * @param storedLevel 0, 1, 5 or 10; 1 is RAID10 when it has more than two members
 * @param domains 2 for mirrors, else 1
 * @param failedSlot {@link #NO_SLOT} when none
 * @param order slot -> disk index, with {@link #OUT_OF_SYNC} and bits unknown to us on top
 */
record MapEntry(
        Raw raw,
        long startSector,
        long memberSectors,
        long stripes,
        int chunkSectors,
        int state,
        int storedLevel,
        int domains,
        int failedSlot,
        List<Integer> order) {
    static final int HEAD_BYTES = 48;
    static final int NORMAL = 0;
    static final int UNINITIALISED = 1;
    static final int DEGRADED = 2;
    static final int LOST = 3;
    static final int NO_SLOT = 0xff;
    static final int OUT_OF_SYNC = 1 << 24;
    static final int INDEX_MASK = OUT_OF_SYNC - 1;

    MapEntry {
        order = List.copyOf(order);
    }

    int members() {
        return order.size();
    }

    int bytes() {
        return HEAD_BYTES + Integer.BYTES * members();
    }

    int diskOf(int slot) {
        return order.get(slot) & INDEX_MASK;
    }

    boolean outOfSync(int slot) {
        return (order.get(slot) & OUT_OF_SYNC) != 0;
    }

    /** The slot of a disk, -1 when it has none. */
    int slotOf(int disk) {
        for (int slot = 0; slot < members(); slot++) {
            if (diskOf(slot) == disk) {
                return slot;
            }
        }
        return -1;
    }

    /** Slots that are out of sync. */
    int outOfSyncCount() {
        int count = 0;
        for (int slot = 0; slot < members(); slot++) {
            count += outOfSync(slot) ? 1 : 0;
        }
        return count;
    }

    MapEntry withState(int newState) {
        return new MapEntry(
                raw,
                startSector,
                memberSectors,
                stripes,
                chunkSectors,
                newState,
                storedLevel,
                domains,
                failedSlot,
                order);
    }

    MapEntry withFailedSlot(int slot) {
        return new MapEntry(
                raw, startSector, memberSectors, stripes, chunkSectors, state, storedLevel, domains, slot, order);
    }

    MapEntry withOrder(List<Integer> newOrder) {
        return new MapEntry(
                raw,
                startSector,
                memberSectors,
                stripes,
                chunkSectors,
                state,
                storedLevel,
                domains,
                failedSlot,
                newOrder);
    }

    /** The slot names this disk from now on, out of sync or not; unknown top bits go with the disk that had them. */
    MapEntry withSlot(int slot, int disk, boolean outOfSync) {
        List<Integer> changed = new ArrayList<>(order);
        changed.set(slot, disk | (outOfSync ? OUT_OF_SYNC : 0));
        return withOrder(changed);
    }

    MapEntry withOutOfSync(int slot) {
        List<Integer> changed = new ArrayList<>(order);
        changed.set(slot, order.get(slot) | OUT_OF_SYNC);
        return withOrder(changed);
    }
}
