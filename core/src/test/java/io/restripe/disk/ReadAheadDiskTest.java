package io.restripe.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.restripe.env.Env;
import io.restripe.env.SystemEnv;
import io.restripe.unit.Units;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ReadAheadDiskTest extends DiskContract {
    private static final int READ = 32;
    /** Far from what memory takes. */
    private static final long SLOW_NANOS = 200_000;

    private final Env env = new SystemEnv();
    private final MemoryDisk memory = new MemoryDisk("m0", SECTORS * 4);

    @Override
    protected Disk newDisk() {
        return new ReadAheadDisk(env, new DelayDisk(new MemoryDisk("m1", SECTORS), env, SLOW_NANOS, 0));
    }

    private void fill(long seed) throws Exception {
        byte[] noise = new byte[Units.bufferBytesOfSectors(memory.sectors())];
        new Random(seed).nextBytes(noise);
        MemorySegment all = Buffers.allocate(memory.sectors());
        all.copyFrom(MemorySegment.ofArray(noise));
        memory.write(0, all);
    }

    private void assertReads(Disk disk, long sector, int sectors) throws Exception {
        MemorySegment is = Buffers.allocate(sectors);
        MemorySegment shouldBe = Buffers.allocate(sectors);
        disk.read(sector, is);
        memory.read(sector, shouldBe);
        assertThat(is.mismatch(shouldBe)).as("at sector %d", sector).isEqualTo(-1);
    }

    @Test
    void one_piece_after_another_is_few_reads_of_the_disk() throws Exception {
        fill(1);
        StatsDisk stats = new StatsDisk(new DelayDisk(memory, env, SLOW_NANOS, 0));
        try (ReadAheadDisk disk = new ReadAheadDisk(env, stats)) {
            for (long at = 0; at < memory.sectors(); at += READ) {
                assertReads(disk, at, READ);
            }
            long pieces = memory.sectors() / (1024 * Units.SECTORS_PER_KIB);
            assertThat(stats.stats().reads()).isLessThanOrEqualTo(3 + pieces + 2);
        }
    }

    @Test
    void reads_here_and_there_are_reads_of_the_disk_and_no_more() throws Exception {
        fill(2);
        StatsDisk stats = new StatsDisk(new DelayDisk(memory, env, SLOW_NANOS, 0));
        Random random = new Random(2);
        try (ReadAheadDisk disk = new ReadAheadDisk(env, stats)) {
            for (int i = 0; i < 100; i++) {
                assertReads(disk, (long) random.nextInt(100) * 2 * READ, READ);
            }
            assertThat(stats.stats().reads()).isEqualTo(100);
        }
    }

    @Test
    void runs_of_reads_between_writes_and_discards_are_as_on_the_disk_itself() throws Exception {
        fill(3);
        Random random = new Random(20_261_126L);
        try (ReadAheadDisk disk = new ReadAheadDisk(env, new DelayDisk(memory, env, SLOW_NANOS, 0))) {
            for (int run = 0; run < 60; run++) {
                long at = random.nextInt((int) memory.sectors() - 40 * READ);
                for (int i = 0; i < 2 + random.nextInt(20); i++) {
                    int sectors = 1 + random.nextInt(READ);
                    assertReads(disk, at, sectors);
                    at += sectors;
                    if (random.nextInt(4) == 0) {
                        long where = at + random.nextInt(10 * READ);
                        if (random.nextBoolean()) {
                            disk.write(where, Buffers.allocate(READ / 2).fill((byte) random.nextInt()));
                        } else {
                            boolean _ = disk.discard(where, READ / 2);
                        }
                    }
                }
            }
        }
    }

    /** Each block holds a number that only grows: a read gives no less than what had been written when it began. */
    @Test
    void nobody_reads_what_was_there_before_a_write_that_has_returned() throws Exception {
        int blocks = 512;
        AtomicLong[] written = new AtomicLong[blocks];
        for (int i = 0; i < blocks; i++) {
            written[i] = new AtomicLong();
        }
        AtomicBoolean done = new AtomicBoolean();
        try (ReadAheadDisk disk = new ReadAheadDisk(env, new DelayDisk(memory, env, 20_000, 0))) {
            Env.Worker writer = env.start("writer", () -> writeOn(disk, written, done));
            try {
                MemorySegment into = Buffers.allocate(8);
                for (int round = 0; round < 6; round++) {
                    for (int block = 0; block < blocks; block++) {
                        long least = written[block].get();
                        disk.read(block * 8L, into);
                        assertThat(into.get(ValueLayout.JAVA_LONG, 0))
                                .as("block %d", block)
                                .isGreaterThanOrEqualTo(least);
                    }
                }
            } finally {
                done.set(true);
                writer.join();
            }
        }
    }

    private static void writeOn(Disk disk, AtomicLong[] written, AtomicBoolean done) {
        Random random = new Random(7);
        MemorySegment from = Buffers.allocate(8);
        for (long number = 1; !done.get(); number++) {
            int block = random.nextInt(written.length);
            from.set(ValueLayout.JAVA_LONG, 0, number);
            try {
                disk.write(block * 8L, from);
            } catch (DiskException e) {
                throw new IllegalStateException(e);
            }
            written[block].set(number);
        }
    }

    @Test
    void an_error_ahead_is_told_to_whoever_reads_there() throws Exception {
        fill(4);
        Disk bad = new DiskLayer(new DelayDisk(memory, env, SLOW_NANOS, 0)) {
            @Override
            public void read(long sector, MemorySegment into) throws DiskException {
                long end = sector + Units.sectorsOfBytesExact(into.byteSize());
                if (sector <= 10 * READ && 10 * READ < end) {
                    throw new DiskException(name(), DiskException.Operation.READ, sector, end - sector, "bad");
                }
                super.read(sector, into);
            }
        };
        try (ReadAheadDisk disk = new ReadAheadDisk(env, bad)) {
            for (long at = 0; at < 10 * READ; at += READ) {
                assertReads(disk, at, READ);
            }
            assertThatThrownBy(() -> disk.read(10 * READ, Buffers.allocate(READ)))
                    .isInstanceOf(DiskException.class);
            for (long at = 11 * READ; at < 30 * READ; at += READ) {
                assertReads(disk, at, READ);
            }
        }
    }
}
