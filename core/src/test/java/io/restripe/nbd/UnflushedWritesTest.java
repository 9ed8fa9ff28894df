package io.restripe.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import io.restripe.disk.Buffers;
import io.restripe.nbd.UnflushedWrites.Entry;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class UnflushedWritesTest {
    private static final int MIB = 1 << 20;

    private final UnflushedWrites writes = new UnflushedWrites();

    @AfterEach
    void close() {
        writes.close();
    }

    private Entry write(long offset, int bytes, int fill) {
        Entry entry = writes.reserve(offset, bytes);
        if (entry != null) {
            MemorySegment data = Buffers.allocate(bytes / 512);
            data.fill((byte) fill);
            writes.fill(entry, data);
        }
        return entry;
    }

    private void replayOnto(byte[] disk) throws Exception {
        for (Entry entry : writes.acknowledged()) {
            writes.replay(entry, new UnflushedWrites.Writer() {
                @Override
                public void write(long offset, ByteBuffer piece) {
                    ByteBuffer bytes = piece.duplicate();
                    assertThat(bytes.remaining() % 512).isZero();
                    bytes.get(disk, Math.toIntExact(offset), bytes.remaining());
                }

                @Override
                public void zero(long offset, long bytes) {
                    Arrays.fill(disk, Math.toIntExact(offset), Math.toIntExact(offset + bytes), (byte) 0);
                }
            });
        }
    }

    @Test
    void a_flush_covers_what_was_acknowledged_before_it_began_and_nothing_else() throws Exception {
        Entry before = write(0, 512, 1);
        Entry late = write(512, 512, 2);
        writes.ended(before, true);
        long flush = writes.flushBegins();
        writes.ended(late, true);
        writes.flushed(flush);
        assertThat(writes.acknowledged()).containsExactly(late);
        writes.flushed(writes.flushBegins());
        assertThat(writes.acknowledged()).isEmpty();
    }

    @Test
    void what_failed_or_is_under_way_is_not_written_again() {
        Entry failed = write(0, 512, 1);
        write(512, 512, 2);
        writes.ended(failed, false);
        assertThat(writes.acknowledged()).isEmpty();
    }

    @Test
    void there_is_room_for_so_much_and_again_after_a_flush() {
        for (int i = 0; i < 5; i++) {
            writes.ended(write((long) i * 3 * MIB, 3 * MIB, i), true);
        }
        assertThat(writes.reserve(0, 2 * MIB)).isNull();
        writes.ended(writes.reserve(0, MIB), true);
        writes.flushed(writes.flushBegins());
        assertThat(writes.reserve(0, UnflushedWrites.CAPACITY_BYTES)).isNotNull();
    }

    @Test
    void so_many_ranges_of_zeros_are_kept_and_more_after_a_flush() {
        for (int i = 0; i < UnflushedWrites.MOST_ZEROS; i++) {
            writes.ended(writes.reserveZeros(512L * i, 512), true);
        }
        assertThat(writes.reserveZeros(0, 512)).isNull();
        writes.flushed(writes.flushBegins());
        assertThat(writes.reserveZeros(0, 512)).isNotNull();
        assertThat(writes.reserve(0, UnflushedWrites.CAPACITY_BYTES)).isNotNull();
    }

    /** A disk that loses at random times what was not flushed is, after writing again, what it would have been. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void writing_again_makes_up_for_any_loss(long seed) throws Exception {
        SplittableRandom random = new SplittableRandom(seed);
        byte[] wanted = new byte[4 * MIB];
        byte[] durable = new byte[wanted.length];
        Deque<long[]> open = new ArrayDeque<>();
        for (int step = 0; step < 400; step++) {
            int bytes = 512 * (1 + random.nextInt(4096));
            int offset = 512 * random.nextInt((wanted.length - bytes) / 512 + 1);
            boolean zeros = random.nextInt(4) == 0;
            Entry entry = zeros ? writes.reserveZeros(offset, bytes) : write(offset, bytes, step);
            if (entry == null || random.nextInt(20) == 0) {
                long flush = writes.flushBegins();
                System.arraycopy(wanted, 0, durable, 0, wanted.length);
                writes.flushed(flush);
                open.clear();
            }
            if (entry != null) {
                Arrays.fill(wanted, offset, offset + bytes, (byte) (zeros ? 0 : step));
                writes.ended(entry, true);
                open.add(new long[] {offset, bytes});
            }
            if (random.nextInt(10) == 0) {
                byte[] lost = durable.clone();
                for (long[] kept : open) { // some of what was not flushed is there all the same
                    if (random.nextBoolean()) {
                        int at = Math.toIntExact(kept[0]);
                        System.arraycopy(wanted, at, lost, at, Math.toIntExact(kept[1]));
                    }
                }
                replayOnto(lost);
                assertThat(Arrays.mismatch(lost, wanted))
                        .as("seed " + seed + ", step " + step)
                        .isEqualTo(-1);
            }
        }
    }
}
