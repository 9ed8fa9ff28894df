package io.restripe.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class MemoryDiskTest {
    @Nested
    class Contract extends DiskContract {
        @Override
        protected Disk newDisk() {
            return new MemoryDisk("m0", SECTORS);
        }
    }

    @Nested
    class ContractOfASnapshot extends DiskContract {
        @Override
        protected Disk newDisk() {
            return new MemoryDisk("m0", SECTORS).snapshot();
        }
    }

    @Nested
    class ContractWithLargeSectors extends DiskContract {
        @Override
        protected Disk newDisk() {
            return new MemoryDisk("m0", SECTORS, 4096);
        }
    }

    @Test
    void a_large_disk_costs_only_what_was_written() throws Exception {
        MemoryDisk disk = new MemoryDisk("m0", 1L << 30);
        assertThat(disk.residentBytes()).isZero();
        disk.write(1L << 29, Buffers.allocate(8));
        assertThat(disk.residentBytes()).isBetween(1L, 65_536L);
    }

    @Test
    void what_is_discarded_costs_nothing_any_more_and_stays_in_a_snapshot() throws Exception {
        MemoryDisk disk = new MemoryDisk("m0", 4096);
        disk.write(0, Buffers.allocate(4096).fill((byte) 3));
        MemoryDisk before = disk.snapshot();
        assertThat(disk.discard(0, 4000)).isTrue();
        assertThat(disk.residentBytes()).isEqualTo(before.residentBytes() * 3 / 128);
        assertThat(first(disk, 3999)).isZero();
        assertThat(first(disk, 4000)).isEqualTo(3);
        assertThat(first(before, 0)).isEqualTo(3);
        assertThat(first(before, 3999)).isEqualTo(3);
    }

    @Test
    void a_snapshot_and_its_origin_go_separate_ways() throws Exception {
        MemoryDisk origin = new MemoryDisk("m0", 64);
        fill(origin, 0, 1);
        MemoryDisk copy = origin.snapshot("m0-copy");
        fill(origin, 0, 2);
        fill(copy, 1, 3);
        MemoryDisk second = origin.snapshot();
        fill(origin, 0, 4);
        assertThat(first(origin, 0)).isEqualTo(4);
        assertThat(first(second, 0)).isEqualTo(2);
        assertThat(first(copy, 0)).isEqualTo(1);
        assertThat(first(copy, 1)).isEqualTo(3);
        assertThat(first(origin, 1)).isZero();
        assertThat(copy.name()).isEqualTo("m0-copy");
    }

    @Test
    void a_disk_of_large_sectors_refuses_requests_that_its_device_cannot_do() {
        MemoryDisk disk = new MemoryDisk("m0", 64, 4096);
        assertThatThrownBy(() -> disk.write(1, Buffers.allocate(8))).hasMessageContaining("4096");
        assertThatThrownBy(() -> disk.read(0, Buffers.allocate(1))).hasMessageContaining("4096");
    }

    @Test
    void a_pool_of_buffers_hands_out_aligned_ones_again_and_no_more_than_its_limit() {
        try (Buffers pool = new Buffers(128, 2)) {
            MemorySegment a = pool.take();
            MemorySegment b = pool.take();
            assertThat(Buffers.isAligned(a)).isTrue();
            assertThat(a.byteSize()).isEqualTo(65_536);
            assertThatThrownBy(pool::take).isInstanceOf(IllegalStateException.class);
            pool.give(b);
            assertThat(pool.take().address()).isEqualTo(b.address());
            assertThat(pool.out()).isEqualTo(2);
            assertThatThrownBy(() -> pool.give(a.asSlice(0, 4096))).isInstanceOf(IllegalArgumentException.class);
        }
    }

    private static void fill(Disk disk, long sector, int value) throws DiskException {
        disk.write(sector, Buffers.allocate(1).fill((byte) value));
    }

    private static int first(Disk disk, long sector) throws DiskException {
        MemorySegment read = Buffers.allocate(1);
        disk.read(sector, read);
        return read.get(ValueLayout.JAVA_BYTE, 0);
    }
}
