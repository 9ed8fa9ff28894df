package io.restripe.metadata.imsm;

import io.restripe.metadata.MetadataException;
import io.restripe.unit.SectorRange;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What the structures of an MPB say of each other: every volume lies on its disks, none on another, no serial is there twice. */
final class MpbCheck {
    private MpbCheck() {}

    static void check(Region region, Mpb mpb) throws MetadataException {
        checkSerials(region, mpb.disks());
        for (int i = 0; i < mpb.volumes().size(); i++) {
            checkVolume(region, mpb, i);
        }
        checkOverlap(region, mpb);
        if (mpb.volumes().stream().filter(VolumeEntry::reshaping).count() > 1) {
            throw region.bad("volumes", -1, "two of them say that their geometry is changing");
        }
    }

    private static void checkSerials(Region region, List<DiskEntry> disks) throws MetadataException {
        Map<String, Integer> seen = new HashMap<>();
        for (int i = 0; i < disks.size(); i++) {
            Integer other = disks.get(i).isWorking() ? seen.put(disks.get(i).serial(), i) : null;
            if (other != null) {
                throw region.bad(
                        "disk " + i,
                        MpbHeader.BYTES + (long) DiskEntry.BYTES * i,
                        "serial \"" + disks.get(i).serial() + "\" is that of disk " + other + " too");
            }
        }
    }

    private static void checkVolume(Region region, Mpb mpb, int index) throws MetadataException {
        VolumeEntry volume = mpb.volumes().get(index);
        String structure = "volume " + index;
        if (VolumeShape.componentSectors(volume) <= 0) {
            throw region.bad(structure, -1, "no room for data: " + volume.map0().stripes() + " stripes");
        }
        if (volume.migrating()
                && volume.migrationType() == VolumeEntry.REBUILD
                && volume.present().outOfSyncCount() == 0) {
            throw region.bad(structure, -1, "a rebuild without a slot that is out of sync");
        }
        SectorRange extent = extent(volume);
        for (int disk : disksOf(volume)) {
            DiskEntry entry = mpb.disks().get(disk);
            if (entry.isWorking() && extent.end() > entry.totalSectors()) {
                throw region.bad(
                        structure,
                        -1,
                        "sectors " + extent + " of disk " + disk + ", which has " + entry.totalSectors());
            }
        }
    }

    private static void checkOverlap(Region region, Mpb mpb) throws MetadataException {
        for (int i = 0; i < mpb.volumes().size(); i++) {
            for (int j = 0; j < i; j++) {
                VolumeEntry one = mpb.volumes().get(i);
                VolumeEntry other = mpb.volumes().get(j);
                Set<Integer> shared = disksOf(one);
                shared.retainAll(disksOf(other));
                if (!shared.isEmpty() && extent(one).overlaps(extent(other))) {
                    throw region.bad(
                            "volume " + i,
                            -1,
                            "sectors " + extent(one) + " overlap those of volume " + j + ", " + extent(other));
                }
            }
        }
    }

    /** Where a volume's data lies on its members. */
    static SectorRange extent(VolumeEntry volume) {
        long start = volume.map0().startSector();
        return new SectorRange(start, start + VolumeShape.componentSectors(volume));
    }

    /** All disks that a volume uses, before and after. */
    static Set<Integer> disksOf(VolumeEntry volume) {
        Set<Integer> disks = new HashSet<>();
        for (int slot = 0; slot < volume.map0().members(); slot++) {
            disks.add(volume.map0().diskOf(slot));
        }
        for (int slot = 0; slot < volume.present().members(); slot++) {
            disks.add(volume.present().diskOf(slot));
        }
        return disks;
    }
}
