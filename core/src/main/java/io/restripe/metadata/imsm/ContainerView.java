package io.restripe.metadata.imsm;

import io.restripe.metadata.Activity;
import io.restripe.metadata.Container;
import io.restripe.metadata.ContainerDisk;
import io.restripe.metadata.Slot;
import io.restripe.metadata.Volume;
import io.restripe.unit.SectorRanges;
import java.util.ArrayList;
import java.util.List;

/** The neutral description of a container's metadata. Pure. */
final class ContainerView {
    private final ImsmMetadata metadata;
    private final Mpb mpb;

    private ContainerView(ImsmMetadata metadata) {
        this.metadata = metadata;
        this.mpb = metadata.mpb();
    }

    static Container of(ImsmMetadata metadata) {
        return new ContainerView(metadata).container();
    }

    private Container container() {
        long family = mpb.header().origFamily();
        List<ContainerDisk> disks = new ArrayList<>();
        for (int i = 0; i < mpb.disks().size(); i++) {
            DiskEntry disk = mpb.disks().get(i);
            disks.add(new ContainerDisk(
                    i, disk.serial(), disk.totalSectors(), status(disk), SectorRanges.union(BadBlockLog.of(mpb, i))));
        }
        for (SpareDisk spare : metadata.spares()) {
            disks.add(new ContainerDisk(-1, spare.serial(), spare.totalSectors(), ContainerDisk.Status.SPARE));
        }
        List<Volume> volumes = new ArrayList<>();
        for (int i = 0; i < mpb.volumes().size(); i++) {
            volumes.add(volume(i, family));
        }
        String uuid = volumes.isEmpty() ? Uuids.NONE : Uuids.container(family);
        return new Container(ImsmFormat.NAME, uuid, mpb.header().generation(), disks, volumes, true);
    }

    private static ContainerDisk.Status status(DiskEntry disk) {
        if (disk.isMissing()) {
            return ContainerDisk.Status.MISSING;
        }
        if (disk.isFailed()) {
            return ContainerDisk.Status.FAILED;
        }
        return disk.isWorking() ? ContainerDisk.Status.MEMBER : ContainerDisk.Status.SPARE;
    }

    private Volume volume(int index, long family) {
        VolumeEntry volume = mpb.volumes().get(index);
        return new Volume(
                index,
                volume.name(),
                Uuids.volume(family, index, volume.name()),
                VolumeShape.geometry(volume.present()),
                volume.map0().startSector(),
                VolumeShape.componentSectors(volume),
                VolumeShape.arraySectors(volume),
                slots(volume.present()),
                (volume.dirty() & 1) != 0,
                WriteHole.of(volume, family),
                activity(index, volume));
    }

    private List<Slot> slots(MapEntry map) {
        List<Slot> slots = new ArrayList<>();
        for (int slot = 0; slot < map.members(); slot++) {
            int disk = map.diskOf(slot);
            slots.add(new Slot(
                    disk, !map.outOfSync(slot) && !mpb.disks().get(disk).isFailed()));
        }
        return slots;
    }

    /** A reshape that began degraded has its old flags in map 1 only: they hold for the disk wherever it goes. */
    private List<Slot> slotsAfter(VolumeEntry volume) {
        MapEntry before = volume.present();
        List<Slot> slots = new ArrayList<>();
        for (Slot slot : slots(volume.map0())) {
            int old = before.slotOf(slot.disk());
            boolean bad = old >= 0 && before.outOfSync(old);
            slots.add(new Slot(slot.disk(), slot.inSync() && !bad));
        }
        return slots;
    }

    private Activity activity(int index, VolumeEntry volume) {
        if (!volume.migrating()) {
            boolean pending = volume.map0().state() == MapEntry.UNINITIALISED;
            return pending ? new Activity.Resync(true, 0) : new Activity.Idle(PendingGrow.isIn(mpb, index));
        }
        return switch (volume.migrationType()) {
            case VolumeEntry.INIT -> new Activity.Resync(true, SyncUnits.position(volume));
            case VolumeEntry.VERIFY, VolumeEntry.REPAIR -> new Activity.Resync(false, SyncUnits.position(volume));
            case VolumeEntry.REBUILD -> new Activity.Rebuild(rebuiltSlot(volume.present()), SyncUnits.position(volume));
            case VolumeEntry.RESHAPE -> reshape(index, volume);
            default -> new Activity.Idle(); // STATE_CHANGE: such a volume is refused, see Refusals
        };
    }

    /** The slot that is being rebuilt: one that is out of sync while its disk works. */
    private int rebuiltSlot(MapEntry present) {
        int found = -1;
        for (int slot = present.members() - 1; slot >= 0; slot--) {
            if (present.outOfSync(slot)) {
                boolean works = mpb.disks().get(present.diskOf(slot)).isWorking();
                found = works || found < 0 ? slot : found;
            }
        }
        return found;
    }

    private Activity.Reshape reshape(int index, VolumeEntry volume) {
        ReshapeShape shape = ReshapeShape.of(mpb, index, metadata.blocks());
        ReshapeState state = metadata.reshape().orElseThrow();
        return new Activity.Reshape(
                shape.before(),
                shape.after(),
                slotsAfter(volume),
                volume.sizeSectors(),
                shape.unitSectors(),
                shape.depthSectors(),
                shape.units(),
                state.copyAreaSector(),
                state.progress());
    }
}
