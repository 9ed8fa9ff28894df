package io.restripe.host;

import io.restripe.array.Attribute;
import io.restripe.array.AttributeException;
import io.restripe.array.Attributes;
import io.restripe.array.Holds;
import io.restripe.array.ServedArray;
import io.restripe.geometry.Geometry;
import io.restripe.metadata.Activity;
import io.restripe.metadata.Container;
import io.restripe.metadata.ContainerDisk;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.Slot;
import io.restripe.metadata.Volume;
import io.restripe.reshape.ReshapeManager;
import io.restripe.rule.Problem;
import io.restripe.unit.SectorRanges;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** Puts together what a running container shows. Reads only; keeps nothing. */
final class StatusReader {
    /** Of one disk. */
    private static final int RANGES_TOLD = 8;

    private final RunningContainer running;
    private final Map<Integer, ServedArray> arrays;

    StatusReader(RunningContainer running, Map<Integer, ServedArray> arrays) {
        this.running = running;
        this.arrays = arrays;
    }

    Status read() {
        Container container = running.container();
        List<Status.DiskStatus> disks = new ArrayList<>();
        for (ContainerDisk disk : container.disks()) {
            disks.add(new Status.DiskStatus(
                    disk.serial(),
                    nameOf(disk, ""),
                    disk.totalSectors(),
                    disk.status().name().toLowerCase(Locale.ROOT)));
        }
        List<Status.VolumeStatus> volumes =
                container.volumes().stream().map(v -> volume(container, v)).toList();
        Optional<Problem> problem = running.manager().flatMap(ReshapeManager::problem);
        return new Status(
                running.name(),
                container.format(),
                container.uuid(),
                container.generation(),
                disks,
                volumes,
                problem.or(() -> running.monitor().problem()),
                notes(container));
    }

    private List<String> notes(Container container) {
        List<String> notes = new ArrayList<>();
        for (ContainerDisk disk : container.disks()) {
            if (!disk.bad().isEmpty()) {
                String ranges = disk.bad().stream()
                        .limit(RANGES_TOLD)
                        .map(bad -> bad.start() + "-" + (bad.end() - 1))
                        .collect(Collectors.joining(", "));
                notes.add(nameOf(disk, disk.serial()) + " has "
                        + SectorRanges.count(disk.bad()) + " bad sectors: " + ranges
                        + (disk.bad().size() > RANGES_TOLD ? ", ..." : ""));
            }
        }
        notes.addAll(running.notes());
        return notes;
    }

    private Status.VolumeStatus volume(Container container, Volume volume) {
        ServedArray array = arrays.get(volume.index());
        Geometry shown = volume.activity() instanceof Activity.Reshape r ? r.after() : volume.geometry();
        String state = "readonly";
        String action = "idle";
        long done = 0;
        long speed = 0;
        int degraded = volume.missingSlots();
        if (array != null) {
            try {
                Attributes attributes = new Attributes(array);
                state = attributes.arrayState();
                action = attributes.syncAction();
                done = Math.max(0, attributes.syncCompleted());
                speed = Math.max(0, attributes.numberOr(Attribute.SYNC_SPEED, 0));
            } catch (AttributeException e) {
                state = "clear"; // it is being stopped while we look
            }
        }
        return new Status.VolumeStatus(
                volume.name(),
                volume.uuid(),
                shown.mdLevel(),
                shown.mdLayout(),
                shown.members(),
                shown.chunkSectors(),
                volume.arraySectors(),
                state,
                action,
                done,
                volume.componentSectors(),
                speed,
                phase(volume),
                slots(container, volume),
                degraded,
                volume.dirty(),
                array == null ? Holds.NONE : array.holds());
    }

    private String phase(Volume volume) {
        return volume.activity() instanceof Activity.Reshape
                ? running.manager()
                        .map(m -> m.phase().name().toLowerCase(Locale.ROOT).replace('_', ' '))
                        .orElse("waiting")
                : "waiting";
    }

    private static List<String> slots(Container container, Volume volume) {
        List<Slot> slots = volume.activity() instanceof Activity.Reshape r ? r.slotsAfter() : volume.slots();
        return slots.stream()
                .map(slot -> slot.inSync()
                                && slot.disk() >= 0
                                && slot.disk() < container.disks().size()
                        ? container.disks().get(slot.disk()).serial()
                        : "missing")
                .toList();
    }

    /** Of the disk at hand. */
    private String nameOf(ContainerDisk disk, String otherwise) {
        MemberDisk atHand = running.disks().get(disk.serial());
        return atHand == null ? otherwise : atHand.name();
    }
}
