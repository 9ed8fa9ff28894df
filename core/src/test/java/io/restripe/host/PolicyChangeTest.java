package io.restripe.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.restripe.array.Attribute;
import io.restripe.consistency.ConsistencyPolicy;
import io.restripe.geometry.Geometry;
import io.restripe.metadata.Activity;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.VolumeSpec;
import io.restripe.rule.ProblemException;
import io.restripe.unit.SectorRange;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Another consistency policy while a volume runs. That no power cut on the way loses anything is shown by the lab's crash campaign. */
@Timeout(120)
class PolicyChangeTest {
    private static final Geometry R5_OF_3 = Geometry.ofMd(5, 0, 3, 128);

    private final ContainerRig rig = new ContainerRig();

    private static ConsistencyPolicy policy(RunningContainer running) {
        return running.container().volumes().getFirst().consistency().policy();
    }

    @ParameterizedTest
    @EnumSource(names = {"PPL", "BITMAP"})
    void the_new_policy_is_in_force_at_once_and_after_a_stop(ConsistencyPolicy wanted) throws Exception {
        RunningContainer running = rig.create(R5_OF_3);
        running.changePolicy("v0", wanted);
        assertThat(policy(running)).isEqualTo(wanted);
        assertThat(running.control("v0").read(Attribute.CONSISTENCY_POLICY)).isEqualTo(wanted.word());
        for (int i = 0; i < 30; i++) {
            rig.writeSomethingAtRandom(running.volume("v0"));
        }
        ContainerRig picture = rig.snapshot();
        running.stop();
        assertThat(picture.recorded().dirty()).isTrue();
        RunningContainer again = picture.start();
        assertThat(policy(again)).isEqualTo(wanted);
        if (wanted == ConsistencyPolicy.PPL) {
            assertThat(again.container().volumes().getFirst().activity()).isInstanceOf(Activity.Idle.class);
        }
        picture.verify(again.volume("v0"));
        ContainerRig.stopIdle(again);
        assertThat(picture.rowsWithWrongParity(R5_OF_3)).isZero();
    }

    /** It is recorded as a volume that was made so. */
    @ParameterizedTest
    @EnumSource(ConsistencyPolicy.class)
    void a_volume_with_another_policy_is_one_that_was_made_so(ConsistencyPolicy wanted) throws Exception {
        for (int i = 0; i < 3; i++) {
            rig.newDisk();
        }
        List<String> serials = rig.members().stream().map(MemberDisk::serial).toList();
        for (ConsistencyPolicy from : ConsistencyPolicy.values()) {
            var made = rig.format
                    .create(rig.members())
                    .withVolume(new VolumeSpec("v0", R5_OF_3, ContainerRig.MEMBER_KIB, serials, true, from));
            var madeSo = rig.format
                    .create(rig.members())
                    .withVolume(new VolumeSpec("v0", R5_OF_3, ContainerRig.MEMBER_KIB, serials, true, wanted));
            var changed = made.withPolicy(0, wanted).container().volumes().getFirst();
            var expected = madeSo.container().volumes().getFirst();
            assertThat(changed.consistency().policy())
                    .isEqualTo(expected.consistency().policy());
            assertThat(changed.consistency().sector())
                    .isEqualTo(expected.consistency().sector());
            assertThat(changed.consistency().sectors())
                    .isEqualTo(expected.consistency().sectors());
            var dirty = made.withDirty(0, true).withPolicy(0, wanted);
            assertThat(dirty.container().volumes().getFirst().dirty()).isTrue();
            assertThat(dirty.withDirty(0, false)
                            .container()
                            .volumes()
                            .getFirst()
                            .dirty())
                    .isFalse();
        }
    }

    @Test
    void the_policy_that_it_has_and_back_to_a_resync() throws Exception {
        RunningContainer running = rig.create(R5_OF_3);
        running.changePolicy("v0", ConsistencyPolicy.RESYNC);
        running.changePolicy("v0", ConsistencyPolicy.PPL);
        running.changePolicy("v0", ConsistencyPolicy.PPL);
        running.changePolicy("v0", ConsistencyPolicy.RESYNC);
        rig.writeSomethingAtRandom(running.volume("v0"));
        ContainerRig picture = rig.snapshot();
        running.stop();
        RunningContainer again = picture.start();
        assertThat(again.container().volumes().getFirst().activity()).isInstanceOf(Activity.Resync.class);
        ContainerRig.stopIdle(again);
    }

    @Test
    void a_member_that_takes_no_log_leaves_everything_as_it_was() throws Exception {
        RunningContainer running = rig.create(R5_OF_3);
        long behind = ContainerRig.MEMBER_KIB * 2;
        rig.disks.get(1).fault().failWrites(new SectorRange(behind, behind + 2048));
        assertThatThrownBy(() -> running.changePolicy("v0", ConsistencyPolicy.PPL))
                .isInstanceOf(ProblemException.class)
                .hasMessageContaining("disk1");
        assertThat(policy(running)).isEqualTo(ConsistencyPolicy.RESYNC);
        assertThat(running.control("v0").read(Attribute.CONSISTENCY_POLICY)).isEqualTo("resync");
        rig.writeSomethingAtRandom(running.volume("v0"));
        rig.verify(running.volume("v0"));
        running.stop();
    }

    /** Before anything is recorded: the array would go on with the old policy, in the area of the new one. */
    @Test
    void while_the_array_is_checked_nothing_changes() throws Exception {
        RunningContainer running = rig.create(R5_OF_3);
        running.changePolicy("v0", ConsistencyPolicy.PPL);
        running.control("v0").write(Attribute.SYNC_SPEED_MAX, "1");
        running.control("v0").write(Attribute.SYNC_ACTION, "check");
        assertThatThrownBy(() -> running.changePolicy("v0", ConsistencyPolicy.BITMAP))
                .isInstanceOf(ProblemException.class)
                .hasMessageContaining("check is under way");
        assertThat(policy(running)).isEqualTo(ConsistencyPolicy.PPL);
        running.control("v0").write(Attribute.SYNC_ACTION, "idle");
        running.changePolicy("v0", ConsistencyPolicy.BITMAP);
        assertThat(policy(running)).isEqualTo(ConsistencyPolicy.BITMAP);
        running.stop();
    }

    @Test
    void what_does_not_go_is_refused_and_changes_nothing() throws Exception {
        RunningContainer mirror = new ContainerRig().create(Geometry.ofMd(1, 0, 2, 128));
        refused(mirror, ConsistencyPolicy.PPL, "RAID5 only");
        mirror.changePolicy("v0", ConsistencyPolicy.BITMAP);
        mirror.stop();
        RunningContainer striped = new ContainerRig().create(Geometry.ofMd(0, 0, 2, 128));
        refused(striped, ConsistencyPolicy.BITMAP, "without redundancy");
        striped.stop();
        RunningContainer running = rig.create(R5_OF_3);
        running.fail("SERIAL1");
        refused(running, ConsistencyPolicy.PPL, "degraded");
        running.stop();
    }

    private static void refused(RunningContainer running, ConsistencyPolicy wanted, String why) {
        assertThatThrownBy(() -> running.changePolicy("v0", wanted))
                .isInstanceOf(ProblemException.class)
                .hasMessageContaining(why);
        assertThat(policy(running)).isEqualTo(ConsistencyPolicy.RESYNC);
    }
}
