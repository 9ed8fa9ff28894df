package io.restripe.lab.sim;

import io.restripe.disk.DiskException;
import io.restripe.disk.MemoryDisk;
import io.restripe.unit.Units;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** A disk image together with a hash of all its contents that follows each write: equal contents, equal hash. */
final class ImageHash {
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
    private final MemoryDisk image;
    private long hash;

    ImageHash(MemoryDisk image, long hash) {
        this.image = image;
        this.hash = hash;
    }

    ImageHash copy() {
        return new ImageHash(image.snapshot(), hash);
    }

    MemoryDisk image() {
        return image;
    }

    long hash() {
        return hash;
    }

    void apply(DiskWrite write, int fromSector, int endSector) {
        if (fromSector == endSector) {
            return;
        }
        MemorySegment before = MemorySegment.ofArray(new byte[(endSector - fromSector) * Units.SECTOR_BYTES]);
        try {
            image.read(write.sector() + fromSector, before);
        } catch (DiskException e) {
            throw new IllegalStateException("a write that was taken before does not fit", e);
        }
        for (int i = fromSector; i < endSector; i++) {
            hash += write.hash(i) - hashOf(write.sector() + i, before, i - fromSector);
        }
        write.applyTo(image, fromSector, endSector);
    }

    /** What a sector with this content, the index-th of {@code data}, adds to the hash of its disk. */
    static long hashOf(long sector, MemorySegment data, int index) {
        long base = Units.bytesOfSectors(index);
        long sum = mix(sector + 1);
        for (int at = 0; at < Units.SECTOR_BYTES; at += Long.BYTES) {
            sum = (sum ^ data.get(LONG, base + at)) * 0x9E3779B97F4A7C15L;
            sum ^= sum >>> 32;
        }
        return mix(sum);
    }

    static long mix(long z) {
        long a = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        long b = (a ^ (a >>> 27)) * 0x94D049BB133111EBL;
        return b ^ (b >>> 31);
    }
}
