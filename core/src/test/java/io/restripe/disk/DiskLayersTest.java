package io.restripe.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.restripe.env.SystemEnv;
import io.restripe.unit.SectorRange;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class DiskLayersTest {
    private static final long SIZE = 1024;

    private final MemoryDisk memory = new MemoryDisk("m0", SIZE);

    @Nested
    class OffsetContract extends DiskContract {
        @Override
        protected Disk newDisk() {
            return new OffsetDisk(new MemoryDisk("m0", SECTORS + 300), new SectorRange(100, SECTORS + 100));
        }
    }

    @Nested
    class FaultContract extends DiskContract {
        @Override
        protected Disk newDisk() {
            return new FaultDisk(new MemoryDisk("m0", SECTORS));
        }
    }

    @Nested
    class RecordingContract extends DiskContract {
        @Override
        protected Disk newDisk() {
            return new RecordingDisk(new MemoryDisk("m0", SECTORS), new Log());
        }
    }

    @Nested
    class NeverDiscardingContract extends DiskContract {
        @Override
        protected Disk newDisk() {
            return new DiskLayer(new MemoryDisk("m0", SECTORS)) {};
        }

        @Override
        protected boolean discards() {
            return false;
        }
    }

    @Nested
    class DelayContract extends DiskContract {
        @Override
        protected Disk newDisk() {
            return new DelayDisk(new MemoryDisk("m0", SECTORS), new SystemEnv(), 1, 0);
        }
    }

    @Nested
    class StatsContract extends DiskContract {
        @Override
        protected Disk newDisk() {
            return new StatsDisk(new MemoryDisk("m0", SECTORS));
        }
    }

    @Nested
    class VolatileCacheContract extends DiskContract {
        @Override
        protected Disk newDisk() {
            return cache(new MemoryDisk("m0", SECTORS), 0.3, SECTORS);
        }
    }

    @Nested
    class TinyVolatileCacheContract extends DiskContract {
        @Override
        protected Disk newDisk() {
            return cache(new MemoryDisk("m0", SECTORS, 4096), 0, 128);
        }
    }

    private static VolatileCacheDisk cache(Disk inner, double leakChance, long capacitySectors) {
        return new VolatileCacheDisk(inner, new SystemEnv(), new SplittableRandom(7), leakChance, capacitySectors);
    }

    private static final class Log implements RecordingDisk.Listener {
        final List<String> lines = new ArrayList<>();

        @Override
        public synchronized void wrote(long sector, byte[] contents) {
            int value = contents.length == 0 ? 0 : contents[0];
            lines.add("write " + sector + " " + contents.length + " " + value);
        }

        @Override
        public synchronized void flushed() {
            lines.add("flush");
        }
    }

    @Test
    void a_window_is_its_part_of_the_disk_below_and_leaves_it_open() throws Exception {
        FaultDisk below = new FaultDisk(memory);
        try (OffsetDisk window = new OffsetDisk(below, new SectorRange(10, 20))) {
            window.write(3, filled(2, 9));
        }
        assertThat(first(memory, 13)).isEqualTo(9);
        assertThat(first(memory, 14)).isEqualTo(9);
        assertThat(first(memory, 15)).isZero();
        assertThatThrownBy(() -> new OffsetDisk(below, new SectorRange(10, SIZE + 1)))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void a_fault_rule_fails_exactly_the_requests_that_touch_its_range() throws Exception {
        FaultDisk disk =
                new FaultDisk(memory).failReads(new SectorRange(100, 101)).failWrites(new SectorRange(200, 210));
        disk.read(92, filled(8, 0));
        disk.read(101, filled(8, 0));
        assertThatThrownBy(() -> disk.read(93, filled(8, 0)))
                .hasMessage(
                        "m0: read of 8 sectors at sector 93 failed: input/output error (EIO), made by a fault rule");
        disk.write(100, filled(1, 5));
        assertThatThrownBy(() -> disk.write(209, filled(8, 5))).isInstanceOf(DiskException.class);
        assertThat(first(memory, 210))
                .as("a failed write does not reach the disk")
                .isZero();
        disk.flush();
        disk.failFlushes();
        assertThatThrownBy(disk::flush).isInstanceOf(DiskException.class);
        disk.heal();
        disk.flush();
        disk.read(100, filled(1, 0));
    }

    @Test
    void a_disk_that_dies_at_a_request_does_everything_before_it_and_nothing_from_it_on() throws Exception {
        FaultDisk disk = new FaultDisk(memory).dieAtRequest(2);
        disk.write(0, filled(1, 1));
        disk.flush();
        assertThatThrownBy(() -> disk.write(1, filled(1, 1))).isInstanceOf(DiskException.class);
        assertThatThrownBy(() -> disk.read(0, filled(1, 1))).isInstanceOf(DiskException.class);
        assertThatThrownBy(disk::flush).isInstanceOf(DiskException.class);
        assertThat(disk.requests()).isEqualTo(5);
    }

    @Test
    void a_recording_has_what_the_disk_did_in_order_and_not_what_it_failed_to_do() throws Exception {
        Log log = new Log();
        FaultDisk faulty = new FaultDisk(memory);
        RecordingDisk disk = new RecordingDisk(faulty, log);
        MemorySegment buffer = filled(2, 3);
        disk.write(5, buffer);
        disk.flush();
        assertThat(disk.discard(7, 2)).isTrue();
        faulty.die();
        assertThatThrownBy(() -> disk.write(6, buffer)).isInstanceOf(DiskException.class);
        assertThatThrownBy(() -> disk.discard(6, 1)).isInstanceOf(DiskException.class);
        assertThatThrownBy(disk::flush).isInstanceOf(DiskException.class);
        assertThat(log.lines).containsExactly("write 5 1024 3", "flush", "write 7 1024 0");
    }

    @Test
    void the_numbers_of_a_disk_count_successes_in_sectors_and_failures_as_errors() throws Exception {
        FaultDisk faulty = new FaultDisk(memory);
        StatsDisk disk = new StatsDisk(faulty);
        disk.write(0, filled(4, 1));
        disk.write(0, filled(3, 1));
        disk.read(0, filled(2, 1));
        assertThat(disk.discard(1, 5)).isTrue();
        disk.flush();
        faulty.die();
        assertThatThrownBy(() -> disk.read(0, filled(2, 1))).isInstanceOf(DiskException.class);
        assertThat(disk.stats()).isEqualTo(new StatsDisk.Stats(1, 2, 2, 7, 5, 1, 1));
    }

    @Test
    void a_read_only_disk_reads_and_never_writes() throws Exception {
        memory.write(7, filled(1, 4));
        ReadOnlyDisk disk = new ReadOnlyDisk(memory);
        assertThat(first(disk, 7)).isEqualTo(4);
        assertThatThrownBy(() -> disk.write(7, filled(1, 5))).hasMessageContaining("read-only");
        assertThatThrownBy(() -> disk.discard(7, 1)).hasMessageContaining("read-only");
        disk.flush();
        assertThat(first(memory, 7)).isEqualTo(4);
    }

    @Test
    void a_volatile_cache_gives_back_what_was_written_and_keeps_it_from_the_disk_until_a_flush() throws Exception {
        VolatileCacheDisk disk = cache(memory, 0, SIZE);
        disk.write(60, filled(10, 6));
        assertThat(first(disk, 69)).isEqualTo(6);
        assertThat(first(memory, 69)).isZero();
        assertThat(disk.dirtySectors()).isEqualTo(10);
        disk.flush();
        assertThat(disk.dirtySectors()).isZero();
        assertThat(first(memory, 60)).isEqualTo(6);
        assertThat(first(memory, 69)).isEqualTo(6);
        assertThat(first(memory, 70)).isZero();
        disk.write(60, filled(10, 8));
        disk.close();
        assertThat(first(memory, 60)).as("a write that was not flushed is lost").isEqualTo(6);
    }

    @Test
    void a_discard_in_a_volatile_cache_is_lost_with_it() throws Exception {
        memory.write(60, filled(10, 6));
        VolatileCacheDisk disk = cache(memory, 0, SIZE);
        assertThat(disk.discard(61, 8)).isTrue();
        assertThat(first(disk, 61)).isZero();
        assertThat(first(memory, 61)).isEqualTo(6);
        disk.flush();
        assertThat(first(memory, 61)).isZero();
    }

    @Test
    void a_volatile_cache_that_leaks_loses_some_unflushed_writes_and_keeps_others() throws Exception {
        VolatileCacheDisk disk = cache(memory, 0.5, SIZE);
        for (long sector = 0; sector < SIZE; sector += 64) {
            disk.write(sector, filled(64, 1));
        }
        int kept = 0;
        for (long sector = 0; sector < SIZE; sector += 64) {
            kept += first(memory, sector);
        }
        assertThat(kept).isBetween(1, 15);
        assertThat(disk.dirtySectors()).isEqualTo(SIZE - kept * 64L);
    }

    @Test
    void a_flush_of_a_volatile_cache_that_fails_loses_nothing_and_can_be_repeated() throws Exception {
        FaultDisk faulty = new FaultDisk(memory).failWrites(new SectorRange(500, 501));
        VolatileCacheDisk disk = cache(faulty, 0, SIZE);
        disk.write(0, filled(1, 2));
        disk.write(500, filled(1, 2));
        assertThatThrownBy(disk::flush).isInstanceOf(DiskException.class);
        faulty.heal();
        disk.flush();
        assertThat(first(memory, 500)).isEqualTo(2);
    }

    private static MemorySegment filled(long sectors, int value) {
        return Buffers.allocate(sectors).fill((byte) value);
    }

    private static int first(Disk disk, long sector) throws DiskException {
        MemorySegment read = Buffers.allocate(1);
        disk.read(sector, read);
        return read.get(ValueLayout.JAVA_BYTE, 0);
    }
}
