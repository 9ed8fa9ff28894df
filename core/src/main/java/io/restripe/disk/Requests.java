package io.restripe.disk;

import io.restripe.disk.DiskException.Operation;
import io.restripe.unit.Units;
import java.lang.foreign.MemorySegment;

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
        return lengthSectors;
    }
}
