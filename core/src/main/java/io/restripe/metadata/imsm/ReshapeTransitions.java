package io.restripe.metadata.imsm;

import io.restripe.geometry.Geometry;
import io.restripe.metadata.Progress;
import io.restripe.metadata.ReshapeGoal;
import io.restripe.rule.Rule;
import io.restripe.unit.Units;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A change of geometry: begin, progress, end, cancel (docs/imsm.md, 6.2 and 7). Pure. */
final class ReshapeTransitions {
    private ReshapeTransitions() {}

    static ImsmMetadata begin(ImsmMetadata metadata, ReshapeGoal goal, boolean firstUnitSaved) {
        Mpb mpb = metadata.mpb();
        VolumeEntry volume = mpb.volumes().get(goal.volume());
        if (volume.migrating() || mpb.reshapingVolume() >= 0) {
            throw new IllegalStateException("volume " + volume.name() + " or another one is busy");
        }
        List<SpareDisk> spares = new ArrayList<>(metadata.spares());
        List<Integer> order = new ArrayList<>();
        for (int entry : volume.map0().order()) {
            order.add(entry & ~MapEntry.OUT_OF_SYNC);
        }
        for (String serial : goal.newMembers()) {
            int disk = mpb.workingDisk(serial);
            if (disk < 0) {
                SpareDisk spare = metadata.spare(serial);
                spares.remove(spare);
                disk = mpb.disks().size();
                mpb = Tables.withAppended(mpb, DiskEntry.fresh(serial, spare.totalSectors(), DiskEntry.CONFIGURED));
            }
            order.add(disk);
        }
        MapEntry destination = destination(volume, goal.after(), order);
        long size = VolumeShape.componentSectors(volume) * goal.after().dataMembers();
        Progress progress = new Progress(0, firstUnitSaved);
        VolumeEntry changed = volume.withSize(size)
                .withMigration(VolumeEntry.RESHAPE, destination, volume.map0())
                .withUnit(reached(progress));
        mpb = withLevelBits(mpb.withVolume(goal.volume(), changed));
        ReshapeState state = new ReshapeState(progress, ReshapeShape.copyArea(mpb, metadata.blocks()));
        return metadata.withSpares(spares).withMpbAndReshape(mpb, Optional.of(state), false);
    }

    private static MapEntry destination(VolumeEntry volume, Geometry after, List<Integer> order) {
        MapEntry map = volume.map0();
        long memberSectors = map.memberSectors();
        long stripes = map.stripes();
        if (after.chunkSectors() != map.chunkSectors()) {
            long component = VolumeShape.componentSectors(volume);
            stripes = component / after.chunkSectors();
            memberSectors = Units.floorToUnit(component + VolumeCreation.GAP_SECTORS, after.chunkSectors());
        }
        return new MapEntry(
                map.raw(),
                map.startSector(),
                memberSectors,
                stripes,
                after.chunkSectors(),
                MapEntry.NORMAL,
                after.mdLevel(),
                map.domains(),
                map.failedSlot(),
                order);
    }

    private static Mpb withLevelBits(Mpb mpb) {
        MpbHeader header = mpb.header();
        return header.version().equals(VolumeCreation.VERSION)
                ? mpb.withHeader(header.withAttributes(
                        header.version(), Attributes.withLevels(header.attributes(), mpb.volumes())))
                : mpb;
    }

    static ImsmMetadata progress(ImsmMetadata metadata, int index, Progress progress) {
        VolumeEntry volume = reshaping(metadata, index);
        ReshapeState state = metadata.reshape().orElseThrow();
        Rule.R6_MONOTONIC.holds(
                position(progress) >= position(state.progress()),
                "progress of the reshape",
                progress.unit(),
                state.progress().unit());
        long perBlock = metadata.blocks().sectorsPerBlock();
        boolean saysSo = Units.ceilDiv(volume.migrationUnit(), perBlock) == Units.ceilDiv(reached(progress), perBlock);
        if (saysSo && progress.equals(state.progress())) {
            return metadata;
        }
        Mpb mpb = metadata.mpb().withVolume(index, volume.withUnit(reached(progress)));
        return metadata.withMpbAndReshape(mpb, Optional.of(new ReshapeState(progress, state.copyAreaSector())), false);
    }

    /**
     * The MPB's copy of the unit is the one that a recovery goes on from. So no MPB of a reshape that we begin says 0, and a record that
     * another volume's reshape left is not found beside it (docs/imsm.md, 13.12).
     */
    static long reached(Progress progress) {
        return progress.unit() + (progress.inCopyArea() ? 1 : 0);
    }

    private static long position(Progress progress) {
        return 2 * progress.unit() + (progress.inCopyArea() ? 1 : 0);
    }

    static ImsmMetadata finished(ImsmMetadata metadata, int index) {
        VolumeEntry volume = reshaping(metadata, index);
        MapEntry only = volume.map0();
        MapEntry before = volume.present();
        for (int slot = 0; slot < only.members(); slot++) {
            int old = before.slotOf(only.diskOf(slot));
            if (old >= 0 && before.outOfSync(old)) {
                only = only.withOutOfSync(slot);
            }
        }
        only = MapStates.withLowestFailed(MapStates.restated(only));
        Mpb mpb = PendingGrow.withFollowers(metadata.mpb().withVolume(index, volume.idle(only)), index, before);
        return metadata.withMpbAndReshape(mpb, Optional.empty(), true);
    }

    static ImsmMetadata cancelled(ImsmMetadata metadata, int index) {
        VolumeEntry volume = reshaping(metadata, index);
        Progress progress = metadata.reshape().orElseThrow().progress();
        if (progress.unit() != 0) {
            throw new IllegalStateException("the reshape of volume " + volume.name() + " has moved data already");
        }
        MapEntry before = volume.present();
        int dataBefore = VolumeShape.geometry(before).dataMembers();
        int dataAfter = VolumeShape.geometry(volume.map0()).dataMembers();
        long oldSize = VolumeShape.believesStripes(volume)
                ? VolumeShape.sectorsByStripes(before) * dataBefore
                : volume.sizeSectors() / dataAfter * dataBefore;
        boolean canRun =
                ReshapeShape.of(metadata.mpb(), index, metadata.blocks()).units() > 0;
        Mpb mpb = metadata.mpb().withVolume(index, volume.withSize(oldSize).idle(before));
        mpb = canRun && volume.map0().members() > before.members() ? PendingGrow.withMark(mpb, index) : mpb;
        List<SpareDisk> spares = new ArrayList<>(metadata.spares());
        for (int disk = mpb.disks().size() - 1; disk >= 0; disk--) {
            DiskEntry entry = mpb.disks().get(disk);
            if (!Tables.used(mpb, disk)) {
                mpb = Tables.without(mpb, disk);
                if (entry.isWorking()) {
                    spares.add(new SpareDisk(entry.serial(), entry.totalSectors(), true));
                }
            }
        }
        return metadata.withSpares(spares).withMpbAndReshape(withLevelBits(mpb), Optional.empty(), true);
    }

    private static VolumeEntry reshaping(ImsmMetadata metadata, int index) {
        VolumeEntry volume = metadata.mpb().volumes().get(index);
        if (!volume.reshaping()) {
            throw new IllegalStateException("volume " + volume.name() + " is not being reshaped");
        }
        return volume;
    }
}
