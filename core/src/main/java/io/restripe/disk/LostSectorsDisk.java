package io.restripe.disk;

import io.restripe.unit.SectorRange;
import io.restripe.unit.Units;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** A disk some of whose sectors hold what was never written there: they cannot be read. Writes are passed on. */
public final class LostSectorsDisk extends DiskLayer {
    /** What an exception says of such a sector. */
    public static final String RECORDED = "recorded as lost";

    private final List<SectorRange> lost;

    public LostSectorsDisk(Disk inner, List<SectorRange> lost) {
        super(inner);
        this.lost = List.copyOf(lost);
    }

    @Override
    public void read(long sector, MemorySegment into) throws DiskException {
        long length = Units.sectorsOfBytesExact(into.byteSize());
        for (SectorRange range : lost) {
            if (range.overlaps(new SectorRange(sector, sector + length))) {
                throw new DiskException(
                        name(), DiskException.Operation.READ, sector, length, "sectors " + range + " are " + RECORDED);
            }
        }
        super.read(sector, into);
    }
}
