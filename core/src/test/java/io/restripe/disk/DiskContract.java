package io.restripe.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.restripe.unit.Units;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What every {@link Disk} must do. A subclass per kind of disk says how to get one of {@link #SECTORS} sectors of zeros. */
public abstract class DiskContract {
    public static final long SECTORS = 4096;

    private final List<Disk> opened = new ArrayList<>();

    /** A disk of {@link #SECTORS} sectors, all zeros. */
    protected abstract Disk newDisk() throws Exception;

    private Disk open() throws Exception {
        Disk disk = newDisk();
        opened.add(disk);
        return disk;
    }

    @AfterEach
    void closeDisks() {
        opened.forEach(Disk::close);
    }

    @Test
    void it_has_the_size_it_was_made_with() throws Exception {
        assertThat(open().sectors()).isEqualTo(SECTORS);
    }

    @Test
    void what_was_never_written_reads_as_zeros() throws Exception {
        MemorySegment read = Buffers.allocate(64).fill((byte) 7);
        Disk disk = open();
        disk.read(SECTORS - 64, read);
        assertThat(read.mismatch(Buffers.allocate(64))).isEqualTo(-1);
    }

    @Test
    void random_writes_read_back_as_a_plain_array_would() throws Exception {
        long seed = 20_261_123L;
        SplittableRandom random = new SplittableRandom(seed);
        Disk disk = open();
        byte[] model = new byte[Units.bufferBytesOfSectors(SECTORS)];
        int unit = Math.toIntExact(Units.sectorsOfBytesExact(disk.logicalSectorBytes()));
        for (int i = 0; i < 200; i++) {
            int length = (1 + random.nextInt(i % 10 == 0 ? 64 : 8)) * unit;
            int sector = random.nextInt(Math.toIntExact(SECTORS - length) / unit + 1) * unit;
            byte[] written = new byte[Units.bufferBytesOfSectors(length)];
            random.nextBytes(written);
            disk.write(sector, random.nextInt(3) == 0 ? oddlyPlaced(written) : aligned(written));
            System.arraycopy(written, 0, model, Units.bufferBytesOfSectors(sector), written.length);
            if (i % 50 == 0) {
                disk.flush();
            }
            int readSector = random.nextInt(Math.toIntExact(SECTORS - length) / unit + 1) * unit;
            MemorySegment read = random.nextInt(3) == 0 ? oddlyPlaced(written) : aligned(written);
            disk.read(readSector, read);
            int from = Units.bufferBytesOfSectors(readSector);
            assertThat(Arrays.equals(bytes(read), Arrays.copyOfRange(model, from, from + written.length)))
                    .as("seed %d, request %d: %d sectors at %d", seed, i, length, readSector)
                    .isTrue();
        }
        MemorySegment whole = Buffers.allocate(SECTORS);
        disk.read(0, whole);
        assertThat(Arrays.equals(bytes(whole), model))
                .as("seed %d, whole disk", seed)
                .isTrue();
    }

    @Test
    void several_buffers_are_as_one_behind_the_other() throws Exception {
        SplittableRandom random = new SplittableRandom(20_261_126L);
        Disk disk = open();
        byte[] model = new byte[Units.bufferBytesOfSectors(SECTORS)];
        int unit = Math.toIntExact(Units.sectorsOfBytesExact(disk.logicalSectorBytes()));
        for (int i = 0; i < 60; i++) {
            boolean aligned = random.nextInt(4) > 0;
            List<MemorySegment> buffers = new ArrayList<>();
            long total = 0;
            for (int count = random.nextInt(1, 9); count > 0; count--) {
                long sectors = (long) random.nextInt(1, 40) * unit;
                MemorySegment larger = Buffers.allocate(sectors + 8);
                buffers.add(larger.asSlice(aligned ? 0 : 16, Units.bytesOfSectors(sectors)));
                total += sectors;
            }
            long sector = random.nextLong((SECTORS - total) / unit) * unit;
            int at = Units.bufferBytesOfSectors(sector);
            if (random.nextBoolean()) {
                for (MemorySegment buffer : buffers) {
                    byte[] content = new byte[(int) buffer.byteSize()];
                    random.nextBytes(content);
                    buffer.copyFrom(MemorySegment.ofArray(content));
                    System.arraycopy(content, 0, model, at, content.length);
                    at += content.length;
                }
                disk.write(sector, buffers);
            } else {
                disk.read(sector, buffers);
                for (MemorySegment buffer : buffers) {
                    MemorySegment expected = MemorySegment.ofArray(model).asSlice(at, buffer.byteSize());
                    assertThat(buffer.mismatch(expected)).isEqualTo(-1);
                    at += (int) buffer.byteSize();
                }
            }
        }
        MemorySegment all = Buffers.allocate(SECTORS);
        disk.read(0, all);
        assertThat(all.mismatch(MemorySegment.ofArray(model))).isEqualTo(-1);
    }

    @Test
    void several_buffers_that_do_not_lie_inside_the_disk_are_refused() throws Exception {
        Disk disk = open();
        List<MemorySegment> buffers = List.of(Buffers.allocate(64), Buffers.allocate(64));
        assertThatThrownBy(() -> disk.write(SECTORS - 64, buffers)).isInstanceOf(DiskException.class);
        assertThatThrownBy(() -> disk.read(SECTORS - 64, buffers)).isInstanceOf(DiskException.class);
    }

    @Test
    void a_request_that_does_not_lie_inside_the_disk_is_refused_and_changes_nothing() throws Exception {
        Disk disk = open();
        MemorySegment buffer = Buffers.allocate(16).fill((byte) 1);
        for (long sector :
                new long[] {SECTORS - 8, SECTORS, Long.MAX_VALUE, Long.MAX_VALUE - 15, -8, -16, Long.MIN_VALUE}) {
            assertThatThrownBy(() -> disk.write(sector, buffer)).isInstanceOf(DiskException.class);
            assertThatThrownBy(() -> disk.read(sector, buffer)).isInstanceOf(DiskException.class);
        }
        MemorySegment whole = Buffers.allocate(SECTORS);
        disk.read(0, whole);
        assertThat(whole.mismatch(Buffers.allocate(SECTORS))).isEqualTo(-1);
    }

    @Test
    void a_buffer_that_is_not_whole_sectors_is_refused() throws Exception {
        Disk disk = open();
        MemorySegment half = Buffers.allocate(16).asSlice(0, disk.logicalSectorBytes() + 100);
        assertThatThrownBy(() -> disk.write(0, half)).isInstanceOf(DiskException.class);
        assertThatThrownBy(() -> disk.read(0, half)).isInstanceOf(DiskException.class);
    }

    @Test
    void an_empty_request_at_the_very_end_is_fine() throws Exception {
        Disk disk = open();
        MemorySegment nothing = Buffers.allocate(8).asSlice(0, 0);
        disk.write(SECTORS, nothing);
        disk.read(SECTORS, nothing);
        disk.flush();
    }

    @Test
    void neighbouring_sectors_written_by_many_threads_are_all_there() throws Exception {
        Disk disk = open();
        long unit = Units.sectorsOfBytesExact(disk.logicalSectorBytes());
        int threads = 4;
        try (var pool = Executors.newFixedThreadPool(threads)) {
            List<Callable<Void>> writers = new ArrayList<>();
            for (int t = 0; t < threads; t++) {
                int mine = t;
                writers.add(() -> {
                    MemorySegment buffer = Buffers.allocate(unit).fill((byte) (mine + 1));
                    for (long slot = mine; slot < 256; slot += threads) {
                        disk.write(slot * unit, buffer);
                    }
                    return null;
                });
            }
            for (Future<Void> f : pool.invokeAll(writers)) {
                f.get();
            }
        }
        MemorySegment read = Buffers.allocate(unit);
        for (long slot = 0; slot < 256; slot++) {
            disk.read(slot * unit, read);
            MemorySegment wanted = Buffers.allocate(unit).fill((byte) (slot % threads + 1));
            assertThat(read.mismatch(wanted)).as("slot %d", slot).isEqualTo(-1);
        }
    }

    /** Whether such a disk gives up ranges; one that does not answers false and changes nothing. */
    protected boolean discards() {
        return true;
    }

    @Test
    void what_was_discarded_reads_as_zeros_and_nothing_else_has_changed() throws Exception {
        long seed = 20_261_126L;
        SplittableRandom random = new SplittableRandom(seed);
        Disk disk = open();
        byte[] model = new byte[Units.bufferBytesOfSectors(SECTORS)];
        random.nextBytes(model);
        disk.write(0, aligned(model));
        int unit = Math.toIntExact(Units.sectorsOfBytesExact(disk.logicalSectorBytes()));
        for (int i = 0; i < 60; i++) {
            int length = (1 + random.nextInt(i % 5 == 0 ? 90 : 20)) * unit;
            int sector = random.nextInt(Math.toIntExact(SECTORS - length) / unit + 1) * unit;
            int from = Units.bufferBytesOfSectors(sector);
            int bytes = Units.bufferBytesOfSectors(length);
            if (random.nextInt(3) == 0) {
                byte[] written = new byte[bytes];
                random.nextBytes(written);
                disk.write(sector, aligned(written));
                System.arraycopy(written, 0, model, from, bytes);
            } else {
                assertThat(disk.discard(sector, length))
                        .as("seed %d, discard %d: %d sectors at %d", seed, i, length, sector)
                        .isEqualTo(discards());
                if (discards()) {
                    Arrays.fill(model, from, from + bytes, (byte) 0);
                }
            }
            if (i % 20 == 0) {
                disk.flush();
            }
        }
        MemorySegment whole = Buffers.allocate(SECTORS);
        disk.read(0, whole);
        assertThat(Arrays.mismatch(bytes(whole), model)).as("seed %d", seed).isEqualTo(-1);
        disk.flush();
        disk.read(0, whole);
        assertThat(Arrays.mismatch(bytes(whole), model))
                .as("seed %d, flushed", seed)
                .isEqualTo(-1);
    }

    /** Extent after extent, from the beginning to the end of the disk. */
    @Test
    void what_is_called_a_hole_reads_as_zeros() throws Exception {
        long seed = 20_261_127L;
        SplittableRandom random = new SplittableRandom(seed);
        Disk disk = open();
        int unit = Math.toIntExact(Units.sectorsOfBytesExact(disk.logicalSectorBytes()));
        for (int round = 0; round < 12; round++) {
            int length = (1 + random.nextInt(24)) * unit;
            int sector = random.nextInt(Math.toIntExact(SECTORS - length) / unit + 1) * unit;
            if (round % 3 == 2) {
                disk.discard(sector, length);
            } else {
                disk.write(sector, Buffers.allocate(length).fill((byte) (round + 1)));
            }
            for (long at = 0; at < SECTORS; ) {
                Extent extent = disk.extent(at, SECTORS - at);
                assertThat(extent.sectors())
                        .as("seed %d, round %d, at %d", seed, round, at)
                        .isBetween((long) unit, SECTORS - at);
                assertThat(extent.sectors() % unit).isZero();
                if (extent.hole()) {
                    MemorySegment read = Buffers.allocate(extent.sectors()).fill((byte) 99);
                    disk.read(at, read);
                    assertThat(read.mismatch(Buffers.allocate(extent.sectors())))
                            .as("seed %d, round %d, hole at %d", seed, round, at)
                            .isEqualTo(-1);
                }
                at += extent.sectors();
            }
        }
        assertThatThrownBy(() -> disk.extent(SECTORS - 8, 16)).isInstanceOf(DiskException.class);
    }

    @Test
    void the_whole_disk_can_be_discarded_and_nothing_too() throws Exception {
        Disk disk = open();
        disk.write(SECTORS - 8, Buffers.allocate(8).fill((byte) 1));
        assertThat(disk.discard(SECTORS, 0)).isEqualTo(discards());
        assertThat(disk.discard(0, SECTORS)).isEqualTo(discards());
        MemorySegment end = Buffers.allocate(8).fill((byte) 2);
        disk.read(SECTORS - 8, end);
        assertThat(bytes(end)[0]).isEqualTo((byte) (discards() ? 0 : 1));
    }

    @Test
    void a_discard_that_does_not_lie_inside_the_disk_changes_nothing() throws Exception {
        Disk disk = open();
        disk.write(0, Buffers.allocate(SECTORS).fill((byte) 1));
        for (long sector : new long[] {SECTORS - 8, SECTORS, Long.MAX_VALUE, -8, Long.MIN_VALUE}) {
            assertRefused(disk, sector, 16);
        }
        assertRefused(disk, 0, -8);
        assertRefused(disk, 0, SECTORS + 8);
        if (disk.logicalSectorBytes() > Units.SECTOR_BYTES) {
            assertRefused(disk, 8, 1);
            assertRefused(disk, 1, 8);
        }
        MemorySegment whole = Buffers.allocate(SECTORS);
        disk.read(0, whole);
        assertThat(whole.mismatch(Buffers.allocate(SECTORS).fill((byte) 1))).isEqualTo(-1);
    }

    private void assertRefused(Disk disk, long sector, long sectors) throws DiskException {
        if (discards()) {
            assertThatThrownBy(() -> disk.discard(sector, sectors)).isInstanceOf(DiskException.class);
        } else {
            assertThat(disk.discard(sector, sectors)).isFalse();
        }
    }

    @Test
    void closing_twice_does_nothing() throws Exception {
        Disk disk = open();
        disk.close();
        disk.close();
    }

    static byte[] bytes(MemorySegment segment) {
        return segment.toArray(ValueLayout.JAVA_BYTE);
    }

    static MemorySegment aligned(byte[] contents) {
        MemorySegment to = Buffers.allocate(Units.sectorsOfBytesExact(contents.length));
        MemorySegment.copy(contents, 0, to, ValueLayout.JAVA_BYTE, 0, contents.length);
        return to;
    }

    /** The same contents in a buffer that no device takes directly. */
    static MemorySegment oddlyPlaced(byte[] contents) {
        MemorySegment to = Arena.ofAuto()
                .allocate(contents.length + 1L, Buffers.PAGE_BYTES)
                .asSlice(1);
        MemorySegment.copy(contents, 0, to, ValueLayout.JAVA_BYTE, 0, contents.length);
        return to;
    }
}
