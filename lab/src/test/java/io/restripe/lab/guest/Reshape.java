package io.restripe.lab.guest;

import io.restripe.consistency.ConsistencyPolicy;
import io.restripe.node.daemon.CreateRequest;
import io.restripe.node.daemon.GrowArguments;
import io.restripe.node.daemon.NewFiles;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/** A volume on the first disks of a guest and what becomes of it; further disks join for the change. */
enum Reshape {
    GROW_RAID5(5, 3, 64, 1, OptionalInt.of(4), OptionalInt.empty(), OptionalInt.empty()),
    CHUNK_RAID5(5, 3, 64, 0, OptionalInt.empty(), OptionalInt.of(128), OptionalInt.empty()),
    GROW_RAID0(0, 2, 64, 1, OptionalInt.of(3), OptionalInt.empty(), OptionalInt.empty()),
    CHUNK_RAID0(0, 3, 128, 0, OptionalInt.empty(), OptionalInt.of(64), OptionalInt.empty()),
    RAID0_TO_RAID5(0, 2, 64, 1, OptionalInt.empty(), OptionalInt.empty(), OptionalInt.of(5));

    /** Of each member. */
    static final long MEMBER_KIB = 12288;

    static final String VOLUME = "v0";

    /** A smaller one behind it, where the disks have room. */
    static final String SECOND_VOLUME = "v1";

    private static final long SECOND_MEMBER_KIB = 6144;
    static final int SECOND_BLOCKS = Math.toIntExact(2 * SECOND_MEMBER_KIB * 2 / Load.BLOCK_SECTORS);

    private final int level;
    private final int members;
    private final int chunkKib;
    private final int joining;
    private final OptionalInt raidDisks;
    private final OptionalInt newChunkKib;
    private final OptionalInt newLevel;

    Reshape(
            int level,
            int members,
            int chunkKib,
            int joining,
            OptionalInt raidDisks,
            OptionalInt newChunkKib,
            OptionalInt newLevel) {
        this.level = level;
        this.members = members;
        this.chunkKib = chunkKib;
        this.joining = joining;
        this.raidDisks = raidDisks;
        this.newChunkKib = newChunkKib;
        this.newLevel = newLevel;
    }

    int disks() {
        return members + joining;
    }

    /** The guest names its disks so, and so does mdadm there. */
    static String disk(int index) {
        String path = "/dev/ubd" + (char) ('a' + index);
        return path + "@" + path;
    }

    List<String> disksBefore() {
        return IntStream.range(0, members).mapToObj(Reshape::disk).toList();
    }

    List<String> allDisks() {
        return IntStream.range(0, disks()).mapToObj(Reshape::disk).toList();
    }

    CreateRequest create() {
        return new CreateRequest(
                VOLUME,
                level,
                0,
                members,
                chunkKib,
                MEMBER_KIB,
                disksBefore(),
                NewFiles.NONE,
                false,
                true,
                ConsistencyPolicy.RESYNC);
    }

    CreateRequest secondVolume() {
        return new CreateRequest(
                SECOND_VOLUME,
                level,
                0,
                members,
                chunkKib,
                SECOND_MEMBER_KIB,
                List.of(), // the container's, in their order
                NewFiles.NONE,
                false,
                true,
                ConsistencyPolicy.RESYNC);
    }

    /** Of every volume of the container. */
    GrowArguments changeOfAll() {
        return new GrowArguments("", raidDisks, newChunkKib, newLevel, NewFiles.NONE, change().add());
    }

    GrowArguments change() {
        List<String> add =
                IntStream.range(members, disks()).mapToObj(Reshape::disk).toList();
        return new GrowArguments(VOLUME, raidDisks, newChunkKib, newLevel, NewFiles.NONE, add);
    }

    /** The same when the disks have joined already. */
    GrowArguments changeOnSpares() {
        return new GrowArguments(VOLUME, raidDisks, newChunkKib, newLevel, NewFiles.NONE, List.of());
    }

    /** Then nobody may have the kernel's device open when it begins. */
    boolean changesLevelFirst() {
        return level == 0;
    }

    int blocks() {
        long kib = MEMBER_KIB * (level == 5 ? members - 1 : members);
        return Math.toIntExact(kib / (Load.BLOCK_SECTORS / 2));
    }
}
