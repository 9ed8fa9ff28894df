package io.restripe.lab.kernel;

import io.restripe.reshape.GrowRequest;
import io.restripe.unit.Units;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;

/** The changes of shape that mdadm knows for IMSM, as the hand-over tests run them; those of a group share the disks of one guest. */
@SuppressWarnings("ImmutableEnumChecker") // a Shape is a record of numbers and texts
enum Change {
    GROW_RAID5_3_TO_4(0, 0, raid5(3, 64), raid5(4, 64)),
    GROW_RAID5_3_TO_5(0, 4, raid5(3, 64), raid5(5, 64)),
    GROW_RAID0_2_TO_3(0, 9, raid0(2, 64), raid0(3, 64)),
    GROW_RAID0_2_TO_4(0, 12, raid0(2, 64), raid0(4, 64)),
    CHUNK_RAID5_64_TO_128(1, 0, raid5(3, 64), raid5(3, 128)),
    CHUNK_RAID5_128_TO_64(1, 3, raid5(3, 128), raid5(3, 64)),
    CHUNK_RAID0_64_TO_128(1, 6, raid0(2, 64), raid0(2, 128)),
    RAID0_2_TO_RAID5_3(1, 8, raid0(2, 64), raid5(3, 64)),
    TWO_RAID5_3_TO_4(1, 11, raid5(3, 64), raid5(4, 64)),
    /** Its moments are those of the second volume. */
    TWO_RAID5_3_TO_4_SECOND(2, 0, raid5(3, 64), raid5(4, 64)),
    /** The array was rebuilt once: slots are not in the order of the disk table. */
    REBUILT_GROW_RAID5_3_TO_4(2, 4, raid5(3, 64), raid5(4, 64)),
    REBUILT_CHUNK_RAID5_64_TO_128(2, 8, raid5(3, 64), raid5(3, 128));

    /** Sectors of each member in a unit, with chunks up to 1 MiB (docs/imsm.md 7.2). */
    static final int DEPTH_SECTORS = 2048;

    static final int MEMBER_KIB = 8192;
    /** Of each volume before. */
    static final long BYTES = 16L << 20;

    /** Units of every one of these reshapes. */
    static final int UNITS = MEMBER_KIB * Units.SECTORS_PER_KIB / DEPTH_SECTORS;

    private static final int DISK_MIB = 16;
    private static final int DISK_MIB_OF_TWO = 28;

    /** A level with members and chunk. */
    record Shape(int level, int members, int chunkKib) {
        long kib() {
            return (long) MEMBER_KIB * (level == 5 ? members - 1 : members);
        }
    }

    final int group;
    final int firstDisk;
    final Shape before;
    final Shape after;

    Change(int group, int firstDisk, Shape before, Shape after) {
        this.group = group;
        this.firstDisk = firstDisk;
        this.before = before;
        this.after = after;
    }

    private static Shape raid5(int members, int chunkKib) {
        return new Shape(5, members, chunkKib);
    }

    private static Shape raid0(int members, int chunkKib) {
        return new Shape(0, members, chunkKib);
    }

    static List<Change> ofGroup(int group) {
        return Arrays.stream(values()).filter(c -> c.group == group).toList();
    }

    int volumes() {
        return this == TWO_RAID5_3_TO_4 || this == TWO_RAID5_3_TO_4_SECOND ? 2 : 1;
    }

    /** The volume whose moments count. */
    int watched() {
        return this == TWO_RAID5_3_TO_4_SECOND ? 1 : 0;
    }

    boolean rebuilt() {
        return name().startsWith("REBUILT");
    }

    private boolean grows() {
        return before.level == after.level && before.members != after.members;
    }

    /** Whether all of it goes through the copy area. */
    boolean alwaysCritical() {
        return !grows();
    }

    /** The first unit that is saved in the copy area and is not the very first one, where there is such a unit. */
    int firstCritical() {
        return grows() && after.members - before.members > 1 ? 0 : 1;
    }

    /** How many image files it takes to make the container. One more than it has members when a member is replaced and not needed. */
    int disks() {
        return rebuilt() && !grows() ? after.members + 1 : after.members;
    }

    int diskMib() {
        return volumes() == 2 ? DISK_MIB_OF_TWO : DISK_MIB;
    }

    static String volumeName(int index) {
        return "v" + index;
    }

    KernelOracle.Made made(int index) {
        return new KernelOracle.Made(before.level, before.members, before.chunkKib, MEMBER_KIB, volumeName(index));
    }

    /** What comes after {@code mdadm --grow}. */
    String mdadm() {
        if (grows()) {
            return "$CONTAINER --raid-devices=" + after.members;
        }
        return before.level == after.level
                ? "/dev/$V --chunk=" + after.chunkKib
                : "/dev/$V --level=5 --layout=left-asymmetric";
    }

    /** The same asked of us. */
    GrowRequest ours() {
        boolean level = before.level != after.level;
        return new GrowRequest(
                grows() ? null : volumeName(0),
                grows() ? OptionalInt.of(after.members) : OptionalInt.empty(),
                grows() || level ? OptionalInt.empty() : OptionalInt.of(after.chunkKib * Units.SECTORS_PER_KIB),
                level ? OptionalInt.of(after.level) : OptionalInt.empty(),
                List.of());
    }
}
