package io.restripe.array.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.restripe.array.Attribute;
import io.restripe.array.Holds;
import io.restripe.disk.Buffers;
import io.restripe.disk.Zeros;
import io.restripe.env.Env;
import io.restripe.geometry.Geometry;
import io.restripe.parity.Parity;
import io.restripe.unit.Units;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Writes into the suspended range that are not held, on a RAID5 that grows from 3 to 4 disks (docs/reshape-protocol.md, section 9). */
@Timeout(60)
class WriteThroughTest {
    private static final int CHUNK = 16;
    private static final long COMPONENT = CHUNK * 64;
    private static final Geometry BEFORE = Geometry.ofMd(5, 0, 3, CHUNK);
    private static final Geometry AFTER = Geometry.ofMd(5, 0, 4, CHUNK);
    /** Device sectors that are recorded: the old places of what lies behind begin at half as much again. */
    private static final long BASE = CHUNK * 12;

    private static final long FURTHER = CHUNK * 16;

    /** A relocation that stands: everything below {@link #BASE} is recorded, everything up to {@link #FURTHER} relocated and not recorded. */
    private static ArrayFixture standing(Model[] model) throws Exception {
        ArrayFixture f = new ArrayFixture(COMPONENT, 4);
        f.configure(5, 0, 3, CHUNK);
        f.start();
        f.monitor();
        long size = f.array.disk().sectors();
        f.set(Attribute.ARRAY_SIZE, size / 2);
        model[0] = new Model(f.array.disk(), 0, size, new Random(5));
        model[0].fill();
        f.set(Attribute.SYNC_ACTION, "frozen");
        f.set(Attribute.RAID_DISKS, 4);
        f.add("d3", 3);
        f.set(Attribute.SYNC_MAX, 0);
        f.set(Attribute.SYNC_ACTION, "reshape");
        relocate(f, 0, BASE);
        f.set(Attribute.SUSPEND_LO, BASE * 3);
        f.set(Attribute.WRITE_THROUGH, 50);
        relocate(f, BASE, FURTHER);
        return f;
    }

    private static void relocate(ArrayFixture f, long from, long to) throws Exception {
        f.set(Attribute.SUSPEND_HI, to * 3);
        f.set(Attribute.SYNC_MAX, to);
        f.await(Attribute.SYNC_COMPLETED, to + " / " + COMPONENT);
        assertThat(from).isLessThan(to);
    }

    private static void finish(ArrayFixture f) throws Exception {
        f.set(Attribute.SUSPEND_HI, Long.MAX_VALUE);
        f.set(Attribute.SYNC_MAX, "max");
        f.await(Attribute.RESHAPE_POSITION, "none");
        f.set(Attribute.SUSPEND_LO, Long.MAX_VALUE);
        f.set(Attribute.SUSPEND_HI, 0);
        f.set(Attribute.SUSPEND_LO, 0);
    }

    @Test
    void a_write_behind_the_checkpoint_is_in_the_old_and_in_the_new_place() throws Exception {
        Model[] model = new Model[1];
        try (ArrayFixture f = standing(model)) {
            for (long sector = BASE * 3 - 8; sector < FURTHER * 3 + 40; sector += 7) {
                model[0].write(sector, 9);
            }
            for (long sector = BASE * 3; sector + 5 <= FURTHER * 3; sector += 5) {
                assertThat(content(f, BEFORE, sector, 5)).as("old %d", sector).isEqualTo(expected(model[0], sector, 5));
                assertThat(content(f, AFTER, sector, 5)).as("new %d", sector).isEqualTo(expected(model[0], sector, 5));
            }
            assertParity(f, BEFORE, BASE * 3, FURTHER * 3 + 100);
            assertParity(f, AFTER, BASE * 3 - 48, FURTHER * 3);
            assertThat(f.array.holds()).isEqualTo(Holds.NONE);
            model[0].verify();
        }
    }

    @Test
    void a_write_below_the_checkpoint_leaves_the_old_place_alone() throws Exception {
        Model[] model = new Model[1];
        try (ArrayFixture f = standing(model)) {
            long sector = BASE * 3 - 4;
            List<Byte> before = content(f, BEFORE, sector, 3);
            model[0].write(sector, 3);
            assertThat(content(f, BEFORE, sector, 3)).isEqualTo(before);
            assertThat(content(f, AFTER, sector, 3)).isEqualTo(expected(model[0], sector, 3));
        }
    }

    @Test
    void where_nothing_is_suspended_a_write_has_one_place() throws Exception {
        Model[] model = new Model[1];
        try (ArrayFixture f = standing(model)) {
            f.set(Attribute.SUSPEND_LO, FURTHER * 3);
            f.set(Attribute.SUSPEND_HI, 0);
            f.set(Attribute.SUSPEND_LO, 0);
            model[0].write(40, 4); // new rows lie where these were by the old mapping
            model[0].verify();
        }
    }

    @Test
    void a_write_whose_old_place_is_overwritten_waits_whatever_the_attribute_says() throws Exception {
        Model[] model = new Model[1];
        try (ArrayFixture f = standing(model)) {
            relocate(f, FURTHER, BASE * 3); // over the old rows of everything behind the checkpoint
            Env.Worker held = f.writer(BASE * 3 + 4, 4);
            f.env.sleepNanos(20_000_000);
            assertThat(held.isAlive()).isTrue();
            f.set(Attribute.SUSPEND_LO, BASE * 9);
            f.awaitEnd(held);
        }
    }

    /** The window writes its new rows before the frontier moves: what is let through must not lie under them by the old mapping. */
    @Test
    void a_write_whose_old_place_is_just_being_overwritten_waits() throws Exception {
        Model[] model = new Model[1];
        try (ArrayFixture f = standing(model)) {
            long sector = BASE * 3 + 4;
            long oldRow = BASE * 3 / 2;
            relocate(f, FURTHER, oldRow);
            CountDownLatch slow = new CountDownLatch(1);
            CountDownLatch arrived = new CountDownLatch(1);
            f.disks.get("d0").beforeWrite = () -> {
                arrived.countDown();
                await(slow);
            };
            f.set(Attribute.SUSPEND_HI, (oldRow + CHUNK) * 3);
            f.set(Attribute.SYNC_MAX, oldRow + CHUNK);
            await(arrived);
            Env.Worker held = f.env.start("held", () -> ArrayFixture.ask(() -> model[0].write(sector, 4)));
            f.env.sleepNanos(20_000_000);
            boolean waits = held.isAlive();
            slow.countDown();
            f.await(Attribute.SYNC_COMPLETED, oldRow + CHUNK + " / " + COMPONENT);
            f.set(Attribute.SUSPEND_LO, (oldRow + CHUNK) * 3);
            f.awaitEnd(held);
            finish(f);
            model[0].verify();
            assertThat(waits).isTrue();
        }
    }

    @Test
    void what_lies_in_two_places_is_not_discarded_but_written_with_zeros_it_is_zero_in_both() throws Exception {
        Model[] model = new Model[1];
        try (ArrayFixture f = standing(model)) {
            long from = BASE * 3;
            int sectors = (int) (FURTHER - BASE) * 3;
            List<Byte> old = content(f, BEFORE, FURTHER * 3 - CHUNK, CHUNK);
            assertThat(model[0].discard(from, sectors)).isFalse();
            assertThat(content(f, BEFORE, FURTHER * 3 - CHUNK, CHUNK)).isEqualTo(old);
            model[0].verify();
            Zeros.make(f.array.disk(), FURTHER * 3 - CHUNK, CHUNK);
            assertThat(content(f, BEFORE, FURTHER * 3 - CHUNK, CHUNK)).containsOnly((byte) 0);
            assertThat(content(f, AFTER, FURTHER * 3 - CHUNK, CHUNK)).containsOnly((byte) 0);
            assertThat(model[0].discard(FURTHER * 3 + 4 * CHUNK, 8 * CHUNK))
                    .as("behind it all is in the old place")
                    .isTrue();
        }
    }

    @Test
    void an_old_place_is_not_overwritten_before_a_slow_write_there_is_done() throws Exception {
        Model[] model = new Model[1];
        try (ArrayFixture f = standing(model)) {
            CountDownLatch slow = new CountDownLatch(1);
            CountDownLatch arrived = new CountDownLatch(1);
            long sector = BASE * 3 + 4;
            String member = "d" + slot(BEFORE, sector);
            f.disks.get(member).beforeWrite = () -> {
                arrived.countDown();
                await(slow);
            };
            Env.Worker writer = f.env.start("slow", () -> ArrayFixture.ask(() -> model[0].write(sector, 4)));
            await(arrived);
            f.disks.get(member).beforeWrite = () -> {};
            f.set(Attribute.SUSPEND_LO, FURTHER * 3);
            f.set(Attribute.SUSPEND_HI, BASE * 9);
            f.set(Attribute.SYNC_MAX, BASE * 3);
            f.env.sleepNanos(100_000_000);
            slow.countDown();
            f.awaitEnd(writer);
            f.await(Attribute.SYNC_COMPLETED, BASE * 3 + " / " + COMPONENT);
            finish(f);
            model[0].verify();
        }
    }

    @Test
    void reads_go_on_in_the_window_that_is_moved() throws Exception {
        Model[] model = new Model[1];
        try (ArrayFixture f = standing(model)) {
            CountDownLatch slow = new CountDownLatch(1);
            CountDownLatch arrived = new CountDownLatch(1);
            f.disks.get("d0").beforeWrite = () -> {
                arrived.countDown();
                await(slow);
            };
            f.set(Attribute.SUSPEND_HI, FURTHER * 3 + CHUNK * 3);
            f.set(Attribute.SYNC_MAX, FURTHER + CHUNK);
            await(arrived);
            MemorySegment into = Buffers.allocate(4);
            Env.Worker reader = f.env.start(
                    "reader", () -> ArrayFixture.ask(() -> f.array.disk().read(FURTHER * 3 + 2, into)));
            f.awaitEnd(reader);
            assertThat(bytes(into)).isEqualTo(expected(model[0], FURTHER * 3 + 2, 4));
            slow.countDown();
            finish(f);
            model[0].verify();
        }
    }

    @Test
    void to_be_held_again_returns_when_what_was_let_through_is_done() throws Exception {
        Model[] model = new Model[1];
        try (ArrayFixture f = standing(model)) {
            CountDownLatch slow = new CountDownLatch(1);
            CountDownLatch arrived = new CountDownLatch(1);
            long sector = FURTHER * 3 - 4;
            f.disks.get("d" + slot(AFTER, sector)).beforeWrite = () -> {
                arrived.countDown();
                await(slow);
            };
            Env.Worker writer = f.env.start("slow", () -> ArrayFixture.ask(() -> model[0].write(sector, 4)));
            await(arrived);
            Env.Worker holder = f.env.start("holder", () -> ArrayFixture.ask(() -> setQuietly(f)));
            f.env.sleepNanos(20_000_000);
            assertThat(holder.isAlive()).isTrue();
            slow.countDown();
            f.awaitEnd(writer);
            f.awaitEnd(holder);
            Env.Worker held = f.writer(sector, 1);
            f.env.sleepNanos(20_000_000);
            assertThat(held.isAlive()).isTrue();
            f.set(Attribute.SUSPEND_LO, FURTHER * 3);
            f.set(Attribute.SUSPEND_HI, 0);
            f.awaitEnd(held);
        }
    }

    private static void setQuietly(ArrayFixture f) {
        try {
            f.set(Attribute.WRITE_THROUGH, 0);
        } catch (io.restripe.array.AttributeException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(20, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static int slot(Geometry geometry, long sector) {
        int[] found = new int[1];
        geometry.forEachPiece(sector, 1, (slot, at, length, offset) -> found[0] = slot);
        return found[0];
    }

    private static List<Byte> expected(Model model, long sector, int sectors) {
        return bytes(model.content().asSlice(Units.bytesOfSectors(sector), Units.bytesOfSectors(sectors)));
    }

    /** One byte of each sector, from the members, by one geometry. */
    private static List<Byte> content(ArrayFixture f, Geometry geometry, long sector, int sectors) {
        MemorySegment all = Buffers.allocate(sectors);
        geometry.forEachPiece(
                sector,
                sectors,
                (slot, at, length, offset) -> ArrayFixture.ask(() -> f.disks
                        .get("d" + slot)
                        .read(
                                ArrayFixture.OFFSET + at,
                                all.asSlice(Units.bytesOfSectors(offset), Units.bytesOfSectors(length)))));
        return bytes(all);
    }

    private static List<Byte> bytes(MemorySegment all) {
        List<Byte> bytes = new ArrayList<>();
        for (long at = 0; at < all.byteSize(); at += Units.SECTOR_BYTES) {
            bytes.add(all.get(java.lang.foreign.ValueLayout.JAVA_BYTE, at));
        }
        return bytes;
    }

    private static void assertParity(ArrayFixture f, Geometry geometry, long from, long to) {
        for (long row = from / geometry.rowSectors(); (row + 1) * geometry.rowSectors() <= to; row++) {
            MemorySegment sum = Buffers.allocate(CHUNK);
            for (int slot = 0; slot < geometry.members(); slot++) {
                MemorySegment one = Buffers.allocate(CHUNK);
                long at = ArrayFixture.OFFSET + row * CHUNK;
                String member = "d" + slot;
                ArrayFixture.ask(() -> f.disks.get(member).read(at, one));
                Parity.xorInto(sum, one);
            }
            assertThat(sum.mismatch(Buffers.allocate(CHUNK))).as("row " + row).isNegative();
        }
    }
}
