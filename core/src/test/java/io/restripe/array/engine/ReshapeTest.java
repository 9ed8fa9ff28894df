package io.restripe.array.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.restripe.array.Attribute;
import io.restripe.array.AttributeException;
import io.restripe.env.Env;
import io.restripe.geometry.Geometry;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Relocation driven through the attributes, as a manager and a monitor do it, with users beside it. */
@Timeout(60)
class ReshapeTest {
    private static final long COMPONENT = 6144;

    @ParameterizedTest(name = "{0}/{1} x{2} chunk {3} -> {4} x{5} chunk {6}, missing {7}")
    @CsvSource({
        "5, 0, 3, 128, 0, 4, 128, -1",
        "5, 0, 3, 128, 0, 5, 128, -1",
        "5, 0, 4, 128, 0, 5, 128, -1",
        "5, 2, 4, 64, 0, 5, 128, -1",
        "5, 0, 4, 128, 0, 5, 32, -1",
        "5, 0, 3, 128, 0, 3, 256, -1",
        "5, 0, 3, 256, 0, 3, 128, -1",
        "6, 2, 4, 64, 2, 5, 64, -1",
        "5, 0, 4, 64, 0, 5, 64, 1",
        "6, 0, 4, 64, 0, 6, 64, 2",
    })
    void every_sector_survives(
            int level, int layout, int disks, int chunk, int newLayout, int newDisks, int newChunk, int missing)
            throws Exception {
        try (ArrayFixture f = new ArrayFixture(COMPONENT, newDisks)) {
            if (missing >= 0) {
                f.configure(level, layout, disks, chunk, missing);
            } else {
                f.configure(level, layout, disks, chunk);
            }
            f.start();
            f.monitor();
            long size = f.array.disk().sectors();
            f.set(Attribute.ARRAY_SIZE, size / 2);
            Model model = new Model(f.array.disk(), 0, size, new Random(11));
            model.fill();
            f.set(Attribute.SYNC_ACTION, "frozen");
            prepare(f, disks, newDisks, newLayout, newChunk, chunk);
            f.set(Attribute.SYNC_MAX, 0);
            f.set(Attribute.SYNC_ACTION, "reshape");
            Geometry before = Geometry.ofMd(level, layout, disks, chunk);
            Geometry after = Geometry.ofMd(level, newLayout, newDisks, newChunk);
            drive(f, before, after, 0);
            f.await(Attribute.SYNC_ACTION, "idle");
            assertThat(f.get(Attribute.RESHAPE_POSITION)).isEqualTo("none");
            assertThat(f.get(Attribute.SYNC_COMPLETED)).isEqualTo("none");
            assertThat(f.get(Attribute.RAID_DISKS)).isEqualTo(Integer.toString(newDisks));
            assertThat(f.get(Attribute.ARRAY_SIZE)).isEqualTo(Long.toString(size / 2));
            model.verify();
            f.set(Attribute.ARRAY_SIZE, "default");
            assertThat(f.array.disk().sectors()).isEqualTo(after.arraySectors(COMPONENT));
            f.set(Attribute.SYNC_ACTION, "check");
            f.await(Attribute.SYNC_ACTION, "idle");
            assertThat(f.get(Attribute.MISMATCH_CNT)).isEqualTo("0");
            for (int i = 0; i < 200; i++) {
                model.step(700);
            }
            model.verify();
        }
    }

    private static void prepare(ArrayFixture f, int disks, int newDisks, int newLayout, int newChunk, int chunk)
            throws AttributeException {
        if (newDisks != disks) {
            f.set(Attribute.RAID_DISKS, newDisks);
            for (int slot = disks; slot < newDisks; slot++) {
                f.add("d" + slot, slot);
            }
        }
        f.set(Attribute.LAYOUT, newLayout);
        if (newChunk != chunk) {
            f.set(Attribute.CHUNK_SIZE, newChunk * 512);
        }
    }

    /** Plays the manager: suspends a unit, lets it be relocated, goes on; random users outside the suspended unit beside it. */
    private static void drive(ArrayFixture f, Geometry before, Geometry after, long from) throws Exception {
        long unit = before.rowSectors();
        while (unit % after.rowSectors() != 0 || unit / after.dataMembers() % before.chunkSectors() != 0) {
            unit += before.rowSectors();
        }
        long end = COMPONENT * after.dataMembers();
        for (long at = from; at < end; at += unit) {
            long to = Math.min(at + unit, end);
            f.set(Attribute.SUSPEND_HI, to);
            f.set(Attribute.SYNC_MAX, to / after.dataMembers());
            if (to < end) {
                f.await(Attribute.SYNC_COMPLETED, to / after.dataMembers() + " / " + COMPONENT);
                assertThat(f.get(Attribute.RESHAPE_POSITION)).isEqualTo(Long.toString(to));
                f.set(Attribute.SUSPEND_LO, to);
            }
        }
        f.await(Attribute.SYNC_ACTION, "idle");
        f.set(Attribute.SUSPEND_LO, Long.MAX_VALUE);
        f.set(Attribute.SUSPEND_HI, 0);
        f.set(Attribute.SUSPEND_LO, 0);
    }

    @Test
    void raid0_grows_as_raid4_without_parity_and_comes_back() throws Exception {
        try (ArrayFixture f = new ArrayFixture(COMPONENT, 3)) {
            f.configure(0, 0, 2, 128);
            f.start();
            f.monitor();
            long size = f.array.disk().sectors();
            Model model = new Model(f.array.disk(), 0, size, new Random(3));
            model.fill();
            f.set(Attribute.ARRAY_SIZE, size / 2);
            f.set(Attribute.LEVEL, "raid4");
            assertThat(f.get(Attribute.ARRAY_STATE)).isEqualTo("active");
            assertThat(f.get(Attribute.RAID_DISKS)).isEqualTo("3");
            assertThat(f.get(Attribute.LAYOUT)).isEqualTo("5");
            assertThat(f.get(Attribute.DEGRADED)).isEqualTo("1");
            f.set(Attribute.SYNC_ACTION, "frozen");
            f.set(Attribute.RAID_DISKS, 4);
            f.add("d2", 2);
            f.set(Attribute.SYNC_MAX, 0);
            f.set(Attribute.SYNC_ACTION, "reshape");
            drive(f, Geometry.ofMd(0, 0, 2, 128), Geometry.ofMd(0, 0, 3, 128), 0);
            model.verify();
            assertThat(f.get(Attribute.DEGRADED)).isEqualTo("1");
            f.set(Attribute.SYNC_ACTION, "frozen");
            f.set(Attribute.LEVEL, "raid0");
            assertThat(f.get(Attribute.RAID_DISKS)).isEqualTo("3");
            f.set(Attribute.ARRAY_SIZE, "default");
            assertThat(f.array.disk().sectors()).isEqualTo(3 * COMPONENT);
            for (int i = 0; i < 200; i++) {
                model.step(700);
            }
            model.verify();
        }
    }

    @Test
    void raid0_becomes_left_asymmetric_raid5() throws Exception {
        try (ArrayFixture f = new ArrayFixture(COMPONENT, 3)) {
            f.configure(0, 0, 2, 128);
            f.start();
            f.monitor();
            Model model = new Model(f.array.disk(), 0, f.array.disk().sectors(), new Random(4));
            model.fill();
            f.set(Attribute.LEVEL, "raid5");
            f.set(Attribute.SYNC_ACTION, "frozen");
            f.add("d2", 2);
            f.set(Attribute.LAYOUT, 0);
            f.set(Attribute.SYNC_MAX, 0);
            f.set(Attribute.SYNC_ACTION, "reshape");
            drive(f, Geometry.ofMd(5, 5, 3, 128), Geometry.ofMd(5, 0, 3, 128), 0);
            model.verify();
            f.await(Attribute.DEGRADED, "0");
            f.disks.get("d0").failsReads = true;
            f.disks.get("d0").failsWrites = true;
            for (int i = 0; i < 100; i++) {
                model.step(700);
            }
            model.verify();
        }
    }

    @Test
    void users_work_on_both_sides_and_in_cut_rows_all_the_while() throws Exception {
        try (ArrayFixture f = new ArrayFixture(COMPONENT, 5)) {
            f.configure(5, 0, 4, 64);
            f.start();
            f.monitor();
            long size = f.array.disk().sectors();
            f.set(Attribute.ARRAY_SIZE, size / 2);
            AtomicBoolean ends = new AtomicBoolean();
            Env.Worker[] users = new Env.Worker[3];
            for (int u = 0; u < users.length; u++) {
                Model model = new Model(f.array.disk(), size * u / 3, size * (u + 1) / 3, new Random(20 + u));
                model.fill();
                users[u] = f.env.start("user" + u, () -> use(model, ends));
            }
            f.set(Attribute.SYNC_ACTION, "frozen");
            f.set(Attribute.RAID_DISKS, 5);
            f.add("d4", 4);
            f.set(Attribute.SYNC_MAX, 0);
            f.set(Attribute.SYNC_ACTION, "reshape");
            // In steps of one new row: old rows are cut at most of them.
            for (long device = 64; device < COMPONENT; device += 64) {
                f.set(Attribute.SUSPEND_HI, device * 4);
                f.set(Attribute.SYNC_MAX, device);
                f.await(Attribute.SYNC_COMPLETED, device + " / " + COMPONENT);
                f.set(Attribute.SUSPEND_LO, device * 4);
            }
            f.set(Attribute.SYNC_MAX, "max");
            f.await(Attribute.SYNC_ACTION, "idle");
            f.set(Attribute.SUSPEND_LO, 0);
            f.set(Attribute.SUSPEND_HI, 0);
            ends.set(true);
            for (Env.Worker user : users) {
                user.join();
            }
        }
    }

    private static void use(Model model, AtomicBoolean ends) {
        try {
            while (!ends.get()) {
                model.step(300);
            }
            model.verify();
        } catch (io.restripe.disk.DiskException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void half_way_array_is_assembled_at_its_position_and_goes_on() throws Exception {
        try (ArrayFixture f = new ArrayFixture(COMPONENT, 4)) {
            f.configure(5, 0, 3, 128);
            f.start();
            f.monitor();
            long size = f.array.disk().sectors();
            Model model = new Model(f.array.disk(), 0, size, new Random(5));
            model.fill();
            f.set(Attribute.SYNC_ACTION, "frozen");
            f.set(Attribute.RAID_DISKS, 4);
            f.add("d3", 3);
            f.set(Attribute.SYNC_MAX, 0);
            f.set(Attribute.SYNC_ACTION, "reshape");
            assertThat(f.get(Attribute.RAID_DISKS)).isEqualTo("4 (3)");
            f.set(Attribute.SYNC_MAX, 2560);
            f.await(Attribute.SYNC_COMPLETED, "2560 / 6144");
            EmbeddedArray first = f.array;
            first.close();
            try (EmbeddedArray second = new EmbeddedArray(f.env, "c/v", f.disks::get)) {
                ArrayFixture.halfWay(second, COMPONENT, 3, 4, 2560 * 3);
                Model again = model.on(second.disk());
                again.verify();
                assertThat(second.read(Attribute.SYNC_MAX)).isEqualTo("max");
                second.write(Attribute.SYNC_MAX, "3840");
                second.write(Attribute.ARRAY_STATE, "active");
                ArrayFixture.await(f.env, second, Attribute.SYNC_COMPLETED, "3840 / 6144");
                again.verify();
                second.write(Attribute.SYNC_MAX, "max");
                ArrayFixture.await(f.env, second, Attribute.RESHAPE_POSITION, "none");
                again.verify();
            }
        }
    }

    @ParameterizedTest(name = "raid{0} x{1} to x{2}, seed {3}")
    @CsvSource({"5, 3, 4, 1", "5, 4, 5, 2", "6, 4, 5, 3", "5, 3, 5, 4"})
    void a_member_lost_in_the_middle_with_users_beside(int level, int disks, int newDisks, int seed) throws Exception {
        try (ArrayFixture f = new ArrayFixture(COMPONENT, newDisks)) {
            f.configure(level, 0, disks, 64);
            f.start();
            f.monitor();
            Random random = new Random(seed);
            long size = f.array.disk().sectors();
            f.set(Attribute.ARRAY_SIZE, size / 2);
            AtomicBoolean ends = new AtomicBoolean();
            Env.Worker[] users = new Env.Worker[3];
            for (int u = 0; u < users.length; u++) {
                Model model = new Model(f.array.disk(), size * u / 3, size * (u + 1) / 3, new Random(seed * 10L + u));
                model.fill();
                users[u] = f.env.start("user" + u, () -> use(model, ends));
            }
            f.set(Attribute.SYNC_ACTION, "frozen");
            prepare(f, disks, newDisks, 0, 64, 64);
            f.set(Attribute.SYNC_MAX, 0);
            f.set(Attribute.SYNC_ACTION, "reshape");
            int data = newDisks - (level == 6 ? 2 : 1);
            long failsAt = 64L * (4 + random.nextInt(60));
            String victim = "d" + random.nextInt(newDisks);
            for (long device = 256; device < COMPONENT; device += 256) {
                f.set(Attribute.SUSPEND_HI, device * data);
                f.set(Attribute.SYNC_MAX, device);
                if (device >= failsAt) {
                    f.disks.get(victim).failsReads = true;
                    f.disks.get(victim).failsWrites = true;
                }
                f.await(Attribute.SYNC_COMPLETED, device + " / " + COMPONENT);
                f.set(Attribute.SUSPEND_LO, device * data);
            }
            f.set(Attribute.SYNC_MAX, "max");
            f.await(Attribute.RESHAPE_POSITION, "none");
            f.set(Attribute.SUSPEND_HI, 0);
            ends.set(true);
            for (Env.Worker user : users) {
                user.join();
            }
            assertThat(f.get(Attribute.DEGRADED)).isEqualTo("1");
        }
    }

    @Test
    void a_source_sector_that_cannot_be_read_is_reconstructed() throws Exception {
        try (ArrayFixture f = new ArrayFixture(COMPONENT, 4)) {
            f.configure(5, 0, 3, 128);
            f.start();
            f.monitor();
            Model model = new Model(f.array.disk(), 0, f.array.disk().sectors(), new Random(7));
            model.fill();
            f.disks.get("d1").badSectors.add(ArrayFixture.OFFSET + 3000L);
            f.set(Attribute.SYNC_ACTION, "frozen");
            prepare(f, 3, 4, 0, 128, 128);
            f.set(Attribute.SYNC_ACTION, "reshape");
            f.await(Attribute.RESHAPE_POSITION, "none");
            model.verify();
            assertThat(f.get(Attribute.DEGRADED)).isEqualTo("0");
        }
    }

    @Test
    void too_many_losses_stop_the_reshape_where_it_is_and_the_rest_is_served() throws Exception {
        try (ArrayFixture f = new ArrayFixture(COMPONENT, 4)) {
            f.configure(5, 0, 3, 128, 1);
            f.start();
            f.monitor();
            Model model = new Model(f.array.disk(), 0, f.array.disk().sectors(), new Random(7));
            model.fill();
            f.set(Attribute.SYNC_ACTION, "frozen");
            prepare(f, 3, 4, 0, 128, 128);
            f.set(Attribute.SYNC_MAX, 1280);
            f.set(Attribute.SYNC_ACTION, "reshape");
            f.await(Attribute.SYNC_COMPLETED, "1280 / 6144");
            f.disks.get("d2").failsReads = true;
            f.disks.get("d2").failsWrites = true;
            f.set(Attribute.SYNC_MAX, "max");
            f.await(Attribute.SYNC_ACTION, "idle");
            assertThat(f.get(Attribute.RESHAPE_POSITION)).isEqualTo(Long.toString(1280 * 3));
            // The first chunk of the new geometry is on d0, of the old one too.
            java.lang.foreign.MemorySegment chunk = io.restripe.disk.Buffers.allocate(128);
            f.array.disk().read(0, chunk);
            assertThat(chunk.mismatch(StripeTransform.slice(model.content(), 0, 128)))
                    .isEqualTo(-1);
        }
    }
}
