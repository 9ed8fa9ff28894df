package io.restripe.lab.sim;

import io.restripe.disk.DiskException;
import io.restripe.disk.MemoryDisk;
import io.restripe.unit.Units;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;

/** A write that has reached a disk's cache. Never changes. One thread at a time. */
final class DiskWrite {
    private final long number;
    private final long sector;
    private final byte[] data;
    /** Of each sector; null until asked for. Many crash states hold the same write. */
    private long[] hashes;

    /**
     * @param number counts the writes of all disks of the machine
     * @param sector where
     * @param data what; taken, not copied
     */
    DiskWrite(long number, long sector, byte[] data) {
        this.number = number;
        this.sector = sector;
        this.data = data;
    }

    long number() {
        return number;
    }

    long sector() {
        return sector;
    }

    int sectors() {
        return Math.toIntExact(Units.sectorsOfBytesExact(data.length));
    }

    /** What a sector of it adds to the hash of a disk. */
    long hash(int index) {
        if (hashes == null) {
            hashes = new long[sectors()];
            MemorySegment all = MemorySegment.ofArray(data);
            for (int i = 0; i < hashes.length; i++) {
                hashes[i] = ImageHash.hashOf(sector + i, all, i);
            }
        }
        return hashes[index];
    }

    /** Puts a part of it on a disk. */
    void applyTo(MemoryDisk image, int fromSector, int endSector) {
        try {
            image.write(sector + fromSector, slice(fromSector, endSector));
        } catch (DiskException e) {
            throw new IllegalStateException("a write that was taken before does not fit", e);
        }
    }

    /** Puts those sectors on a disk whose bit is set. */
    void applyTo(MemoryDisk image, BitSet kept) {
        for (int from = kept.nextSetBit(0); from >= 0; ) {
            int end = Math.min(kept.nextClearBit(from), sectors());
            applyTo(image, from, end);
            from = kept.nextSetBit(end);
        }
    }

    MemorySegment slice(int fromSector, int endSector) {
        long from = Units.bytesOfSectors(fromSector);
        return MemorySegment.ofArray(data).asSlice(from, Units.bytesOfSectors(endSector) - from);
    }
}
