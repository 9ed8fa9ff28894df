package io.restripe.metadata.imsm;

import io.restripe.disk.Disk;
import io.restripe.disk.DiskException;
import io.restripe.disk.DiskException.Operation;
import io.restripe.unit.Units;
import java.lang.foreign.MemorySegment;

/** Lets so many writes of all its disks together through, and none after. */
final class Fuse {
    private int left;
    private boolean blown;

    Fuse(int writes) {
        this.left = writes;
    }

    boolean blown() {
        return blown;
    }

    Disk over(Disk disk) {
        return new Disk() {
            @Override
            public String name() {
                return disk.name();
            }

            @Override
            public long sectors() {
                return disk.sectors();
            }

            @Override
            public int logicalSectorBytes() {
                return disk.logicalSectorBytes();
            }

            @Override
            public void read(long sector, MemorySegment into) throws DiskException {
                disk.read(sector, into);
            }

            @Override
            public void write(long sector, MemorySegment from) throws DiskException {
                blown |= left == 0;
                if (blown) {
                    throw new DiskException(
                            name(),
                            Operation.WRITE,
                            sector,
                            Units.sectorsOfBytesExact(from.byteSize()),
                            "the power is gone");
                }
                left--;
                disk.write(sector, from);
            }

            @Override
            public void flush() throws DiskException {
                disk.flush();
            }

            @Override
            public void close() {}
        };
    }
}
