package io.restripe.node.daemon;

import io.restripe.disk.Disk;
import io.restripe.disk.DiskException;
import java.lang.foreign.MemorySegment;

/** Stands in a plan for a file that would be made: it has a size and nothing else. */
record PlannedDisk(String name, long sectors) implements Disk {
    @Override
    public void read(long sector, MemorySegment into) throws DiskException {
        throw missing(DiskException.Operation.READ, sector);
    }

    @Override
    public void write(long sector, MemorySegment from) throws DiskException {
        throw missing(DiskException.Operation.WRITE, sector);
    }

    private DiskException missing(DiskException.Operation operation, long sector) {
        return new DiskException(name, operation, sector, 0, "the file is only planned");
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
}
