package io.restripe.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.restripe.array.Attribute;
import io.restripe.array.MemberAttribute;
import io.restripe.assembly.Assembly;
import io.restripe.disk.Buffers;
import io.restripe.disk.Disk;
import io.restripe.disk.DiskException;
import io.restripe.disk.DiskException.Operation;
import io.restripe.disk.FaultDisk;
import io.restripe.geometry.Geometry;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.VolumeSpec;
import io.restripe.reshape.Reply;
import io.restripe.reshape.Request;
import io.restripe.rule.ProblemException;
import io.restripe.unit.SectorRange;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Members that cannot be written, are behind or missing when a container is assembled: their data is never taken for what it is not. */
@Timeout(120)
class MemberLossTest {
    private static final Geometry MIRROR = Geometry.ofMd(1, 0, 2, 128);
    private static final Geometry R5_OF_3 = Geometry.ofMd(5, 0, 3, 128);
    private static final long END = ContainerRig.DISK_SECTORS;
    private static final RunningContainer.Options DEGRADED =
            RunningContainer.Options.normal().withStartDegraded(true);

    private final ContainerRig rig = new ContainerRig();

    /** What of a member takes no writes. */
    enum Broken {
        WHOLE(0),
        METADATA_BUT_NOT_THE_LAST_SECTOR(END - 8);

        private final long start;

        Broken(long start) {
            this.start = start;
        }

        void breaks(FaultDisk disk) {
            disk.failWrites(new SectorRange(start, this == WHOLE ? END : END - 1));
        }
    }

    /** The container as an unclean stop leaves it. */
    private ContainerRig dirty(Geometry geometry) throws Exception {
        RunningContainer running = rig.create(geometry);
        ContainerRig picture = rig.snapshot();
        running.stop();
        assertThat(Assembly.look(picture.format, picture.members())
                        .container()
                        .volumes()
                        .getFirst()
                        .dirty())
                .isTrue();
        return picture;
    }

    private static void stopIdle(RunningContainer running) throws Exception {
        assertThat(running.awaitIdle(60_000_000_000L)).isTrue();
        running.stop();
    }

    @ParameterizedTest
    @EnumSource(Broken.class)
    void a_member_whose_metadata_could_not_be_written_is_never_taken_for_current(Broken broken) throws Exception {
        ContainerRig picture = dirty(MIRROR);
        broken.breaks(picture.disks.getFirst().fault());
        assertThatThrownBy(picture::start)
                .isInstanceOf(ProblemException.class)
                .hasMessageContaining("SERIAL0")
                .hasMessageContaining("--run");
        RunningContainer running = picture.start(DEGRADED, picture.members());
        for (int i = 0; i < 40; i++) {
            picture.writeSomethingAtRandom(running.volume("v0"));
        }
        assertThat(running.container().volumes().getFirst().missingSlots()).isEqualTo(1);
        stopIdle(running);

        ContainerRig later = picture.snapshot();
        RunningContainer again = later.start(DEGRADED, later.members());
        later.verify(again.volume("v0"));
        stopIdle(again);
    }

    @ParameterizedTest
    @EnumSource(Broken.class)
    void refused_attempts_do_not_turn_a_member_that_has_everything_into_a_stale_one(Broken broken) throws Exception {
        ContainerRig picture = dirty(R5_OF_3);
        for (int attempt = 0; attempt < 3; attempt++) {
            ContainerRig repaired = picture.snapshot();
            broken.breaks(picture.disks.get(1).fault());
            assertThatThrownBy(picture::start)
                    .isInstanceOf(ProblemException.class)
                    .hasMessageContaining("SERIAL1");
            picture = picture.snapshot();
            RunningContainer running = repaired.start();
            repaired.verify(running.volume("v0"));
            stopIdle(running);
        }
        picture.finishAndVerify();
    }

    @Test
    void a_member_that_missed_more_than_a_crash_explains_is_stale() throws Exception {
        RunningContainer running = rig.create(MIRROR);
        ContainerRig old = rig.snapshot();
        stopIdle(running);
        for (int i = 0; i < 3; i++) {
            running = rig.start();
            rig.writeSomethingAtRandom(running.volume("v0"));
            stopIdle(running);
        }
        List<MemberDisk> mixed = List.of(old.members().getFirst(), rig.members().get(1));
        assertThatThrownBy(() -> rig.start(RunningContainer.Options.normal(), mixed))
                .isInstanceOf(ProblemException.class)
                .hasMessageContaining("--run");
        RunningContainer again = rig.start(DEGRADED, mixed);
        rig.verify(again.volume("v0"));
        assertThat(again.notes()).anyMatch(note -> note.contains("missed the last"));
        stopIdle(again);
    }

    @Test
    void a_stale_member_that_comes_back_is_rebuilt_when_it_is_added() throws Exception {
        ContainerRig picture = dirty(MIRROR);
        List<MemberDisk> one = List.of(picture.members().get(1));
        RunningContainer running = picture.start(DEGRADED, one);
        picture.writeSomethingAtRandom(running.volume("v0"));
        stopIdle(running);
        RunningContainer both = picture.start();
        picture.verify(both.volume("v0"));
        both.add(picture.members().getFirst());
        assertThat(both.awaitIdle(60_000_000_000L)).isTrue();
        assertThat(both.container().volumes().getFirst().missingSlots()).isZero();
        stopIdle(both);
        RunningContainer other =
                picture.start(DEGRADED, List.of(picture.members().getFirst()));
        picture.verify(other.volume("v0"));
        stopIdle(other);
    }

    /** The dirty flag is gone once the resync is recorded, what it stood for is not. */
    @Test
    void an_unfinished_resync_counts_like_an_unclean_stop() throws Exception {
        ContainerRig picture = dirty(R5_OF_3);
        Assembly.look(picture.format, picture.members()).recover(new Assembly.Options(false, false));
        refusedWithoutForce(picture, "parity");
    }

    @Test
    void so_does_a_resync_that_never_began() throws Exception {
        while (rig.disks.size() < 3) {
            rig.newDisk();
        }
        List<String> serials = rig.members().stream().map(MemberDisk::serial).toList();
        RunningContainer.create(
                rig.format, rig.members(), new VolumeSpec("v0", R5_OF_3, ContainerRig.MEMBER_KIB, serials, false));
        refusedWithoutForce(rig, "parity");
    }

    private static void refusedWithoutForce(ContainerRig picture, String why) throws Exception {
        List<MemberDisk> two = new ArrayList<>(picture.members());
        two.remove(0);
        assertThatThrownBy(() -> picture.start(DEGRADED, two))
                .isInstanceOf(ProblemException.class)
                .hasMessageContaining(why)
                .hasMessageContaining("--force");
        assertThat(Assembly.look(picture.format, two).notes()).anyMatch(note -> note.contains("may be wrong"));
        stopIdle(picture.start(DEGRADED.withForce(true), two));
    }

    @Test
    void a_member_that_dies_in_the_middle_of_assembly_is_left_out_if_that_is_allowed() throws Exception {
        ContainerRig picture = dirty(R5_OF_3);
        picture.disks
                .get(2)
                .fault()
                .with(new FaultDisk.Rule(EnumSet.of(Operation.WRITE), new SectorRange(END - 8, END - 1), 0));
        assertThatThrownBy(() -> picture.start(DEGRADED, picture.members()))
                .isInstanceOf(ProblemException.class)
                .hasMessageContaining("--force");
        RunningContainer running = picture.start(DEGRADED.withForce(true), picture.members());
        assertThat(running.container().volumes().getFirst().missingSlots()).isEqualTo(1);
        picture.verify(running.volume("v0"));
        stopIdle(running);
    }

    /** More members than the volume can do without fail their writes: a full file system, a controller or a cable that went. */
    private void breaks(RunningContainer running, int... disks) throws Exception {
        for (int disk : disks) {
            rig.disks.get(disk).fault().failWrites(new SectorRange(0, ContainerRig.MEMBER_KIB * 2));
        }
        assertThatThrownBy(() -> rig.write(running.volume("v0"), 0, rig.model.length / 2))
                .isInstanceOf(DiskException.class);
        while (!running.control("v0").read(Attribute.ARRAY_STATE).equals("broken")) {
            rig.env.sleepNanos(5_000_000L);
        }
        assertThat(running.monitor().call(new Request.PingMonitor())).isInstanceOf(Reply.Ok.class);
        assertThat(running.status().problem())
                .hasValueSatisfying(p -> assertThat(p.what()).isEqualTo("volume v0 is broken"));
        assertThatThrownBy(running::stop)
                .isInstanceOf(ProblemException.class)
                .hasMessageContaining("not recorded as stopped");
        rig.disks.forEach(disk -> disk.fault().heal());
    }

    /** Recorded, they would count as failed for good; no write that they missed has been acknowledged. */
    @Test
    void failures_that_nothing_survives_are_not_recorded() throws Exception {
        breaks(rig.create(R5_OF_3), 1, 2);
        startsWithTheRest();
    }

    @Test
    void one_that_was_survived_is_and_the_one_after_it_is_not() throws Exception {
        RunningContainer running = rig.create(R5_OF_3);
        running.control("v0").write(rig.members().get(1).serial(), MemberAttribute.STATE, "faulty");
        rig.write(running.volume("v0"), 0, 4096);
        breaks(running, 0, 2);
        assertThatThrownBy(() -> rig.start(DEGRADED, rig.members()))
                .isInstanceOf(ProblemException.class)
                .hasMessageContaining("--force");
        startsWithTheRest();
    }

    /** Of two that fail at once the first may have been recorded before the second did. */
    private void startsWithTheRest() throws Exception {
        RunningContainer again = rig.start(DEGRADED.withForce(true), rig.members());
        assertThat(again.container().volumes().getFirst().missingSlots()).isLessThanOrEqualTo(1);
        rig.write(again.volume("v0"), 0, rig.model.length / 2); // what was in flight at the end may be anything
        rig.verify(again.volume("v0"));
        stopIdle(again);
    }

    /** A member refuses what is not whole sectors of its own, and would count as failed. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 5})
    void a_part_of_a_large_sector_is_refused_and_no_member_fails(int level) throws Exception {
        Geometry geometry = Geometry.ofMd(level, 0, level == 5 ? 3 : 2, 128);
        for (int i = 0; i < geometry.members(); i++) {
            rig.newDisk(4096);
        }
        RunningContainer running = rig.create(geometry);
        Disk volume = running.volume("v0");
        assertThat(volume.logicalSectorBytes()).isEqualTo(4096);
        MemorySegment sector = Buffers.allocate(1);
        assertThatThrownBy(() -> volume.write(8, sector)).hasMessageContaining("whole sectors of 4096 bytes");
        assertThatThrownBy(() -> volume.read(9, Buffers.allocate(8)))
                .hasMessageContaining("whole sectors of 4096 bytes");
        assertThatThrownBy(() -> volume.discard(4, 8)).hasMessageContaining("whole sectors of 4096 bytes");
        rig.verify(volume);
        rig.write(volume, 8192, 4096);
        assertThat(running.status().problem()).isEmpty();
        assertThat(running.container().volumes().getFirst().missingSlots()).isZero();
        running.stop();
    }
}
