package io.restripe.metadata.imsm;

import io.restripe.consistency.ConsistencyPolicy;
import io.restripe.rule.Problem;
import io.restripe.unit.SectorRange;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;

/** Another write-hole policy of a volume (docs/imsm.md, 2.11 and 3.5). Pure. */
final class PolicyChange {
    private PolicyChange() {}

    /** Everything that stands against it. */
    static List<Problem> refuse(ImsmMetadata metadata, int index, ConsistencyPolicy policy) {
        Mpb mpb = metadata.mpb();
        VolumeEntry volume = mpb.volumes().get(index);
        Refusal refusal = new Refusal("cannot change the consistency policy of volume " + volume.name());
        if (volume.migrating() || volume.awaitsGrow()) {
            refusal.add(
                    "volume " + volume.name(),
                    "something else is recorded as under way in it",
                    "Wait for its end: restripe wait");
        }
        VolumeEntry changed = volume.withWriteHolePolicy(WriteHole.stored(policy));
        if (!WriteHole.isKept(changed)) {
            refusal.add(
                    "volume " + volume.name(),
                    policy == ConsistencyPolicy.PPL
                            ? "a partial parity log goes with RAID5 only"
                            : "there is nothing to resync without redundancy",
                    "Choose another policy");
        } else if (changed.guardsWriteHole() && volume.map0().outOfSyncCount() > 0) {
            refusal.add(
                    "volume " + volume.name(),
                    "it is degraded",
                    "Make it whole first: restripe add CONTAINER MEMBER, then restripe wait CONTAINER");
        } else if (changed.guardsWriteHole()) { // also from one policy to another: a log of one unit takes less
            requireRoom(metadata, index, refusal);
        }
        return refusal.problems;
    }

    private record Refusal(String what, List<Problem> problems) {
        Refusal(String what) {
            this(what, new ArrayList<>());
        }

        void add(String where, String why, String remedy) {
            problems.add(new Problem(what, where, why, remedy));
        }
    }

    /** Volumes that others have made may have nothing behind their data. */
    private static void requireRoom(ImsmMetadata metadata, int index, Refusal refusal) {
        Mpb mpb = metadata.mpb();
        VolumeEntry volume = mpb.volumes().get(index);
        long end = MpbCheck.extent(volume).end();
        SectorRange area = new SectorRange(end, end + VolumeCreation.GAP_SECTORS);
        Set<Integer> disks = MpbCheck.disksOf(volume);
        for (VolumeEntry other : mpb.volumes()) {
            if (!Collections.disjoint(disks, MpbCheck.disksOf(other))
                    && MpbCheck.extent(other).overlaps(area)) {
                refusal.add(
                        "volume " + other.name(),
                        "it begins within the " + VolumeCreation.GAP_SECTORS + " sectors behind the data of "
                                + volume.name() + ", where logs and bitmaps go",
                        "There is no room for them: keep the policy resync");
            }
        }
        for (int disk : disks) {
            DiskEntry entry = mpb.disks().get(disk);
            if (entry.isWorking() && area.end() > entry.totalSectors() - VolumeCreation.METADATA_SECTORS) {
                refusal.add(
                        "member " + entry.serial(),
                        "it has no " + VolumeCreation.GAP_SECTORS
                                + " sectors between the volume's data and the metadata at its end",
                        "There is no room for logs and bitmaps: keep the policy resync");
            }
        }
    }

    /** The same volume with that policy; where it is recorded dirty, in the way of that policy. */
    static VolumeEntry changed(VolumeEntry volume, ConsistencyPolicy policy) {
        VolumeEntry changed = volume.withWriteHolePolicy(WriteHole.stored(policy));
        return volume.dirty() == 0 ? changed : changed.withDirty(changed.dirtyMark());
    }
}
