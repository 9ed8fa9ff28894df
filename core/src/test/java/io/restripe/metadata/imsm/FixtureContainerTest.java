package io.restripe.metadata.imsm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.restripe.geometry.Geometry;
import io.restripe.geometry.Level;
import io.restripe.geometry.Rotation;
import io.restripe.metadata.Activity;
import io.restripe.metadata.Claim;
import io.restripe.metadata.Container;
import io.restripe.metadata.ContainerDisk;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.MetadataException;
import io.restripe.metadata.Progress;
import io.restripe.metadata.RecordDoubt;
import io.restripe.metadata.Selection;
import io.restripe.metadata.Slot;
import io.restripe.metadata.Volume;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What real containers mean, in neutral words. */
class FixtureContainerTest {
    private static final Level RAID5 = new Level.Parity(5, Rotation.LEFT_ASYMMETRIC);

    private static Volume only(String fixture) throws IOException {
        return Fixture.load(fixture).choose().metadata().container().volumes().getFirst();
    }

    private static Activity.Reshape reshape(Volume volume) {
        return (Activity.Reshape) volume.activity();
    }

    @Test
    void an_idle_raid5_has_its_sizes_its_slots_and_its_free_spare() throws IOException {
        Selection selection = Fixture.load("02-r5-3d-idle").choose();
        Container container = selection.metadata().container();
        assertThat(container.uuid()).isEqualTo("59e4ce25:e5f4ae0b:b23ad5b5:21d0167d");
        Volume volume = container.volumes().getFirst();
        assertThat(volume.name()).isEqualTo("vol5");
        assertThat(volume.uuid()).isEqualTo("aa2ce21f:eba7560b:5ef64755:8b36db13");
        assertThat(volume.geometry()).isEqualTo(new Geometry(RAID5, 3, 128));
        assertThat(volume.componentSectors()).isEqualTo(38912);
        assertThat(volume.arraySectors()).isEqualTo(77824);
        assertThat(volume.activity()).isEqualTo(new Activity.Idle());
        assertThat(volume.slots()).containsExactly(new Slot(0, true), new Slot(1, true), new Slot(2, true));
        assertThat(container.disks().getLast())
                .isEqualTo(new ContainerDisk(-1, "/dev/loop3", 131072, ContainerDisk.Status.SPARE));
        assertThat(selection.members()).hasSize(4);
        assertThat(selection.missing()).isEmpty();
        assertThat(selection.stale()).isEmpty();
    }

    @Test
    void levels_and_sizes_follow_from_level_and_members_together() throws IOException {
        assertThat(only("03-r0-2d").geometry()).isEqualTo(new Geometry(new Level.Striped(), 2, 128));
        assertThat(only("04-r1-2d").geometry()).isEqualTo(new Geometry(new Level.Mirrored(), 2, 128));
        assertThat(only("04-r1-2d").componentSectors()).isEqualTo(40960);
        assertThat(only("05-r10-4d").geometry()).isEqualTo(new Geometry(new Level.Near(2), 4, 128));
        assertThat(only("05-r10-4d").componentSectors()).isEqualTo(40960);
        assertThat(only("12-r0-2d-3tb").arraySectors()).isEqualTo(12884877312L);
        assertThat(only("13-r5-3d-4kn").componentSectors()).isEqualTo(40960);
        assertThat(only("13-r5-3d-4kn").geometry()).isEqualTo(new Geometry(RAID5, 3, 128));
    }

    @Test
    void a_first_resync_a_repair_and_a_rebuild_know_their_positions() throws IOException {
        assertThat(only("16-init-resync").activity()).isEqualTo(new Activity.Resync(true, 46 * 384));
        assertThat(only("20-repair-resync").activity()).isEqualTo(new Activity.Resync(false, 13 * 384));
        Volume rebuilt = only("19-rebuild");
        assertThat(rebuilt.activity()).isEqualTo(new Activity.Rebuild(1, 200 * 128));
        assertThat(rebuilt.slots()).containsExactly(new Slot(0, true), new Slot(2, false), new Slot(1, true));
        assertThat(only("17-dirty").dirty()).isTrue();
    }

    @Test
    void a_failed_member_is_stale_and_its_slot_is_not_in_sync() throws IOException {
        Selection selection = Fixture.load("18-failed-member").choose();
        Container container = selection.metadata().container();
        assertThat(container.generation()).isEqualTo(22);
        assertThat(container.volumes().getFirst().slots()).contains(new Slot(1, false));
        assertThat(container.disks().get(1).status()).isEqualTo(ContainerDisk.Status.FAILED);
        assertThat(selection.stale()).extracting(MemberDisk::name).containsExactly("loop1");
        assertThat(selection.notes()).anyMatch(n -> n.startsWith("loop1 carries generation 20"));
    }

    @Test
    void a_member_missing_at_the_start_is_missing() throws IOException {
        Fixture fixture = Fixture.load("22-missing-at-assembly");
        Container container = fixture.choose("loop0").metadata().container();
        assertThat(container.disks().get(1).status()).isEqualTo(ContainerDisk.Status.MISSING);
        assertThat(fixture.choose("loop0").missing()).containsExactly(2);
        Volume created = only("21-created-with-missing");
        assertThat(created.slots()).containsExactly(new Slot(1, true), new Slot(0, false));
    }

    @Test
    void the_family_after_a_rebuild_beats_the_stale_member() throws IOException {
        Fixture fixture = Fixture.load("24-stale-family");
        Selection selection = fixture.choose();
        assertThat(selection.metadata().container().generation()).isEqualTo(24);
        assertThat(selection.members().keySet()).containsExactlyInAnyOrder("/dev/loop0", "/dev/loop2", "/dev/loop3");
        assertThat(selection.stale()).extracting(MemberDisk::name).containsExactly("loop1");
        Selection alone = fixture.choose("loop1");
        assertThat(alone.missing()).containsExactly(0, 2);
    }

    @Test
    void a_grow_stopped_in_a_saved_unit_goes_on_from_its_copy_area() throws IOException {
        Volume volume = only("30-grow-r5-3to4-copy");
        Activity.Reshape reshape = reshape(volume);
        assertThat(volume.geometry()).isEqualTo(new Geometry(RAID5, 3, 128));
        assertThat(volume.arraySectors()).isEqualTo(81920);
        assertThat(volume.slots()).hasSize(3);
        assertThat(reshape.before()).isEqualTo(volume.geometry());
        assertThat(reshape.after()).isEqualTo(new Geometry(RAID5, 4, 128));
        assertThat(reshape.arraySectorsAfter()).isEqualTo(122880);
        assertThat(reshape.unitSectors()).isEqualTo(6144);
        assertThat(reshape.depthSectors()).isEqualTo(2048);
        assertThat(reshape.units()).isEqualTo(20);
        assertThat(reshape.copyAreaSector()).isEqualTo(128863);
        assertThat(reshape.progress()).isEqualTo(new Progress(1, true));
        assertThat(reshape.slotsAfter()).hasSize(4).allMatch(Slot::inSync);
    }

    @Test
    void every_stopped_reshape_says_where_it_is() throws IOException {
        assertThat(reshape(only("31-grow-r5-3to4-normal")).progress()).isEqualTo(new Progress(5, false));
        assertThat(reshape(only("33-grow-r0-2to3-copy")).progress()).isEqualTo(new Progress(1, true));
        Activity.Reshape level = reshape(only("34-r0-to-r5-copy"));
        assertThat(level.before()).isEqualTo(new Geometry(new Level.Striped(), 3, 128));
        assertThat(level.after()).isEqualTo(new Geometry(RAID5, 4, 128));
        assertThat(level.progress()).isEqualTo(new Progress(2, true));
        assertThat(only("34-r0-to-r5-copy").arraySectors()).isEqualTo(122880);
        Activity.Reshape chunk = reshape(only("35-chunk-r5-copy"));
        assertThat(chunk.after().chunkSectors()).isEqualTo(512);
        assertThat(chunk.unitSectors()).isEqualTo(4096);
        assertThat(reshape(only("36-chunk-r5-last-unit")).progress()).isEqualTo(new Progress(19, true));
        assertThat(reshape(only("37-chunk-r0-copy")).progress()).isEqualTo(new Progress(2, true));
        Activity.Reshape big = reshape(only("38-grow-r5-4kn-copy"));
        assertThat(big.progress()).isEqualTo(new Progress(1, true));
        assertThat(big.copyAreaSector()).isEqualTo(32491 * 8);
        assertThat(big.depthSectors()).isEqualTo(2048);
        assertThat(reshape(only("41-grow-r5-start-window-a")).progress()).isEqualTo(new Progress(0, false));
        assertThat(reshape(only("42-grow-r5-start-window-b")).progress()).isEqualTo(new Progress(0, false));
    }

    @Test
    void the_empty_unit_behind_the_last_one_in_the_copy_area_means_that_all_is_moved() throws IOException {
        Fixture fixture = Fixture.load("36-chunk-r5-last-unit");
        Activity.Reshape last =
                reshape(fixture.choose().metadata().container().volumes().getFirst());
        for (MemberDisk member : fixture.members.values()) {
            byte[] tail = ((TailDisk) member.disk()).tail();
            MemorySegment record = MemorySegment.ofArray(tail).asSlice(tail.length - 512);
            if (record.get(ValueLayout.JAVA_INT_UNALIGNED, 0x10) != 0) {
                record.set(ValueLayout.JAVA_INT_UNALIGNED, 0x04, (int) last.units());
                record.set(ValueLayout.JAVA_INT_UNALIGNED, 0x1C, (int) (last.units() * last.depthSectors()));
                record.set(ValueLayout.JAVA_INT_UNALIGNED, 0x20, (int) last.units() + 1);
            }
        }
        Volume volume = fixture.choose().metadata().container().volumes().getFirst();
        assertThat(reshape(volume).progress()).isEqualTo(new Progress(last.units(), false));
    }

    @Test
    void a_permuted_grow_has_its_records_on_slots_not_on_disks() throws IOException {
        Selection selection = Fixture.load("32-grow-r5-permuted").choose();
        Volume volume = selection.metadata().container().volumes().getFirst();
        assertThat(volume.slots()).containsExactly(new Slot(0, true), new Slot(2, true), new Slot(1, true));
        assertThat(reshape(volume).progress()).isEqualTo(new Progress(1, true));
        assertThat(selection.stale()).extracting(MemberDisk::name).containsExactly("ubdb");
    }

    @Test
    void the_second_volume_of_a_grow_reshapes_after_the_first() throws IOException {
        Selection selection = Fixture.load("39-grow-two-volumes-second").choose();
        Container container = selection.metadata().container();
        assertThat(container.generation()).isEqualTo(26);
        assertThat(container.volumes().get(0).activity()).isEqualTo(new Activity.Idle());
        assertThat(container.volumes().get(0).geometry().members()).isEqualTo(4);
        Volume second = container.reshaping().orElseThrow();
        assertThat(second.index()).isEqualTo(1);
        assertThat(second.dataOffset()).isEqualTo(18432);
        assertThat(reshape(second).progress()).isEqualTo(new Progress(1, true));
        assertThat(reshape(second).units()).isEqualTo(10);
    }

    @Test
    void a_reshape_that_its_starter_could_not_begin_can_be_taken_back() throws IOException {
        Selection selection = Fixture.load("40-stuck-chunk-2m").choose();
        Volume stuck = selection.metadata().container().volumes().getFirst();
        assertThat(reshape(stuck).units()).isZero();
        assertThat(reshape(stuck).progress()).isEqualTo(new Progress(0, false));
        Volume back = selection
                .metadata()
                .withReshapeCancelled(0)
                .container()
                .volumes()
                .getFirst();
        assertThat(back.activity()).isEqualTo(new Activity.Idle());
        assertThat(back.geometry().chunkSectors()).isEqualTo(128);
        assertThat(back.arraySectors()).isEqualTo(32768);
    }

    @Test
    void one_record_disk_is_enough_and_none_is_an_error() throws IOException {
        Fixture fixture = Fixture.load("30-grow-r5-3to4-copy");
        Selection selection = fixture.choose("ubdb", "ubdc", "ubdd");
        Volume volume = selection.metadata().container().volumes().getFirst();
        assertThat(reshape(volume).progress().unit()).isEqualTo(1);
        assertThat(selection.doubt()).isEqualTo(RecordDoubt.SAYS_SAVED);
        assertThatThrownBy(() -> fixture.choose("ubdc", "ubdd"))
                .isInstanceOf(MetadataException.class)
                .hasMessageContaining("how far the reshape came is not known");
    }

    @Test
    void a_zeroed_record_does_not_hide_the_good_one() throws IOException {
        Fixture fixture = Fixture.load("30-grow-r5-3to4-copy");
        Placement.clearRecord(fixture.members.get("ubda").disk());
        Selection selection = fixture.choose();
        assertThat(reshape(selection.metadata().container().volumes().getFirst())
                        .progress()
                        .unit())
                .isEqualTo(1);
        assertThat(selection.doubt()).isEqualTo(RecordDoubt.SAYS_SAVED);
        assertThat(selection.notes()).anyMatch(n -> n.startsWith("ubda: its migration record is behind"));
    }

    @Test
    void two_containers_the_same_disk_twice_and_a_fork_are_refused() throws IOException {
        List<Claim> mixed = new ArrayList<>(Fixture.load("02-r5-3d-idle").claims());
        mixed.removeIf(c -> c.member().name().equals("loop0"));
        mixed.addAll(Fixture.load("03-r0-2d").claims("loop0"));
        assertThatThrownBy(() -> Fixture.format().choose(mixed))
                .isInstanceOf(MetadataException.class)
                .hasMessageContaining("belongs to container");
        List<Claim> twice = new ArrayList<>(Fixture.load("02-r5-3d-idle").claims());
        twice.addAll(Fixture.load("02-r5-3d-idle").claims("loop0"));
        assertThatThrownBy(() -> Fixture.format().choose(twice))
                .isInstanceOf(MetadataException.class)
                .hasMessageContaining("the same disk twice");
    }
}
