package io.restripe.metadata.imsm;

import io.restripe.geometry.Geometry;
import io.restripe.rule.Finding.Kind;
import io.restripe.rule.Finding.Severity;
import io.restripe.unit.SectorRange;
import io.restripe.unit.Units;

/** A volume's sizes and places against its geometry, the other volumes, the copy area and the metadata (docs/imsm.md, 1, 4). One use. */
final class SizeCheck {
    /** What lies behind the data on every member for partial parity or a bitmap (2.11). */
    private static final long GUARD_SECTORS = 2048;

    private final Findings findings;
    private final Mpb mpb;
    private final Blocks blocks;
    private final int index;
    private final VolumeEntry volume;
    private final String name;

    SizeCheck(Findings findings, ImsmMetadata metadata, int index) {
        this.findings = findings;
        this.mpb = metadata.mpb();
        this.blocks = metadata.blocks();
        this.index = index;
        this.volume = mpb.volumes().get(index);
        this.name = "volume " + volume.name();
    }

    void run() {
        checkStripes();
        checkReserved();
        checkPlace();
        if (volume.migrating()) {
            checkUnit();
        }
    }

    /** Size and stripes may differ by what the chunk rounds off, never by more. */
    private void checkStripes() {
        MapEntry map = volume.map0();
        Geometry geometry = VolumeShape.geometry(map);
        long byStripes = VolumeShape.sectorsByStripes(map) * geometry.dataMembers();
        long rounding = (long) map.chunkSectors() * geometry.dataMembers() * map.domains();
        if (volume.sizeSectors() < byStripes || volume.sizeSectors() - byStripes >= rounding) {
            findings.wrong(
                    Kind.SIZE,
                    "the size does not follow from the stripes",
                    name,
                    volume.sizeSectors() + " sectors, while " + map.stripes() + " stripes on " + geometry.dataMembers()
                            + " data members make " + byStripes);
        }
        long before = VolumeShape.sectorsByStripes(volume.present());
        long after = VolumeShape.sectorsByStripes(map);
        long granule = Math.max(map.chunkSectors(), volume.present().chunkSectors());
        if (Math.abs(before - after) >= granule) {
            findings.wrong(
                    Kind.SIZE,
                    "the members' share changes with the geometry",
                    "maps of " + name,
                    before + " sectors before, " + after + " after: only less than a chunk of " + granule
                            + " may be rounded off");
        }
    }

    private void checkReserved() {
        long component = VolumeShape.componentSectors(volume);
        if (volume.map0().memberSectors() < component) {
            findings.wrong(
                    Kind.SIZE,
                    "less is reserved than is used",
                    "map 0 of " + name,
                    volume.map0().memberSectors() + " sectors per member, the data takes " + component);
        }
    }

    private void checkPlace() {
        SectorRange data = MpbCheck.extent(volume);
        SectorRange guarded =
                volume.guardsWriteHole() ? new SectorRange(data.start(), data.end() + GUARD_SECTORS) : data;
        long smallest = MpbCheck.disksOf(volume).stream()
                .map(mpb.disks()::get)
                .filter(DiskEntry::isWorking)
                .mapToLong(DiskEntry::totalSectors)
                .min()
                .orElse(Long.MAX_VALUE);
        long metadata = Placement.metadataSectors(mpb, blocks);
        if (guarded.end() > smallest - metadata) {
            findings.wrong(
                    Kind.EXTENT,
                    "data where the metadata lies",
                    name,
                    "sectors " + guarded + " of members, the smallest of which has " + smallest
                            + ", the metadata taking the last " + metadata);
        } else if (guarded.end() > ReshapeShape.copyArea(mpb, blocks)) {
            findings.add(
                    volume.reshaping() ? Severity.ERROR : Severity.WARNING,
                    Kind.EXTENT,
                    "data where the copy area would lie",
                    name,
                    "sectors " + guarded + ", the copy area starts at " + ReshapeShape.copyArea(mpb, blocks),
                    "Use it as it is; it cannot be reshaped");
        }
        for (int other = 0; other < mpb.volumes().size(); other++) {
            if (other != index && guarded.overlaps(MpbCheck.extent(mpb.volumes().get(other)))) {
                findings.wrong(
                        Kind.EXTENT,
                        "data on another volume's",
                        name,
                        "sectors " + guarded + " and "
                                + MpbCheck.extent(mpb.volumes().get(other)) + " of volume "
                                + mpb.volumes().get(other).name());
            }
        }
    }

    private void checkUnit() {
        long unit = volume.migrationUnit();
        long most;
        if (volume.reshaping()) {
            if (blocks.sectorsPerBlock() > 1) {
                return; // means nothing there (13.7)
            }
            most = ReshapeShape.of(mpb, index, blocks).units() + 1;
        } else {
            most = Units.ceilDiv(VolumeShape.componentSectors(volume), SyncUnits.of(volume));
        }
        if (unit > most) {
            findings.wrong(Kind.SIZE, "progress beyond the end", name, "unit " + unit + " of " + most);
        }
    }
}
