package io.restripe.metadata.imsm;

import io.restripe.geometry.Geometry;
import io.restripe.unit.Units;

/**
 * The numbers of a reshape that follow from the two maps (docs/imsm.md, 7.2). A chunk above 1 MiB makes depth, unit and count 0: such a
 * reshape was refused half-way by its starter and can only be taken back (13.4).
 *
 * @param depthSectors member sectors in a unit, in the geometry after
 * @param unitSectors array sectors in a unit
 * @param units the true number of units; the record may say one more (13.1)
 * @param copyAreaSector where the copy area starts if the record does not say otherwise
 */
record ReshapeShape(
        Geometry before, Geometry after, long depthSectors, long unitSectors, long units, long copyAreaSector) {
    /** Sectors of the copy area on every member. */
    static final long COPY_AREA_SECTORS = 2048;

    /** From the copy area's start to the end of the smallest member. */
    static final long COPY_AREA_FROM_END = 2209;

    static ReshapeShape of(Mpb mpb, int volume, Blocks blocks) {
        VolumeEntry entry = mpb.volumes().get(volume);
        return of(
                VolumeShape.geometry(entry.present()),
                VolumeShape.geometry(entry.map0()),
                VolumeShape.componentSectors(entry),
                copyArea(mpb, blocks));
    }

    static ReshapeShape of(Geometry before, Geometry after, long componentSectors, long copyArea) {
        long granule = Math.max(before.chunkSectors(), after.chunkSectors());
        long depth = Units.floorToUnit(COPY_AREA_SECTORS, granule);
        long unit = depth * after.dataMembers();
        long units = unit == 0 ? 0 : Units.ceilDiv(componentSectors * after.dataMembers(), unit);
        return new ReshapeShape(before, after, depth, unit, units, copyArea);
    }

    /** Whether units and the component are whole chunks of both geometries. */
    boolean isWholeChunks(long componentSectors) {
        return depthSectors % before.chunkSectors() == 0
                && depthSectors % after.chunkSectors() == 0
                && componentSectors % before.chunkSectors() == 0
                && componentSectors % after.chunkSectors() == 0;
    }

    /** The copy area lies at the same place on every member: before the end of the smallest. */
    static long copyArea(Mpb mpb, Blocks blocks) {
        long smallest = mpb.disks().stream()
                .filter(DiskEntry::isWorking)
                .mapToLong(DiskEntry::totalSectors)
                .min()
                .orElse(0);
        return copyAreaOn(smallest, blocks);
    }

    /** Where the copy area lies when the smallest member has this size. */
    static long copyAreaOn(long smallestSectors, Blocks blocks) {
        return Units.floorToUnit(Math.max(0, smallestSectors - COPY_AREA_FROM_END), blocks.sectorsPerBlock());
    }
}
