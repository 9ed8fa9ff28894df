package io.restripe.assembly;

import io.restripe.disk.LostSectorsDisk;
import io.restripe.metadata.Activity;
import io.restripe.metadata.Container;
import io.restripe.metadata.ContainerDisk;
import io.restripe.metadata.ContainerMetadata;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.Slot;
import io.restripe.metadata.Volume;
import io.restripe.rule.Problem;
import io.restripe.rule.ProblemException;
import io.restripe.unit.SectorRange;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Sectors that the metadata records as lost (docs/imsm.md, 2.10): a disk gives bytes there that are not the array's. Whoever only reads
 * sees them as unreadable and takes them from the other members; to run on them takes an array that is given the list and keeps to it.
 */
public final class KnownBad {
    private KnownBad() {}

    /** The disks with their lost sectors unreadable. */
    public static Map<String, MemberDisk> hidden(ContainerMetadata metadata, Map<String, MemberDisk> disks) {
        Map<String, MemberDisk> result = new LinkedHashMap<>(disks);
        for (ContainerDisk disk : metadata.container().disks()) {
            MemberDisk member = disks.get(disk.serial());
            List<SectorRange> bad = disk.index() < 0 ? List.of() : metadata.knownBad(disk.index());
            if (member != null && !bad.isEmpty()) {
                result.put(
                        member.serial(),
                        new MemberDisk(member.name(), member.serial(), new LostSectorsDisk(member.disk(), bad)));
            }
        }
        return result;
    }

    /**
     * For arrays that keep to no list, and for levels that nobody could make up for a lost sector in.
     *
     * @throws ProblemException when a member at hand has lost sectors that the volume uses
     */
    static void refuse(Volume volume, ContainerMetadata metadata, Map<String, MemberDisk> disks)
            throws ProblemException {
        Container container = metadata.container();
        List<Slot> slots =
                volume.activity() instanceof Activity.Reshape reshape ? reshape.slotsAfter() : volume.slots();
        SectorRange data = new SectorRange(volume.dataOffset(), volume.dataOffset() + volume.componentSectors());
        for (Slot slot : slots) {
            String serial = container.disks().get(slot.disk()).serial();
            for (SectorRange bad : metadata.knownBad(slot.disk())) {
                if (slot.inSync() && disks.containsKey(serial) && bad.overlaps(data)) {
                    throw new ProblemException(new Problem(
                            "cannot run volume " + volume.name(),
                            "member " + disks.get(serial).name(),
                            "its sectors " + bad + " are recorded as lost, and they are the volume's",
                            "Read the volume with restripe cat, have the kernel run it (--backend=kernel), or leave this member"
                                    + " out (--run) and add it again: then it is rebuilt from the others"));
                }
            }
        }
    }
}
