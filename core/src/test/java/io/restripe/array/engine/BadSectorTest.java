package io.restripe.array.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.restripe.array.Attribute;
import io.restripe.disk.Buffers;
import io.restripe.disk.DiskException;
import io.restripe.geometry.Geometry;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Sectors that cannot be read: each costs what is on it at most, never what is beside it. */
@Timeout(60)
class BadSectorTest {
    private static final long COMPONENT = 2048;
    private static final int CHUNK = 32;

    /** One in every row and of every member, each in another block. */
    private static void spoilEveryRow(ArrayFixture f, int disks) {
        for (int disk = 0; disk < disks; disk++) {
            for (long row = 0; row < COMPONENT / CHUNK; row++) {
                f.disks.get("d" + disk).badSectors.add(ArrayFixture.OFFSET + row * CHUNK + disk * 8L + row % 8);
            }
        }
    }

    private static Model filled(ArrayFixture f) throws DiskException {
        Model model = new Model(f.array.disk(), 0, f.array.disk().sectors(), new Random(1));
        model.fill();
        return model;
    }

    @ParameterizedTest(name = "raid{0} x{2}")
    @CsvSource({"5,0,3", "5,2,4", "6,0,4"})
    void users_read_rows_in_which_every_member_has_one(int level, int layout, int disks) throws Exception {
        try (ArrayFixture f = new ArrayFixture(COMPONENT, disks)) {
            f.configure(level, layout, disks, CHUNK);
            f.start();
            f.monitor();
            Model model = filled(f);
            spoilEveryRow(f, disks);
            model.verify();
            f.set(Attribute.SYNC_ACTION, "repair");
            f.await(Attribute.SYNC_ACTION, "idle");
            assertThat(f.disks.values())
                    .allSatisfy(disk -> assertThat(disk.badSectors).isEmpty());
            assertThat(f.get(Attribute.MISMATCH_CNT)).isEqualTo("0");
            assertThat(f.get(Attribute.DEGRADED)).isEqualTo("0");
        }
    }

    @Test
    void a_rebuild_reads_around_them() throws Exception {
        try (ArrayFixture f = new ArrayFixture(COMPONENT, 5)) {
            f.configure(6, 0, 4, CHUNK, 3);
            f.start();
            f.monitor();
            Model model = filled(f);
            spoilEveryRow(f, 3);
            f.add("d4", -1);
            f.await(Attribute.DEGRADED, "0");
            model.verify();
        }
    }

    @Test
    void a_reshape_reads_around_them() throws Exception {
        try (ArrayFixture f = new ArrayFixture(COMPONENT, 4)) {
            f.configure(5, 0, 3, CHUNK);
            f.start();
            f.monitor();
            Model model = filled(f);
            spoilEveryRow(f, 3);
            f.set(Attribute.SYNC_ACTION, "frozen");
            f.set(Attribute.RAID_DISKS, 4);
            f.add("d3", 3);
            f.set(Attribute.SYNC_ACTION, "reshape");
            f.await(Attribute.RESHAPE_POSITION, "none");
            model.verify();
            assertThat(f.get(Attribute.DEGRADED)).isEqualTo("0");
        }
    }

    /** Parity is not known yet: whatever is reconstructed from it is lost. That must be the bad sector's block and no more. */
    @Test
    void a_resync_keeps_what_is_beside_one() throws Exception {
        try (ArrayFixture f = new ArrayFixture(COMPONENT, 3)) {
            for (ArrayFixture.FaultyDisk disk : f.disks.values()) {
                disk.write(ArrayFixture.OFFSET, f.random(new Random(disk.name().hashCode()), COMPONENT));
            }
            f.configure(5, 0, 3, CHUNK);
            f.set(Attribute.RESYNC_START, 0);
            Geometry geometry = Geometry.ofMd(5, 0, 3, CHUNK);
            String[] names = {"d0", "d1", "d2"};
            long size = geometry.arraySectors(COMPONENT);
            MemorySegment before = f.placed(geometry, names, size);
            f.disks.get("d0").badSectors.add(ArrayFixture.OFFSET + 12L);
            f.start();
            f.monitor();
            f.await(Attribute.RESYNC_START, "none");
            MemorySegment after = f.placed(geometry, names, size);
            // Row 0 of left-asymmetric on three: its first data chunk is on d0.
            assertThat(StripeTransform.slice(after, 0, 8).mismatch(StripeTransform.slice(before, 0, 8)))
                    .isEqualTo(-1);
            assertThat(StripeTransform.slice(after, 16, size - 16)
                            .mismatch(StripeTransform.slice(before, 16, size - 16)))
                    .isEqualTo(-1);
            f.set(Attribute.SYNC_ACTION, "check");
            f.await(Attribute.SYNC_ACTION, "idle");
            assertThat(f.get(Attribute.MISMATCH_CNT)).isEqualTo("0");
        }
    }

    @Test
    void a_reshape_that_one_stops_publishes_what_it_has_and_lets_writes_in() throws Exception {
        long component = 8 * COMPONENT;
        try (ArrayFixture f = new ArrayFixture(component, 4)) {
            f.configure(5, 0, 3, CHUNK);
            f.start();
            f.monitor();
            Model model = filled(f);
            // In the second window: nothing makes the first one be published before it.
            long sector = ArrayFixture.OFFSET + 6000;
            f.disks.get("d0").badSectors.add(sector);
            f.disks.get("d1").badSectors.add(sector);
            f.set(Attribute.SYNC_ACTION, "frozen");
            f.set(Attribute.RAID_DISKS, 4);
            f.add("d3", 3);
            f.set(Attribute.SYNC_ACTION, "reshape");
            f.await(Attribute.SYNC_ACTION, "idle");
            long position = Long.parseLong(f.get(Attribute.RESHAPE_POSITION));
            assertThat(position).isPositive().isLessThan(f.array.disk().sectors());
            for (long at = 0; at < position; at += 4096) {
                f.awaitEnd(f.writer(at, 8));
            }
            MemorySegment between = Buffers.allocate(4088);
            f.array.disk().read(8, between);
            assertThat(between.mismatch(StripeTransform.slice(model.content(), 8, 4088)))
                    .isEqualTo(-1);
            assertThatThrownBy(() -> f.array
                            .disk()
                            .read(0, Buffers.allocate(f.array.disk().sectors())))
                    .isInstanceOf(DiskException.class);
        }
    }
}
