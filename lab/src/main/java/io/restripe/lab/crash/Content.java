package io.restripe.lab.crash;

import io.restripe.disk.Buffers;
import io.restripe.unit.Units;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** What a sector of a volume holds in a given version: different in every word for every volume, sector and version. */
final class Content {
    private static final ValueLayout.OfLong WORD = ValueLayout.JAVA_LONG_UNALIGNED;

    /** Not the content of this sector in any version. */
    static final int ALIEN = -1;

    /** All zeros: what a range that was given up holds. */
    static final int ZEROS = -2;

    private static final Map<List<Long>, MemorySegment> FIRST_VERSIONS = new ConcurrentHashMap<>();

    private Content() {}

    /** Version 0 of the first sectors of a volume; made once, not to be changed. */
    static MemorySegment firstVersion(int volume, long sectors) {
        return FIRST_VERSIONS.computeIfAbsent(List.of((long) volume, sectors), key -> {
            MemorySegment all = Buffers.allocate(sectors);
            fill(all, volume, 0, 0);
            return all.asReadOnly();
        });
    }

    static void fill(MemorySegment into, int volume, long firstSector, int version) {
        long sectors = Units.sectorsOfBytesExact(into.byteSize());
        for (long i = 0; i < sectors; i++) {
            long base = Units.bytesOfSectors(i);
            long key = key(volume, firstSector + i);
            into.set(WORD, base, key ^ version);
            for (int at = Long.BYTES; at < Units.SECTOR_BYTES; at += Long.BYTES) {
                into.set(WORD, base + at, word(key, version, at));
            }
        }
    }

    /** The version that a sector holds, {@link #ZEROS}, or {@link #ALIEN} when it is no version of this sector. */
    static int version(MemorySegment from, long index, int volume, long sector) {
        int version = written(from, index, volume, sector);
        return version == ALIEN && isZero(from, Units.bytesOfSectors(index)) ? ZEROS : version;
    }

    private static boolean isZero(MemorySegment from, long base) {
        for (int at = 0; at < Units.SECTOR_BYTES; at += Long.BYTES) {
            if (from.get(WORD, base + at) != 0) {
                return false;
            }
        }
        return true;
    }

    private static int written(MemorySegment from, long index, int volume, long sector) {
        long base = Units.bytesOfSectors(index);
        long key = key(volume, sector);
        long version = from.get(WORD, base) ^ key;
        if (version < 0 || version > Integer.MAX_VALUE) {
            return ALIEN;
        }
        for (int at = Long.BYTES; at < Units.SECTOR_BYTES; at += Long.BYTES) {
            if (from.get(WORD, base + at) != word(key, (int) version, at)) {
                return ALIEN;
            }
        }
        return (int) version;
    }

    private static long key(int volume, long sector) {
        return mix(sector * 31 + volume + 1);
    }

    private static long word(long key, int version, int at) {
        return (key + version * 0x9E3779B97F4A7C15L + at) * 0xD6E8FEB86659FD93L;
    }

    private static long mix(long z) {
        long a = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        return a ^ (a >>> 27);
    }
}
