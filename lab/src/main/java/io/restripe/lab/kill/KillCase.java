package io.restripe.lab.kill;

import io.restripe.geometry.Geometry;
import io.restripe.metadata.VolumeSpec;
import io.restripe.node.daemon.GrowArguments;
import io.restripe.node.daemon.NewFiles;
import io.restripe.reshape.GrowRequest;
import io.restripe.unit.Units;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/** A container and the reshape it goes through in a round. The disks that join are spares of the container from the start. */
@SuppressWarnings("ImmutableEnumChecker") // a Geometry is a record of records and numbers
enum KillCase {
    GROW_RAID5(1, Geometry.ofMd(5, 0, 3, 128), Geometry.ofMd(5, 0, 4, 128)),
    CHUNK_RAID5(1, Geometry.ofMd(5, 0, 3, 128), Geometry.ofMd(5, 0, 3, 256)),
    GROW_RAID0(1, Geometry.ofMd(0, 0, 2, 128), Geometry.ofMd(0, 0, 3, 128)),
    RAID0_TO_RAID5(1, Geometry.ofMd(0, 0, 2, 128), Geometry.ofMd(5, 0, 3, 128)),
    TWO_VOLUMES(2, Geometry.ofMd(5, 0, 3, 128), Geometry.ofMd(5, 0, 4, 128));

    static final long MEMBER_KIB = 6144;
    static final long DISK_SECTORS = Units.sectorsOfBytesExact(32L << 20);

    private final int volumes;
    private final Geometry before;
    private final Geometry after;

    KillCase(int volumes, Geometry before, Geometry after) {
        this.volumes = volumes;
        this.before = before;
        this.after = after;
    }

    int volumes() {
        return volumes;
    }

    int disks() {
        return after.members();
    }

    Geometry before() {
        return before;
    }

    Geometry after() {
        return after;
    }

    static String volumeName(int volume) {
        return "v" + volume;
    }

    static String serial(int disk) {
        return "KILL-" + disk;
    }

    VolumeSpec spec(int volume) {
        List<String> serials = new ArrayList<>();
        for (int disk = 0; disk < before.members(); disk++) {
            serials.add(serial(disk));
        }
        return new VolumeSpec(volumeName(volume), before, MEMBER_KIB, serials, true);
    }

    private boolean changesLevel() {
        return before.mdLevel() != after.mdLevel();
    }

    private OptionalInt wantedDisks() {
        boolean grows = before.members() != after.members() && !changesLevel();
        return grows ? OptionalInt.of(after.members()) : OptionalInt.empty();
    }

    private OptionalInt wantedChunk() {
        return before.chunkSectors() == after.chunkSectors()
                ? OptionalInt.empty()
                : OptionalInt.of(after.chunkSectors());
    }

    private OptionalInt wantedLevel() {
        return changesLevel() ? OptionalInt.of(after.mdLevel()) : OptionalInt.empty();
    }

    /** For the manager. */
    GrowRequest request() {
        String volume = wantedDisks().isPresent() ? null : volumeName(0);
        return new GrowRequest(volume, wantedDisks(), wantedChunk(), wantedLevel(), List.of());
    }

    /** The same for the host. */
    GrowArguments arguments() {
        OptionalInt chunkKib = wantedChunk().isEmpty()
                ? OptionalInt.empty()
                : OptionalInt.of(Math.toIntExact(wantedChunk().getAsInt() / Units.SECTORS_PER_KIB));
        String volume = wantedDisks().isPresent() ? "" : volumeName(0);
        return new GrowArguments(volume, wantedDisks(), chunkKib, wantedLevel(), NewFiles.NONE, List.of());
    }
}
