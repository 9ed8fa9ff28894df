package io.restripe.disk;

import io.restripe.disk.DiskException.Operation;
import io.restripe.unit.SectorRange;
import io.restripe.unit.Units;
import java.lang.foreign.MemorySegment;

/**
 * A window of another disk: sector 0 here is the window's first sector there. Several windows may share a disk, so closing one
 * leaves the disk below open. A request outside the window fails before it reaches the disk below; failures of the disk below
 * name its own sectors.
 */
public final class OffsetDisk extends DiskLayer {
    private final SectorRange window;

    /**
     * A window.
     *
     * @param window on the disk below, whole sectors of its own
     */
    public OffsetDisk(Disk inner, SectorRange window) {
        super(inner);
        this.window = window;
        long unit = inner.logicalSectorBytes();
        boolean whole =
                Units.bytesOfSectors(window.start()) % unit == 0 && Units.bytesOfSectors(window.end()) % unit == 0;
        if (window.end() > inner.sectors() || !whole) {
            throw new IllegalArgumentException("window " + window + " of " + inner.name() + ", which has "
                    + inner.sectors() + " sectors in units of " + unit + " bytes");
        }
    }

    @Override
    public long sectors() {
        return window.length();
    }

    @Override
    public void read(long sector, MemorySegment into) throws DiskException {
        Requests.check(this, Operation.READ, sector, into);
        inner().read(window.start() + sector, into);
    }

    @Override
    public void write(long sector, MemorySegment from) throws DiskException {
        Requests.check(this, Operation.WRITE, sector, from);
        inner().write(window.start() + sector, from);
    }

    @Override
    public boolean discard(long sector, long sectors) throws DiskException {
        Requests.checkDiscard(this, sector, sectors);
        return inner().discard(window.start() + sector, sectors);
    }

    @Override
    public Extent extent(long sector, long sectors) throws DiskException {
        Requests.checkRange(this, Operation.READ, sector, sectors);
        return inner().extent(window.start() + sector, sectors);
    }

    @Override
    public void close() {}
}
