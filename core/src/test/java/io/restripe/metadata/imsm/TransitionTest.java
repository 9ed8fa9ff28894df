package io.restripe.metadata.imsm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.restripe.geometry.Geometry;
import io.restripe.geometry.Level;
import io.restripe.geometry.Rotation;
import io.restripe.metadata.Activity;
import io.restripe.metadata.ContainerDisk;
import io.restripe.metadata.ContainerMetadata;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.Progress;
import io.restripe.metadata.ReshapeGoal;
import io.restripe.metadata.Slot;
import io.restripe.metadata.Volume;
import io.restripe.metadata.VolumeSpec;
import io.restripe.rule.RuleBroken;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Transitions give the bytes that real mdadm wrote for the same event. */
class TransitionTest {
    private static final Level RAID5 = new Level.Parity(5, Rotation.LEFT_ASYMMETRIC);
    private static final Level RAID0 = new Level.Striped();
    private static final Blocks BLOCKS = new Blocks(512);

    private static ImsmMetadata state(String fixture, String... devices) throws IOException {
        return (ImsmMetadata) Fixture.load(fixture).choose(devices).metadata();
    }

    /** The same MPB apart from generation and family, which no two writers choose alike; and from attributes that a commit derives. */
    private static void assertSameBytes(ContainerMetadata ours, Mpb theirs) {
        Mpb mpb = ((ImsmMetadata) ours).mpb();
        MpbHeader header = mpb.header()
                .withGeneration(theirs.header().generation())
                .withFamily(theirs.header().family())
                .withAttributes(mpb.header().version(), Attributes.normalised(mpb, BLOCKS));
        assertThat(MpbCodec.encode(mpb.withHeader(header), BLOCKS)).isEqualTo(MpbCodec.encode(theirs, BLOCKS));
    }

    private static MemberDisk spare(String name, long sectors) {
        return new MemberDisk(name, name, new TailDisk(name, sectors, 512));
    }

    private static ImsmMetadata created(Geometry geometry, long kib, int disks) {
        List<MemberDisk> members = new ArrayList<>();
        List<String> serials = new ArrayList<>();
        for (int i = 0; i < disks; i++) {
            members.add(spare("S" + i, 131072));
            if (i < geometry.members()) {
                serials.add("S" + i);
            }
        }
        VolumeSpec spec = new VolumeSpec("v0", geometry, kib, serials, true);
        return (ImsmMetadata) Fixture.format().create(members).withVolume(spec);
    }

    @Test
    void a_member_that_fails_gives_the_bytes_of_fixture_18() throws IOException {
        ContainerMetadata failed =
                state("17-dirty", "loop0").withDirty(0, false).withMemberFailed("/dev/loop1");
        assertSameBytes(failed, state("18-failed-member", "loop0").mpb());
        assertThat(failed.withMemberFailed("/dev/loop1")).isSameAs(failed);
    }

    @Test
    void a_rebuild_onto_a_spare_gives_the_bytes_of_fixture_19() throws IOException {
        ContainerMetadata rebuilding = state("18-failed-member", "loop0")
                .withSpare(spare("/dev/loop3", 131072))
                .withRebuild(0, 1, "/dev/loop3")
                .withSyncPosition(0, 160 * 128 + 5);
        assertSameBytes(rebuilding, state("19-rebuild", "loop0").mpb());
        MpbHeader header = ((ImsmMetadata) rebuilding).mpb().header();
        assertThat(header.family()).isNotEqualTo(header.origFamily());
        ContainerMetadata done = rebuilding.withSyncFinished(0);
        assertThat(done.container().volumes().getFirst().slots())
                .containsExactly(new Slot(0, true), new Slot(2, true), new Slot(1, true));
        assertThat(done.container().volumes().getFirst().activity()).isEqualTo(new Activity.Idle());
        assertThat(((ImsmMetadata) done).mpb().volumes().getFirst().map0().failedSlot())
                .isEqualTo(MapEntry.NO_SLOT);
    }

    @Test
    void a_member_missing_at_the_start_gives_the_bytes_of_fixture_22() throws IOException {
        ContainerMetadata missing = state("23-bad-block-log", "loop0").withMemberMissing(1);
        assertSameBytes(missing, state("22-missing-at-assembly", "loop0").mpb());
    }

    @Test
    void resyncs_give_the_bytes_of_fixtures_16_and_20() throws IOException {
        ContainerMetadata idle = state("17-dirty").withDirty(0, false);
        assertSameBytes(
                idle.withResync(0, true).withSyncPosition(0, 46 * 384),
                state("16-init-resync").mpb());
        ContainerMetadata repaired = state("20-repair-resync").withSyncFinished(0);
        ContainerMetadata again =
                repaired.withDirty(0, true).withResync(0, false).withSyncPosition(0, 13 * 384 + 100);
        assertSameBytes(again, state("20-repair-resync").mpb());
        assertThat(((ImsmMetadata) repaired).mpb().volumes().getFirst().status())
                .isEqualTo(VolumeEntry.NEW_STATUS);
    }

    @Test
    void a_grow_begun_again_after_being_taken_back_gives_the_bytes_of_fixture_41() throws IOException {
        ImsmMetadata begun = state("41-grow-r5-start-window-a");
        ContainerMetadata back = begun.withReshapeCancelled(0);
        Volume volume = back.container().volumes().getFirst();
        assertThat(volume.arraySectors()).isEqualTo(81920);
        assertThat(back.container().disks().getLast())
                .isEqualTo(new ContainerDisk(-1, "/dev/ubdd", 131072, ContainerDisk.Status.SPARE));
        ReshapeGoal goal = new ReshapeGoal(0, new Geometry(RAID5, 4, 128), List.of("/dev/ubdd"));
        assertThat(back.refuseReshape(goal)).isEmpty();
        assertSameBytes(back.withReshape(goal, false), begun.mpb());
    }

    @Test
    void every_kind_of_reshape_gives_the_maps_that_mdadm_gave() throws IOException {
        assertMaps("33-grow-r0-2to3-copy", new Geometry(RAID0, 2, 128), new Geometry(RAID0, 3, 128));
        assertMaps("34-r0-to-r5-copy", new Geometry(RAID0, 3, 128), new Geometry(RAID5, 4, 128));
        assertMaps("35-chunk-r5-copy", new Geometry(RAID5, 3, 128), new Geometry(RAID5, 3, 512));
        assertMaps("37-chunk-r0-copy", new Geometry(RAID0, 3, 128), new Geometry(RAID0, 3, 512));
    }

    private static void assertMaps(String fixture, Geometry before, Geometry after) throws IOException {
        List<String> more = after.members() > before.members() ? List.of("S" + before.members()) : List.of();
        ImsmMetadata idle = created(before, 20480, after.members());
        ReshapeGoal goal = new ReshapeGoal(0, after, more);
        assertThat(idle.refuseReshape(goal)).isEmpty();
        VolumeEntry ours =
                ((ImsmMetadata) idle.withReshape(goal, true)).mpb().volumes().getFirst();
        VolumeEntry theirs = state(fixture).mpb().volumes().getFirst();
        assertThat(ours.sizeSectors()).isEqualTo(theirs.sizeSectors());
        assertThat(numbers(ours.map0())).isEqualTo(numbers(theirs.map0()));
        assertThat(numbers(ours.present())).isEqualTo(numbers(theirs.present()));
    }

    private static List<Object> numbers(MapEntry map) {
        return List.of(
                map.startSector(),
                map.memberSectors(),
                map.stripes(),
                map.chunkSectors(),
                map.state(),
                map.storedLevel(),
                map.domains(),
                map.failedSlot(),
                map.order());
    }

    @Test
    void a_new_volume_has_the_numbers_that_mdadm_gave() throws IOException {
        assertCreated("02-r5-3d-idle", new Geometry(RAID5, 3, 128), 20000);
        assertCreated("03-r0-2d", new Geometry(RAID0, 2, 128), 20480);
        assertCreated("04-r1-2d", new Geometry(new Level.Mirrored(), 2, 128), 20480);
        assertCreated("05-r10-4d", new Geometry(new Level.Near(2), 4, 128), 20480);
        assertCreated("08-r0-3d-chunk2m", new Geometry(RAID0, 3, 4096), 20480);
    }

    private static void assertCreated(String fixture, Geometry geometry, long kib) throws IOException {
        VolumeEntry ours =
                created(geometry, kib, geometry.members()).mpb().volumes().getFirst();
        VolumeEntry theirs = state(fixture).mpb().volumes().getFirst();
        assertThat(numbers(ours.map0())).as(fixture).isEqualTo(numbers(theirs.map0()));
        assertThat(ours.sizeSectors()).isEqualTo(theirs.sizeSectors());
        assertThat(ours.status()).isEqualTo(theirs.status());
        assertThat(ours.volumeId()).isEqualTo(1);
    }

    @Test
    void all_the_free_space_is_rounded_down_to_whole_mebibytes() {
        ImsmMetadata created = created(new Geometry(RAID0, 2, 256), 0, 2);
        VolumeEntry volume = created.mpb().volumes().getFirst();
        assertThat(VolumeShape.componentSectors(volume)).isEqualTo(118784);
        assertThat(volume.map0().memberSectors()).isEqualTo(120832);
    }

    @Test
    void a_second_volume_starts_behind_the_first_and_has_the_next_number() {
        ImsmMetadata first = created(new Geometry(RAID0, 3, 128), 5120, 3);
        VolumeSpec spec = new VolumeSpec("v1", new Geometry(RAID5, 3, 256), 5120, List.of("S0", "S1", "S2"), false);
        assertThat(first.refuseVolume(spec)).isEmpty();
        ImsmMetadata both = (ImsmMetadata) first.withVolume(spec);
        Volume second = both.container().volumes().getLast();
        assertThat(second.dataOffset()).isEqualTo(18432);
        assertThat(second.activity()).isEqualTo(new Activity.Resync(true, 0));
        assertThat(both.mpb().volumes().getLast().volumeId()).isEqualTo(2);
        assertThat(both.mpb().header().attributes()).isEqualTo(0x80000011L);
        assertThat(both.mpb().header().version()).isEqualTo("1.3.00");
        assertThat(both.container().uuid()).isEqualTo(first.container().uuid());
    }

    @Test
    void the_second_volume_of_a_grow_takes_disks_that_are_members_already() throws IOException {
        ImsmMetadata first = created(new Geometry(RAID5, 3, 128), 5120, 4);
        VolumeSpec spec = new VolumeSpec("v1", new Geometry(RAID5, 3, 256), 5120, List.of("S0", "S1", "S2"), true);
        ContainerMetadata both = first.withVolume(spec);
        ReshapeGoal goal0 = new ReshapeGoal(0, new Geometry(RAID5, 4, 128), List.of("S3"));
        ContainerMetadata grown = both.withReshape(goal0, true).withReshapeFinished(0);
        assertThat(grown.container().volumes().get(1).activity()).isEqualTo(new Activity.Idle(true));
        ReshapeGoal goal1 = new ReshapeGoal(1, new Geometry(RAID5, 4, 256), List.of("S3"));
        assertThat(grown.refuseReshape(goal1)).isEmpty();
        ContainerMetadata second = grown.withReshape(goal1, true);
        assertThat(second.container().disks()).hasSize(4);
        Activity.Reshape reshape =
                (Activity.Reshape) second.container().volumes().get(1).activity();
        assertThat(reshape.slotsAfter().getLast()).isEqualTo(new Slot(3, true));
        assertThat(reshape.units()).isEqualTo(5);
    }

    @Test
    void a_member_that_fails_in_a_reshape_is_out_in_both_geometries_and_stays_out() throws IOException {
        ContainerMetadata failed = state("30-grow-r5-3to4-copy").withMemberFailed("/dev/ubdb");
        Volume volume = failed.container().volumes().getFirst();
        Activity.Reshape reshape = (Activity.Reshape) volume.activity();
        assertThat(volume.slots().get(1).inSync()).isFalse();
        assertThat(reshape.slotsAfter().get(1).inSync()).isFalse();
        Volume done = failed.withReshapeFinished(0).container().volumes().getFirst();
        assertThat(done.slots())
                .containsExactly(new Slot(0, true), new Slot(1, false), new Slot(2, true), new Slot(3, true));
        assertThat(done.geometry().members()).isEqualTo(4);
        ContainerMetadata newMember = state("30-grow-r5-3to4-copy").withMemberFailed("/dev/ubdd");
        Volume without = newMember.container().volumes().getFirst();
        assertThat(without.missingSlots()).isZero();
        assertThat(((Activity.Reshape) without.activity()).slotsAfter().get(3).inSync())
                .isFalse();
    }

    @Test
    void a_rebuild_whose_target_fails_ends_degraded() throws IOException {
        ContainerMetadata failed = state("19-rebuild").withMemberFailed("/dev/loop3");
        Volume volume = failed.container().volumes().getFirst();
        assertThat(volume.activity()).isEqualTo(new Activity.Idle());
        assertThat(volume.slots()).containsExactly(new Slot(0, true), new Slot(2, false), new Slot(1, true));
        MapEntry map = ((ImsmMetadata) failed).mpb().volumes().getFirst().map0();
        assertThat(map.state()).isEqualTo(MapEntry.DEGRADED);
        assertThat(map.failedSlot()).isEqualTo(1);
    }

    @Test
    void progress_only_goes_forward_and_a_moved_reshape_cannot_be_taken_back() throws IOException {
        ContainerMetadata at = state("30-grow-r5-3to4-copy").withProgress(0, new Progress(2, false));
        assertThatThrownBy(() -> at.withProgress(0, new Progress(1, true))).isInstanceOf(RuleBroken.class);
        assertThatThrownBy(() -> at.withReshapeCancelled(0)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void serials_are_normalised_and_place_held_as_the_format_demands() {
        assertThat(Serials.normalise("  ab:c d\u00e9\t0123456789abcdef ")).isEqualTo("0123456789abcdef");
        assertThat(Serials.normalise("WD-WC:C4")).isEqualTo("WD-WC;C4");
        assertThat(Serials.failed("/dev/loop1")).isEqualTo("/dev/loop1:0");
        assertThat(Serials.missing("/dev/loop1")).isEqualTo("dev/loop1:0");
        assertThat(Serials.failed("0123456789abcdef")).isEqualTo("3456789abcdef:0");
    }
}
