package io.restripe.reshape;

import io.restripe.metadata.Activity;
import io.restripe.metadata.Container;
import io.restripe.metadata.ContainerDisk;
import io.restripe.metadata.Volume;
import io.restripe.unit.SectorRange;
import io.restripe.unit.SectorRanges;
import java.util.ArrayList;
import java.util.List;

/**
 * What metadata claims about the data on the members, beyond their being there: that parity is right (clean, or resynced so far), that a
 * slot is rebuilt, that a sector is no longer lost. A claim is good after a power cut only if the data it is about were flushed before. Pure.
 */
final class DataClaims {
    private DataClaims() {}

    /** Whether {@code after} claims anything that {@code before} did not. */
    static boolean grow(Container before, Container after) {
        for (Volume now : after.volumes()) {
            if (now.index() < before.volumes().size() && grow(before.volumes().get(now.index()), now)) {
                return true;
            }
        }
        return before.disks().stream().anyMatch(disk -> !disk.bad().isEmpty() && healed(disk, after));
    }

    private static boolean healed(ContainerDisk disk, Container after) {
        for (ContainerDisk now : after.disks()) {
            if (now.serial().equals(disk.serial())) {
                List<SectorRange> both = new ArrayList<>(now.bad());
                both.addAll(disk.bad());
                return !SectorRanges.union(both).equals(now.bad());
            }
        }
        return false; // it has failed
    }

    private static boolean grow(Volume before, Volume after) {
        boolean cleaner = before.dirty() && !after.dirty();
        boolean synced = synced(after.activity()) > synced(before.activity());
        return cleaner || synced;
    }

    /** How far members are claimed to be in sync. */
    private static long synced(Activity activity) {
        return switch (activity) {
            case Activity.Idle _, Activity.Reshape _ -> Long.MAX_VALUE;
            case Activity.Resync r -> r.memberSector();
            case Activity.Rebuild r -> r.memberSector();
        };
    }
}
