package io.restripe.array.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.restripe.array.Attribute;
import io.restripe.array.AttributeException;
import io.restripe.array.MemberAttribute;
import io.restripe.disk.Buffers;
import io.restripe.disk.DiskException;
import io.restripe.env.Env;
import io.restripe.unit.SectorRange;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What holds writes: the dirty protocol, unrecorded failures, suspended ranges. */
@Timeout(30)
class HoldingTest {
    private static Env.Worker writer(ArrayFixture f, long sector, long sectors) {
        return f.env.start("writer", () -> {
            try {
                f.array.disk().write(sector, Buffers.allocate(sectors));
            } catch (DiskException e) {
                throw new IllegalStateException(e);
            }
        });
    }

    @Test
    void the_first_write_waits_until_dirty_is_recorded_and_goes_idle_after() throws Exception {
        try (ArrayFixture f = new ArrayFixture(2048, 3)) {
            f.configure(5, 0, 3, 32);
            f.start();
            f.set(Attribute.SAFE_MODE_DELAY, "0.020");
            assertThat(f.get(Attribute.SAFE_MODE_DELAY)).isEqualTo("0.020");
            Env.Worker writer = writer(f, 0, 8);
            f.await(Attribute.ARRAY_STATE, "write-pending");
            f.env.sleepNanos(5_000_000);
            assertThat(writer.isAlive()).isTrue();
            f.set(Attribute.ARRAY_STATE, "active");
            writer.join();
            f.await(Attribute.ARRAY_STATE, "active-idle");
            f.set(Attribute.ARRAY_STATE, "clean");
            assertThat(f.get(Attribute.ARRAY_STATE)).isEqualTo("clean");
            Env.Worker second = writer(f, 64, 8);
            f.await(Attribute.ARRAY_STATE, "write-pending");
            f.set(Attribute.ARRAY_STATE, "active");
            second.join();
            f.await(Attribute.ARRAY_STATE, "active-idle");
        }
    }

    @Test
    void a_write_that_meets_a_failure_completes_only_when_it_is_recorded() throws Exception {
        try (ArrayFixture f = new ArrayFixture(2048, 3)) {
            f.configure(5, 0, 3, 32);
            f.start();
            f.set(Attribute.SAFE_MODE_DELAY, 0);
            Env.Worker first = writer(f, 0, 8);
            f.await(Attribute.ARRAY_STATE, "write-pending");
            f.set(Attribute.ARRAY_STATE, "active");
            first.join();
            f.disks.get("d0").failsWrites = true;
            Env.Worker second = writer(f, 0, 64);
            f.await(Attribute.ARRAY_STATE, "write-pending");
            assertThat(f.array.read("d0", MemberAttribute.STATE)).isEqualTo("faulty,blocked");
            f.env.sleepNanos(5_000_000);
            assertThat(second.isAlive()).isTrue();
            f.set(Attribute.ARRAY_STATE, "active");
            f.array.write("d0", MemberAttribute.STATE, "-blocked");
            second.join();
        }
    }

    @ParameterizedTest
    @CsvSource({"0,99,false", "0,100,true", "0,101,true", "150,160,true", "199,300,true", "200,300,false"})
    void a_range_holds_what_linux_holds(long start, long end, boolean held) {
        assertThat(Admission.suspends(100, 200, new SectorRange(start, end))).isEqualTo(held);
        assertThat(Admission.suspends(200, 200, new SectorRange(start, end))).isFalse();
    }

    @Test
    void suspended_writes_wait_reads_pass_and_release_lets_them_go() throws Exception {
        try (ArrayFixture f = new ArrayFixture(2048, 3)) {
            f.configure(5, 0, 3, 32);
            f.start();
            f.monitor();
            f.set(Attribute.SUSPEND_HI, 512);
            Env.Worker inside = writer(f, 500, 100);
            Env.Worker outside = writer(f, 512, 100);
            outside.join();
            f.array.disk().read(0, Buffers.allocate(600));
            f.env.sleepNanos(5_000_000);
            assertThat(inside.isAlive()).isTrue();
            f.set(Attribute.SUSPEND_LO, 512);
            inside.join();
        }
    }

    @Test
    void a_suspension_is_in_force_only_when_the_writes_inside_have_left() throws Exception {
        try (ArrayFixture f = new ArrayFixture(2048, 3)) {
            f.configure(5, 0, 3, 32);
            f.start();
            f.monitor();
            CountDownLatch inside = new CountDownLatch(1);
            CountDownLatch goOn = new CountDownLatch(1);
            f.disks.get("d0").beforeWrite = () -> {
                inside.countDown();
                await(goOn);
            };
            Env.Worker writer = f.writer(0, 8);
            await(inside);
            Env.Worker suspender = f.env.start("suspender", () -> {
                try {
                    f.set(Attribute.SUSPEND_HI, 64);
                } catch (AttributeException e) {
                    throw new IllegalStateException(e);
                }
            });
            f.env.sleepNanos(20_000_000);
            boolean waits = suspender.isAlive();
            goOn.countDown();
            assertThat(waits).isTrue();
            f.awaitEnd(suspender);
            f.awaitEnd(writer);
        }
    }

    @Test
    void a_closed_array_lets_go_of_who_waits() throws Exception {
        ArrayFixture f = new ArrayFixture(2048, 3);
        f.configure(5, 0, 3, 32);
        f.start();
        Env.Worker held = writer(f, 0, 8);
        f.await(Attribute.ARRAY_STATE, "write-pending");
        f.close();
        assertThatThrownBy(held::join).hasRootCauseInstanceOf(DiskException.class);
        assertThatThrownBy(() -> f.array.disk().read(0, Buffers.allocate(8))).isInstanceOf(DiskException.class);
    }

    /** A write that is inside until told to go on, and then meets a failure. */
    private static Env.Worker stalledWriter(ArrayFixture f, CountDownLatch goOn) throws Exception {
        f.set(Attribute.SAFE_MODE_DELAY, 0);
        Env.Worker first = f.writer(0, 8);
        f.await(Attribute.ARRAY_STATE, "write-pending");
        f.set(Attribute.ARRAY_STATE, "active");
        first.join();
        CountDownLatch inside = new CountDownLatch(1);
        f.disks.get("d0").beforeWrite = () -> {
            inside.countDown();
            await(goOn);
            f.disks.get("d0").failsWrites = true;
        };
        Env.Worker writer = f.writer(0, 8);
        await(inside);
        return writer;
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void an_array_does_not_stop_over_a_failure_that_the_last_write_inside_meets() throws Exception {
        try (ArrayFixture f = new ArrayFixture(2048, 3)) {
            f.configure(5, 0, 3, 32);
            f.start();
            CountDownLatch goOn = new CountDownLatch(1);
            Env.Worker writer = stalledWriter(f, goOn);
            Env.Worker stopper = f.env.start("stopper", () -> {
                try {
                    f.set(Attribute.ARRAY_STATE, "inactive");
                } catch (AttributeException e) {
                    throw new IllegalStateException(e);
                }
            });
            f.env.sleepNanos(5_000_000);
            goOn.countDown();
            assertThatThrownBy(() -> f.awaitEnd(stopper)).hasRootCauseMessage(refusalOf("inactive"));
            f.set(Attribute.ARRAY_STATE, "active");
            f.array.write("d0", MemberAttribute.STATE, "-blocked");
            f.awaitEnd(writer);
            f.set(Attribute.ARRAY_STATE, "inactive");
        }
    }

    private static String refusalOf(String word) {
        return "c/v: array_state=" + word + ": EBUSY: a write, a failure or the end of a sync waits to be recorded";
    }

    @Test
    void a_closed_array_has_nobody_inside() throws Exception {
        ArrayFixture f = new ArrayFixture(2048, 2);
        f.configure(0, 0, 2, 32);
        f.start();
        CountDownLatch inside = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        f.disks.get("d0").beforeWrite = () -> {
            inside.countDown();
            await(goOn);
        };
        Env.Worker writer = f.writer(0, 8);
        await(inside);
        Env.Worker closer = f.env.start("closer", f.array::close);
        f.env.sleepNanos(20_000_000);
        assertThat(closer.isAlive()).isTrue();
        goOn.countDown();
        f.awaitEnd(closer);
        f.awaitEnd(writer);
        f.close();
    }

    @Test
    void frozen_ends_a_parked_reshape_at_once_even_while_something_waits_to_be_recorded() throws Exception {
        try (ArrayFixture f = new ArrayFixture(2048, 4)) {
            f.configure(5, 0, 3, 32);
            f.start();
            f.set(Attribute.SYNC_ACTION, "frozen");
            f.set(Attribute.RAID_DISKS, 4);
            f.add("d3", 3);
            f.set(Attribute.SYNC_MAX, 0);
            f.set(Attribute.SYNC_ACTION, "reshape");
            Env.Worker held = writer(f, 0, 8);
            f.await(Attribute.ARRAY_STATE, "write-pending");
            f.set(Attribute.SYNC_MAX, "max");
            f.set(Attribute.SYNC_ACTION, "frozen");
            assertThat(f.get(Attribute.RESHAPE_POSITION)).isEqualTo("0");
            f.set(Attribute.ARRAY_STATE, "active");
            held.join();
            f.monitor();
            f.set(Attribute.SYNC_ACTION, "idle");
            f.await(Attribute.RESHAPE_POSITION, "none");
        }
    }

    @Test
    void a_member_that_fails_while_the_reshape_is_parked_does_not_stop_it() throws Exception {
        try (ArrayFixture f = new ArrayFixture(2048, 4)) {
            f.configure(5, 0, 3, 32);
            f.start();
            f.monitor();
            Model model = new Model(f.array.disk(), 0, f.array.disk().sectors(), new java.util.Random(8));
            model.fill();
            f.set(Attribute.SYNC_ACTION, "frozen");
            f.set(Attribute.RAID_DISKS, 4);
            f.add("d3", 3);
            f.set(Attribute.SYNC_MAX, 640);
            f.set(Attribute.SYNC_ACTION, "reshape");
            f.await(Attribute.SYNC_COMPLETED, "640 / 2048");
            f.disks.get("d1").failsReads = true;
            f.disks.get("d1").failsWrites = true;
            f.set(Attribute.SYNC_MAX, "max");
            f.await(Attribute.RESHAPE_POSITION, "none");
            f.await(Attribute.DEGRADED, "1");
            model.verify();
        }
    }
}
