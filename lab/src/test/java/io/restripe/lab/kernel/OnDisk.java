package io.restripe.lab.kernel;

import io.restripe.disk.Disk;
import io.restripe.disk.DiskException;
import io.restripe.unit.Units;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;

/**
 * What one member says of one volume, read where docs/imsm.md 2 has it and not through our own codec: so a mistake there cannot hide
 * itself. Of metadata that is being written nothing is believed.
 *
 * @param migrating whether a second map is there
 * @param type of the migration (docs/imsm.md 3.3)
 * @param unit how far a rebuild or resync came
 * @param dataOffset first sector of the volume
 * @param record the migration record, empty when all zero
 */
record OnDisk(
        boolean migrating, int type, long unit, boolean dirty, long dataOffset, Optional<MigrationRecord> record) {
    static final int REBUILD = 1;
    static final int RESHAPE = 3;

    private static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT_UNALIGNED;
    private static final int SIGNATURE = 0x65746e49; // "Inte"
    private static final int MOST_BYTES = 64 << 10;

    /** The record, as much as is needed. */
    record MigrationRecord(boolean inCopyArea, int unit, long copyAreaSector) {}

    /** Empty when the member has no such volume: a spare, or {@link #isTorn}. */
    static Optional<OnDisk> of(Disk disk, int volume) throws DiskException {
        int sector = disk.logicalSectorBytes();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment mpb = mpb(arena, disk);
            if (mpb == null || !checksumIsRight(mpb) || mpb.get(ValueLayout.JAVA_BYTE, 0x39) <= volume) {
                return Optional.empty();
            }
            MemorySegment last = read(arena, disk, Units.bytesOfSectors(disk.sectors()) - sector, sector);
            return Optional.of(volume(mpb, volume, sector / Units.SECTOR_BYTES, record(last, sector)));
        }
    }

    /** Whether its metadata was being written: it is there, and its checksum is wrong. */
    static boolean isTorn(Disk disk) throws DiskException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment mpb = mpb(arena, disk);
            return mpb != null && !checksumIsRight(mpb);
        }
    }

    /** All its sectors; null when there is none. */
    private static MemorySegment mpb(Arena arena, Disk disk) throws DiskException {
        int sector = disk.logicalSectorBytes();
        long ends = Units.bytesOfSectors(disk.sectors());
        MemorySegment anchor = read(arena, disk, ends - 2L * sector, sector);
        int bytes = anchor.get(U32, 0x24);
        if (anchor.get(U32, 0) != SIGNATURE || bytes < 216 || bytes > MOST_BYTES) {
            return null;
        }
        int more = (bytes + sector - 1) / sector - 1;
        MemorySegment mpb = arena.allocate((long) (more + 1) * sector);
        mpb.copyFrom(anchor);
        if (more > 0) {
            mpb.asSlice(sector).copyFrom(read(arena, disk, ends - (long) (more + 2) * sector, more * sector));
        }
        return mpb;
    }

    private static OnDisk volume(MemorySegment mpb, int index, int perBlock, Optional<MigrationRecord> record) {
        long at = 216 + 48L * mpb.get(ValueLayout.JAVA_BYTE, 0x38);
        for (int i = 0; i < index; i++) {
            long map0 = at + 112;
            at = map0 + mapBytes(mpb, map0) + (isMigrating(mpb, at) ? mapBytes(mpb, map0 + mapBytes(mpb, map0)) : 0);
        }
        return new OnDisk(
                isMigrating(mpb, at),
                mpb.get(ValueLayout.JAVA_BYTE, at + 89),
                mpb.get(U32, at + 80),
                mpb.get(ValueLayout.JAVA_BYTE, at + 90) != 0,
                Integer.toUnsignedLong(mpb.get(U32, at + 112)) * perBlock,
                record);
    }

    private static boolean isMigrating(MemorySegment mpb, long volume) {
        return mpb.get(ValueLayout.JAVA_BYTE, volume + 88) != 0;
    }

    private static long mapBytes(MemorySegment mpb, long map) {
        return 48 + 4L * mpb.get(ValueLayout.JAVA_BYTE, map + 16);
    }

    private static boolean checksumIsRight(MemorySegment mpb) {
        int bytes = mpb.get(U32, 0x24);
        int sum = 0;
        for (int at = 0; at + 4 <= bytes; at += 4) {
            sum += mpb.get(U32, at);
        }
        return sum - mpb.get(U32, 0x20) == mpb.get(U32, 0x20);
    }

    private static Optional<MigrationRecord> record(MemorySegment last, int sector) {
        if (last.get(U32, 0x10) == 0) {
            return Optional.empty();
        }
        long copyArea = Integer.toUnsignedLong(last.get(U32, 0x18)) * (sector / Units.SECTOR_BYTES);
        return Optional.of(new MigrationRecord(last.get(U32, 0) == 1, last.get(U32, 4), copyArea));
    }

    private static MemorySegment read(Arena arena, Disk disk, long byteAt, int bytes) throws DiskException {
        MemorySegment into = arena.allocate(bytes, 4096);
        disk.read(Units.sectorsOfBytesExact(byteAt), into);
        return into;
    }
}
