package io.restripe.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.restripe.array.Attribute;
import io.restripe.geometry.Geometry;
import io.restripe.metadata.Activity;
import io.restripe.metadata.ContainerDisk;
import io.restripe.metadata.MemberDisk;
import io.restripe.rule.ProblemException;
import io.restripe.unit.SectorRange;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A reshape that cannot go on stands: nothing is overwritten, nobody is failed for it, the array serves, and it can be continued (R8). */
@Timeout(300)
class StandstillTest {
    private static final Geometry R0_OF_2 = Geometry.ofMd(0, 0, 2, 128);
    private static final Geometry R5_OF_3 = Geometry.ofMd(5, 0, 3, 128);
    private static final SectorRange COPY_AREA =
            new SectorRange(ProtocolWatch.COPY_AREA, ProtocolWatch.COPY_AREA + 2048);

    private final ContainerRig rig = new ContainerRig();

    private void awaitEndOfManager(RunningContainer running) {
        while (running.isManaging()) {
            rig.env.sleepNanos(5_000_000L);
        }
    }

    private void continueToTheEnd(RunningContainer running) throws Exception {
        rig.disks.forEach(disk -> disk.fault().heal());
        running.resume();
        assertThat(running.awaitIdle(100_000_000_000L)).isTrue();
        assertThat(running.status().problem()).isEmpty();
        assertThat(running.container().volumes().getFirst().activity()).isInstanceOf(Activity.Idle.class);
        rig.verify(running.volume("v0"));
        running.stop();
        rig.finishAndVerify();
    }

    private static void assertNobodyFailed(RunningContainer running) {
        assertThat(running.container().disks())
                .extracting(ContainerDisk::status)
                .doesNotContain(ContainerDisk.Status.FAILED);
    }

    @Test
    void an_unwritable_copy_area_of_a_raid0_fails_no_disk_and_holds_no_writes() throws Exception {
        RunningContainer running = rig.create(R0_OF_2);
        ProtocolWatch watch = new ProtocolWatch();
        rig.watch((disk, sector, contents) -> {
            watch.written(disk, sector, contents);
            if (watch.savedUnit() == 0) {
                rig.disks.get(1).fault().failWrites(COPY_AREA);
            }
        });
        running.grow(ContainerRig.toChunk(256));
        awaitEndOfManager(running);
        assertThat(running.status().problem()).isPresent();
        assertNobodyFailed(running);
        rig.verify(running.volume("v0"));
        rig.write(running.volume("v0"), 0, rig.model.length); // through the unit that could not be saved too
        running.volume("v0").flush();
        rig.snapshot().disks.forEach(disk -> disk.fault().heal());
        continueToTheEnd(running);
    }

    @Test
    void an_unwritable_new_disk_is_refused_before_anything_begins() throws Exception {
        RunningContainer running = rig.create(R0_OF_2);
        MemberDisk added = rig.newDisk();
        rig.disks.get(2).fault().failWrites(COPY_AREA);
        assertThatThrownBy(() -> running.grow(ContainerRig.toDisks(3, added))).isInstanceOf(ProblemException.class);
        assertNobodyFailed(running);
        assertThat(running.container().volumes().getFirst().activity()).isInstanceOf(Activity.Idle.class);
        rig.verify(running.volume("v0"));
        rig.write(running.volume("v0"), 0, rig.model.length);
        running.stop();
        rig.finishAndVerify();
    }

    @Test
    void a_degraded_raid5_does_not_lose_a_second_disk_to_its_copy_area() throws Exception {
        RunningContainer running = rig.create(R5_OF_3);
        running.fail(rig.members().get(2).serial());
        rig.disks.get(1).fault().failWrites(COPY_AREA);
        assertThatThrownBy(() -> running.grow(ContainerRig.toChunk(256))).isInstanceOf(ProblemException.class);
        assertThat(running.container().volumes().getFirst().missingSlots()).isEqualTo(1);
        rig.write(running.volume("v0"), 0, rig.model.length);
        rig.verify(running.volume("v0"));
        running.stop();
    }

    @Test
    void a_source_that_can_be_read_again_lets_the_reshape_go_on() throws Exception {
        RunningContainer running = rig.create(R0_OF_2);
        MemberDisk added = rig.newDisk();
        rig.disks.get(1).fault().failReads(new SectorRange(7000, 7001));
        running.grow(ContainerRig.toDisks(3, added));
        awaitEndOfManager(running);
        assertThat(running.status().problem()).isPresent();
        assertThat(running.control("v0").read(Attribute.RESHAPE_POSITION)).isNotEqualTo("none");
        continueToTheEnd(running);
    }

    @Test
    void a_cut_old_row_is_held_as_a_whole_while_it_is_read() throws Exception {
        RunningContainer running = rig.create(Geometry.ofMd(5, 0, 4, 128));
        MemberDisk added = rig.newDisk();
        long oldRow = 3 * 128;
        List<Long> held = new ArrayList<>();
        rig.watch((_, sector, _) -> {
            if (sector == ProtocolWatch.COPY_AREA) {
                try {
                    held.add(Long.parseLong(running.control("v0").read(Attribute.SUSPEND_HI)));
                } catch (Exception e) {
                    throw new IllegalStateException(e);
                }
            }
        });
        running.grow(ContainerRig.toDisks(5, added));
        assertThat(running.awaitIdle(60_000_000_000L)).isTrue();
        running.stop();
        assertThat(held).isNotEmpty().allMatch(end -> end % oldRow == 0);
        rig.finishAndVerify();
    }
}
