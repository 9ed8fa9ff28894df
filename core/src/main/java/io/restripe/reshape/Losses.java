package io.restripe.reshape;

import io.restripe.metadata.Activity;
import io.restripe.metadata.Container;
import io.restripe.metadata.ContainerDisk;
import io.restripe.metadata.ContainerMetadata;
import io.restripe.metadata.Slot;
import io.restripe.metadata.Volume;
import java.util.Collection;
import java.util.List;

/** Whether volumes could do without disks that something has gone wrong on. A disk fails for the whole container. Pure. */
final class Losses {
    private Losses() {}

    /** Whether no volume would lack more members than it can do without, were these disks failed. */
    static boolean allBear(ContainerMetadata metadata, Collection<String> serials) {
        return failed(metadata, serials).volumes().stream().allMatch(Losses::isWhole);
    }

    /** Whether at least one volume that uses one of these disks would go on without them: failing them is of use to somebody. */
    static boolean anyBears(ContainerMetadata metadata, Collection<String> serials) {
        Container before = metadata.container();
        Container after = failed(metadata, serials);
        return before.volumes().stream()
                .filter(v -> serials.stream().anyMatch(serial -> uses(before, v, serial)))
                .anyMatch(v -> isWhole(after.volumes().get(v.index())));
    }

    /** Whether every volume that runs goes on without them. */
    static boolean noneEnds(ContainerMetadata metadata, Collection<String> serials) {
        Container after = failed(metadata, serials);
        return metadata.container().volumes().stream()
                .filter(Losses::isWhole)
                .allMatch(v -> isWhole(after.volumes().get(v.index())));
    }

    private static Container failed(ContainerMetadata metadata, Collection<String> serials) {
        ContainerMetadata without = metadata;
        for (String serial : serials) {
            if (isMember(metadata.container(), serial)) {
                without = without.withMemberFailed(serial);
            }
        }
        return without.container();
    }

    /** Whether metadata names the disk as a working member; a spare carries nothing that anybody relies on. */
    static boolean isMember(Container container, String serial) {
        return container.disks().stream()
                .anyMatch(d -> d.serial().equals(serial) && d.status() == ContainerDisk.Status.MEMBER);
    }

    /** Whether any volume has data on the disk that is in sync. */
    static boolean isUsed(Container container, String serial) {
        return container.volumes().stream().anyMatch(volume -> uses(container, volume, serial));
    }

    private static boolean uses(Container container, Volume volume, String serial) {
        return slots(volume).stream()
                .anyMatch(slot -> slot.inSync()
                        && slot.disk() >= 0
                        && container.disks().get(slot.disk()).serial().equals(serial));
    }

    private static List<Slot> slots(Volume volume) {
        return volume.activity() instanceof Activity.Reshape r ? r.slotsAfter() : volume.slots();
    }

    private static boolean isWhole(Volume volume) {
        boolean before = volume.missingSlots() <= volume.geometry().redundancy();
        return volume.activity() instanceof Activity.Reshape r
                ? before
                        && r.slotsAfter().stream().filter(s -> !s.inSync()).count()
                                <= r.after().redundancy()
                : before;
    }
}
