package io.restripe.metadata.imsm;

import io.restripe.metadata.MemberDisk;
import io.restripe.rule.Problem;
import io.restripe.unit.Units;
import java.util.ArrayList;
import java.util.List;

/** What stands against running a volume, and what all refusals share (docs/imsm.md, chapters 1 and 8). Pure. */
final class Refusals {
    /** Sectors behind the last volume that a new member must offer, unless the others offer less: copy area and MPB twice over. */
    private static final long BEHIND_VOLUMES = 4258;

    /** Entries of the disk table: a byte counts them. */
    private static final int MOST_DISKS = 255;

    static final String NO_ROOM = "the disk table has room for " + MOST_DISKS + " disks, failed ones included";

    private Refusals() {}

    /** Whether the disk table can take so many entries more. */
    static boolean hasRoom(Mpb mpb, long more) {
        return mpb.disks().size() + more <= MOST_DISKS;
    }

    /** The size that a disk must have to join the container's volumes. */
    static long leastDisk(Mpb mpb) {
        long end = endOfVolumes(mpb);
        long smallest = mpb.disks().stream()
                .filter(DiskEntry::isWorking)
                .mapToLong(DiskEntry::totalSectors)
                .min()
                .orElse(Long.MAX_VALUE);
        return end + Math.min(BEHIND_VOLUMES, Math.max(0, smallest - end));
    }

    /** What stands against the size of a disk and of its sectors, were it to take a slot. */
    static List<Problem> size(ImsmMetadata metadata, MemberDisk disk) {
        String what = "cannot use " + disk.name() + " as a spare";
        int sectorBytes = disk.disk().logicalSectorBytes();
        if (!Placement.blocks(disk.disk()).equals(metadata.blocks())) {
            return List.of(new Problem(
                    what,
                    "disk " + disk.name(),
                    "its sectors have " + sectorBytes + " bytes, those of the container "
                            + metadata.blocks().sectorBytes(),
                    "Take a disk with the same sectors"));
        }
        long has = Placement.usableSectors(disk.disk());
        long least = leastDisk(metadata.mpb());
        if (has < least) {
            return List.of(new Problem(
                    what,
                    "disk " + disk.name(),
                    "it is too small: it has " + kib(has) + ", a disk of this container needs " + kibUp(least),
                    "Take a larger one"));
        }
        return List.of();
    }

    static long endOfVolumes(Mpb mpb) {
        return mpb.volumes().stream()
                .mapToLong(v -> MpbCheck.extent(v).end() + (v.guardsWriteHole() ? VolumeCreation.GAP_SECTORS : 0))
                .max()
                .orElse(0);
    }

    static List<Problem> activation(Mpb mpb, int index) {
        VolumeEntry volume = mpb.volumes().get(index);
        List<Problem> problems = new ArrayList<>();
        String what = "cannot run volume " + volume.name();
        long unknown = Attributes.unsupported(mpb.header().attributes());
        if (unknown != 0) {
            problems.add(new Problem(
                    what,
                    "MPB header, attributes",
                    "bits " + Long.toHexString(unknown) + " are set, whose meaning is not known here",
                    "Look at it read-only, or change it with what made it"));
        }
        if (volume.migrating() && volume.migrationType() == VolumeEntry.STATE_CHANGE) {
            problems.add(new Problem(
                    what,
                    "volume " + volume.name(),
                    "its metadata says that a change of state is under way, which only its firmware can end",
                    "Let the firmware finish it"));
        }
        if (!WriteHole.isKept(volume)) {
            problems.add(new Problem(
                    what,
                    "volume " + volume.name(),
                    "its write-hole policy " + volume.writeHolePolicy()
                            + " is not kept here on its level: what guards the volume would become wrong without being told",
                    "Run it with what made it, or switch the policy off there"));
        }
        problems.addAll(reading(mpb, index));
        return problems;
    }

    /** What stands against writing to it: its data lies where the next change of the metadata goes. */
    static List<Problem> place(Mpb mpb, int index, Blocks blocks) {
        VolumeEntry volume = mpb.volumes().get(index);
        long metadata = Placement.metadataSectors(mpb, blocks);
        return MpbCheck.disksOf(volume).stream()
                .map(mpb.disks()::get)
                .filter(disk -> disk.isWorking() && MpbCheck.extent(volume).end() > disk.totalSectors() - metadata)
                .map(disk -> new Problem(
                        "cannot run volume " + volume.name(),
                        "member " + disk.serial(),
                        "its data takes sectors " + MpbCheck.extent(volume) + " of " + disk.totalSectors()
                                + ", the metadata the last " + metadata,
                        "Read it without running it: restripe cat"))
                .toList();
    }

    /** What stands against even reading it: two maps between which nobody here can tell where a sector is. */
    static List<Problem> reading(Mpb mpb, int index) {
        VolumeEntry volume = mpb.volumes().get(index);
        List<Problem> problems = new ArrayList<>();
        if (volume.reshaping()) {
            addReshape(problems, "cannot use volume " + volume.name(), volume);
        }
        return problems;
    }

    private static void addReshape(List<Problem> problems, String what, VolumeEntry volume) {
        MapEntry before = volume.present();
        MapEntry after = volume.map0();
        List<String> reasons = new ArrayList<>();
        if (before.startSector() != after.startSector()) {
            reasons.add("the data also moves from sector " + before.startSector() + " to " + after.startSector()
                    + ", as only other drivers do it");
        }
        if (VolumeShape.mirrored(before.storedLevel()) || VolumeShape.mirrored(after.storedLevel())) {
            reasons.add("a level with mirrors is relocated");
        }
        int dataBefore = VolumeShape.geometry(before).dataMembers();
        int dataAfter = VolumeShape.geometry(after).dataMembers();
        if (dataAfter < dataBefore) {
            reasons.add("it shrinks from " + dataBefore + " to " + dataAfter
                    + " data disks, which this format cannot record safely");
        }
        for (int slot = 0; slot < Math.min(before.members(), after.members()); slot++) {
            if (before.diskOf(slot) != after.diskOf(slot)) {
                reasons.add(
                        "slot " + slot + " passes from disk " + before.diskOf(slot) + " to disk " + after.diskOf(slot));
            }
        }
        ReshapeShape shape = ReshapeShape.of(
                VolumeShape.geometry(before), VolumeShape.geometry(after), VolumeShape.componentSectors(volume), 0);
        if (shape.units() > 0 && !shape.isWholeChunks(VolumeShape.componentSectors(volume))) {
            reasons.add("chunks of " + kib(before.chunkSectors()) + " and " + kib(after.chunkSectors())
                    + " do not divide one another");
        }
        for (String why : reasons) {
            problems.add(new Problem(
                    what,
                    "maps of volume " + volume.name(),
                    why,
                    "Finish the migration with the driver that began it"));
        }
    }

    /** Whether a chunk is one that every driver of the format takes. */
    static boolean isChunk(long sectors, long leastSectors, long mostSectors) {
        return sectors >= leastSectors && sectors <= mostSectors && Long.bitCount(sectors) == 1;
    }

    private static String kibUp(long sectors) {
        return Units.ceilDiv(sectors, Units.SECTORS_PER_KIB) + " KiB";
    }

    static String kib(long sectors) {
        return sectors / Units.SECTORS_PER_KIB + " KiB";
    }
}
