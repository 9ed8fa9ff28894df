package io.restripe.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.restripe.array.ArrayControl;
import io.restripe.array.Attribute;
import io.restripe.array.AttributeException;
import io.restripe.array.Attributes;
import io.restripe.array.MemberAttribute;
import io.restripe.array.remote.RemoteArray;
import io.restripe.assembly.Assembly;
import io.restripe.geometry.Geometry;
import io.restripe.metadata.Activity;
import io.restripe.metadata.MemberDisk;
import io.restripe.reshape.GrowRequest;
import io.restripe.rule.ProblemException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Monitors and managers that take over at the end of a reshape, when the one before has died between two of its last steps. */
@Timeout(300)
class TakeOverTest {
    @TempDir
    Path folder;

    private ContainerRig rig = new ContainerRig();
    private ArrayHost host;
    private LoneMonitor monitor;
    private Path arraySocket;
    private int monitors;

    @AfterEach
    void end() throws Exception {
        if (monitor != null) {
            monitor.close();
        }
        if (host != null) {
            host.close();
        }
    }

    private ArrayControl serve(Geometry geometry, int disks) throws Exception {
        RunningContainer running = rig.create(geometry);
        while (rig.disks.size() < disks) {
            MemberDisk spare = rig.newDisk();
            running.add(spare);
        }
        running.stop();
        return serve();
    }

    /** The disks as they are. */
    private ArrayControl serve() throws Exception {
        Assembly assembly = Assembly.look(rig.format, rig.members());
        assembly.recover(new Assembly.Options(false, false));
        arraySocket = folder.resolve("arrays.sock");
        host = ArrayHost.start(rig.env, "c0", assembly, arraySocket);
        startMonitor();
        return host.control("c0/v0");
    }

    private Path monitorSocket() {
        return folder.resolve("monitor" + monitors + ".sock");
    }

    private void startMonitor() throws Exception {
        monitors++;
        monitor = LoneMonitor.start(rig.env, "c0", rig.format, rig.members(), arraySocket, monitorSocket());
    }

    private void manage(Optional<GrowRequest> request) throws Exception {
        try (LoneManager manager =
                new LoneManager(rig.env, "c0", rig.format, rig.members(), arraySocket, monitorSocket())) {
            manager.run(request);
        }
    }

    private void await(Condition condition) throws Exception {
        while (!condition.holds()) {
            rig.env.sleepNanos(2_000_000L);
        }
    }

    /** The last rows are not relocated before somebody has seen that they may be. */
    private static void awaitUnless(Condition condition, CountDownLatch latch) {
        try {
            if (!condition.holds()) {
                assertThat(latch.await(60, TimeUnit.SECONDS)).isTrue();
            }
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private interface Condition {
        boolean holds() throws Exception;
    }

    @Test
    void an_end_that_no_monitor_saw_is_recorded_by_the_next() throws Exception {
        ArrayControl control = serve(Geometry.ofMd(5, 0, 3, 128), 4);
        Attributes array = new Attributes(control);
        long end = ContainerRig.MEMBER_KIB * 2;
        CountDownLatch watched = new CountDownLatch(1);
        rig.watch((_, sector, _) -> {
            if (sector < end) {
                awaitUnless(() -> array.numberOr(Attribute.SYNC_MAX, 0) != end, watched);
            }
        });
        Thread manager = Thread.ofPlatform().daemon().start(() -> {
            try {
                manage(Optional.of(ContainerRig.toDisks(4)));
            } catch (Exception e) {
                assertThat(e).isNotNull(); // its monitor goes away before it is done
            }
        });
        await(() -> array.numberOr(Attribute.SYNC_MAX, 0) == end);
        monitor.close();
        watched.countDown();
        await(() -> array.number(Attribute.RESHAPE_POSITION) == Attributes.NONE);
        manager.join();
        startMonitor();
        await(() -> monitor.monitor().container().volumes().getFirst().activity() instanceof Activity.Idle);
        await(() -> array.number(Attribute.ARRAY_SIZE) == 3 * ContainerRig.MEMBER_KIB);
        manage(Optional.empty());
        rig.write(host.volume("c0/v0"), 0, rig.model.length);
        rig.verify(host.volume("c0/v0"));
    }

    /** What was in flight when it stopped in the middle of a reshape is looked after when the reshape is over, by whatever monitor there is then. */
    @Test
    void what_an_unclean_stop_left_owing_is_owed_by_the_next_monitor_too() throws Exception {
        RunningContainer running = rig.create(Geometry.ofMd(5, 0, 3, 128));
        MemberDisk added = rig.newDisk();
        ContainerRig[] middle = new ContainerRig[1];
        rig.watch((disk, sector, _) -> {
            if (disk == 0 && sector >= 2048 && sector < ContainerRig.MEMBER_KIB * 2 && middle[0] == null) {
                middle[0] = rig.snapshot();
            }
        });
        running.grow(ContainerRig.toDisks(4, added));
        assertThat(running.awaitIdle(60_000_000_000L)).isTrue();
        running.stop();
        rig = middle[0];
        try (Arena arena = Arena.ofConfined()) {
            rig.disks.get(3).memory().write(0, arena.allocate(4096, 4096)); // parity of a row that is relocated already
        }
        serve();
        monitor.close();
        startMonitor();
        manage(Optional.empty());
        await(() -> monitor.monitor().container().volumes().getFirst().activity() instanceof Activity.Idle
                && !monitor.monitor().owesSync());
        rig.verify(host.volume("c0/v0"));
        assertThat(rig.rowsWithWrongParity(Geometry.ofMd(5, 0, 4, 128))).isZero();
    }

    @Test
    void a_capacity_that_the_last_monitor_did_not_come_to_show_is_shown_by_the_next() throws Exception {
        ArrayControl control = serve(Geometry.ofMd(5, 0, 3, 128), 3);
        monitor.close();
        control.write(Attribute.ARRAY_SIZE, "4096");
        startMonitor();
        await(() -> new Attributes(control).number(Attribute.ARRAY_SIZE) == 2 * ContainerRig.MEMBER_KIB);
    }

    @Test
    void members_that_the_last_monitor_left_behind_are_made_equal_before_the_next_changes_anything() throws Exception {
        ArrayControl control = serve(Geometry.ofMd(5, 0, 3, 128), 3);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment before = arena.allocate(64 * 512, 4096);
            rig.disks.getFirst().memory().read(ContainerRig.DISK_SECTORS - 64, before);
            rig.write(
                    host.volume("c0/v0"),
                    0,
                    4096); // recorded as dirty, but as if the monitor had died before the first disk
            monitor.close();
            rig.disks.getFirst().memory().write(ContainerRig.DISK_SECTORS - 64, before);
        }
        startMonitor();
        List<Integer> atHand = new ArrayList<>();
        rig.watch((_, sector, _) -> {
            if (sector >= ContainerRig.DISK_SECTORS - 64) {
                atHand.add(membersAtHand(rig.snapshot()));
            }
        });
        control.write(Attribute.ARRAY_STATE, "clean");
        await(() -> !monitor.monitor().container().volumes().getFirst().dirty());
        assertThat(atHand).isNotEmpty().allMatch(count -> count == 3);
    }

    /** As when it died between the record of the rebuild and the word that lets the array begin. */
    @Test
    void a_rebuild_that_the_last_monitor_left_frozen_is_let_go_by_the_next() throws Exception {
        ArrayControl control = serve(Geometry.ofMd(5, 0, 3, 128), 4);
        control.write(Attribute.SYNC_SPEED_MAX, "1000");
        control.write(rig.members().get(1).serial(), MemberAttribute.STATE, "faulty");
        await(() -> monitor.monitor().container().volumes().getFirst().activity() instanceof Activity.Rebuild
                && new Attributes(control).syncAction().equals("recover"));
        monitor.close();
        control.write(Attribute.SYNC_ACTION, "frozen");
        control.write(Attribute.SYNC_SPEED_MAX, "system");
        startMonitor();
        await(() -> monitor.monitor().container().volumes().getFirst().missingSlots() == 0
                && monitor.monitor().container().volumes().getFirst().activity() instanceof Activity.Idle);
        rig.verify(host.volume("c0/v0"));
        assertThat(new Attributes(control).number(Attribute.DEGRADED)).isZero();
    }

    private static int membersAtHand(ContainerRig picture) {
        try {
            return Assembly.look(picture.format, picture.members()).disks().size();
        } catch (ProblemException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void what_a_manager_left_of_a_finished_reshape_is_tidied_by_the_next() throws Exception {
        ArrayControl control = serve(Geometry.ofMd(0, 0, 2, 128), 2);
        control.write(Attribute.LEVEL, "raid4");
        control.write(Attribute.SUSPEND_HI, "4096");
        manage(Optional.empty());
        assertThat(control.read(Attribute.LEVEL)).isEqualTo("raid0");
        rig.write(host.volume("c0/v0"), 0, 4096);
    }

    @Test
    void a_member_that_cannot_be_read_does_not_stop_a_manager_of_its_own() throws Exception {
        ArrayControl control = serve(Geometry.ofMd(5, 0, 3, 128), 4);
        rig.disks.get(1).fault().die();
        control.write(rig.members().get(1).serial(), MemberAttribute.STATE, "faulty");
        await(() -> monitor.monitor().container().volumes().getFirst().missingSlots() == 1
                && !control.members().contains(rig.members().get(1).serial()));
        await(() -> !monitor.monitor().owesSync()
                && monitor.monitor().container().volumes().getFirst().activity() instanceof Activity.Idle);
        manage(Optional.of(ContainerRig.toChunk(256)));
        assertThat(monitor.monitor().container().volumes().getFirst().geometry())
                .isEqualTo(Geometry.ofMd(5, 0, 3, 256));
        rig.verify(host.volume("c0/v0"));
    }

    @Test
    void an_array_that_has_gone_has_no_list_of_members_that_could_be_trusted() throws Exception {
        try (RemoteArray array = new RemoteArray(rig.env, folder.resolve("nobody.sock"), "c0/v0")) {
            assertThatThrownBy(array::members).isInstanceOf(AttributeException.class);
        }
    }
}
