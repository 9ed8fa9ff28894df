package io.restripe.array.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.restripe.array.Attribute;
import io.restripe.array.AttributeException;
import io.restripe.array.MemberAttribute;
import io.restripe.disk.Buffers;
import io.restripe.disk.DiskException;
import io.restripe.disk.MemoryDisk;
import io.restripe.env.Env;
import io.restripe.env.SystemEnv;
import io.restripe.geometry.Geometry;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Members that fail at the worst moment, and disks that do what a disk must not. */
@Timeout(60)
class FailureTest {
    private static final long COMPONENT = 2048;

    /** RAID5 on four, rows of three data chunks; the members' disks hold zeros. */
    private static final Geometry RAID5 = Geometry.ofMd(5, 0, 4, 32);

    private static Member[] members() {
        Member[] members = new Member[4];
        for (int slot = 0; slot < members.length; slot++) {
            members[slot] = new Member("d" + slot, new MemoryDisk("d" + slot, COMPONENT));
            members[slot].slot = slot;
            members[slot].inSync = true;
            members[slot].recoveredTo(Config.MAX);
        }
        return members;
    }

    @Test
    void a_band_reads_computes_and_writes_by_the_members_it_began_with() {
        SystemEnv env = new SystemEnv();
        Member[] members = members();
        try (MemberThreads threads = new MemberThreads(env, "test")) {
            MemberIo io = new MemberIo(env, threads);
            Parts parts = new Parts(new ArrayState(env, "c/v"), null, null, io, new Scratch(env), null, null, null);
            MemorySegment data = Buffers.allocate(8);
            data.fill((byte) 7);
            try (Band band = new Band(parts, new Layout(RAID5, members, 0), 0, 0, 8)) {
                band.give(0, data);
                List<MemberRequest> reads = new ArrayList<>();
                band.planReads(reads, 0, false);
                io.run(reads);
                members[RAID5.memberOfData(0, 0)].markFailed();
                members[RAID5.parityMember(0)].markFailed();
                band.compute();
                List<MemberRequest> writes = new ArrayList<>();
                band.planWrites(writes, 0);
                assertThat(writes)
                        .hasSize(2)
                        .allSatisfy(
                                write -> assertThat(write.buffer.mismatch(data)).isEqualTo(-1));
            }
        }
    }

    @ParameterizedTest(name = "raid{0} x{2}")
    @CsvSource({"5,0,4", "6,0,5", "1,0,3", "10,258,4"})
    void a_member_that_fails_while_another_is_asked_costs_nothing(int level, int layout, int disks) throws Exception {
        for (int turn = 0; turn < disks; turn++) {
            try (ArrayFixture f = new ArrayFixture(COMPONENT, disks)) {
                f.configure(level, layout, disks, level == 1 ? 0 : 32);
                f.start();
                f.monitor();
                Model model = new Model(f.array.disk(), 0, f.array.disk().sectors(), new Random(turn));
                model.fill();
                String victim = "d" + (turn + 1) % disks;
                ArrayFixture.FaultyDisk asked = f.disks.get("d" + turn);
                asked.beforeRead = () -> {
                    asked.beforeRead = () -> {};
                    try {
                        f.array.write(victim, MemberAttribute.STATE, "faulty");
                    } catch (AttributeException e) {
                        throw new IllegalStateException(e);
                    }
                };
                for (int i = 0; i < 60; i++) {
                    model.step(40);
                }
                model.verify();
                assertThat(f.get(Attribute.DEGRADED)).isEqualTo("1");
            }
        }
    }

    @ParameterizedTest(name = "raid{0} x{2}")
    @CsvSource({"1,0,2", "5,0,3", "6,0,4", "10,258,4"})
    void an_exception_of_a_disk_is_a_failed_request_not_a_good_one(int level, int layout, int disks) throws Exception {
        try (ArrayFixture f = new ArrayFixture(COMPONENT, disks)) {
            f.configure(level, layout, disks, level == 1 ? 0 : 32);
            f.start();
            f.monitor();
            Model model = new Model(f.array.disk(), 0, f.array.disk().sectors(), new Random(2));
            model.fill();
            f.disks.get("d0").beforeRead = () -> {
                throw new IllegalStateException("not a disk's error");
            };
            for (int i = 0; i < 60; i++) {
                model.step(300);
            }
            model.verify();
            f.disks.get("d0").beforeWrite = () -> {
                throw new OutOfMemoryError("not a disk's error either");
            };
            for (int i = 0; i < 60; i++) {
                model.step(300);
            }
            model.verify();
            f.await(Attribute.DEGRADED, "1");
        }
    }

    /** Users read, and never get a wrong byte for a good one, whatever of it is lost. */
    private static int errorsReading(ArrayFixture f, Model model, long sectors) {
        int errors = 0;
        MemorySegment block = Buffers.allocate(8);
        for (long at = 0; at < sectors; at += 8) {
            try {
                f.array.disk().read(at, block);
                assertThat(block.mismatch(StripeTransform.slice(model.content(), at, 8)))
                        .as("block at %d", at)
                        .isEqualTo(-1);
            } catch (DiskException e) {
                errors++;
            }
        }
        return errors;
    }

    @Test
    void a_window_of_raid0_that_a_target_refuses_reads_right_or_not_at_all() throws Exception {
        try (ArrayFixture f = new ArrayFixture(COMPONENT, 3)) {
            f.configure(0, 0, 2, 32);
            f.start();
            f.monitor();
            long size = f.array.disk().sectors();
            Model model = new Model(f.array.disk(), 0, size, new Random(3));
            model.fill();
            f.set(Attribute.ARRAY_SIZE, size / 2);
            f.set(Attribute.LEVEL, "raid4");
            f.set(Attribute.SYNC_SPEED_MIN, f.get(Attribute.SYNC_SPEED_MAX).split(" ")[0]); // one window
            f.set(Attribute.SYNC_ACTION, "frozen");
            f.set(Attribute.RAID_DISKS, 4);
            f.add("d2", 2);
            f.disks.get("d2").failsWrites = true;
            f.set(Attribute.SYNC_MAX, 256);
            f.set(Attribute.SYNC_ACTION, "reshape");
            f.await(Attribute.SYNC_ACTION, "idle");
            assertThat(errorsReading(f, model, size)).isEqualTo(256 / 8);
            assertThatThrownBy(() -> f.array.disk().write(0, Buffers.allocate(8)))
                    .isInstanceOf(DiskException.class);
        }
    }

    @Test
    void a_window_of_a_degraded_raid5_that_a_target_refuses_reads_right_or_not_at_all() throws Exception {
        try (ArrayFixture f = new ArrayFixture(COMPONENT, 4)) {
            f.configure(5, 0, 3, 32, 1);
            f.start();
            f.monitor();
            long size = f.array.disk().sectors();
            Model model = new Model(f.array.disk(), 0, size, new Random(3));
            model.fill();
            f.set(Attribute.ARRAY_SIZE, size / 2);
            f.set(Attribute.SYNC_ACTION, "frozen");
            f.set(Attribute.RAID_DISKS, 4);
            f.add("d3", 3);
            f.disks.get("d3").failsWrites = true;
            f.set(Attribute.SYNC_MAX, 256);
            f.set(Attribute.SYNC_ACTION, "reshape");
            f.await(Attribute.SYNC_ACTION, "idle");
            assertThat(errorsReading(f, model, size)).isPositive().isLessThan(256 * 3 / 8 + 1);
        }
    }

    /** Dirty, and nobody there to record anything more. */
    private static ArrayFixture dirty(int level, int layout, int disks) throws Exception {
        ArrayFixture f = new ArrayFixture(COMPONENT, disks);
        f.configure(level, layout, disks, level == 1 ? 0 : 32);
        f.start();
        f.set(Attribute.SAFE_MODE_DELAY, 0);
        Env.Worker first = f.writer(0, 8);
        f.await(Attribute.ARRAY_STATE, "write-pending");
        f.set(Attribute.ARRAY_STATE, "active");
        first.join();
        return f;
    }

    @ParameterizedTest(name = "raid{0} x{2}")
    @CsvSource({"5,0,3", "6,0,4", "1,0,2", "10,258,4"})
    void an_array_whose_disks_are_all_gone_hangs_nobody_and_stops(int level, int layout, int disks) throws Exception {
        try (ArrayFixture f = dirty(level, layout, disks)) {
            f.disks.values().forEach(ArrayFixture.FaultyDisk::dies);
            List<Env.Worker> users = List.of(
                    f.writer(0, 8),
                    f.writer(500, 300),
                    f.env.start("flush", () -> ArrayFixture.ask(f.array.disk()::flush)));
            for (Env.Worker user : users) {
                assertThatThrownBy(() -> f.awaitEnd(user)).hasRootCauseInstanceOf(DiskException.class);
            }
            assertThat(f.get(Attribute.ARRAY_STATE)).isEqualTo("broken");
            assertThatThrownBy(() -> f.array.disk().write(0, Buffers.allocate(8)))
                    .isInstanceOf(DiskException.class);
            f.set(Attribute.ARRAY_STATE, "inactive");
            assertThat(f.get(Attribute.ARRAY_STATE)).isEqualTo("inactive");
        }
    }

    @ParameterizedTest(name = "raid{0} x{2}")
    @CsvSource({"1,0,2", "10,258,4"})
    void the_last_copy_is_never_given_up(int level, int layout, int disks) throws Exception {
        try (ArrayFixture f = new ArrayFixture(COMPONENT, disks)) {
            f.configure(level, layout, disks, level == 1 ? 0 : 32);
            f.start();
            f.monitor();
            Model model = new Model(f.array.disk(), 0, f.array.disk().sectors(), new Random(4));
            model.fill();
            f.disks.get("d0").failsWrites = true;
            f.disks.get("d1").failsWrites = true;
            Env.Worker writer = f.writer(0, 8);
            assertThatThrownBy(() -> f.awaitEnd(writer)).hasRootCauseInstanceOf(DiskException.class);
            f.await(Attribute.ARRAY_STATE, "broken");
            assertThat(f.get(Attribute.DEGRADED)).isEqualTo("1");
            MemorySegment rest = Buffers.allocate(COMPONENT - 8);
            f.array.disk().read(8, rest);
            assertThat(rest.mismatch(StripeTransform.slice(model.content(), 8, COMPONENT - 8)))
                    .isEqualTo(-1);
        }
    }
}
