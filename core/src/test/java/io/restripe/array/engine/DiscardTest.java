package io.restripe.array.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.restripe.array.Attribute;
import io.restripe.array.MemberAttribute;
import io.restripe.disk.Buffers;
import io.restripe.disk.Disk;
import io.restripe.disk.DiskException;
import io.restripe.disk.Extent;
import io.restripe.env.Env;
import io.restripe.geometry.Geometry;
import io.restripe.unit.Units;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Ranges that users give up, on every level: healthy, degraded, while it is resynced, rebuilt and reshaped. Seeds are in the code. */
@Timeout(60)
class DiscardTest {
    private static final long COMPONENT = 2048;
    private static final int CHUNK = 32;

    @ParameterizedTest(name = "raid{0}/{1} x{2}")
    @CsvSource({
        "0,0,3",
        "1,0,2",
        "1,0,3",
        "4,0,3",
        "5,0,3",
        "5,2,4",
        "5,3,5",
        "6,0,4",
        "6,2,5",
        "10,258,4",
        "10,258,5",
        "10,259,4"
    })
    void holds_what_was_written_and_zeros_where_it_was_discarded(int level, int layout, int disks) throws Exception {
        try (ArrayFixture f = new ArrayFixture(COMPONENT, disks + 1)) {
            f.configure(level, layout, disks, level == 1 ? 0 : CHUNK);
            f.start();
            f.monitor();
            Geometry geometry = Geometry.ofMd(level, layout, disks, level == 1 ? 128 : CHUNK);
            Random random = new Random(300 + level);
            Model model = new Model(f.array.disk(), 0, f.array.disk().sectors(), random);
            model.fill();
            steps(model, geometry, random, 60);
            String[] names = new String[disks];
            for (int i = 0; i < disks; i++) {
                names[i] = "d" + i;
            }
            assertThat(f.placed(geometry, names, f.array.disk().sectors()).mismatch(model.content()))
                    .isEqualTo(-1);
            assertAgrees(f, geometry);
            model.discard(0, 8 * geometry.rowSectors());
            assertThat(holes(model, f.array.disk())).isPositive();
            assertThatThrownBy(() -> f.array.disk().extent(-8, 8)).isInstanceOf(DiskException.class);
            if (geometry.redundancy() > 0) {
                f.array.write("d0", MemberAttribute.STATE, "faulty");
                steps(model, geometry, random, 40);
                model.verify();
                model.discard(0, 8 * geometry.rowSectors());
                assertThat(holes(model, f.array.disk()))
                        .as("what the others have")
                        .satisfies(holes ->
                                assertThat(holes > 0 || geometry.copies() > 1).isTrue());
                f.add("d" + disks, -1);
                steps(model, geometry, random, 40); // beside the rebuild
                f.await(Attribute.SYNC_ACTION, "idle");
                model.verify();
            }
            assertThat(f.disks.get("d1").discardedSectors.get()).isPositive();
        }
    }

    /** Discards long enough for whole rows, and the answer must be that they are zeros; short ones may be left alone. */
    private static void steps(Model model, Geometry geometry, Random random, int count) throws DiskException {
        long size = model.sectors();
        for (int i = 0; i < count; i++) {
            model.step(i % 3 == 0 ? 500 : 40);
            if (i % 3 == 0) {
                long length = 1L + random.nextInt((int) (4 * geometry.rowSectors()));
                boolean zeros = model.discard(random.nextLong(size - length + 1), length);
                boolean mustBe = length >= 2 * geometry.rowSectors() || geometry.parityMembers() == 0;
                assertThat(zeros || !mustBe).as("%d sectors", length).isTrue();
            }
        }
    }

    /** @return sectors that are not stored */
    private static long holes(Model model, Disk disk) throws DiskException {
        long holes = 0;
        for (long at = 0; at < model.sectors(); ) {
            Extent extent = disk.extent(at, model.sectors() - at);
            if (extent.hole()) {
                long bytes = Units.bytesOfSectors(extent.sectors());
                MemorySegment wanted = model.content().asSlice(Units.bytesOfSectors(at), bytes);
                assertThat(wanted.mismatch(Buffers.allocate(extent.sectors())))
                        .as("hole at %d", at)
                        .isEqualTo(-1);
                holes += extent.sectors();
            }
            at += extent.sectors();
        }
        return holes;
    }

    /** On some file systems a look costs as much as there is of the same kind. */
    @Test
    void a_member_is_looked_at_once_for_all_that_is_alike() throws Exception {
        try (ArrayFixture f = new ArrayFixture(COMPONENT, 4)) {
            f.configure(5, 2, 4, CHUNK);
            f.start();
            f.monitor();
            long sectors = f.array.disk().sectors();
            assertThat(f.array.disk().extent(0, sectors)).isEqualTo(new Extent(sectors, true));
            new Model(f.array.disk(), 0, sectors, new Random(1)).fill();
            for (ArrayFixture.FaultyDisk disk : f.disks.values()) {
                disk.looks.set(0);
            }
            assertThat(f.array.disk().extent(3, sectors - 3)).isEqualTo(new Extent(sectors - 3, false));
            assertThat(f.disks.values()).allMatch(disk -> disk.looks.get() == 1);
        }
    }

    private static void assertAgrees(ArrayFixture f, Geometry geometry) throws Exception {
        if (geometry.redundancy() > 0) {
            f.set(Attribute.SYNC_ACTION, "check");
            f.await(Attribute.SYNC_ACTION, "idle");
            assertThat(f.get(Attribute.MISMATCH_CNT)).isEqualTo("0");
        }
    }

    @Test
    void beside_a_resync_parity_is_right_in_the_end() throws Exception {
        try (ArrayFixture f = new ArrayFixture(COMPONENT, 4)) {
            Geometry geometry = Geometry.ofMd(5, 2, 4, CHUNK);
            for (ArrayFixture.FaultyDisk disk : f.disks.values()) {
                disk.write(ArrayFixture.OFFSET, f.random(new Random(disk.name().charAt(1)), COMPONENT));
            }
            f.configure(5, 2, 4, CHUNK);
            f.set(Attribute.RESYNC_START, 0);
            f.start();
            f.monitor();
            Random random = new Random(11);
            Model model = new Model(f.array.disk(), 0, f.array.disk().sectors(), random);
            model.fill();
            steps(model, geometry, random, 60);
            f.await(Attribute.RESYNC_START, "none");
            f.await(Attribute.SYNC_ACTION, "idle");
            assertAgrees(f, geometry);
            model.verify();
        }
    }

    @Test
    void a_range_without_a_whole_row_of_parity_is_left_alone() throws Exception {
        try (ArrayFixture f = new ArrayFixture(COMPONENT, 3)) {
            f.configure(5, 0, 3, CHUNK);
            f.start();
            f.monitor();
            Model model = new Model(f.array.disk(), 0, f.array.disk().sectors(), new Random(1));
            model.fill();
            assertThat(model.discard(0, CHUNK)).isFalse();
            assertThat(model.discard(CHUNK, 2 * CHUNK)).isFalse();
            model.verify();
            assertThat(f.disks.get("d0").discardedSectors).hasValue(0);
            assertThat(model.discard(CHUNK, 6 * CHUNK)).isTrue();
            assertThat(f.disks.get("d0").discardedSectors).hasValue(2L * CHUNK);
            model.verify();
        }
    }

    @Test
    void what_a_member_cannot_give_up_is_written_and_later_ranges_are_left_alone() throws Exception {
        for (int level : new int[] {1, 5}) {
            try (ArrayFixture f = new ArrayFixture(COMPONENT, 3)) {
                f.configure(level, 0, 3, level == 1 ? 0 : CHUNK);
                f.start();
                f.monitor();
                Geometry geometry = Geometry.ofMd(level, 0, 3, level == 1 ? 128 : CHUNK);
                f.disks.get("d1").discards = false;
                Model model = new Model(f.array.disk(), 0, f.array.disk().sectors(), new Random(2));
                model.fill();
                assertThat(model.discard(0, 4L * geometry.rowSectors())).isTrue();
                model.verify();
                assertAgrees(f, geometry);
                long before = f.disks.get("d0").discardedSectors.get();
                assertThat(model.discard(4L * geometry.rowSectors(), 4L * geometry.rowSectors()))
                        .isFalse();
                model.verify();
                assertThat(f.disks.get("d0").discardedSectors).hasValue(before);
            }
        }
    }

    @Test
    void a_member_that_fails_a_discard_has_failed_and_a_second_one_is_an_error() throws Exception {
        try (ArrayFixture f = new ArrayFixture(COMPONENT, 4)) {
            f.configure(5, 0, 4, CHUNK);
            f.start();
            f.monitor();
            Model model = new Model(f.array.disk(), 0, f.array.disk().sectors(), new Random(3));
            model.fill();
            f.disks.get("d2").dies();
            assertThat(model.discard(0, 12L * CHUNK)).isTrue();
            model.verify();
            assertThat(f.get(Attribute.DEGRADED)).isEqualTo("1");
            f.disks.get("d0").dies();
            assertThatThrownBy(() -> f.array.disk().discard(0, 12L * CHUNK)).isInstanceOf(DiskException.class);
        }
    }

    @Test
    void the_first_discard_of_a_clean_array_waits_until_it_is_recorded_dirty() throws Exception {
        try (ArrayFixture f = new ArrayFixture(COMPONENT, 3)) {
            f.configure(5, 0, 3, CHUNK);
            f.start();
            f.set(Attribute.ARRAY_STATE, "clean");
            Env.Worker discarding = f.env.start(
                    "discarding", () -> ArrayFixture.ask(() -> f.array.disk().discard(0, 8L * CHUNK)));
            f.await(Attribute.ARRAY_STATE, "write-pending");
            f.env.sleepNanos(20_000_000);
            assertThat(discarding.isAlive()).isTrue();
            assertThat(f.disks.get("d0").discardedSectors).hasValue(0);
            f.set(Attribute.ARRAY_STATE, "active");
            f.awaitEnd(discarding);
            assertThat(f.disks.get("d0").discardedSectors).hasValue(4L * CHUNK);
        }
    }

    @Test
    void a_discard_of_what_is_suspended_waits() throws Exception {
        try (ArrayFixture f = new ArrayFixture(COMPONENT, 3)) {
            f.configure(5, 0, 3, CHUNK);
            f.start();
            f.monitor();
            f.set(Attribute.SUSPEND_HI, 8 * CHUNK);
            Env.Worker discarding = f.env.start(
                    "discarding", () -> ArrayFixture.ask(() -> f.array.disk().discard(4L * CHUNK, 8L * CHUNK)));
            f.env.sleepNanos(20_000_000);
            assertThat(discarding.isAlive()).isTrue();
            f.set(Attribute.SUSPEND_HI, 0);
            f.awaitEnd(discarding);
        }
    }

    @Test
    void in_a_reshape_only_what_lies_in_one_place_is_discarded() throws Exception {
        long component = 96L * CHUNK;
        try (ArrayFixture f = new ArrayFixture(component, 4)) {
            f.configure(5, 0, 3, CHUNK);
            f.start();
            f.monitor();
            long size = f.array.disk().sectors();
            f.set(Attribute.ARRAY_SIZE, size / 2);
            Random random = new Random(7);
            Model model = new Model(f.array.disk(), 0, size, random);
            model.fill();
            f.set(Attribute.SYNC_ACTION, "frozen");
            f.set(Attribute.RAID_DISKS, 4);
            f.add("d3", 3);
            f.set(Attribute.SYNC_MAX, 24 * CHUNK);
            f.set(Attribute.SYNC_ACTION, "reshape");
            f.await(Attribute.SYNC_COMPLETED, 24 * CHUNK + " / " + component);
            long position = 72L * CHUNK;
            assertThat(model.discard(0, position)).isTrue();
            assertThat(model.discard(position, 24L * CHUNK)).isTrue();
            assertThat(model.discard(position - 12L * CHUNK, 24L * CHUNK)).isFalse();
            model.verify();
            for (int i = 0; i < 40; i++) {
                model.step(200);
                long length = 1L + random.nextInt(20 * CHUNK);
                boolean _ = model.discard(random.nextLong(size - length + 1), length);
            }
            f.set(Attribute.SYNC_MAX, "max");
            for (int i = 0; i < 200; i++) {
                model.step(200);
                long length = 1L + random.nextInt(20 * CHUNK);
                boolean _ = model.discard(random.nextLong(size - length + 1), length);
            }
            f.await(Attribute.SYNC_ACTION, "idle");
            model.verify();
            assertAgrees(f, Geometry.ofMd(5, 0, 4, CHUNK));
        }
    }

    @Test
    void a_range_that_does_not_lie_inside_is_refused_and_none_costs_nothing() throws Exception {
        try (ArrayFixture f = new ArrayFixture(COMPONENT, 3)) {
            f.configure(5, 0, 3, CHUNK);
            assertThatThrownBy(() -> f.array.disk().discard(0, 512)).hasMessageContaining("not running");
            f.start();
            f.monitor();
            long size = f.array.disk().sectors();
            Model model = new Model(f.array.disk(), 0, size, new Random(4));
            model.fill();
            for (long[] range : new long[][] {{size - 512, 513}, {-8, 512}, {0, -1}, {Long.MAX_VALUE, 512}}) {
                assertThatThrownBy(() -> f.array.disk().discard(range[0], range[1]))
                        .isInstanceOf(DiskException.class);
            }
            assertThat(f.array.disk().discard(size, 0)).isTrue();
            model.verify();
            assertThat(model.discard(0, size)).isTrue();
        }
    }
}
