package io.restripe.metadata.imsm;

import io.restripe.consistency.ConsistencyPolicy;
import io.restripe.geometry.Geometry;
import io.restripe.geometry.Level;
import io.restripe.geometry.Rotation;
import io.restripe.metadata.VolumeSpec;
import io.restripe.rule.Problem;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;

/** Everything that stands against a new volume (docs/imsm.md, 4.2, 4.4 and chapter 12). One use. */
final class VolumeRefusals {
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_-][A-Za-z0-9._-]{0,15}");
    private static final long LEAST_CHUNK = 8;
    private static final long MOST_CHUNK = 4096;
    private static final int MIRROR_CHUNK = 128;
    private static final int MOST_VOLUMES = 255;

    private final ImsmMetadata metadata;
    private final VolumeSpec spec;
    private final List<Problem> problems = new ArrayList<>();

    VolumeRefusals(ImsmMetadata metadata, VolumeSpec spec) {
        this.metadata = metadata;
        this.spec = spec;
    }

    List<Problem> problems() {
        checkContainer();
        checkName();
        checkShape();
        checkChunk();
        checkMembers();
        if (problems.isEmpty()) {
            checkSize();
        }
        return List.copyOf(problems);
    }

    private void add(String where, String why, String remedy) {
        problems.add(new Problem("cannot create volume \"" + spec.name() + "\"", where, why, remedy));
    }

    private void checkContainer() {
        Mpb mpb = metadata.mpb();
        if (Attributes.unsupported(mpb.header().attributes()) != 0) {
            add("container", "its metadata uses features not known here", "Use what made it");
        }
        if (mpb.volumes().size() >= MOST_VOLUMES) {
            add("container", "it has " + mpb.volumes().size() + " volumes already", "Delete one first");
        }
        if (mpb.reshapingVolume() >= 0) {
            add(
                    "volume " + mpb.volumes().get(mpb.reshapingVolume()).name(),
                    "its geometry is changing",
                    "Wait until it has finished");
        }
    }

    private void checkName() {
        if (!NAME.matcher(spec.name()).matches()) {
            add(
                    "name",
                    "\"" + spec.name() + "\" is not 1 to 16 of the characters A-Z a-z 0-9 . _ - with no dot first",
                    "Choose another name");
        } else if (metadata.mpb().volumes().stream().anyMatch(v -> v.name().equals(spec.name()))) {
            add("name", "the container has a volume of this name", "Choose another name");
        }
    }

    private void checkShape() {
        if (spec.policy() == ConsistencyPolicy.PPL && spec.geometry().mdLevel() != 5) {
            add("consistency policy", "a partial parity log goes with RAID5 only", "Leave it out, or use --level=5");
        }
        if (spec.policy() == ConsistencyPolicy.BITMAP && spec.geometry().redundancy() == 0) {
            add("bitmap", "there is nothing to resync without redundancy", "Leave it out, or use another level");
        }
        Geometry geometry = spec.geometry();
        int members = geometry.members();
        switch (geometry.level()) {
            case Level.Striped _ -> {}
            case Level.Parity p -> {
                if (p.mdLevel() != 5 || p.rotation() != Rotation.LEFT_ASYMMETRIC) {
                    add(
                            "level",
                            "the format records RAID5 in the layout left-asymmetric and no other parity level",
                            "Use --level=5 --layout=left-asymmetric");
                } else if (members < 3) {
                    add("members", "RAID5 takes at least 3, not " + members, "Name more members");
                }
            }
            case Level.Mirrored _ -> {
                if (members != 2) {
                    add("members", "RAID1 takes 2 in this format, not " + members, mirrorRemedy(members));
                }
            }
            case Level.Near n -> {
                if (n.near() != 2 || members < 4 || members % 2 != 0) {
                    add(
                            "members",
                            "RAID10 takes an even number from 4 with 2 near copies, not " + members + " with "
                                    + n.near(),
                            "Use --layout=n2 and an even number of members from 4");
                }
            }
        }
    }

    private static String mirrorRemedy(int members) {
        return members >= 4 && members % 2 == 0 ? "Name 2, or use --level=10" : "Name 2 members";
    }

    private void checkChunk() {
        int chunk = spec.geometry().chunkSectors();
        if (spec.geometry().level() instanceof Level.Mirrored) {
            if (chunk != MIRROR_CHUNK) {
                add("chunk", "RAID1 is recorded with 64 KiB, not " + Refusals.kib(chunk), "Leave the chunk out");
            }
        } else if (!Refusals.isChunk(chunk, LEAST_CHUNK, MOST_CHUNK)) {
            add(
                    "chunk",
                    Refusals.kib(chunk) + " is not a power of two from 4 KiB to 2 MiB",
                    "Choose such a chunk, up to 1 MiB if the volume shall ever be reshaped");
        }
    }

    private void checkMembers() {
        List<String> serials = spec.serials();
        if (serials.size() != spec.geometry().members()) {
            add(
                    "members",
                    serials.size() + " are named for " + spec.geometry().members() + " slots",
                    "Name as many members as the volume has, or \"missing\"");
            return;
        }
        Set<String> seen = new HashSet<>();
        for (String serial : serials) {
            if (serial != null && !seen.add(serial)) {
                add("member " + serial, "it is named twice", "Name every member once");
            }
            if (serial != null && metadata.sizeOf(serial).isEmpty()) {
                add("member " + serial, "the container does not have it", "Add it to the container first");
            }
        }
        long fresh = serials.stream()
                .filter(serial -> serial == null || metadata.mpb().workingDisk(serial) < 0)
                .count();
        if (!Refusals.hasRoom(metadata.mpb(), fresh)) {
            add("members", Refusals.NO_ROOM, "Name fewer members");
        }
        long missing = serials.stream().filter(Objects::isNull).count();
        if (missing > 0 && !startsDegraded(serials)) {
            add("members", missing + " missing are more than the level can do without", "Name more members");
        }
        checkSameSlots(serials);
    }

    private boolean startsDegraded(List<String> serials) {
        if (!(spec.geometry().level() instanceof Level.Near)) {
            return serials.stream().filter(Objects::isNull).count()
                    <= spec.geometry().redundancy();
        }
        for (int slot = 0; slot + 1 < serials.size(); slot += 2) {
            if (serials.get(slot) == null && serials.get(slot + 1) == null) {
                return false;
            }
        }
        return true;
    }

    /** Every driver but one old version demands that all volumes of a container lie on the same disks in the same order. */
    private void checkSameSlots(List<String> serials) {
        Mpb mpb = metadata.mpb();
        if (mpb.volumes().isEmpty()) {
            return;
        }
        MapEntry map = mpb.volumes().getFirst().map0();
        boolean same = map.members() == serials.size();
        for (int slot = 0; same && slot < serials.size(); slot++) {
            same = mpb.disks().get(map.diskOf(slot)).serial().equals(serials.get(slot));
        }
        if (!same) {
            List<String> wanted = map.order().stream()
                    .map(entry -> mpb.disks().get(entry & MapEntry.INDEX_MASK).serial())
                    .toList();
            add(
                    "members",
                    "all volumes of a container lie on the same disks in the same order",
                    "Name these: " + String.join(", ", wanted));
        }
    }

    private void checkSize() {
        VolumeCreation.Extent extent = VolumeCreation.extent(metadata, spec);
        if (extent.perMember() < VolumeCreation.MIB_SECTORS) {
            add(
                    "size",
                    "less than 1 MiB of each member remains after rounding; there is room for "
                            + Refusals.kib(Math.max(0, extent.room())),
                    "Choose a larger size, or larger members");
        } else if (extent.perMember() > extent.room()) {
            add(
                    "size",
                    Refusals.kib(extent.perMember()) + " of each member are wanted, there is room for "
                            + Refusals.kib(Math.max(0, extent.room())),
                    "Choose a smaller size");
        }
    }
}
