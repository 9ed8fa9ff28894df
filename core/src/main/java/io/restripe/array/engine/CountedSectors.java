package io.restripe.array.engine;

import io.restripe.geometry.Geometry;
import io.restripe.geometry.Level;
import io.restripe.unit.SectorRange;
import io.restripe.unit.Units;

/**
 * The sectors that the chunks of a write-intent bitmap are chunks of: the members', of a RAID10 the array's, as md counts them (docs/imsm.md,
 * 2.11; seen with Linux 6.1).
 *
 * @param geometry in which the array started
 * @param componentSectors of each member
 */
record CountedSectors(Geometry geometry, long componentSectors) {
    /** How many there are. */
    long total() {
        return geometry.level() instanceof Level.Near ? geometry.arraySectors(componentSectors) : componentSectors;
    }

    /** From the first to the last of those that a write touches, by whatever geometry it goes. */
    static SectorRange written(Geometry geometry, long arraySector, long sectors) {
        if (geometry.level() instanceof Level.Near) {
            return new SectorRange(arraySector, arraySector + sectors);
        }
        long[] ends = {Long.MAX_VALUE, 0};
        geometry.forEachPiece(arraySector, sectors, (slot, at, length, offset) -> {
            for (int copy = 0; copy < geometry.copies(); copy++) {
                long sector = geometry.sectorOfCopy(slot, at, copy);
                ends[0] = Math.min(ends[0], sector);
                ends[1] = Math.max(ends[1], sector + length);
            }
        });
        return new SectorRange(ends[0], ends[1]);
    }

    /** All that have a place at that sector of the members, of a RAID10 in its row. */
    SectorRange at(long memberSector) {
        if (geometry.level() instanceof Level.Near near) {
            long row = Units.floorToUnit(memberSector, geometry.chunkSectors());
            long end = (row + geometry.chunkSectors()) * geometry.members();
            return new SectorRange(row * geometry.members() / near.near(), Units.ceilDiv(end, (long) near.near()));
        }
        return new SectorRange(memberSector, memberSector + 1);
    }

    /** The first sector of the members behind {@link #at} this one that may have a place for one from {@code counted} on. */
    long memberBehind(long memberSector, long counted) {
        if (geometry.level() instanceof Level.Near near) {
            long next = Units.floorToUnit(memberSector, geometry.chunkSectors()) + geometry.chunkSectors();
            return Math.max(
                    next, Units.floorToUnit(counted * near.near() / geometry.members(), geometry.chunkSectors()));
        }
        return counted;
    }
}
