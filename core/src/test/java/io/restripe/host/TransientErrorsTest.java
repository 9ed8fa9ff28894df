package io.restripe.host;

import static org.assertj.core.api.Assertions.assertThat;

import io.restripe.array.MemberAttribute;
import io.restripe.disk.DiskException.Operation;
import io.restripe.geometry.Geometry;
import io.restripe.metadata.MemberDisk;
import io.restripe.unit.SectorRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * One write, or one flush, that fails once, while the disk does everything else: the member that missed it has stale bytes that nothing
 * else would ever show. Whoever wrote must notice and fail the member, be it a user, a relocation, a backup, a rebuild or a recovery.
 */
@Timeout(120)
class TransientErrorsTest {
    private static final Geometry MIRROR = Geometry.ofMd(1, 0, 2, 128);
    private static final Geometry R5_OF_3 = Geometry.ofMd(5, 0, 3, 128);
    private static final Geometry R5_OF_3_SMALL = Geometry.ofMd(5, 0, 3, 32);
    private static final RunningContainer.Options DEGRADED =
            RunningContainer.Options.normal().withStartDegraded(true);
    private static final SectorRange DATA = new SectorRange(0, ContainerRig.MEMBER_KIB * 2);
    private static final SectorRange LATE_ROWS = new SectorRange(2048, 2304);
    private static final SectorRange COPY_AREA =
            new SectorRange(ContainerRig.DISK_SECTORS - 2209, ContainerRig.DISK_SECTORS - 162);

    private ContainerRig rig = new ContainerRig();

    private void failOnce(int disk, Operation operation, SectorRange range) {
        rig.disks.get(disk).fault().failOnce(operation, range);
    }

    /** The member has failed and all is right without it, also for whoever finds the disks. */
    private void assertFailed(RunningContainer running, int... disks) throws Exception {
        assertThat(running.awaitIdle(60_000_000_000L)).isTrue();
        assertThat(running.container().volumes().getFirst().missingSlots()).isEqualTo(disks.length);
        for (int disk : disks) {
            while (running.control("v0")
                    .members()
                    .contains(rig.members().get(disk).serial())) {
                rig.env.sleepNanos(5_000_000L); // the array lets it go some time after it is recorded
            }
        }
        rig.verify(running.volume("v0"));
        running.stop();
        RunningContainer again = rig.start(RunningContainer.Options.normal().withStartDegraded(true), rig.members());
        rig.verify(again.volume("v0"));
        again.stop();
    }

    @Test
    void of_a_user_on_a_raid5() throws Exception {
        RunningContainer running = rig.create(R5_OF_3);
        failOnce(1, Operation.WRITE, DATA);
        rig.write(running.volume("v0"), 0, 8192);
        rig.write(running.volume("v0"), 8192, rig.model.length - 8192);
        assertFailed(running, 1);
    }

    @Test
    void of_a_user_on_a_mirror() throws Exception {
        RunningContainer running = rig.create(MIRROR);
        failOnce(1, Operation.WRITE, DATA);
        rig.writeSomethingAtRandom(running.volume("v0"));
        assertFailed(running, 1);
    }

    @Test
    void of_a_users_flush() throws Exception {
        RunningContainer running = rig.create(R5_OF_3);
        failOnce(1, Operation.FLUSH, null);
        running.volume("v0").flush();
        assertFailed(running, 1);
    }

    @Test
    void of_a_relocation() throws Exception {
        RunningContainer running = rig.create(R5_OF_3);
        MemberDisk added = rig.newDisk();
        failOnce(1, Operation.WRITE, LATE_ROWS);
        running.grow(ContainerRig.toDisks(4, added));
        assertFailed(running, 1);
    }

    @Test
    void of_a_relocation_onto_the_new_member() throws Exception {
        RunningContainer running = rig.create(R5_OF_3);
        MemberDisk added = rig.newDisk();
        failOnce(3, Operation.WRITE, LATE_ROWS);
        running.grow(ContainerRig.toDisks(4, added));
        assertFailed(running, 3);
    }

    @Test
    void of_the_flush_behind_a_relocation() throws Exception {
        RunningContainer running = rig.create(R5_OF_3);
        MemberDisk added = rig.newDisk();
        boolean[] armed = new boolean[1];
        rig.watch((disk, sector, _) -> {
            if (disk == 2 && sector >= LATE_ROWS.start() && sector < LATE_ROWS.end() && !armed[0]) {
                armed[0] = true;
                failOnce(2, Operation.FLUSH, null);
            }
        });
        running.grow(ContainerRig.toDisks(4, added));
        assertFailed(running, 2);
    }

    @Test
    void of_a_backup() throws Exception {
        RunningContainer running = rig.create(R5_OF_3_SMALL);
        boolean[] armed = new boolean[1];
        rig.watch((disk, sector, _) -> {
            if (disk == 1 && sector >= LATE_ROWS.start() && sector < LATE_ROWS.end() && !armed[0]) {
                armed[0] = true; // behind the birth, whose backup nobody is failed for
                failOnce(1, Operation.WRITE, COPY_AREA);
            }
        });
        running.grow(ContainerRig.toChunk(64));
        assertFailed(running, 1);
        assertThat(armed[0]).isTrue();
    }

    @Test
    void of_a_rebuild() throws Exception {
        RunningContainer running = rig.create(R5_OF_3);
        running.control("v0").write(rig.members().get(0).serial(), MemberAttribute.STATE, "faulty");
        MemberDisk added = rig.newDisk();
        failOnce(3, Operation.WRITE, LATE_ROWS);
        running.add(added);
        assertFailed(running, 0);
    }

    @Test
    void of_the_recovery_of_a_saved_unit() throws Exception {
        RunningContainer running = rig.create(R5_OF_3_SMALL);
        ContainerRig[] cut = new ContainerRig[1];
        rig.watch((disk, sector, _) -> {
            if (disk == 2 && sector >= LATE_ROWS.start() && sector < LATE_ROWS.end() && cut[0] == null) {
                cut[0] = rig.snapshot(); // in the middle of a unit, which is in the copy area
            }
        });
        running.grow(ContainerRig.toChunk(64));
        assertThat(running.awaitIdle(60_000_000_000L)).isTrue();
        running.stop();
        rig = cut[0];
        failOnce(1, Operation.WRITE, LATE_ROWS);
        assertFailed(rig.start(DEGRADED.withForce(true), rig.members()), 1);
    }
}
