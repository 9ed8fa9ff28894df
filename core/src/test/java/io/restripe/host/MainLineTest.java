package io.restripe.host;

import static org.assertj.core.api.Assertions.assertThat;

import io.restripe.disk.Disk;
import io.restripe.geometry.Geometry;
import io.restripe.metadata.Activity;
import io.restripe.reshape.GrowRequest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The product's whole path on memory disks: create, fill, grow under writes, stop, look again. */
@Timeout(120)
class MainLineTest {
    private final ContainerRig rig = new ContainerRig();

    private void growUnderWrites(RunningContainer running, GrowRequest request) throws Exception {
        running.grow(request);
        Disk volume = running.volume("v0");
        while (running.isManaging()) {
            rig.writeSomethingAtRandom(volume);
        }
        assertThat(running.status().problem()).isEmpty();
        assertThat(running.awaitIdle(30_000_000_000L)).isTrue();
        assertThat(running.container().volumes())
                .allSatisfy(v -> assertThat(v.activity()).isInstanceOf(Activity.Idle.class));
    }

    private void check(RunningContainer running, GrowRequest request, Geometry after) throws Exception {
        rig.verify(running.volume("v0"));
        growUnderWrites(running, request);
        rig.verify(running.volume("v0"));
        assertThat(running.container().volumes().getFirst().geometry()).isEqualTo(after);
        assertThat(running.volume("v0").sectors()).isEqualTo(after.arraySectors(ContainerRig.MEMBER_KIB * 2));
        running.stop();
        if (after.parityMembers() == 1) {
            assertThat(rig.rowsWithWrongParity(after)).isZero();
        }
        RunningContainer again = rig.start();
        rig.verify(again.volume("v0"));
        assertThat(again.container().volumes().getFirst().dirty()).isFalse();
        again.stop();
    }

    @Test
    void a_raid5_of_three_grows_to_four_under_writes() throws Exception {
        RunningContainer running = rig.create(Geometry.ofMd(5, 0, 3, 128));
        check(running, ContainerRig.toDisks(4, rig.newDisk()), Geometry.ofMd(5, 0, 4, 128));
    }

    @Test
    void a_raid5_of_four_grows_to_five_whose_units_cut_old_rows() throws Exception {
        RunningContainer running = rig.create(Geometry.ofMd(5, 0, 4, 128));
        check(running, ContainerRig.toDisks(5, rig.newDisk()), Geometry.ofMd(5, 0, 5, 128));
    }

    @Test
    void a_raid5_grows_by_two_disks_at_once() throws Exception {
        RunningContainer running = rig.create(Geometry.ofMd(5, 0, 3, 128));
        check(running, ContainerRig.toDisks(5, rig.newDisk(), rig.newDisk()), Geometry.ofMd(5, 0, 5, 128));
    }

    @Test
    void a_raid0_of_two_grows_to_three_by_way_of_raid4() throws Exception {
        RunningContainer running = rig.create(Geometry.ofMd(0, 0, 2, 128));
        check(running, ContainerRig.toDisks(3, rig.newDisk()), Geometry.ofMd(0, 0, 3, 128));
    }

    @Test
    void a_raid5_changes_its_chunk() throws Exception {
        check(rig.create(Geometry.ofMd(5, 0, 3, 128)), ContainerRig.toChunk(512), Geometry.ofMd(5, 0, 3, 512));
    }

    @Test
    void a_raid0_changes_its_chunk() throws Exception {
        check(rig.create(Geometry.ofMd(0, 0, 3, 256)), ContainerRig.toChunk(128), Geometry.ofMd(0, 0, 3, 128));
    }

    @Test
    void a_raid0_becomes_a_raid5_with_one_disk_more() throws Exception {
        RunningContainer running = rig.create(Geometry.ofMd(0, 0, 3, 128));
        check(running, ContainerRig.toRaid5(rig.newDisk()), Geometry.ofMd(5, 0, 4, 128));
    }

    @Test
    void two_volumes_grow_one_after_the_other() throws Exception {
        RunningContainer running = rig.create(Geometry.ofMd(5, 0, 3, 128), Geometry.ofMd(0, 0, 3, 64));
        check(running, ContainerRig.toDisks(4, rig.newDisk()), Geometry.ofMd(5, 0, 4, 128));
        RunningContainer again = rig.start();
        assertThat(again.container().volumes().get(1).geometry()).isEqualTo(Geometry.ofMd(0, 0, 4, 64));
        rig.verifyAll(again);
        again.stop();
    }
}
