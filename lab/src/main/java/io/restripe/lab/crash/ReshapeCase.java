package io.restripe.lab.crash;

import io.restripe.consistency.ConsistencyPolicy;
import io.restripe.geometry.Geometry;
import io.restripe.geometry.Level;
import io.restripe.geometry.Rotation;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.VolumeSpec;
import io.restripe.reshape.GrowRequest;
import io.restripe.unit.Units;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;

/** A container and what is done to it. */
@SuppressWarnings("ImmutableEnumChecker") // a Geometry is a record of records and numbers
public enum ReshapeCase {
    GROW_RAID5_3_TO_4(1, 5, Past.NONE, raid5(3, 128), raid5(4, 128)),
    GROW_RAID5_3_TO_4_SMALL_CHUNK(1, 5, Past.NONE, raid5(3, 16), raid5(4, 16)),
    GROW_RAID5_4_TO_6(1, 5, Past.NONE, raid5(4, 128), raid5(6, 128)),
    GROW_RAID5_3_TO_4_DEGRADED(1, 5, Past.LOST_A_MEMBER, raid5(3, 128), raid5(4, 128)),
    GROW_RAID5_3_TO_4_REBUILT(1, 5, Past.REBUILT, raid5(3, 128), raid5(4, 128)),
    CHUNK_RAID5_64K_TO_128K(1, 5, Past.NONE, raid5(3, 128), raid5(3, 256)),
    CHUNK_RAID5_128K_TO_64K(1, 5, Past.NONE, raid5(3, 256), raid5(3, 128)),
    CHUNK_RAID5_64K_TO_128K_REBUILT(1, 3, Past.REBUILT, raid5(3, 128), raid5(3, 256)),
    GROW_RAID0_2_TO_3(1, 5, Past.NONE, raid0(2, 128), raid0(3, 128)),
    CHUNK_RAID0_64K_TO_128K(1, 5, Past.NONE, raid0(2, 128), raid0(2, 256)),
    RAID0_2_TO_RAID5_3(1, 5, Past.NONE, raid0(2, 128), raid5(3, 128)),
    TWO_VOLUMES_RAID5_3_TO_4(2, 5, Past.NONE, raid5(3, 128), raid5(4, 128)),
    /** The smallest of their kind, with few enough states to see all of them. */
    SMALL_GROW(1, 2, Past.NONE, raid5(3, 128), raid5(4, 128)),
    SMALL_CHUNK(1, 2, Past.NONE, raid5(3, 128), raid5(3, 256)),
    SMALL_RAID0_TO_RAID5(1, 2, Past.NONE, raid0(2, 128), raid5(3, 128)),
    GROW_RAID5_3_TO_4_PPL(1, 5, Past.NONE, raid5(3, 128), raid5(4, 128)),
    CHUNK_RAID5_8K_TO_16K_PPL(1, 2, Past.NONE, raid5(3, 16), raid5(3, 32)),
    GROW_RAID5_3_TO_4_SMALL_CHUNK_PPL(1, 2, Past.NONE, raid5(3, 16), raid5(4, 16)),
    /** Nothing is reshaped: users write an array whose partial parity is logged. */
    WRITES_PPL(1, 2, Past.NONE, raid5(4, 16), raid5(4, 16)),
    WRITES_PPL_LARGE_CHUNK(1, 2, Past.NONE, raid5(3, 512), raid5(3, 512)),
    GROW_RAID5_3_TO_4_SMALL_CHUNK_BITMAP(1, 2, Past.NONE, raid5(3, 16), raid5(4, 16)),
    CHUNK_RAID5_8K_TO_16K_BITMAP(1, 2, Past.NONE, raid5(3, 16), raid5(3, 32)),
    WRITES_BITMAP(1, 2, Past.NONE, raid5(4, 16), raid5(4, 16)),
    WRITES_BITMAP_RAID1(1, 2, Past.NONE, raid1(), raid1()),
    WRITES_PPL_DEGRADED(1, 2, Past.LOST_A_MEMBER, raid5(4, 16), raid5(4, 16)),
    /** Users write while one consistency policy follows another. */
    WRITES_UNDER_EVERY_POLICY(1, 2, Past.NONE, raid5(4, 16), raid5(4, 16));

    /** What happened to the container before. */
    public enum Past {
        NONE,
        /** A member failed and nothing took its place. */
        LOST_A_MEMBER,
        /** A member failed and a spare took its place: slots are no longer in disk order. */
        REBUILT
    }

    private static final long METADATA_SECTORS = 2210;
    private static final long GAP_SECTORS = 8192;

    private final int volumes;
    private final long memberKib;
    private final Past past;
    private final Geometry before;
    private final Geometry after;

    ReshapeCase(int volumes, long memberMib, Past past, Geometry before, Geometry after) {
        this.volumes = volumes;
        this.memberKib = memberMib * 1024;
        this.past = past;
        this.before = before;
        this.after = after;
    }

    private static Geometry raid5(int members, int chunkSectors) {
        return new Geometry(new Level.Parity(5, Rotation.LEFT_ASYMMETRIC), members, chunkSectors);
    }

    private static Geometry raid1() {
        return new Geometry(new Level.Mirrored(), 2, 128);
    }

    private static Geometry raid0(int members, int chunkSectors) {
        return new Geometry(new Level.Striped(), members, chunkSectors);
    }

    /** The name used on command lines: "grow-raid5-3-to-4". */
    public String id() {
        return name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
    }

    /** The cases of these names, with commas between them; all of them for null. */
    public static List<ReshapeCase> named(String ids) {
        return ids == null
                ? List.of(values())
                : Arrays.stream(ids.split(",")).map(ReshapeCase::of).toList();
    }

    private static ReshapeCase of(String id) {
        return Arrays.stream(values())
                .filter(c -> c.id().equals(id))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no case " + id));
    }

    /** Whether there is a reshape at all, or only users. */
    public boolean reshapes() {
        return !before.equals(after);
    }

    /** Whether the volume logs partial parity. */
    public boolean logsParity() {
        return name().contains("_PPL");
    }

    /** Whether the volume has a write-intent bitmap. */
    public boolean mapsWrites() {
        return name().contains("_BITMAP");
    }

    /** Whether the volume gets other policies while it is written. */
    public boolean changesPolicy() {
        return this == WRITES_UNDER_EVERY_POLICY;
    }

    /** Whether it can do without one more of its members all the while. */
    public boolean canLoseAMember() {
        return before.redundancy() > 0 && past != Past.LOST_A_MEMBER;
    }

    public int volumes() {
        return volumes;
    }

    public Geometry before() {
        return before;
    }

    public Geometry after() {
        return after;
    }

    public Past past() {
        return past;
    }

    /** Those that join for the reshape, and the one that took a failed member's place, included. */
    public int disks() {
        return after.members() + (past == Past.REBUILT ? 1 : 0);
    }

    /** Sectors of each member that the first volume takes. */
    public long memberSectors() {
        return memberKib * Units.SECTORS_PER_KIB;
    }

    /** Disks that the container has when the reshape is asked for. */
    public int disksBefore() {
        return disks() - (after.members() - before.members());
    }

    public long diskSectors() {
        return volumes * (memberKib * Units.SECTORS_PER_KIB + GAP_SECTORS) + METADATA_SECTORS;
    }

    public static String serial(int disk) {
        return "SIM-" + disk;
    }

    public static String volumeName(int volume) {
        return "v" + volume;
    }

    VolumeSpec spec(int volume) {
        List<String> serials = new ArrayList<>();
        for (int d = 0; d < before.members(); d++) {
            serials.add(serial(d));
        }
        ConsistencyPolicy policy = mapsWrites()
                ? ConsistencyPolicy.BITMAP
                : logsParity() ? ConsistencyPolicy.PPL : ConsistencyPolicy.RESYNC;
        return new VolumeSpec(volumeName(volume), before, memberKib, serials, true, policy);
    }

    public GrowRequest request(List<MemberDisk> members) {
        return requestAdding(members.subList(disksBefore(), disks()));
    }

    /** What a person asks for, with these disks to be added first. */
    public GrowRequest requestAdding(List<MemberDisk> joining) {
        boolean level = before.mdLevel() != after.mdLevel();
        boolean grows = before.members() != after.members() && !level;
        boolean chunk = before.chunkSectors() != after.chunkSectors();
        return new GrowRequest(
                grows ? null : volumeName(0),
                grows ? OptionalInt.of(after.members()) : OptionalInt.empty(),
                chunk ? OptionalInt.of(after.chunkSectors()) : OptionalInt.empty(),
                level ? OptionalInt.of(after.mdLevel()) : OptionalInt.empty(),
                joining);
    }
}
