package io.restripe.disk;

import io.restripe.disk.DiskException.Operation;
import io.restripe.unit.Units;
import java.lang.foreign.MemorySegment;

/** A file that stands for a disk with larger sectors than a file itself has: takes whole ones only and ends with a whole one. */
public final class LargeSectorDisk extends DiskLayer {
    private final int sectorBytes;

    public LargeSectorDisk(Disk inner, int sectorBytes) {
        super(inner);
        if (sectorBytes % inner.logicalSectorBytes() != 0) {
            throw new IllegalArgumentException("sectors of " + sectorBytes + " bytes on " + inner.name()
                    + ", which has sectors of " + inner.logicalSectorBytes());
        }
        this.sectorBytes = sectorBytes;
    }

    @Override
    public long sectors() {
        return Units.floorToUnit(inner().sectors(), Units.sectorsOfBytesExact(sectorBytes));
    }

    @Override
    public int logicalSectorBytes() {
        return sectorBytes;
    }

    @Override
    public void read(long sector, MemorySegment into) throws DiskException {
        Requests.check(this, Operation.READ, sector, into);
        inner().read(sector, into);
    }

    @Override
    public void write(long sector, MemorySegment from) throws DiskException {
        Requests.check(this, Operation.WRITE, sector, from);
        inner().write(sector, from);
    }

    @Override
    public boolean discard(long sector, long sectors) throws DiskException {
        Requests.checkDiscard(this, sector, sectors);
        return inner().discard(sector, sectors);
    }
}
