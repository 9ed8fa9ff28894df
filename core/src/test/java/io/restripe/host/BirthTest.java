package io.restripe.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.restripe.array.Attribute;
import io.restripe.disk.Disk;
import io.restripe.geometry.Geometry;
import io.restripe.metadata.Activity;
import io.restripe.metadata.MemberDisk;
import io.restripe.reshape.MonitorLink;
import io.restripe.reshape.Reply;
import io.restripe.reshape.Request;
import io.restripe.rule.ProblemException;
import io.restripe.unit.SectorRange;
import java.io.IOException;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The birth of a reshape whose outcome the manager does not learn, and its continuation: no acknowledged write may be lost (R1, R12). */
@Timeout(300)
class BirthTest {
    private static final Geometry R5_OF_3 = Geometry.ofMd(5, 0, 3, 128);
    private static final int UNIT_BYTES = 6144 * 512;

    private final ContainerRig rig = new ContainerRig();
    private final ProtocolWatch watch = new ProtocolWatch();
    private final BrokenLink link = new BrokenLink();

    /** The way to the monitor, broken after it has carried the reshape's birth: for that answer only, or from then on. */
    private static final class BrokenLink {
        private volatile boolean losesAnswer;
        private volatile boolean goesDown;
        private volatile boolean refuses;
        private volatile boolean down;
        /** Asked with every request, before it is sent. */
        private volatile java.util.function.Consumer<Request> before = request -> {};

        MonitorLink over(MonitorLink monitor) {
            return sent -> {
                Request request = sent instanceof Request.FromManager from ? from.request() : sent;
                before.accept(request);
                if (down) {
                    throw new IOException("the monitor is gone");
                }
                if (refuses && request instanceof Request.BeginReshape) {
                    return new Reply.Refused("this test", "not now");
                }
                Reply reply = monitor.call(sent);
                if (request instanceof Request.BeginReshape && (losesAnswer || goesDown)) {
                    down = goesDown;
                    throw new IOException("the monitor was killed before it answered");
                }
                return reply;
            };
        }
    }

    private RunningContainer createAndStart(Geometry geometry) throws Exception {
        rig.create(geometry).stop();
        RunningContainer running =
                rig.start(RunningContainer.Options.normal().withMonitorLink(link::over), rig.members());
        rig.watch(watch);
        return running;
    }

    /** Writes unit 0 anew, durably, as soon as that is let through. */
    private Thread writeUnit0(Disk volume) {
        Arrays.fill(rig.model, 0, UNIT_BYTES, (byte) 7);
        return Thread.ofPlatform().daemon().start(() -> {
            try {
                rig.write(volume, 0, UNIT_BYTES);
                volume.flush();
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
    }

    @Test
    void a_birth_whose_answer_is_lost_costs_no_acknowledged_write() throws Exception {
        RunningContainer running = createAndStart(R5_OF_3);
        MemberDisk added = rig.newDisk();
        link.losesAnswer = true;
        running.grow(ContainerRig.toDisks(4, added));
        Thread writer = writeUnit0(running.volume("v0"));
        writer.join();
        rig.snapshot().finishAndVerify();
        assertThat(running.awaitIdle(60_000_000_000L)).isTrue();
        assertThat(watch.overwritten()).isEmpty();
        rig.verify(running.volume("v0"));
        running.stop();
        rig.finishAndVerify();
    }

    @Test
    void a_birth_that_is_refused_leaves_nothing_behind() throws Exception {
        RunningContainer running = createAndStart(R5_OF_3);
        MemberDisk added = rig.newDisk();
        link.refuses = true;
        assertThatThrownBy(() -> running.grow(ContainerRig.toDisks(4, added))).isInstanceOf(ProblemException.class);
        assertThat(running.container().volumes().getFirst().activity()).isInstanceOf(Activity.Idle.class);
        writeUnit0(running.volume("v0")).join();
        rig.snapshot().finishAndVerify();
        link.refuses = false;
        running.grow(ContainerRig.toDisks(4));
        assertThat(running.awaitIdle(60_000_000_000L)).isTrue();
        rig.verify(running.volume("v0"));
        running.stop();
        rig.finishAndVerify();
    }

    @Test
    void what_is_copied_counts_only_while_its_writes_are_held() throws Exception {
        RunningContainer running = createAndStart(R5_OF_3);
        MemberDisk added = rig.newDisk();
        link.before = request -> letThrough(running, request instanceof Request.BeginReshape);
        assertThatThrownBy(() -> running.grow(ContainerRig.toDisks(4, added)))
                .isInstanceOf(ProblemException.class)
                .hasMessageContaining("let through");
        assertThat(running.container().volumes().getFirst().activity()).isInstanceOf(Activity.Idle.class);
        awaitManagerGone(running);
        link.before = request -> letThrough(running, request instanceof Request.SetSyncMax s && s.backedUp());
        running.grow(ContainerRig.toDisks(4));
        awaitManagerGone(running);
        assertThat(running.status().toString()).contains("let through");
        link.before = request -> {};
        running.resume();
        assertThat(running.awaitIdle(60_000_000_000L)).isTrue();
        assertThat(running.control("v0").read(Attribute.WRITE_THROUGH)).isEqualTo("0");
        rig.verify(running.volume("v0"));
        running.stop();
        rig.finishAndVerify();
    }

    private void awaitManagerGone(RunningContainer running) {
        while (running.isManaging()) {
            rig.env.sleepNanos(5_000_000L);
        }
    }

    private static void letThrough(RunningContainer running, boolean now) {
        try {
            if (now) {
                running.control("v0").write(Attribute.WRITE_THROUGH, "50");
            }
        } catch (io.restripe.array.AttributeException | ProblemException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void a_born_reshape_that_nobody_knows_of_holds_writes_until_it_goes_on() throws Exception {
        RunningContainer running = createAndStart(R5_OF_3);
        MemberDisk added = rig.newDisk();
        link.goesDown = true;
        assertThatThrownBy(() -> running.grow(ContainerRig.toDisks(4, added)))
                .isInstanceOf(ProblemException.class)
                .hasMessageContaining("rites to sectors 0 to 6144");
        assertThat(watch.savedUnit()).isZero();
        assertThat(running.control("v0").read(Attribute.SUSPEND_HI)).isEqualTo("6144");
        int copies = watch.copies();
        rig.snapshot().finishAndVerify();

        link.goesDown = false;
        link.down = false;
        Thread writer = writeUnit0(running.volume("v0"));
        running.resume();
        assertThat(running.awaitIdle(60_000_000_000L)).isTrue();
        writer.join();
        assertThat(watch.overwritten()).isEmpty();
        assertThat(watch.copies()).isGreaterThanOrEqualTo(copies);
        rig.verify(running.volume("v0"));
        running.stop();
        rig.finishAndVerify();
    }

    @Test
    void a_reshape_that_stops_inside_unit_0_goes_on_without_saving_it_again() throws Exception {
        RunningContainer running = rig.create(Geometry.ofMd(0, 0, 5, 128));
        MemberDisk added = rig.newDisk();
        rig.watch((disk, sector, contents) -> {
            watch.written(disk, sector, contents);
            if (watch.savedUnit() == 0) {
                rig.disks.get(1).fault().failReads(new SectorRange(1900, 1901));
            }
        });
        running.grow(ContainerRig.toDisks(6, added));
        while (running.isManaging()) {
            rig.env.sleepNanos(5_000_000L);
        }
        assertThat(running.status().problem()).isPresent();
        rig.disks.get(1).fault().heal();
        rig.watch(watch);
        running.resume();
        assertThat(running.awaitIdle(60_000_000_000L)).isTrue();
        assertThat(running.status().problem()).isEmpty();
        assertThat(watch.overwritten()).isEmpty();
        rig.verify(running.volume("v0"));
        running.stop();
        rig.finishAndVerify();
    }
}
