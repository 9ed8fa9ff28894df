package io.restripe.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.restripe.array.Attribute;
import io.restripe.array.Attributes;
import io.restripe.array.MemberAttribute;
import io.restripe.geometry.Geometry;
import io.restripe.metadata.Activity;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.ReshapeGoal;
import io.restripe.reshape.Reply;
import io.restripe.reshape.Request;
import io.restripe.rule.ProblemException;
import io.restripe.unit.SectorRange;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Whatever goes wrong, monitor and manager tell it and live on, and a container can be stopped. */
@Timeout(300)
class BreakdownTest {
    private static final Geometry R5_OF_3 = Geometry.ofMd(5, 0, 3, 128);
    private static final Geometry R0_OF_3 = Geometry.ofMd(0, 0, 3, 128);
    private static final Geometry R0_OF_2 = Geometry.ofMd(0, 0, 2, 128);

    private final ContainerRig rig = new ContainerRig();

    private void awaitEndOfManager(RunningContainer running) {
        while (running.isManaging()) {
            rig.env.sleepNanos(5_000_000L);
        }
    }

    @Test
    void a_disk_that_dies_under_the_birth_of_a_reshape_ends_neither_the_monitor_nor_the_array() throws Exception {
        RunningContainer running = rig.create(R5_OF_3, R0_OF_3);
        MemberDisk added = rig.newDisk();
        AtomicBoolean died = new AtomicBoolean();
        rig.watch((disk, sector, _) -> {
            if (disk == 0 && sector == ProtocolWatch.COPY_AREA && !died.getAndSet(true)) {
                rig.disks.get(1).fault().die();
            }
        });
        assertThatThrownBy(() -> running.grow(ContainerRig.toDisks(4, added))).isInstanceOf(ProblemException.class);
        awaitEndOfManager(running);
        assertThat(running.monitor().call(new Request.PingMonitor())).isInstanceOf(Reply.Ok.class);
        running.control("v0").write(rig.members().get(1).serial(), MemberAttribute.STATE, "faulty");
        rig.write(running.volume("v0"), 0, rig.model.length);
        rig.verify(running.volume("v0"));
        running.stop();
    }

    @Test
    void a_volume_that_cannot_have_its_turn_is_told_and_holds_up_nothing() throws Exception {
        RunningContainer running = rig.create(R5_OF_3, R0_OF_3);
        MemberDisk added = rig.newDisk();
        running.speedLimit(3000);
        running.grow(ContainerRig.toDisks(4, added));
        running.control("v0").write(rig.members().get(1).serial(), MemberAttribute.STATE, "faulty");
        running.speedLimit(0);
        awaitEndOfManager(running);
        assertThat(running.status().problem()).isPresent();
        assertThat(running.container().volumes().getFirst().geometry()).isEqualTo(Geometry.ofMd(5, 0, 4, 128));
        running.add(rig.newDisk());
        assertThat(running.awaitIdle(60_000_000_000L)).isTrue();
        assertThat(running.container().volumes().getFirst().missingSlots()).isZero();
        rig.verify(running.volume("v0"));
        running.stop();
    }

    @Test
    void the_monitor_refuses_what_makes_no_sense() throws Exception {
        RunningContainer running = rig.create(R5_OF_3);
        assertThat(running.monitor().call(new Request.CancelReshape(7))).isInstanceOf(Reply.Refused.class);
        assertThat(running.monitor().call(new Request.WithdrawStep(7))).isInstanceOf(Reply.Refused.class);
        assertThat(running.monitor().call(new Request.BeginResync(7))).isInstanceOf(Reply.Refused.class);
        assertThat(running.monitor().call(new Request.BeginRebuild(7, 0, "SERIAL0")))
                .isInstanceOf(Reply.Refused.class);
        assertThatThrownBy(() -> running.monitor().call(new Request.BeginRebuild(0, 99, "nobody")))
                .isInstanceOf(IOException.class);
        assertThat(running.monitor().call(new Request.PingMonitor())).isInstanceOf(Reply.Ok.class);
        running.stop();
    }

    @Test
    void a_birth_is_not_recorded_while_writes_to_its_first_unit_may_go_on() throws Exception {
        RunningContainer running = rig.create(R5_OF_3);
        running.add(rig.newDisk());
        Reply reply = running.monitor()
                .call(new Request.BeginReshape(new ReshapeGoal(
                        0,
                        Geometry.ofMd(5, 0, 4, 128),
                        List.of(rig.members().get(3).serial()))));
        assertThat(reply).isInstanceOf(Reply.Refused.class);
        assertThat(running.container().volumes().getFirst().activity()).isInstanceOf(Activity.Idle.class);
        running.stop();
    }

    @Test
    void a_container_all_of_whose_disks_have_died_stops_and_says_that_this_is_not_recorded() throws Exception {
        RunningContainer running = rig.create(R5_OF_3);
        rig.disks.forEach(disk -> disk.fault().die());
        Thread user = Thread.ofPlatform().daemon().start(() -> {
            try {
                rig.write(running.volume("v0"), 0, 4096);
            } catch (Exception e) {
                assertThat(e).isNotNull(); // it may fail or wait, but not be acknowledged
            }
        });
        while (running.monitor().problem().isEmpty()) {
            rig.env.sleepNanos(5_000_000L);
        }
        assertThatThrownBy(running::stop)
                .isInstanceOf(ProblemException.class)
                .hasMessageContaining("not recorded as stopped");
        running.stop();
        user.join(60_000);
    }

    @Test
    void a_raid0_that_has_become_a_raid5_is_marked_clean_as_before() throws Exception {
        RunningContainer running = rig.create(R0_OF_2);
        String before = running.control("v0").read(Attribute.SAFE_MODE_DELAY);
        running.grow(ContainerRig.toRaid5(rig.newDisk()));
        assertThat(running.awaitIdle(60_000_000_000L)).isTrue();
        assertThat(running.control("v0").read(Attribute.SAFE_MODE_DELAY)).isEqualTo(before);
        running.stop();
    }

    @Test
    void a_member_that_cannot_take_metadata_is_recorded_as_failed_before_a_write_goes_on() throws Exception {
        rig.create(R5_OF_3).stop();
        RunningContainer running = rig.start();
        rig.disks.get(1).fault().failWrites(new SectorRange(ContainerRig.DISK_SECTORS - 64, ContainerRig.DISK_SECTORS));
        rig.write(running.volume("v0"), 0, 4096);
        assertThat(running.container().volumes().getFirst().missingSlots()).isEqualTo(1);
        while (new Attributes(running.control("v0")).number(Attribute.DEGRADED) == 0) {
            rig.env.sleepNanos(5_000_000L);
        }
        rig.verify(running.volume("v0"));
        running.stop();
    }
}
