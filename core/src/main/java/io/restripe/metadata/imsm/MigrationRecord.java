package io.restripe.metadata.imsm;

import io.restripe.metadata.Progress;

/**
 * The record of a running reshape in the last sector of the disks in slots 0 and 1 (docs/imsm.md, 2.8).
 *
 * @param progress unit, and whether it is in the copy area
 * @param family family of the MPB when the reshape began
 * @param ascending always, unless another driver wrote it
 * @param unitSectors array sectors in a unit
 * @param depthSectors member sectors in a unit
 * @param copyAreaSector the same on all members
 * @param destinationSector where the unit goes on every member, from the volume's start
 * @param units number of units, or one more
 * @param sizeAfter capacity afterwards
 */
record MigrationRecord(
        Progress progress,
        long family,
        boolean ascending,
        long unitSectors,
        long depthSectors,
        long copyAreaSector,
        long destinationSector,
        long units,
        long sizeAfter) {
    /** The record as we write it. When the count must protect a real mdadm from its last-unit mistake, it says one more (13.1). */
    static MigrationRecord of(Mpb mpb, int volume, long copyAreaSector, Blocks blocks, Progress progress) {
        ReshapeShape shape = ReshapeShape.of(mpb, volume, blocks);
        boolean lastIsCritical = shape.units() > 0 && Criticality.critical(shape, shape.units() - 1);
        return new MigrationRecord(
                progress,
                mpb.header().family(),
                true,
                shape.unitSectors(),
                shape.depthSectors(),
                copyAreaSector,
                progress.unit() * shape.depthSectors(),
                shape.units() + (lastIsCritical ? 1 : 0),
                mpb.volumes().get(volume).sizeSectors());
    }
}
