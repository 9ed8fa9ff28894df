package io.restripe.lab.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.restripe.disk.Buffers;
import io.restripe.disk.Disk;
import io.restripe.disk.DiskException;
import io.restripe.disk.DiskException.Operation;
import io.restripe.disk.MemoryDisk;
import io.restripe.unit.SectorRange;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class SimDiskTest {
    private static MemorySegment filled(int sectors, int value) {
        return Buffers.allocate(sectors).fill((byte) value);
    }

    /** First byte of a sector. */
    static int at(Disk disk, long sector) {
        try {
            MemorySegment into = Buffers.allocate(1);
            disk.read(sector, into);
            return into.get(ValueLayout.JAVA_BYTE, 0);
        } catch (DiskException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void what_was_flushed_survives_every_power_cut_and_what_was_not_may_be_there_lost_or_torn() throws Exception {
        SimDisk disk = new SimMachine(new SimEnv(SimOptions.seeded(1))).disk("d", new MemoryDisk("d", 64));
        disk.write(0, filled(4, 1));
        disk.flush();
        disk.write(0, filled(4, 2));
        disk.write(8, filled(1, 3));
        Set<List<Integer>> seen = new HashSet<>();
        SplittableRandom fate = new SplittableRandom(20_261_124L);
        for (int i = 0; i < 2000; i++) {
            MemoryDisk left = disk.powerCut(fate);
            List<Integer> now = List.of(at(left, 0), at(left, 1), at(left, 2), at(left, 3));
            assertThat(now).allMatch(v -> v == 1 || v == 2);
            seen.add(now);
            assertThat(at(left, 8)).isIn(0, 3);
        }
        assertThat(seen).hasSize(16);
        assertThat(at(disk, 0)).isEqualTo(2);
    }

    @Test
    void a_write_that_returns_while_a_flush_is_under_way_is_not_durable() {
        boolean lost = false;
        for (long seed = 0; seed < 100; seed++) {
            SimEnv env = new SimEnv(SimOptions.seeded(seed));
            SimDisk disk = new SimMachine(env).disk("d", new MemoryDisk("d", 64));
            boolean[] early = {false};
            env.run(() -> {
                var flusher = env.start("flusher", () -> Io.run(disk::flush));
                Io.run(() -> disk.write(3, filled(1, 9)));
                early[0] = flusher.isAlive();
                flusher.join();
            });
            lost |= early[0] && disk.unflushedWrites() == 1;
        }
        assertThat(lost).isTrue();
    }

    @Test
    void faults_strike_where_and_as_often_as_asked() throws Exception {
        SimDisk disk = new SimMachine(new SimEnv(SimOptions.seeded(1))).disk("d", new MemoryDisk("d", 64));
        disk.fail(Operation.WRITE, new SectorRange(8, 16), 1, 1);
        disk.write(8, filled(1, 1));
        disk.write(0, filled(8, 1));
        assertThatThrownBy(() -> disk.write(4, filled(8, 1))).isInstanceOf(DiskException.class);
        disk.write(4, filled(8, 1));
        disk.mediaError(new SectorRange(20, 22));
        assertThatThrownBy(() -> disk.read(18, filled(4, 0))).isInstanceOf(DiskException.class);
        disk.write(21, filled(1, 5));
        assertThatThrownBy(() -> disk.read(18, filled(4, 0))).isInstanceOf(DiskException.class);
        disk.write(20, filled(1, 5));
        disk.read(18, filled(4, 0));
        disk.fail(Operation.FLUSH, new SectorRange(0, 0), 0, 1);
        assertThatThrownBy(disk::flush).isInstanceOf(DiskException.class);
        assertThat(disk.unflushedWrites()).isPositive();
        disk.flush();
        assertThat(disk.unflushedWrites()).isZero();
        disk.die();
        assertThatThrownBy(() -> disk.read(0, filled(1, 0))).hasMessageContaining("dead");
    }

    @Test
    void the_power_fails_after_the_operation_that_was_chosen() {
        for (long last = 0; last < 12; last++) {
            SimEnv env = new SimEnv(SimOptions.seeded(last));
            SimMachine machine = new SimMachine(env);
            SimDisk disk = machine.disk("d", new MemoryDisk("d", 64));
            machine.cutPowerAfter(last);
            int[] done = {0};
            env.run(() -> {
                SimProcess process = env.process("writer");
                process.env()
                        .start("writer", () -> {
                            for (int i = 0; i < 12; i++) {
                                int sector = i;
                                Io.run(() -> disk.write(sector, filled(1, 1)));
                                done[0]++;
                            }
                        })
                        .join();
                assertThat(process.isKilled()).isTrue();
                assertThatThrownBy(() -> disk.read(0, filled(1, 0))).hasMessageContaining("power");
            });
            assertThat(done[0]).isEqualTo((int) last);
        }
    }

    @Test
    void a_slow_disk_takes_simulated_time() {
        SimEnv env = new SimEnv(SimOptions.seeded(1));
        SimDisk disk = new SimMachine(env).disk("d", new MemoryDisk("d", 64));
        disk.slow(5_000_000_000L);
        env.run(() -> Io.run(() -> disk.write(0, filled(1, 1))));
        assertThat(env.nanoTime()).isEqualTo(5_000_000_000L);
    }
}
