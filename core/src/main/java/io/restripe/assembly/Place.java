package io.restripe.assembly;

import io.restripe.disk.Buffers;
import io.restripe.disk.DiskException;
import io.restripe.metadata.MemberDisk;
import io.restripe.unit.SectorRange;
import io.restripe.unit.Units;
import java.lang.foreign.MemorySegment;

/** What a member holds in a range of its sectors: read at once, where that can be, and else in the parts that are asked for. */
final class Place {
    private final MemberDisk member;
    private final SectorRange range;
    private final MemorySegment whole;

    /**
     * Reads it.
     *
     * @param member null when it is not there; then nothing can be read
     * @param range sectors of the disk
     */
    Place(MemberDisk member, SectorRange range) {
        this.member = member;
        this.range = range;
        this.whole = read(range.start(), range.length());
    }

    /** The bytes of these sectors of the disk; null when they cannot be read, and so neither agree with anything nor contradict it. */
    MemorySegment at(long sector, long sectors) {
        return whole == null
                ? read(sector, sectors)
                : whole.asSlice(Units.bytesOfSectors(sector - range.start()), Units.bytesOfSectors(sectors));
    }

    private MemorySegment read(long sector, long sectors) {
        if (member == null) {
            return null;
        }
        long block = Units.sectorsOfBytesExact(member.disk().logicalSectorBytes());
        long from = Units.floorToUnit(sector, block);
        MemorySegment there = Buffers.allocate(Units.ceilToUnit(sector + sectors, block) - from);
        try {
            member.disk().read(from, there);
            return there.asSlice(Units.bytesOfSectors(sector - from), Units.bytesOfSectors(sectors));
        } catch (DiskException e) {
            return null;
        }
    }
}
