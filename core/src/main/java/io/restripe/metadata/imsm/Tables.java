package io.restripe.metadata.imsm;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The disk table and everything that points into it. Pure. */
final class Tables {
    private Tables() {}

    /** The entry at the end of the table. */
    static Mpb withAppended(Mpb mpb, DiskEntry disk) {
        List<DiskEntry> disks = new ArrayList<>(mpb.disks());
        disks.add(disk);
        return mpb.withDisks(disks);
    }

    static boolean used(Mpb mpb, int disk) {
        return mpb.volumes().stream().anyMatch(v -> MpbCheck.disksOf(v).contains(disk));
    }

    /** Deletes an entry that no volume uses; those above it move down by one everywhere. */
    static Mpb without(Mpb mpb, int disk) {
        if (used(mpb, disk)) {
            throw new IllegalStateException("disk " + disk + " is in use by a volume");
        }
        List<DiskEntry> disks = new ArrayList<>(mpb.disks());
        disks.remove(disk);
        List<VolumeEntry> volumes = new ArrayList<>();
        for (VolumeEntry volume : mpb.volumes()) {
            Optional<MapEntry> map1 = volume.map1().map(map -> shifted(map, disk));
            volumes.add(volume.withMaps(shifted(volume.map0(), disk), map1));
        }
        List<BadBlock> log = mpb.badBlocks().stream()
                .filter(b -> b.disk() != disk)
                .map(b -> b.disk() > disk ? new BadBlock(b.disk() - 1, b.sector(), b.sectors()) : b)
                .toList();
        return mpb.withDisks(disks).withVolumes(volumes).withBadBlocks(log);
    }

    private static MapEntry shifted(MapEntry map, int removed) {
        return map.withOrder(map.order().stream()
                .map(entry -> (entry & MapEntry.INDEX_MASK) > removed ? entry - 1 : entry)
                .toList());
    }

    /** Deletes every failed entry that no volume uses any more. */
    static Mpb withoutUnusedFailed(Mpb mpb) {
        Mpb result = mpb;
        for (int disk = mpb.disks().size() - 1; disk >= 0; disk--) {
            if (result.disks().get(disk).isFailed() && !used(result, disk)) {
                result = without(result, disk);
            }
        }
        return result;
    }
}
