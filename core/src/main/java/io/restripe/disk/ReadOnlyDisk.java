package io.restripe.disk;

import io.restripe.disk.DiskException.Operation;
import io.restripe.unit.Units;
import java.lang.foreign.MemorySegment;

/** A disk that refuses writes, so that what is built on it cannot change anything; a flush has nothing to do. */
public final class ReadOnlyDisk extends DiskLayer {
    public ReadOnlyDisk(Disk inner) {
        super(inner);
    }

    @Override
    public void write(long sector, MemorySegment from) throws DiskException {
        long lengthSectors = Units.sectorsOfBytesFloor(from.byteSize());
        throw new DiskException(name(), Operation.WRITE, sector, lengthSectors, "it is read-only");
    }

    @Override
    public boolean discard(long sector, long sectors) throws DiskException {
        throw new DiskException(name(), Operation.WRITE, sector, sectors, "it is read-only");
    }

    @Override
    public Extent extent(long sector, long sectors) throws DiskException {
        return inner().extent(sector, sectors);
    }

    @Override
    public void flush() {}
}
