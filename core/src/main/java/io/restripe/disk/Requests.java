package io.restripe.disk;

import io.restripe.disk.DiskException.Operation;
import io.restripe.unit.Units;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** What every disk checks of a request before it does anything: whole device sectors, inside the disk. */
public final class Requests {
    private Requests() {}

    /**
     * Checks a request.
     *
     * @return its length in sectors of 512 bytes
     * @throws DiskException when it is not whole sectors of the device, or does not lie inside the disk
     */
    public static long check(Disk disk, Operation operation, long sector, MemorySegment buffer) throws DiskException {
        long bytes = buffer.byteSize();
        int unit = disk.logicalSectorBytes();
        long lengthSectors = Units.sectorsOfBytesFloor(bytes);
        if (bytes % unit != 0) {
            throw new DiskException(
                    disk.name(),
                    operation,
                    sector,
                    lengthSectors,
                    "a buffer of " + bytes + " bytes is not whole sectors of " + unit + " bytes");
        }
        checkPlace(disk, operation, sector, lengthSectors);
        return lengthSectors;
    }

    /** As {@link #check}, of a discard. */
    public static void checkDiscard(Disk disk, long sector, long lengthSectors) throws DiskException {
        checkRange(disk, Operation.WRITE, sector, lengthSectors);
    }

    /** As {@link #check}, of a range without a buffer. */
    public static void checkRange(Disk disk, Operation operation, long sector, long lengthSectors)
            throws DiskException {
        if (lengthSectors < 0 || lengthSectors % Units.sectorsOfBytesExact(disk.logicalSectorBytes()) != 0) {
            throw new DiskException(
                    disk.name(),
                    operation,
                    sector,
                    lengthSectors,
                    "the device addresses in units of " + disk.logicalSectorBytes() + " bytes");
        }
        checkPlace(disk, operation, sector, lengthSectors);
    }

    private static void checkPlace(Disk disk, Operation operation, long sector, long lengthSectors)
            throws DiskException {
        int unit = disk.logicalSectorBytes();
        if (sector < 0 || sector > disk.sectors() - lengthSectors) {
            throw new DiskException(
                    disk.name(),
                    operation,
                    sector,
                    lengthSectors,
                    "outside the disk, which has " + disk.sectors() + " sectors");
        }
        if (Units.bytesOfSectors(sector) % unit != 0) {
            throw new DiskException(
                    disk.name(),
                    operation,
                    sector,
                    lengthSectors,
                    "the device addresses in units of " + unit + " bytes");
        }
    }

    /** As {@link #check(Disk, Operation, long, MemorySegment)}, of several buffers one behind the other. */
    static long check(Disk disk, Operation operation, long sector, List<MemorySegment> buffers) throws DiskException {
        long lengthSectors = 0;
        for (MemorySegment buffer : buffers) {
            lengthSectors += check(disk, operation, sector + lengthSectors, buffer);
        }
        return lengthSectors;
    }
}
