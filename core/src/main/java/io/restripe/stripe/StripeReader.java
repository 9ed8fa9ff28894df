package io.restripe.stripe;

import io.restripe.disk.Disk;
import io.restripe.disk.DiskException;
import io.restripe.geometry.Geometry;
import io.restripe.geometry.Level;
import io.restripe.parity.Parity;
import io.restripe.unit.Units;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;

/**
 * Reads array sectors from members under one geometry, whole physical rows at a time, reconstructing the chunks of slots that are
 * missing or cannot be read. It keeps no state between calls and takes no locks: whoever calls it has made sure that nobody writes
 * there (the reshape manager by suspending the range, offline readers by being alone).
 */
public final class StripeReader {
    private static final long ALIGNMENT = 4096;
    /** What is read of a member at a time. */
    private static final long COLUMN_SECTORS = 2048;

    private final Geometry geometry;
    private final Members members;

    public StripeReader(Geometry geometry, Members members) {
        if (members.count() < geometry.members()) {
            throw new IllegalArgumentException(members.count() + " slots given for " + geometry);
        }
        this.geometry = geometry;
        this.members = members;
    }

    /**
     * Fills {@code into} with array sectors from {@code arraySector} on.
     *
     * @throws DiskException when a sector cannot be had from what is left
     */
    public void read(long arraySector, MemorySegment into) throws DiskException {
        try (Arena arena = Arena.ofConfined()) {
            read(arraySector, into, arena);
        }
    }

    /**
     * The same.
     *
     * @param scratch gives room for what is read besides, {@link #scratchBytes} at the most
     */
    public void read(long arraySector, MemorySegment into, SegmentAllocator scratch) throws DiskException {
        long sectors = Units.sectorsOfBytesExact(into.byteSize());
        switch (geometry.level()) {
            case Level.Parity _ -> readRows(arraySector, sectors, into, scratch);
            case Level.Striped _, Level.Mirrored _, Level.Near _ -> readCopies(arraySector, sectors, into);
        }
    }

    /** What reading so many array sectors needs of memory besides, at the most. */
    public long scratchBytes(long sectors) {
        long rows = Units.ceilDiv(sectors, geometry.rowSectors()) + 1;
        long column = Units.bytesOfSectors(rowsAtOnce(rows) * geometry.chunkSectors());
        return geometry.level() instanceof Level.Parity ? geometry.members() * (column + ALIGNMENT) : 0;
    }

    private long rowsAtOnce(long rows) {
        return Math.max(1, Math.min(rows, COLUMN_SECTORS / geometry.chunkSectors()));
    }

    private void readCopies(long arraySector, long sectors, MemorySegment into) throws DiskException {
        DiskException[] failure = new DiskException[1];
        geometry.forEachPiece(arraySector, sectors, (member, memberSector, length, requestOffset) -> {
            if (failure[0] == null) {
                MemorySegment part = into.asSlice(Units.bytesOfSectors(requestOffset), Units.bytesOfSectors(length));
                failure[0] = readAnyCopy(member, memberSector, part);
            }
        });
        if (failure[0] != null) {
            throw failure[0];
        }
    }

    /** Null when one of the copies could be read, else why not. */
    private DiskException readAnyCopy(int member, long memberSector, MemorySegment part) {
        DiskException last = null;
        for (int copy = 0; copy < geometry.copies(); copy++) {
            int slot = geometry.memberOfCopy(member, copy);
            Disk disk = members.bySlot().get(slot);
            if (disk == null) {
                continue;
            }
            try {
                disk.read(members.dataOffset() + geometry.sectorOfCopy(member, memberSector, copy), part);
                return null;
            } catch (DiskException e) {
                last = e;
            }
        }
        return last != null ? last : missing(member, memberSector, part.byteSize());
    }

    private static DiskException missing(int slot, long memberSector, long bytes) {
        return new DiskException(
                "slot " + slot,
                DiskException.Operation.READ,
                memberSector,
                Units.sectorsOfBytesFloor(bytes),
                "the member is missing and no redundancy is left");
    }

    private void readRows(long arraySector, long sectors, MemorySegment into, SegmentAllocator scratch)
            throws DiskException {
        long rowSectors = geometry.rowSectors();
        long firstRow = arraySector / rowSectors;
        long endRow = Units.ceilDiv(arraySector + sectors, rowSectors);
        int rowsAtOnce = Math.toIntExact(rowsAtOnce(endRow - firstRow));
        MemorySegment[] columns = new MemorySegment[geometry.members()];
        for (int slot = 0; slot < columns.length; slot++) {
            columns[slot] =
                    scratch.allocate(Units.bytesOfSectors((long) rowsAtOnce * geometry.chunkSectors()), ALIGNMENT);
        }
        for (long row = firstRow; row < endRow; row += rowsAtOnce) {
            int rows = (int) Math.min(rowsAtOnce, endRow - row);
            boolean[][] lost = readColumns(row, rows, columns);
            for (int i = 0; i < rows; i++) {
                repairRow(row + i, i, columns, lost[i]);
                copyOut(row + i, i, columns, arraySector, sectors, into);
            }
        }
    }

    /**
     * By row, then slot: what could not be read. A column that cannot be read as a whole is read again row by row: bad sectors of
     * different members in different rows can all be reconstructed.
     */
    private boolean[][] readColumns(long row, int rows, MemorySegment[] columns) throws DiskException {
        boolean[][] lost = new boolean[rows][columns.length];
        DiskException last = null;
        for (int slot = 0; slot < columns.length; slot++) {
            if (readColumn(slot, row, rows, columns[slot]) == null) {
                continue;
            }
            for (int i = 0; i < rows; i++) {
                DiskException failure = readColumn(slot, row + i, 1, chunkOf(columns[slot], i));
                lost[i][slot] = failure != null;
                last = failure != null ? failure : last;
            }
        }
        for (int i = 0; i < rows; i++) {
            if (count(lost[i]) > geometry.redundancy()) {
                throw last;
            }
        }
        return lost;
    }

    /** Null when it could be read, else why not. */
    private DiskException readColumn(int slot, long row, int rows, MemorySegment into) {
        Disk disk = members.bySlot().get(slot);
        long memberSector = row * geometry.chunkSectors();
        MemorySegment part = into.asSlice(0, Units.bytesOfSectors((long) rows * geometry.chunkSectors()));
        if (disk == null) {
            return missing(slot, memberSector, part.byteSize());
        }
        try {
            disk.read(members.dataOffset() + memberSector, part);
            return null;
        } catch (DiskException e) {
            return e;
        }
    }

    private static int count(boolean[] flags) {
        int count = 0;
        for (boolean flag : flags) {
            count += flag ? 1 : 0;
        }
        return count;
    }

    private void repairRow(long row, int index, MemorySegment[] columns, boolean[] lost) {
        int dataCount = geometry.dataMembers();
        MemorySegment[] data = new MemorySegment[dataCount];
        boolean[] lostData = new boolean[dataCount];
        int[] powers = new int[dataCount];
        boolean any = false;
        for (int i = 0; i < dataCount; i++) {
            int slot = geometry.memberOfData(row, i);
            data[i] = chunkOf(columns[slot], index);
            lostData[i] = lost[slot];
            any |= lost[slot];
            if (geometry.parityMembers() == 2) {
                powers[i] = geometry.qPower(row, i);
            }
        }
        if (any) {
            int p = geometry.parityMember(row);
            int q = geometry.qMember(row);
            Parity.recover(
                    data,
                    lostData,
                    lost[p] ? null : chunkOf(columns[p], index),
                    q < 0 || lost[q] ? null : chunkOf(columns[q], index),
                    powers);
        }
    }

    private MemorySegment chunkOf(MemorySegment column, int index) {
        long bytes = Units.bytesOfSectors(geometry.chunkSectors());
        return column.asSlice(index * bytes, bytes);
    }

    private void copyOut(
            long row, int index, MemorySegment[] columns, long arraySector, long sectors, MemorySegment into) {
        int chunk = geometry.chunkSectors();
        for (int i = 0; i < geometry.dataMembers(); i++) {
            long chunkStart = row * geometry.rowSectors() + (long) i * chunk;
            long from = Math.max(chunkStart, arraySector);
            long to = Math.min(chunkStart + chunk, arraySector + sectors);
            if (from < to) {
                MemorySegment source = chunkOf(columns[geometry.memberOfData(row, i)], index);
                MemorySegment.copy(
                        source,
                        Units.bytesOfSectors(from - chunkStart),
                        into,
                        Units.bytesOfSectors(from - arraySector),
                        Units.bytesOfSectors(to - from));
            }
        }
    }
}
