package io.restripe.metadata.imsm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.restripe.geometry.Geometry;
import io.restripe.geometry.Level;
import io.restripe.geometry.Rotation;
import io.restripe.metadata.ContainerMetadata;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.ReshapeGoal;
import io.restripe.metadata.VolumeSpec;
import io.restripe.rule.Problem;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What the format cannot record is refused before anything is written, with the reason. */
class RefusalTest {
    private static final Level RAID5 = new Level.Parity(5, Rotation.LEFT_ASYMMETRIC);
    private static final Level RAID0 = new Level.Striped();

    private static ContainerMetadata empty(int disks, long sectors) {
        List<MemberDisk> members = new ArrayList<>();
        for (int i = 0; i < disks; i++) {
            members.add(new MemberDisk("d" + i, "S" + i, new TailDisk("d" + i, sectors, 512)));
        }
        return Fixture.format().create(members);
    }

    private static ContainerMetadata with(Geometry geometry, int disks) {
        return empty(disks, 131072).withVolume(spec("v0", geometry, 20480));
    }

    private static VolumeSpec spec(String name, Geometry geometry, long kib) {
        List<String> serials = new ArrayList<>();
        for (int i = 0; i < geometry.members(); i++) {
            serials.add("S" + i);
        }
        return new VolumeSpec(name, geometry, kib, serials, true);
    }

    private static void assertVolume(VolumeSpec spec, String where, String why) {
        assertSays(empty(6, 131072).refuseVolume(spec), where, why);
        assertThatThrownBy(() -> empty(6, 131072).withVolume(spec)).isInstanceOf(IllegalStateException.class);
    }

    private static void assertReshape(
            ContainerMetadata metadata, Geometry after, List<String> more, String where, String why) {
        ReshapeGoal goal = new ReshapeGoal(0, after, more);
        assertSays(metadata.refuseReshape(goal), where, why);
        assertThatThrownBy(() -> metadata.withReshape(goal, true)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void a_spare_must_be_as_large_as_the_volumes_and_the_tail_need() {
        ContainerMetadata metadata = with(new Geometry(RAID5, 3, 128), 3);
        long least = Refusals.leastDisk(((ImsmMetadata) metadata).mpb());
        assertThat(least).isGreaterThan(20480 * 2 + VolumeCreation.METADATA_SECTORS);
        for (long sectors : List.of(0L, 1L, 2L, 16384L, least - 1)) {
            MemberDisk small = new MemberDisk("/d/small", "SMALL", new TailDisk("small", sectors, 512));
            assertSays(metadata.refuseSpare(small), "disk /d/small", "it has " + sectors / 2 + " KiB");
            assertThat(metadata.fits(0, small)).isFalse();
        }
        MemberDisk fitting = new MemberDisk("/d/large", "LARGE", new TailDisk("large", least, 512));
        assertThat(metadata.refuseSpare(fitting)).isEmpty();
        MemberDisk other = new MemberDisk("/d/4k", "LARGE", new TailDisk("4k", least + 8, 4096));
        assertSays(
                metadata.refuseSpare(other), "disk /d/4k", "its sectors have 4096 bytes, those of the container 512");
        MemberDisk twice = new MemberDisk("/d/twice", "S1", new TailDisk("twice", least + 8, 512));
        assertSays(metadata.refuseSpare(twice), "disk /d/twice", "that of a working member");
    }

    private static void assertSays(List<Problem> problems, String where, String why) {
        assertThat(problems)
                .as("%s: %s", where, why)
                .anyMatch(p -> p.where().equals(where) && p.why().contains(why));
    }

    @Test
    void names_are_1_to_16_portable_characters_and_unique() {
        Geometry geometry = new Geometry(RAID0, 2, 128);
        assertVolume(spec("", geometry, 20480), "name", "1 to 16");
        assertVolume(spec("a1234567890123456", geometry, 20480), "name", "1 to 16");
        assertVolume(spec("a b", geometry, 20480), "name", "1 to 16");
        assertVolume(spec(".hidden", geometry, 20480), "name", "no dot first");
        assertThat(empty(6, 131072).refuseVolume(spec("a123456789012345", geometry, 20480)))
                .isEmpty();
        assertSays(with(geometry, 2).refuseVolume(spec("v0", geometry, 5120)), "name", "has a volume of this name");
    }

    @Test
    void shapes_that_the_format_cannot_record_are_refused() {
        assertVolume(spec("v", new Geometry(RAID5, 2, 128), 20480), "members", "at least 3");
        Level symmetric = new Level.Parity(5, Rotation.LEFT_SYMMETRIC);
        assertVolume(spec("v", new Geometry(symmetric, 3, 128), 20480), "level", "left-asymmetric");
        Level raid6 = new Level.Parity(6, Rotation.LEFT_ASYMMETRIC);
        assertVolume(spec("v", new Geometry(raid6, 4, 128), 20480), "level", "no other parity level");
        assertVolume(spec("v", new Geometry(new Level.Mirrored(), 3, 128), 20480), "members", "RAID1 takes 2");
        assertVolume(spec("v", new Geometry(new Level.Near(2), 5, 128), 20480), "members", "even number");
        assertVolume(spec("v", new Geometry(new Level.Near(3), 6, 128), 20480), "members", "near copies");
        assertVolume(spec("v", new Geometry(RAID0, 2, 96), 20480), "chunk", "power of two");
        assertVolume(spec("v", new Geometry(RAID0, 2, 8192), 20480), "chunk", "power of two");
    }

    @Test
    void members_and_sizes_must_be_there() {
        Geometry geometry = new Geometry(RAID5, 3, 128);
        assertVolume(spec("v", geometry, 1000), "size", "less than 1 MiB");
        assertVolume(spec("v", geometry, 65536), "size", "there is room for");
        assertVolume(new VolumeSpec("v", geometry, 0, List.of("S0", "S1"), true), "members", "2 are named for 3");
        assertVolume(new VolumeSpec("v", geometry, 0, List.of("S0", "S1", "S1"), true), "member S1", "twice");
        assertVolume(
                new VolumeSpec("v", geometry, 0, List.of("S0", "S1", "S9"), true), "member S9", "does not have it");
        assertVolume(new VolumeSpec("v", geometry, 0, Arrays.asList("S0", null, null), true), "members", "2 missing");
        VolumeSpec degraded = new VolumeSpec("v", geometry, 0, Arrays.asList("S0", null, "S2"), true);
        assertThat(empty(6, 131072).refuseVolume(degraded)).isEmpty();
        assertThat(empty(6, 131072)
                        .withVolume(degraded)
                        .container()
                        .volumes()
                        .getFirst()
                        .missingSlots())
                .isEqualTo(1);
        VolumeSpec elsewhere = new VolumeSpec("w", geometry, 5120, List.of("S1", "S0", "S2"), true);
        assertSays(with(geometry, 3).refuseVolume(elsewhere), "members", "the same disks in the same order");
    }

    @Test
    void reshapes_that_the_format_cannot_record_are_refused() {
        ContainerMetadata raid5 = with(new Geometry(RAID5, 4, 128), 6);
        assertReshape(raid5, new Geometry(RAID5, 3, 128), List.of(), "members", "fewer members");
        assertReshape(raid5, new Geometry(RAID5, 4, 128), List.of(), "volume v0", "this geometry already");
        assertReshape(raid5, new Geometry(RAID5, 5, 256), List.of("S4"), "chunk", "at once");
        assertReshape(raid5, new Geometry(RAID0, 4, 128), List.of(), "level", "no way from RAID5");
        Level symmetric = new Level.Parity(5, Rotation.LEFT_SYMMETRIC);
        assertReshape(raid5, new Geometry(symmetric, 4, 128), List.of(), "level", "no way from RAID5");
        assertReshape(raid5, new Geometry(RAID5, 4, 96), List.of(), "chunk", "power of two");
        assertReshape(raid5, new Geometry(RAID5, 4, 4096), List.of(), "chunk", "4 KiB to 1 MiB");
        ContainerMetadata raid0 = with(new Geometry(RAID0, 3, 128), 6);
        assertReshape(raid0, new Geometry(RAID5, 4, 256), List.of("S3"), "chunk", "new level and a new chunk");
        assertReshape(raid0, new Geometry(RAID5, 5, 128), List.of("S3", "S4"), "members", "one more member");
        assertReshape(raid0, new Geometry(symmetric, 4, 128), List.of("S3"), "layout", "left-asymmetric");
        assertReshape(
                with(new Geometry(new Level.Near(2), 4, 128), 6),
                new Geometry(new Level.Near(2), 6, 128),
                List.of("S4", "S5"),
                "level",
                "RAID10");
        assertReshape(
                with(new Geometry(RAID0, 2, 4096), 3), new Geometry(RAID0, 3, 4096), List.of("S2"), "chunk", "1 MiB");
    }

    @Test
    void new_members_must_be_enough_known_free_and_large() {
        ContainerMetadata raid5 = with(new Geometry(RAID5, 3, 128), 4);
        Geometry after = new Geometry(RAID5, 4, 128);
        assertReshape(raid5, after, List.of(), "container", "1 more members are needed, 0 are there");
        assertReshape(raid5, after, List.of("S9"), "member S9", "does not have it");
        assertReshape(raid5, after, List.of("S0"), "member S0", "a slot of this volume already");
        MemberDisk small = new MemberDisk("small", "small", new TailDisk("small", 45000, 512));
        assertThat(raid5.fits(0, small)).isFalse();
        assertThat(raid5.fits(0, new MemberDisk("ok", "ok", new TailDisk("ok", 45218, 512))))
                .isTrue();
        assertReshape(
                raid5.withSpare(small), after, List.of("small"), "member small", "45000 sectors, 45218 are needed");
    }

    @Test
    void a_container_that_is_busy_failed_or_guarded_is_not_reshaped() throws IOException {
        Geometry after = new Geometry(RAID5, 3, 256);
        assertReshape(state("16-init-resync"), after, List.of(), "volume v0", "being synchronised");
        ContainerMetadata degraded = state("18-failed-member");
        assertThat(degraded.refuseReshape(new ReshapeGoal(0, after, List.of()))).isEmpty();
        assertReshape(
                degraded.withMemberFailed("/dev/loop0"),
                after,
                List.of(),
                "volume v0",
                "lacks more members than it can");
        assertReshape(state("41-grow-r5-start-window-a"), after, List.of(), "volume v0", "reshaped");
        ContainerMetadata three = state("10-three-volumes");
        assertSays(
                three.refuseReshape(new ReshapeGoal(2, new Geometry(RAID5, 3, 128), List.of())),
                "volume v2",
                "first two volumes");
        ContainerMetadata two =
                state("09-two-volumes").withSpare(new MemberDisk("s", "s", new TailDisk("s", 131072, 512)));
        assertReshape(two, new Geometry(RAID5, 4, 128), List.of("s"), "container", "no other volume");
    }

    private static ContainerMetadata state(String fixture) throws IOException {
        return Fixture.load(fixture).choose().metadata();
    }

    @Test
    void a_chunk_that_does_not_divide_the_component_is_refused() {
        ContainerMetadata raid5 = empty(3, 131072).withVolume(spec("v0", new Geometry(RAID5, 3, 128), 21504));
        assertThat(raid5.refuseReshape(new ReshapeGoal(0, new Geometry(RAID5, 3, 2048), List.of())))
                .isEmpty();
        ContainerMetadata odd = withComponent(raid5, 42880);
        assertReshape(odd, new Geometry(RAID5, 3, 2048), List.of(), "chunk", "does not divide");
    }

    /** A volume as other writers leave it: not whole MiB. */
    private static ContainerMetadata withComponent(ContainerMetadata metadata, long component) {
        ImsmMetadata imsm = (ImsmMetadata) metadata;
        VolumeEntry volume = imsm.mpb().volumes().getFirst();
        MapEntry map = volume.map0();
        MapEntry odd = new MapEntry(
                map.raw(),
                map.startSector(),
                map.memberSectors(),
                component / map.chunkSectors(),
                map.chunkSectors(),
                map.state(),
                map.storedLevel(),
                map.domains(),
                map.failedSlot(),
                map.order());
        VolumeEntry changed = volume.withSize(component * 2).withMaps(odd, volume.map1());
        return imsm.withMpb(imsm.mpb().withVolume(0, changed));
    }

    @Test
    void unknown_attributes_are_readable_and_neither_run_nor_written() throws IOException {
        ImsmMetadata plain = (ImsmMetadata) state("02-r5-3d-idle");
        MpbHeader header = plain.mpb().header();
        ImsmMetadata strange = plain.withMpb(
                plain.mpb().withHeader(header.withAttributes(header.version(), header.attributes() | 0x0200_0000L)));
        assertThat(strange.container().volumes()).hasSize(1);
        assertSays(strange.refuseActivation(0), "MPB header, attributes", "2000000");
        assertThat(plain.refuseActivation(0)).isEmpty();
        assertThatThrownBy(() -> Fixture.format()
                        .commit(strange, Fixture.load("02-r5-3d-idle").bySerial()))
                .isInstanceOf(IllegalStateException.class);
        ImsmMetadata mapped = (ImsmMetadata) state("15-bitmap");
        assertThat(mapped.refuseActivation(0)).isEmpty();
        VolumeEntry v = mapped.mpb().volumes().getFirst();
        VolumeEntry journal = new VolumeEntry(
                v.raw(),
                v.name(),
                v.sizeSectors(),
                v.status(),
                v.volumeId(),
                VolumeEntry.WRITE_HOLE_JOURNAL,
                v.migrationUnit(),
                v.migrationType(),
                v.dirty(),
                v.map0(),
                v.map1());
        assertSays(mapped.withMpb(mapped.mpb().withVolume(0, journal)).refuseActivation(0), "volume v0", "policy 2");
    }
}
