package io.restripe.metadata.imsm;

import io.restripe.geometry.Geometry;
import io.restripe.geometry.Level;
import io.restripe.metadata.ReshapeGoal;
import io.restripe.rule.Problem;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;

/**
 * Everything that stands against a reshape on the side of the format (docs/imsm.md, chapter 9 and 13.4). All of it is asked before the
 * first write. One use.
 */
final class ReshapeRefusals {
    private static final long LEAST_CHUNK = 8;
    /** Drivers of the format reshape the first two volumes only. */
    private static final int LAST_VOLUME = 1;

    private final ImsmMetadata metadata;
    private final ReshapeGoal goal;
    private final Mpb mpb;
    private final VolumeEntry volume;
    private final Geometry before;
    private final Geometry after;
    private final List<Problem> problems = new ArrayList<>();

    ReshapeRefusals(ImsmMetadata metadata, ReshapeGoal goal) {
        this.metadata = metadata;
        this.goal = goal;
        this.mpb = metadata.mpb();
        this.volume = mpb.volumes().get(goal.volume());
        this.before = VolumeShape.geometry(volume.present());
        this.after = goal.after();
    }

    List<Problem> problems() {
        problems.addAll(Refusals.activation(mpb, goal.volume()));
        checkQuiet();
        checkVolume();
        checkShape();
        checkChunks();
        checkNewMembers();
        if (problems.isEmpty()) {
            checkRoom();
        }
        return List.copyOf(problems);
    }

    private void add(String where, String why, String remedy) {
        problems.add(new Problem("cannot reshape volume " + volume.name(), where, why, remedy));
    }

    private void checkQuiet() {
        for (VolumeEntry other : mpb.volumes()) {
            if (other.migrating() || other.map0().state() == MapEntry.UNINITIALISED) {
                add(
                        "volume " + other.name(),
                        "it is being synchronised, rebuilt or reshaped",
                        "Wait until that has finished");
            } else if (other.map0().outOfSyncCount()
                    > VolumeShape.geometry(other.map0()).redundancy()) {
                add(
                        "volume " + other.name(),
                        "it lacks more members than it can do without",
                        "Bring back the missing members");
            }
        }
    }

    private void checkVolume() {
        if (goal.volume() > LAST_VOLUME) {
            add("volume " + volume.name(), "the format reshapes the first two volumes of a container only", "Leave it");
        }
    }

    private void checkShape() {
        boolean sameLevel = before.level().equals(after.level());
        int more = after.members() - before.members();
        boolean newChunk = before.chunkSectors() != after.chunkSectors();
        if (VolumeShape.mirrored(before.mdLevel())) {
            add("level", "the format cannot record a reshape of RAID" + before.mdLevel(), "Create another volume");
        } else if (!sameLevel) {
            checkLevelChange(more, newChunk);
        } else if (more < 0) {
            add(
                    "members",
                    "the format cannot record fewer members: " + before.members() + " to " + after.members(),
                    "Keep the members");
        } else if (more > 0 && newChunk) {
            add("chunk", "the format cannot record new members and a new chunk at once", "Do one after the other");
        } else if (more == 0 && !newChunk) {
            add("volume " + volume.name(), "it has this geometry already: " + before, "Nothing needs to be done");
        } else if (more > 0) {
            checkGrow();
        }
    }

    private void checkLevelChange(int more, boolean newChunk) {
        boolean toRaid5 =
                before.level() instanceof Level.Striped && after.level() instanceof Level.Parity p && p.mdLevel() == 5;
        if (!toRaid5) {
            add(
                    "level",
                    "the format records no way from RAID" + before.mdLevel() + "/" + before.mdLayout() + " to RAID"
                            + after.mdLevel() + "/" + after.mdLayout(),
                    "Only RAID0 to RAID5 left-asymmetric with one more member is possible");
        } else if (after.mdLayout() != 0) {
            add("layout", "RAID5 is left-asymmetric in this format", "Use --layout=left-asymmetric");
        }
        if (toRaid5 && more != 1) {
            add("members", "RAID0 to RAID5 takes one more member, not " + more, "Grow before or after");
        }
        if (newChunk) {
            add("chunk", "the format cannot record a new level and a new chunk at once", "Do one after the other");
        }
        if (mpb.volumes().size() > 1) {
            add("container", "a level changes only where there is no other volume", "Delete or keep the other volumes");
        }
    }

    private void checkGrow() {
        for (VolumeEntry other : mpb.volumes()) {
            if (VolumeShape.mirrored(other.map0().storedLevel())) {
                add(
                        "volume " + other.name(),
                        "members are added to all volumes of a container, and RAID1 and RAID10 cannot take them",
                        "Delete or keep this volume");
            }
        }
    }

    private void checkChunks() {
        long least = Math.max(LEAST_CHUNK, metadata.blocks().sectorsPerBlock());
        for (long chunk : new TreeSet<>(List.of((long) before.chunkSectors(), (long) after.chunkSectors()))) {
            if (!Refusals.isChunk(chunk, least, ReshapeShape.COPY_AREA_SECTORS)) {
                add(
                        "chunk",
                        Refusals.kib(chunk)
                                + " is not a power of two from 4 KiB to 1 MiB, which is what the copy area takes",
                        "Choose such a chunk");
            }
        }
        long component = VolumeShape.componentSectors(volume);
        if (after.chunkSectors() > 0 && component % after.chunkSectors() != 0) {
            add(
                    "chunk",
                    Refusals.kib(after.chunkSectors()) + " does not divide the " + Refusals.kib(component)
                            + " on each member",
                    "Choose a smaller chunk");
        }
    }

    private void checkNewMembers() {
        int needed = Math.max(0, after.members() - before.members());
        if (goal.newMembers().size() != needed) {
            add(
                    "container",
                    needed + " more members are needed, " + goal.newMembers().size() + " are there",
                    "Add spares: restripe grow --add MEMBER...");
        }
        long fresh = goal.newMembers().stream()
                .filter(serial -> mpb.workingDisk(serial) < 0)
                .count();
        if (!Refusals.hasRoom(mpb, fresh)) {
            add("members", Refusals.NO_ROOM, "Use fewer disks");
        }
        Set<String> seen = new HashSet<>();
        for (String serial : goal.newMembers()) {
            OptionalLong size = metadata.sizeOf(serial);
            int disk = mpb.workingDisk(serial);
            if (!seen.add(serial)) {
                add("member " + serial, "it is named twice", "Name every member once");
            } else if (size.isEmpty()) {
                add("member " + serial, "the container does not have it", "Add it to the container first");
            } else if (disk >= 0 && MpbCheck.disksOf(volume).contains(disk)) {
                add("member " + serial, "it has a slot of this volume already", "Name a spare");
            } else if (size.getAsLong() < Refusals.leastDisk(mpb)) {
                add(
                        "member " + serial,
                        "it has " + size.getAsLong() + " sectors, " + Refusals.leastDisk(mpb) + " are needed",
                        "Take a larger one");
            }
        }
    }

    /** The copy area must not lie over data or metadata, also with the new members. */
    private void checkRoom() {
        Mpb begun = ReshapeTransitions.begin(metadata, goal, false).mpb();
        long copyArea = ReshapeShape.copyArea(begun, metadata.blocks());
        long end = Refusals.endOfVolumes(mpb);
        if (copyArea < end) {
            add(
                    "copy area",
                    "it would begin at sector " + copyArea + " of each member, where volumes reach to " + end,
                    "Use larger members, or back up, and create the volume again a little smaller");
        }
        if (MpbCodec.bytes(begun, metadata.blocks()) > Placement.maxMpbBytes(metadata.blocks())) {
            add("metadata", "it would not fit behind the copy area", "Delete volumes or use fewer members");
        }
    }
}
