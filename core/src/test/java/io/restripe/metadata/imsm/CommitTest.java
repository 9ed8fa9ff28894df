package io.restripe.metadata.imsm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.restripe.disk.Disk;
import io.restripe.disk.DiskException;
import io.restripe.geometry.Geometry;
import io.restripe.geometry.Level;
import io.restripe.geometry.Rotation;
import io.restripe.metadata.Activity;
import io.restripe.metadata.Claim;
import io.restripe.metadata.Committed;
import io.restripe.metadata.ContainerMetadata;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.MetadataException;
import io.restripe.metadata.Progress;
import io.restripe.metadata.ReshapeGoal;
import io.restripe.metadata.Selection;
import io.restripe.metadata.VolumeSpec;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What reaches the disks, in which order, and what is found there afterwards. */
class CommitTest {
    private static final Level RAID5 = new Level.Parity(5, Rotation.LEFT_ASYMMETRIC);
    private static final long SECTORS = 131072;

    private final ImsmFormat format = Fixture.format();
    private final List<String> log = new ArrayList<>();
    private final Map<String, MemberDisk> disks = new LinkedHashMap<>();

    private void disks(int count, int sectorBytes) {
        for (int i = 0; i < count; i++) {
            TailDisk disk = new TailDisk("d" + i, SECTORS, sectorBytes, new byte[2216 * 512], log);
            disks.put("S" + i, new MemberDisk("d" + i, "S" + i, disk));
        }
    }

    private TailDisk disk(int index) {
        return (TailDisk) disks.get("S" + index).disk();
    }

    private Selection read() throws IOException {
        List<Claim> claims = new ArrayList<>();
        for (MemberDisk disk : disks.values()) {
            format.taste(disk).ifPresent(claims::add);
        }
        return format.choose(claims);
    }

    private ContainerMetadata commit(ContainerMetadata wanted) throws DiskException {
        Committed committed = format.commit(wanted, disks);
        assertThat(committed.failed()).isEmpty();
        return committed.metadata();
    }

    private ContainerMetadata raid5(int members) throws DiskException {
        List<String> serials = disks.keySet().stream().limit(members).toList();
        VolumeSpec spec = new VolumeSpec("v0", new Geometry(RAID5, members, 128), 20480, serials, true);
        ContainerMetadata empty = format.create(List.copyOf(disks.values()));
        assertThat(empty.refuseVolume(spec)).isEmpty();
        return commit(empty.withVolume(spec));
    }

    @ParameterizedTest
    @ValueSource(ints = {512, 4096})
    void a_new_container_is_found_again_with_its_volume_and_its_spare(int sectorBytes) throws IOException {
        disks(4, sectorBytes);
        ContainerMetadata created = raid5(3);
        Selection found = read();
        assertThat(found.metadata().container()).isEqualTo(created.container());
        assertThat(found.metadata().container().volumes().getFirst().arraySectors())
                .isEqualTo(81920);
        assertThat(found.metadata().container().generation()).isEqualTo(2);
        assertThat(found.members()).hasSize(4);
        assertThat(found.notes()).isEmpty();
    }

    @Test
    void a_spare_record_is_the_one_that_mdadm_writes() throws IOException {
        Fixture fixture = Fixture.load("02-r5-3d-idle");
        Region theirs = Placement.readMpb(fixture.members.get("loop3")).orElseThrow();
        byte[] ours = SpareRecord.encode(new SpareDisk("/dev/loop3", SECTORS, true), new Blocks(512));
        assertThat(ours).isEqualTo(theirs.bytes().toArray(ValueLayout.JAVA_BYTE));
    }

    @Test
    void members_are_written_one_after_the_other_later_sectors_first_each_step_flushed() throws IOException {
        disks(3, 512);
        ContainerMetadata metadata = raid5(3);
        log.clear();
        commit(metadata.withDirty(0, true));
        assertThat(log)
                .containsExactly(
                        "d2 write -3+1",
                        "d2 flush",
                        "d2 write -2+1",
                        "d2 flush",
                        "d1 write -3+1",
                        "d1 flush",
                        "d1 write -2+1",
                        "d1 flush",
                        "d0 write -3+1",
                        "d0 flush",
                        "d0 write -2+1",
                        "d0 flush");
        assertThat(read().metadata().container().volumes().getFirst().dirty()).isTrue();
    }

    @Test
    void a_member_that_cannot_be_written_is_named_and_the_others_are_written() throws IOException {
        disks(3, 512);
        ContainerMetadata metadata = raid5(3);
        disk(1).failAfterWrites(1);
        Committed committed = format.commit(metadata.withDirty(0, true), disks);
        assertThat(committed.failed()).containsOnlyKeys("S1");
        assertThat(committed.failed().get("S1")).contains("d1: write").contains("the test says so");
        ContainerMetadata next = commit(committed.metadata().withMemberFailed("S1"));
        assertThat(next.container().volumes().getFirst().missingSlots()).isEqualTo(1);
        assertThat(next.container().generation()).isEqualTo(4);
    }

    @Test
    void a_member_torn_between_its_two_writes_takes_part_with_the_metadata_of_the_others() throws IOException {
        disks(3, 512);
        ContainerMetadata metadata = raid5(3);
        disk(2).failAfterWrites(1);
        Committed committed = format.commit(metadata.withMemberFailed("S1"), disks);
        assertThat(committed.failed()).containsOnlyKeys("S2");
        Selection found = read();
        assertThat(found.members()).containsOnlyKeys("S0", "S2");
        assertThat(found.stale()).containsExactly(disks.get("S1"));
        assertThat(found.notes()).anyMatch(n -> n.startsWith("d2: its metadata was cut off"));
        assertThat(found.metadata().container().generation()).isEqualTo(3);
        assertThatThrownBy(() ->
                        format.choose(List.of(format.taste(disks.get("S2")).orElseThrow())))
                .isInstanceOf(MetadataException.class)
                .hasMessageContaining("checksum");
    }

    @Test
    void a_torn_member_that_is_older_than_the_last_two_writes_is_not_used() throws IOException {
        disks(3, 512);
        ContainerMetadata metadata = raid5(3);
        disk(2).failAfterWrites(1);
        // The member was not marked as failed: its torn metadata alone gives it away.
        ContainerMetadata next =
                format.commit(metadata.withMemberFailed("S1"), disks).metadata();
        next = format.commit(next.withDirty(0, true), disks).metadata();
        format.commit(next.withDirty(0, false), disks);
        Selection found = read();
        assertThat(found.members()).containsOnlyKeys("S0");
        assertThat(found.missing()).containsExactly(2);
        assertThat(found.notes()).anyMatch(n -> n.contains("checksum") && n.contains("is not used"));
    }

    @Test
    void when_no_disk_can_be_written_that_is_an_exception() throws IOException {
        disks(3, 512);
        ContainerMetadata metadata = raid5(3);
        for (int i = 0; i < 3; i++) {
            disk(i).failAfterWrites(0);
        }
        assertThatThrownBy(() -> format.commit(metadata.withDirty(0, true), disks))
                .isInstanceOf(DiskException.class);
    }

    @Test
    void a_grow_is_recorded_before_the_metadata_says_so_and_cleared_after_it_stopped_saying_so() throws IOException {
        disks(4, 512);
        ContainerMetadata metadata = raid5(3);
        ReshapeGoal goal = new ReshapeGoal(0, new Geometry(RAID5, 4, 128), List.of("S3"));
        assertThat(metadata.refuseReshape(goal)).isEmpty();
        ContainerMetadata pending = metadata.withReshape(goal, true);
        log.clear();
        assertThat(format.writeProgress(pending, 0, new Progress(0, true), disks))
                .isEmpty();
        assertThat(log).containsExactly("d0 write -1+1", "d0 flush", "d1 write -1+1", "d1 flush");
        assertThat(read().metadata().container().reshaping()).isEmpty();
        ContainerMetadata begun = commit(pending);
        assertThat(read().metadata().container()).isEqualTo(begun.container());
        Activity.Reshape reshape =
                (Activity.Reshape) begun.container().volumes().getFirst().activity();
        assertThat(reshape.progress()).isEqualTo(new Progress(0, true));
        assertThat(reshape.copyAreaSector()).isEqualTo(SECTORS - 2209);
        format.writeProgress(begun.withProgress(0, new Progress(20, false)), 0, new Progress(20, false), disks);
        log.clear();
        ContainerMetadata done =
                commit(begun.withProgress(0, new Progress(20, false)).withReshapeFinished(0));
        List<String> clears = log.stream().filter(l -> l.endsWith("write -1+1")).toList();
        assertThat(clears).containsExactly("d3 write -1+1", "d2 write -1+1", "d1 write -1+1", "d0 write -1+1");
        assertThat(log.indexOf("d3 write -1+1")).isGreaterThan(log.lastIndexOf("d0 write -2+1"));
        assertThat(read().metadata().container()).isEqualTo(done.container());
        assertThat(done.container().volumes().getFirst().arraySectors()).isEqualTo(122880);
    }

    @Test
    void the_record_is_not_cleared_while_a_member_has_not_been_told_that_the_reshape_is_over() throws IOException {
        disks(4, 512);
        ContainerMetadata metadata = raid5(3);
        ReshapeGoal goal = new ReshapeGoal(0, new Geometry(RAID5, 4, 128), List.of("S3"));
        ContainerMetadata begun = commit(metadata.withReshape(goal, true));
        format.writeProgress(begun, 0, new Progress(20, false), disks);
        disk(2).failAfterWrites(0);
        log.clear();
        Committed ended =
                format.commit(begun.withProgress(0, new Progress(20, false)).withReshapeFinished(0), disks);
        assertThat(ended.failed()).containsOnlyKeys("S2");
        assertThat(log).noneMatch(l -> l.endsWith("write -1+1"));
        commit(ended.metadata().withMemberFailed("S2"));
        assertThat(log).contains("d0 write -1+1", "d1 write -1+1", "d3 write -1+1");
    }

    @Test
    void one_record_disk_that_fails_is_named_and_two_are_an_exception() throws IOException {
        disks(4, 512);
        ReshapeGoal goal = new ReshapeGoal(0, new Geometry(RAID5, 4, 128), List.of("S3"));
        ContainerMetadata begun = commit(raid5(3).withReshape(goal, true));
        disk(0).failAfterWrites(0);
        ContainerMetadata at = begun.withProgress(0, new Progress(1, false));
        assertThat(format.writeProgress(at, 0, new Progress(1, false), disks)).containsOnlyKeys("S0");
        disk(1).failAfterWrites(0);
        assertThatThrownBy(() -> format.writeProgress(at, 0, new Progress(1, false), disks))
                .isInstanceOf(DiskException.class);
        Selection found = read();
        Activity.Reshape reshape = (Activity.Reshape)
                found.metadata().container().volumes().getFirst().activity();
        assertThat(reshape.progress()).isEqualTo(new Progress(1, false));
        assertThat(found.notes()).anyMatch(n -> n.startsWith("d0: its migration record is behind"));
    }

    @Test
    void a_cancelled_grow_gives_its_new_member_back_as_a_spare() throws IOException {
        disks(4, 512);
        ContainerMetadata before = raid5(3);
        ReshapeGoal goal = new ReshapeGoal(0, new Geometry(RAID5, 4, 128), List.of("S3"));
        ContainerMetadata begun = commit(before.withReshape(goal, true));
        ContainerMetadata back = commit(begun.withReshapeCancelled(0));
        assertThat(back.container().volumes()).isEqualTo(before.container().volumes());
        assertThat(back.container().disks()).isEqualTo(before.container().disks());
        assertThat(read().metadata().container()).isEqualTo(back.container());
    }

    @Test
    void erased_disks_carry_nothing() throws IOException {
        disks(3, 512);
        raid5(3);
        format.erase(disks.values());
        for (MemberDisk disk : disks.values()) {
            assertThat(format.taste(disk)).isEmpty();
        }
    }

    @Test
    void the_count_of_units_protects_real_mdadm_only_where_the_last_unit_is_critical() throws IOException {
        disks(4, 512);
        ContainerMetadata idle = raid5(3);
        ReshapeGoal grow = new ReshapeGoal(0, new Geometry(RAID5, 4, 128), List.of("S3"));
        assertThat(unitsWritten(idle.withReshape(grow, true))).isEqualTo(20);
        ReshapeGoal chunk = new ReshapeGoal(0, new Geometry(RAID5, 3, 512), List.of());
        assertThat(unitsWritten(idle.withReshape(chunk, true))).isEqualTo(21);
        ContainerMetadata begun = commit(idle.withReshape(chunk, true));
        Activity.Reshape reshape =
                (Activity.Reshape) begun.container().volumes().getFirst().activity();
        assertThat(reshape.units()).isEqualTo(20);
        format.writeProgress(begun, 0, new Progress(19, true), disks);
        assertThat(((Activity.Reshape) read().metadata()
                                .container()
                                .volumes()
                                .getFirst()
                                .activity())
                        .progress())
                .isEqualTo(new Progress(19, true));
    }

    private long unitsWritten(ContainerMetadata pending) throws IOException {
        format.writeProgress(pending, 0, new Progress(0, true), disks);
        Disk disk = disks.get("S0").disk();
        return MigrationRecordCodec.decode(Placement.readRecord(new MemberDisk("d0", "S0", disk)))
                .orElseThrow()
                .units();
    }
}
