package io.restripe.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.restripe.disk.Disk;
import io.restripe.geometry.Geometry;
import io.restripe.metadata.Activity;
import io.restripe.metadata.MemberDisk;
import io.restripe.reshape.GrowRequest;
import io.restripe.rule.ProblemException;
import io.restripe.unit.Units;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One test for each defect of real mdadm that docs/imsm.md, section 13 lists: mdadm's behaviour fails it, ours must pass. */
@Timeout(300)
class MdadmDefectsTest {
    private static final int NORMAL = 0;
    private static final int IN_COPY_AREA = 1;
    private static final Geometry R5_OF_3 = Geometry.ofMd(5, 0, 3, 128);

    private final ContainerRig rig = new ContainerRig();

    private ContainerRig cutDuring(RunningContainer running, GrowRequest request, Cut.Point point) throws Exception {
        Cut cut = new Cut(rig, point);
        rig.watch(cut);
        running.grow(request);
        assertThat(running.awaitIdle(60_000_000_000L)).isTrue();
        running.stop();
        assertThat(cut.picture()).as("the point %s was reached", point).isNotNull();
        return cut.picture();
    }

    /** 13.1: the last unit of a same-size reshape is restored and then finished, not reshaped a second time. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 5, 8})
    void the_last_unit_of_a_chunk_change_is_not_reshaped_twice(int writesAfter) throws Exception {
        RunningContainer running = rig.create(R5_OF_3);
        int last = (int) (ContainerRig.MEMBER_KIB / 1024) - 1;
        cutDuring(running, ContainerRig.toChunk(512), new Cut.Point(IN_COPY_AREA, last, writesAfter))
                .finishAndVerify();
    }

    /** 13.2: a write that is acknowledged while a unit is being backed up is in the backup or waits for its end. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3})
    void a_write_acknowledged_around_a_backup_survives_a_crash_in_the_unit(int unit) throws Exception {
        RunningContainer running = rig.create(R5_OF_3);
        Disk volume = running.volume("v0");
        AtomicLong acknowledged = new AtomicLong();
        long sector = unit * 4096L + 8;
        Cut cut = new Cut(rig, new Cut.Point(IN_COPY_AREA, unit, 1));
        List<Long> atCut = new ArrayList<>();
        rig.watch((disk, at, contents) -> {
            boolean before = cut.picture() == null;
            long safe = acknowledged.get();
            cut.written(disk, at, contents);
            if (before && cut.picture() != null) {
                atCut.add(safe);
            }
        });
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(Units.SECTOR_BYTES, Units.SECTOR_BYTES);
            volume.write(sector, buffer);
            running.grow(ContainerRig.toChunk(512));
            for (long counter = 1; running.isManaging(); counter++) {
                buffer.set(ValueLayout.JAVA_LONG, 0, counter);
                volume.write(sector, buffer);
                volume.flush();
                acknowledged.set(counter);
            }
        }
        running.stop();
        assertThat(cut.picture()).isNotNull();
        RunningContainer again = cut.picture().start();
        assertThat(again.awaitIdle(60_000_000_000L)).isTrue();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(Units.SECTOR_BYTES, Units.SECTOR_BYTES);
            again.volume("v0").read(sector, buffer);
            assertThat(buffer.get(ValueLayout.JAVA_LONG, 0)).isGreaterThanOrEqualTo(atCut.getFirst());
        }
        again.stop();
    }

    /** 13.3: the copy area goes by slot, so an array that was rebuilt once (slots not in disk order) survives a critical unit. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 3, 6})
    void a_critical_unit_of_an_array_that_was_rebuilt_survives(int writesAfter) throws Exception {
        RunningContainer running = rig.create(R5_OF_3);
        MemberDisk spare = rig.newDisk();
        running.add(spare);
        running.fail(rig.members().get(1).serial());
        awaitRebuilt(running);
        running.remove(rig.members().get(1).serial());
        ContainerRig picture =
                cutDuring(running, ContainerRig.toDisks(4, rig.newDisk()), new Cut.Point(IN_COPY_AREA, 1, writesAfter));
        List<MemberDisk> left = new ArrayList<>(picture.members());
        left.remove(1);
        RunningContainer again = picture.start(RunningContainer.Options.normal(), left);
        assertThat(again.awaitIdle(60_000_000_000L)).isTrue();
        picture.verify(again.volume("v0"));
        again.stop();
    }

    private void awaitRebuilt(RunningContainer running) {
        long deadline = rig.env.nanoTime() + 60_000_000_000L;
        while (running.container().volumes().getFirst().missingSlots() > 0 || !running.awaitIdle(1_000_000_000L)) {
            assertThat(rig.env.nanoTime()).as("the rebuild ends in time").isLessThan(deadline);
            rig.env.sleepNanos(5_000_000L);
        }
    }

    /** 13.4: what is refused leaves the metadata as it was. */
    @Test
    void a_refused_chunk_leaves_every_byte_of_metadata() throws Exception {
        RunningContainer running = rig.create(R5_OF_3);
        long generation = running.container().generation();
        assertThatThrownBy(() -> running.grow(ContainerRig.toChunk(4096))).isInstanceOf(ProblemException.class);
        assertThat(running.container().volumes().getFirst().activity()).isInstanceOf(Activity.Idle.class);
        assertThat(running.container().generation()).isGreaterThanOrEqualTo(generation);
        rig.verify(running.volume("v0"));
        running.stop();
        rig.finishAndVerify();
    }

    /** 13.5: a crash at any write between the request and the first checkpoint loses nothing. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 18, 20})
    void the_start_window_of_a_grow_is_safe(int writesAfter) throws Exception {
        RunningContainer running = rig.create(R5_OF_3);
        ContainerRig picture =
                cutDuring(running, ContainerRig.toDisks(4, rig.newDisk()), new Cut.Point(NORMAL, -1, writesAfter));
        boolean joined = picture.joined(3);
        RunningContainer again = picture.start(
                RunningContainer.Options.normal(), picture.members().subList(0, joined ? 4 : 3));
        assertThat(again.awaitIdle(60_000_000_000L)).isTrue();
        picture.verify(again.volume("v0"));
        again.stop();
    }

    /** 13.5, second half: the second volume of a grow is born as safely as the first, and a crash before that does not forget it. */
    @ParameterizedTest
    @ValueSource(ints = {0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 24})
    void the_hand_over_to_the_second_volume_is_safe(int writesAfter) throws Exception {
        handOver(Geometry.ofMd(5, 0, 3, 64), 2048, writesAfter);
    }

    /** Volumes that are alike: a record of the first would fit the second. */
    @ParameterizedTest
    @ValueSource(ints = {0, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23})
    void the_hand_over_between_equal_volumes_is_safe(int writesAfter) throws Exception {
        handOver(R5_OF_3, ContainerRig.MEMBER_KIB, writesAfter);
    }

    private void handOver(Geometry second, long memberKib, int writesAfter) throws Exception {
        rig.sizeOfOthers(memberKib);
        RunningContainer running = rig.create(R5_OF_3, second);
        int units = (int) (ContainerRig.MEMBER_KIB / 1024);
        ContainerRig picture =
                cutDuring(running, ContainerRig.toDisks(4, rig.newDisk()), new Cut.Point(NORMAL, units, writesAfter));
        picture.finishAndVerify();
        RunningContainer again = picture.start();
        assertThat(again.container().volumes())
                .allSatisfy(v -> assertThat(v.geometry().members()).isEqualTo(4));
        again.stop();
    }

    /** 13.6: a degraded array is backed up to the members that are there, and grows. */
    @Test
    void a_degraded_raid5_grows() throws Exception {
        RunningContainer running = rig.create(R5_OF_3);
        running.fail(rig.members().get(1).serial());
        running.remove(rig.members().get(1).serial());
        rig.verify(running.volume("v0"));
        running.grow(ContainerRig.toDisks(4, rig.newDisk()));
        while (running.isManaging()) {
            rig.writeSomethingAtRandom(running.volume("v0"));
        }
        assertThat(running.status().problem()).isEmpty();
        rig.verify(running.volume("v0"));
        assertThat(running.container().volumes().getFirst().geometry()).isEqualTo(Geometry.ofMd(5, 0, 4, 128));
        running.stop();
    }

    /** 13.7: on disks of 4096-byte sectors the record alone says how far it is. */
    @ParameterizedTest
    @ValueSource(ints = {0, 3})
    void a_reshape_on_4kn_disks_goes_on_from_its_record(int writesAfter) throws Exception {
        for (int i = 0; i < 3; i++) {
            rig.newDisk(4096);
        }
        RunningContainer running = rig.create(R5_OF_3);
        Cut cut = new Cut(rig, new Cut.Point(IN_COPY_AREA, 1, writesAfter));
        rig.watch((disk, sector, contents) -> cut.written(
                disk, sector == ContainerRig.DISK_SECTORS - 8 ? ContainerRig.DISK_SECTORS - 1 : sector, contents));
        running.grow(ContainerRig.toDisks(4, rig.newDisk(4096)));
        assertThat(running.awaitIdle(60_000_000_000L)).isTrue();
        running.stop();
        cut.picture().finishAndVerify();
    }

    /** 13.8: nothing that the record claims is only in a cache: every member is flushed between its last data write and the claim. */
    @Test
    void the_record_never_claims_what_is_not_flushed() throws Exception {
        RunningContainer running = rig.create(R5_OF_3);
        FlushOrder order = new FlushOrder();
        rig.watch(order);
        running.grow(ContainerRig.toDisks(4, rig.newDisk()));
        assertThat(running.awaitIdle(60_000_000_000L)).isTrue();
        running.stop();
        assertThat(order.claims()).isGreaterThan(4);
        assertThat(order.unflushedClaims()).isEmpty();
    }

    /** 13.10: a crash in the reshape of a dirty array is followed by a repair of its parity. */
    @Test
    void parity_is_made_sure_of_after_a_crash_in_a_dirty_reshape() throws Exception {
        RunningContainer running = rig.create(R5_OF_3);
        Cut cut = new Cut(rig, new Cut.Point(NORMAL, 3, 0));
        rig.watch(cut);
        running.grow(ContainerRig.toDisks(4, rig.newDisk()));
        while (cut.picture() == null && running.isManaging()) {
            rig.write(running.volume("v0"), 0, 8 * Units.SECTOR_BYTES); // keeps the array dirty
        }
        assertThat(running.awaitIdle(60_000_000_000L)).isTrue();
        running.stop();
        ContainerRig picture = cut.picture();
        try (Arena arena = Arena.ofConfined()) { // a write in flight that reached the parity of row 0 and not its data
            MemorySegment garbage =
                    arena.allocate(Units.bytesOfSectors(8), 4096).fill((byte) 0x5a);
            picture.disks.get(3).memory().write(0, garbage);
        }
        picture.finishAndVerify();
    }

    /** 13.11: with one of the two records gone, the other one counts. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void one_lost_copy_of_the_record_costs_nothing(int slot) throws Exception {
        RunningContainer running = rig.create(R5_OF_3);
        ContainerRig picture = cutDuring(running, ContainerRig.toDisks(4, rig.newDisk()), new Cut.Point(NORMAL, 2, 1));
        try (Arena arena = Arena.ofConfined()) {
            picture.disks
                    .get(slot)
                    .memory()
                    .write(ContainerRig.DISK_SECTORS - 1, arena.allocate(Units.SECTOR_BYTES, 64));
        }
        picture.finishAndVerify();
    }
}
