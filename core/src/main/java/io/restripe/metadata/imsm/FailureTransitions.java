package io.restripe.metadata.imsm;

import java.util.Optional;

/** A member is lost (docs/imsm.md, 6.2, "member fails" and "start with a member missing"). Pure. */
final class FailureTransitions {
    private FailureTransitions() {}

    static Mpb failed(Mpb mpb, int disk) {
        DiskEntry entry = mpb.disks().get(disk);
        return lost(mpb, disk, entry.withFailure(Serials.failed(entry.serial()), entry.scsiId()));
    }

    static Mpb missing(Mpb mpb, int disk) {
        DiskEntry entry = mpb.disks().get(disk);
        return lost(mpb, disk, entry.withFailure(Serials.missing(entry.serial()), DiskEntry.NO_SCSI_ID));
    }

    private static Mpb lost(Mpb mpb, int disk, DiskEntry entry) {
        Mpb result = mpb.withDisk(disk, entry);
        for (int i = 0; i < mpb.volumes().size(); i++) {
            VolumeEntry volume = mpb.volumes().get(i);
            if (MpbCheck.disksOf(volume).contains(disk)) {
                result = result.withVolume(i, without(volume, disk));
            }
        }
        return result.withBadBlocks(
                result.badBlocks().stream().filter(b -> b.disk() != disk).toList());
    }

    private static VolumeEntry without(VolumeEntry volume, int disk) {
        MapEntry map0 = MapStates.withDiskOutOfSync(volume.map0(), disk);
        if (!volume.migrating()) {
            return volume.withMaps(MapStates.withLowestFailed(map0), Optional.empty());
        }
        MapEntry map1 = MapStates.withDiskOutOfSync(volume.present(), disk);
        if (volume.reshaping()) {
            return volume.withMaps(MapStates.withLowestFailed(map0), Optional.of(map1));
        }
        boolean rebuild = volume.migrationType() == VolumeEntry.REBUILD;
        int target = map1.slotOf(disk);
        boolean targetLost = rebuild && target >= 0 && volume.present().outOfSync(target);
        boolean goesOn = map1.state() != MapEntry.LOST
                && !targetLost
                && (rebuild || VolumeShape.mirrored(map0.storedLevel()) && map0.members() > 2);
        return goesOn
                ? volume.withMaps(map0, Optional.of(map1))
                : volume.idle(MapStates.withLowestFailed(MapStates.restated(map1)));
    }
}
