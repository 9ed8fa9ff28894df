package io.restripe.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import io.restripe.consistency.Consistency;
import io.restripe.consistency.ConsistencyPolicy;
import io.restripe.consistency.PplArea;
import io.restripe.disk.Buffers;
import io.restripe.disk.DiskException;
import io.restripe.disk.MemoryDisk;
import io.restripe.geometry.Geometry;
import io.restripe.metadata.Activity;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.VolumeSpec;
import io.restripe.rule.ProblemException;
import io.restripe.unit.SectorRange;
import io.restripe.unit.Units;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Volumes that keep a partial parity log: how they start, stop, crash, lose members and take new ones. */
class PartialParityTest {
    private static final Geometry R5_OF_3 = Geometry.ofMd(5, 0, 3, 128);
    private static final long IDLE_NANOS = 60_000_000_000L;
    private static final RunningContainer.Options DEGRADED =
            RunningContainer.Options.normal().withStartDegraded(true);

    private final ContainerRig rig = new ContainerRig();

    private static VolumeSpec spec(String name, Geometry geometry, long kib) {
        return new VolumeSpec(
                name, geometry, kib, List.of("SERIAL0", "SERIAL1", "SERIAL2"), true, ConsistencyPolicy.PPL);
    }

    private RunningContainer created() throws Exception {
        for (int i = 0; i < 3; i++) {
            rig.newDisk();
        }
        RunningContainer.create(rig.format, rig.members(), spec("v0", R5_OF_3, ContainerRig.MEMBER_KIB));
        RunningContainer running = rig.start();
        rig.model = new byte[Units.bufferBytesOfSectors(running.volume("v0").sectors())];
        write(running, 40);
        return running;
    }

    private void write(RunningContainer running, int times) throws Exception {
        for (int i = 0; i < times; i++) {
            rig.writeSomethingAtRandom(running.volume("v0"));
        }
    }

    private static long rowWithParityOn(int slot) {
        long row = 0;
        while (R5_OF_3.parityMember(row) != slot) {
            row++;
        }
        return row;
    }

    private void change(RunningContainer running, int offset) throws Exception {
        for (int i = 0; i < 4096; i++) {
            rig.model[offset + i] = (byte) (rig.model[offset + i] + 1 + i);
        }
        rig.write(running.volume("v0"), offset, 4096);
    }

    private static List<MemberDisk> without(ContainerRig picture, int disk) {
        return picture.members().stream()
                .filter(member -> !member.serial().equals("SERIAL" + disk))
                .toList();
    }

    @Test
    void each_member_has_a_log_behind_its_data_that_tells_the_last_write() throws Exception {
        RunningContainer running = created();
        Consistency place = running.container().volumes().getFirst().consistency();
        assertThat(place.sector()).isEqualTo(ContainerRig.MEMBER_KIB * Units.SECTORS_PER_KIB);
        rig.write(running.volume("v0"), 0, 8192);
        PplArea.Unit unit = new PplArea(rig.disks.get(R5_OF_3.parityMember(0)).memory(), place)
                .newest()
                .orElseThrow();
        assertThat(unit.entries()).hasSize(1);
        assertThat(unit.entries().getFirst().arraySector()).isZero();
        assertThat(unit.entries().getFirst().dataSectors()).isEqualTo(16);
        assertThat(unit.entries().getFirst().paritySectors()).isEqualTo(16);
        running.stop();
        assertThat(rig.rowsWithWrongParity(R5_OF_3)).isZero();
    }

    @Test
    void after_an_unclean_stop_nothing_is_resynced() throws Exception {
        RunningContainer running = created();
        ContainerRig picture = rig.snapshot();
        running.stop();
        assertThat(picture.recorded().dirty()).isTrue();
        RunningContainer again = picture.start();
        assertThat(again.container().volumes().getFirst().activity()).isInstanceOf(Activity.Idle.class);
        picture.verify(again.volume("v0"));
        again.stop();
        assertThat(picture.rowsWithWrongParity(R5_OF_3)).isZero();
    }

    @Test
    void after_an_unclean_stop_a_member_may_be_missing_without_any_doubt() throws Exception {
        RunningContainer running = created();
        for (int lost = 0; lost < 3; lost++) {
            ContainerRig picture = rig.snapshot();
            RunningContainer again = picture.start(DEGRADED, without(picture, lost));
            picture.verify(again.volume("v0"));
            ContainerRig.stopIdle(again);
        }
        running.stop();
    }

    @Test
    void a_log_that_is_damaged_tells_nothing_and_the_ordinary_rules_hold() throws Exception {
        RunningContainer running = created();
        ContainerRig picture = rig.snapshot();
        running.stop();
        long sector = picture.recorded().consistency().sector();
        picture.disks.get(1).memory().write(sector, Buffers.allocate(8));
        ContainerRig degraded = picture.snapshot();
        assertThatThrownBy(() -> degraded.start(DEGRADED, without(degraded, 0)))
                .isInstanceOf(ProblemException.class)
                .hasMessageContaining("--force");
        RunningContainer again = picture.start();
        assertThat(again.container().volumes().getFirst().activity()).isEqualTo(new Activity.Resync(false, 0));
        ContainerRig.stopIdle(again);
        ContainerRig later = picture.snapshot();
        RunningContainer whole = later.start(); // the log works again
        later.writeSomethingAtRandom(whole.volume("v0"));
        ContainerRig last = later.snapshot();
        whole.stop();
        RunningContainer lastStart = last.start(DEGRADED, without(last, 0));
        last.verify(lastStart.volume("v0"));
        ContainerRig.stopIdle(lastStart);
    }

    @Test
    void a_log_that_takes_no_writes_fails_its_member_and_the_write_goes_on_without_it() throws Exception {
        RunningContainer running = created();
        long sector = running.container().volumes().getFirst().consistency().sector();
        rig.disks.get(1).fault().failWrites(new SectorRange(sector, sector + 2048));
        write(running, 30);
        rig.verify(running.volume("v0"));
        assertThat(running.container().volumes().getFirst().missingSlots()).isEqualTo(1);
        ContainerRig picture = rig.snapshot();
        running.stop();
        RunningContainer again = picture.start(DEGRADED, without(picture, 1));
        picture.verify(again.volume("v0"));
        ContainerRig.stopIdle(again);
    }

    /** A power cut may keep the end of a unit and lose its header: then the one that was there before must not count again. */
    @Test
    void a_log_that_begins_again_never_tells_what_it_told_long_ago() throws Exception {
        RunningContainer running = created();
        Consistency place = running.container().volumes().getFirst().consistency();
        List<MemoryDisk> shadows = new ArrayList<>();
        for (ContainerRig.Rigged disk : rig.disks) {
            shadows.add(disk.memory().snapshot("shadow"));
        }
        List<String> wrong = new ArrayList<>();
        AtomicInteger beginnings = new AtomicInteger();
        rig.watch((disk, sector, contents) -> {
            if (sector < place.sector() || sector >= place.sector() + place.sectors()) {
                return;
            }
            synchronized (wrong) {
                MemoryDisk torn = shadows.get(disk).snapshot("torn");
                long before = generation(torn, place);
                if (contents.length > 4096) {
                    put(torn, sector + 8, Arrays.copyOfRange(contents, 4096, contents.length));
                }
                if (generation(torn, place) < before) {
                    wrong.add("disk " + disk + ", sector " + (sector - place.sector()) + ": generation " + before
                            + " becomes " + generation(torn, place));
                }
                beginnings.addAndGet(sector == place.sector() ? 1 : 0);
                put(shadows.get(disk), sector, contents);
            }
        });
        write(running, 400);
        rig.watch((disk, sector, contents) -> {});
        assertThat(beginnings).as("logs that began again").hasValueGreaterThan(3);
        assertThat(wrong).isEmpty();
        running.stop();
    }

    private static void put(MemoryDisk disk, long sector, byte[] contents) {
        MemorySegment bytes = Buffers.allocate(Units.sectorsOfBytesExact(contents.length));
        bytes.copyFrom(MemorySegment.ofArray(contents));
        try {
            disk.write(sector, bytes);
        } catch (DiskException e) {
            throw new IllegalStateException(e);
        }
    }

    private static long generation(MemoryDisk disk, Consistency place) {
        try {
            return new PplArea(disk, place).newest().orElseThrow().header().generation();
        } catch (DiskException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Whoever is told of the failure of a log may fail itself; the others must not wait for it. */
    @Test
    void a_round_whose_leader_fails_by_a_bug_keeps_no_later_write_waiting() throws Exception {
        RunningContainer running = created();
        Consistency place = running.container().volumes().getFirst().consistency();
        AtomicBoolean armed = new AtomicBoolean(true);
        running.control("v0").subscribe(() -> {
            boolean leads = StackWalker.getInstance()
                    .walk(frames ->
                            frames.anyMatch(frame -> frame.getClassName().endsWith(".PartialParityLog")));
            if (leads && armed.getAndSet(false)) {
                throw new IllegalStateException("a bug of a subscriber");
            }
        });
        rig.disks.get(1).fault().failWrites(new SectorRange(place.sector(), place.sector() + place.sectors()));
        int row = Units.bufferBytesOfSectors(rowWithParityOn(1) * R5_OF_3.rowSectors());
        assertTimeoutPreemptively(Duration.ofMinutes(1), () -> {
            try {
                rig.write(running.volume("v0"), row, 4096);
            } catch (IllegalStateException e) {
                // of the subscriber
            }
            rig.write(running.volume("v0"), row, 4096);
            rig.write(
                    running.volume("v0"), Units.bufferBytesOfSectors(rowWithParityOn(0) * R5_OF_3.rowSectors()), 4096);
        });
        assertThat(armed).isFalse();
        rig.verify(running.volume("v0"));
    }

    @Test
    void what_an_earlier_life_left_in_the_log_of_a_disk_that_is_rebuilt_is_never_replayed() throws Exception {
        RunningContainer running = created();
        int row = Units.bufferBytesOfSectors(rowWithParityOn(1) * R5_OF_3.rowSectors());
        change(running, row);
        running.fail("SERIAL1");
        change(running, row + Units.bufferBytesOfSectors(R5_OF_3.chunkSectors())); // its log knows another content
        MemberDisk old = running.remove("SERIAL1");
        running.add(old);
        assertThat(running.awaitIdle(IDLE_NANOS)).isTrue();
        assertThat(running.container().volumes().getFirst().missingSlots()).isZero();
        change(running, Units.bufferBytesOfSectors(rowWithParityOn(0) * R5_OF_3.rowSectors())); // dirty again
        ContainerRig picture = rig.snapshot();
        running.stop();
        RunningContainer again = picture.start();
        picture.verify(again.volume("v0"));
        ContainerRig.stopIdle(again);
        for (int lost = 0; lost < 3; lost++) {
            ContainerRig left = picture.snapshot();
            RunningContainer degraded = left.start(DEGRADED, without(left, lost));
            left.verify(degraded.volume("v0"));
            ContainerRig.stopIdle(degraded);
        }
    }

    @Test
    void a_resync_that_is_owed_after_a_reshape_is_not_forgotten_at_the_next_crash() throws Exception {
        RunningContainer running = created();
        ContainerRig picture = rig.inMidReshape(running, ContainerRig.toDisks(4, rig.newDisk()));
        running.stop();
        picture.disks.get(1).memory().write(picture.recorded().consistency().sector(), Buffers.allocate(8));
        MemorySegment wrong = Buffers.allocate(1);
        wrong.fill((byte) 99);
        Geometry after = Geometry.ofMd(5, 0, 4, 128);
        picture.disks.get(after.parityMember(0)).memory().write(0, wrong);
        RunningContainer first = picture.start();
        ContainerRig again = picture.snapshot();
        ContainerRig.stopIdle(first);
        assertThat(picture.rowsWithWrongParity(after)).isZero();
        RunningContainer second = again.start();
        again.verify(second.volume("v0"));
        ContainerRig.stopIdle(second);
        assertThat(again.rowsWithWrongParity(after)).isZero();
    }

    @Test
    void a_reshape_keeps_the_logs_and_empties_them_at_its_end() throws Exception {
        RunningContainer running = created();
        running.grow(ContainerRig.toDisks(4, rig.newDisk()));
        write(running, 40);
        assertThat(running.awaitIdle(IDLE_NANOS)).isTrue();
        Consistency place = running.container().volumes().getFirst().consistency();
        assertThat(place.logsParity()).isTrue();
        write(running, 20);
        ContainerRig picture = rig.snapshot();
        running.stop();
        for (int lost = 0; lost < 4; lost++) {
            ContainerRig left = picture.snapshot();
            RunningContainer degraded = left.start(DEGRADED, without(left, lost));
            left.verify(degraded.volume("v0"));
            ContainerRig.stopIdle(degraded);
        }
    }

    @Test
    void what_was_logged_before_a_reshape_is_not_replayed_when_another_one_brings_its_geometry_back() throws Exception {
        RunningContainer running = created();
        int second = Units.bufferBytesOfSectors(R5_OF_3.rowSectors());
        change(running, second); // the last of the log of slot 1 with this chunk
        running.grow(ContainerRig.toChunk(256));
        assertThat(running.awaitIdle(IDLE_NANOS)).isTrue();
        change(running, second + Units.bufferBytesOfSectors(128)); // logged by slot 2 with the larger chunk
        ContainerRig picture = rig.inMidReshape(running, ContainerRig.toChunk(128));
        running.stop();
        RunningContainer again = picture.start();
        picture.verify(again.volume("v0"));
        ContainerRig.stopIdle(again);
        assertThat(picture.rowsWithWrongParity(R5_OF_3)).isZero();
    }

    @Test
    void a_second_volume_has_logs_of_its_own() throws Exception {
        RunningContainer running = created();
        running.createVolume(spec("v1", R5_OF_3, 2048));
        rig.write(running.volume("v1"), 0, 65536);
        ContainerRig picture = rig.snapshot();
        running.stop();
        RunningContainer again = picture.start(DEGRADED, without(picture, 2));
        picture.verify(again.volume("v0"));
        assertThat(again.container().volumes().get(1).activity()).isInstanceOf(Activity.Idle.class);
        ContainerRig.stopIdle(again);
    }

    @Test
    void only_raid5_keeps_one() {
        rig.newDisk();
        rig.newDisk();
        rig.newDisk();
        assertThatThrownBy(() -> RunningContainer.create(
                        rig.format, rig.members(), spec("v0", Geometry.ofMd(0, 0, 3, 128), 4096)))
                .isInstanceOf(ProblemException.class)
                .hasMessageContaining("RAID5 only");
    }
}
