package io.restripe.array.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.restripe.array.Attribute;
import io.restripe.array.MemberAttribute;
import io.restripe.disk.Buffers;
import io.restripe.disk.DiskException;
import io.restripe.env.Env;
import io.restripe.geometry.Geometry;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Data of every level: healthy, with members lost, rebuilt, checked, in place on the members. Seeds are in the code. */
@Timeout(60)
class LevelsTest {
    private static final long COMPONENT = 2048;

    @ParameterizedTest(name = "raid{0}/{1} x{2}")
    @CsvSource({
        "0,0,3",
        "1,0,2",
        "1,0,3",
        "4,0,3",
        "5,0,3",
        "5,1,4",
        "5,2,4",
        "5,3,5",
        "5,4,3",
        "5,5,4",
        "6,0,4",
        "6,1,5",
        "6,2,5",
        "6,3,6",
        "6,4,5",
        "6,5,5",
        "10,258,4",
        "10,258,5",
        "10,259,4"
    })
    void holds_what_was_written(int level, int layout, int disks) throws Exception {
        try (ArrayFixture f = new ArrayFixture(COMPONENT, disks + 1)) {
            f.configure(level, layout, disks, level == 1 ? 0 : 32);
            f.start();
            f.monitor();
            long size = f.array.disk().sectors();
            Geometry geometry = Geometry.ofMd(level, layout, disks, level == 1 ? 128 : 32);
            assertThat(size).isEqualTo(geometry.arraySectors(COMPONENT));
            Model model = new Model(f.array.disk(), 0, size, new Random(100 + level));
            model.fill();
            steps(model, 150);
            String[] names = new String[disks];
            for (int i = 0; i < disks; i++) {
                names[i] = "d" + i;
            }
            assertThat(f.placed(geometry, names, size).mismatch(model.content()))
                    .isEqualTo(-1);
            for (int lost = 0; lost < geometry.redundancy() && lost < 2; lost++) {
                lose(f, "d" + (lost * 2 % disks));
                steps(model, 100);
                model.verify();
            }
            if (geometry.redundancy() > 0) {
                rebuild(f, disks);
                steps(model, 50);
                model.verify();
            }
        }
    }

    private static void steps(Model model, int count) throws DiskException {
        for (int i = 0; i < count; i++) {
            model.step(i % 3 == 0 ? 500 : 40);
        }
    }

    private static void lose(ArrayFixture f, String member) throws Exception {
        f.array.write(member, MemberAttribute.STATE, "faulty");
        while (true) {
            try {
                f.array.write(member, MemberAttribute.STATE, "remove");
                return;
            } catch (io.restripe.array.AttributeException e) {
                assertThat(e.errno()).isEqualTo(io.restripe.array.Errno.EBUSY);
                f.env.sleepNanos(1_000_000);
            }
        }
    }

    /** One spare fills the first empty slot; then everything agrees. */
    private static void rebuild(ArrayFixture f, int disks) throws Exception {
        int before = Integer.parseInt(f.get(Attribute.DEGRADED));
        f.add("d" + disks, -1);
        f.await(Attribute.DEGRADED, Integer.toString(before - 1));
        f.await(Attribute.SYNC_ACTION, "idle");
        assertThat(f.array.read("d" + disks, MemberAttribute.STATE)).isEqualTo("in_sync");
        f.set(Attribute.SYNC_ACTION, "check");
        f.await(Attribute.SYNC_ACTION, "idle");
        assertThat(f.get(Attribute.MISMATCH_CNT)).isEqualTo("0");
    }

    @Test
    void resync_makes_parity_of_what_is_there() throws Exception {
        try (ArrayFixture f = new ArrayFixture(COMPONENT, 4)) {
            MemorySegment noise = f.random(new Random(1), COMPONENT);
            for (ArrayFixture.FaultyDisk disk : f.disks.values()) {
                disk.write(ArrayFixture.OFFSET, noise);
                noise = f.random(new Random(2), COMPONENT);
            }
            f.configure(5, 2, 4, 32);
            f.set(Attribute.RESYNC_START, 0);
            f.start();
            f.monitor();
            f.await(Attribute.RESYNC_START, "none");
            f.await(Attribute.SYNC_ACTION, "idle");
            f.set(Attribute.SYNC_ACTION, "check");
            f.await(Attribute.SYNC_ACTION, "idle");
            assertThat(f.get(Attribute.MISMATCH_CNT)).isEqualTo("0");
        }
    }

    @Test
    void check_counts_and_repair_mends() throws Exception {
        try (ArrayFixture f = new ArrayFixture(COMPONENT, 3)) {
            f.configure(5, 0, 3, 32);
            f.start();
            f.monitor();
            f.disks.get("d1").write(ArrayFixture.OFFSET + 70, f.random(new Random(3), 1));
            f.set(Attribute.SYNC_ACTION, "check");
            f.await(Attribute.SYNC_ACTION, "idle");
            assertThat(f.get(Attribute.MISMATCH_CNT)).isEqualTo("32");
            f.set(Attribute.SYNC_ACTION, "repair");
            f.await(Attribute.SYNC_ACTION, "idle");
            f.set(Attribute.SYNC_ACTION, "check");
            f.await(Attribute.SYNC_ACTION, "idle");
            assertThat(f.get(Attribute.MISMATCH_CNT)).isEqualTo("0");
        }
    }

    @ParameterizedTest
    @CsvSource({"5,0,3", "6,2,5", "1,0,2", "10,258,4"})
    void a_sector_that_cannot_be_read_is_reconstructed_and_written_again(int level, int layout, int disks)
            throws Exception {
        try (ArrayFixture f = new ArrayFixture(COMPONENT, disks)) {
            f.configure(level, layout, disks, level == 1 ? 0 : 32);
            f.start();
            f.monitor();
            Model model = new Model(f.array.disk(), 0, f.array.disk().sectors(), new Random(9));
            model.fill();
            f.disks.get("d0").badSectors.add(ArrayFixture.OFFSET + 5L);
            model.verify();
            model.verify();
            assertThat(f.get(Attribute.DEGRADED)).isEqualTo("0");
        }
    }

    @Test
    void a_member_that_refuses_writes_fails_in_the_middle_and_nothing_is_lost() throws Exception {
        try (ArrayFixture f = new ArrayFixture(COMPONENT, 4)) {
            f.configure(5, 0, 4, 32);
            f.start();
            f.monitor();
            long size = f.array.disk().sectors();
            Env.Worker[] users = new Env.Worker[3];
            for (int u = 0; u < users.length; u++) {
                Model model = new Model(f.array.disk(), size * u / 3, size * (u + 1) / 3, new Random(u));
                model.fill();
                users[u] = f.env.start("user" + u, () -> {
                    try {
                        steps(model, 300);
                        model.verify();
                    } catch (DiskException e) {
                        throw new IllegalStateException(e);
                    }
                });
            }
            f.disks.get("d2").failsWrites = true;
            for (Env.Worker user : users) {
                user.join();
            }
            f.await(Attribute.DEGRADED, "1");
        }
    }

    @Test
    void more_losses_than_redundancy_are_errors_and_the_rest_stays_readable() throws Exception {
        try (ArrayFixture f = new ArrayFixture(COMPONENT, 3)) {
            f.configure(5, 0, 3, 32);
            f.start();
            f.monitor();
            Model model = new Model(f.array.disk(), 0, f.array.disk().sectors(), new Random(9));
            model.fill();
            f.array.write("d0", MemberAttribute.STATE, "faulty");
            assertThatThrownBy(() -> f.array.giveUp("d1")).hasMessageContaining("EBUSY");
            model.verify(); // what is refused has no effect
            assertThatThrownBy(() -> f.array.write("d1", MemberAttribute.STATE, "faulty"))
                    .hasMessageContaining("EBUSY");
            MemorySegment chunk = Buffers.allocate(32);
            assertThatThrownBy(() -> f.array.disk().read(0, chunk)).isInstanceOf(DiskException.class);
            // Row 1 of left-asymmetric on three: data on 0, parity on 1, data on 2.
            f.array.disk().read(96, chunk);
            assertThat(chunk.mismatch(StripeTransform.slice(model.content(), 96, 32)))
                    .isEqualTo(-1);
            assertThatThrownBy(() -> f.array.disk().write(0, chunk)).isInstanceOf(DiskException.class);
        }
    }

    @Test
    void a_raid0_that_loses_a_member_is_broken() throws Exception {
        try (ArrayFixture f = new ArrayFixture(COMPONENT, 2)) {
            f.configure(0, 0, 2, 32);
            f.start();
            assertThatThrownBy(() -> f.array.giveUp("d1")).hasMessageContaining("EBUSY");
            assertThat(f.get(Attribute.ARRAY_STATE)).isEqualTo("clean");
            f.disks.get("d1").failsWrites = true;
            assertThatThrownBy(() -> f.array.disk().write(0, Buffers.allocate(64)))
                    .isInstanceOf(DiskException.class);
            assertThat(f.get(Attribute.ARRAY_STATE)).isEqualTo("broken");
            f.array.disk().read(0, Buffers.allocate(64));
        }
    }

    @Test
    void an_interrupted_recovery_keeps_what_it_rebuilt_up_to_date() throws Exception {
        try (ArrayFixture f = new ArrayFixture(COMPONENT, 4)) {
            f.configure(5, 0, 3, 32, 1);
            f.start();
            f.monitor();
            Model model = new Model(f.array.disk(), 0, f.array.disk().sectors(), new Random(6));
            model.fill();
            f.set(Attribute.SYNC_MAX, 1024);
            f.add("d3", -1);
            f.await(Attribute.SYNC_COMPLETED, "1024 / 2048");
            f.set(Attribute.SYNC_ACTION, "frozen");
            steps(model, 200);
            f.set(Attribute.SYNC_MAX, "max");
            f.set(Attribute.SYNC_ACTION, "idle");
            f.await(Attribute.DEGRADED, "0");
            f.await(Attribute.SYNC_ACTION, "idle");
            f.set(Attribute.SYNC_ACTION, "check");
            f.await(Attribute.SYNC_ACTION, "idle");
            assertThat(f.get(Attribute.MISMATCH_CNT)).isEqualTo("0");
            model.verify();
        }
    }
}
