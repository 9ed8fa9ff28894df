package io.restripe.metadata.imsm;

import java.util.ArrayList;
import java.util.List;

/** Resync and rebuild: begin, progress, end (docs/imsm.md, 6.2). Pure. */
final class SyncTransitions {
    private SyncTransitions() {}

    static VolumeEntry resync(VolumeEntry volume, boolean initial) {
        if (volume.migrating() && (volume.reshaping() || volume.migrationType() == VolumeEntry.REBUILD)) {
            throw new IllegalStateException("volume " + volume.name() + " is busy with something else than a resync");
        }
        MapEntry now = volume.map0();
        MapEntry goal = MapStates.restated(now.withState(MapEntry.NORMAL));
        if (initial) {
            return volume.withMigration(VolumeEntry.INIT, goal, goal.withState(MapEntry.UNINITIALISED));
        }
        return volume.withStatus(volume.status() | VolumeEntry.VERIFY_AND_FIX)
                .withMigration(VolumeEntry.VERIFY, goal, goal)
                .withDirty(0);
    }

    static VolumeEntry position(VolumeEntry volume, long memberSector) {
        VolumeEntry running = running(volume);
        return running.withUnit(memberSector / SyncUnits.of(running));
    }

    static VolumeEntry finished(VolumeEntry volume) {
        VolumeEntry running = running(volume);
        MapEntry only = running.migrationType() == VolumeEntry.REBUILD ? running.map0() : flagged(running);
        return running.idle(MapStates.withLowestFailed(MapStates.restated(only.withState(MapEntry.NORMAL))));
    }

    private static MapEntry flagged(VolumeEntry volume) {
        return volume.map0().withOrder(volume.present().order());
    }

    /** The volume in the resync or rebuild that it is in; one that was never initialised is in its first resync, said or not. */
    private static VolumeEntry running(VolumeEntry volume) {
        if (!volume.migrating() && volume.map0().state() == MapEntry.UNINITIALISED) {
            return resync(volume, true);
        }
        if (!volume.migrating() || volume.reshaping()) {
            throw new IllegalStateException("volume " + volume.name() + " is neither in resync nor being rebuilt");
        }
        return volume;
    }

    /** A slot is rebuilt onto a disk; a spare gets an entry at the table's end, and the disk it replaces loses its own. */
    static ImsmMetadata rebuild(ImsmMetadata metadata, int index, int slot, String serial) {
        Mpb mpb = metadata.mpb();
        VolumeEntry volume = mpb.volumes().get(index);
        if (volume.migrating() || !volume.map0().outOfSync(slot) || mpb.reshapingVolume() >= 0) {
            throw new IllegalStateException("slot " + slot + " of volume " + volume.name() + " cannot be rebuilt now");
        }
        List<SpareDisk> spares = new ArrayList<>(metadata.spares());
        int disk = mpb.workingDisk(serial);
        if (disk < 0) {
            SpareDisk spare = metadata.spare(serial);
            spares.remove(spare);
            disk = mpb.disks().size();
            mpb = Tables.withAppended(mpb, DiskEntry.fresh(serial, spare.totalSectors(), DiskEntry.CONFIGURED));
        } else if (volume.map0().slotOf(disk) >= 0 && volume.map0().slotOf(disk) != slot) {
            throw new IllegalStateException(serial + " has another slot of volume " + volume.name());
        }
        mpb = BadBlockLog.with(mpb, metadata.blocks(), disk, MpbCheck.extent(volume), List.of())
                .orElseThrow(); // what is rebuilt is new
        MapEntry present = MapStates.restated(volume.map0().withSlot(slot, disk, true));
        MapEntry goal = MapStates.restated(volume.map0().withSlot(slot, disk, false));
        mpb = mpb.withVolume(index, volume.withMigration(VolumeEntry.REBUILD, goal, present));
        mpb = Tables.withoutUnusedFailed(mpb);
        long family = Families.after(mpb, metadata.stamp(), serial);
        return metadata.withMpb(mpb.withHeader(mpb.header().withFamily(family))).withSpares(spares);
    }
}
