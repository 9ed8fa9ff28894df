package io.restripe.node.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

/** The witness of the demonstration must not be easy to please. */
class DemoPatternTest {
    private static final int SECTOR = 512;

    private final DemoPattern pattern = new DemoPattern(42, 8);
    private final ByteBuffer first = sent(0, 8);

    private ByteBuffer sent(int sector, int count) {
        return pattern.next(sector, count, ByteBuffer.allocate(8 * SECTOR));
    }

    private static ByteBuffer copy(ByteBuffer of) {
        return ByteBuffer.allocate(of.limit()).put(of.duplicate().rewind()).flip();
    }

    @Test
    void what_was_sent_is_right_whether_acknowledged_or_not_and_zeros_only_before_that() {
        assertThat(pattern.check(0, ByteBuffer.allocate(8 * SECTOR))).isNull();
        assertThat(pattern.check(0, copy(first))).isNull();
        pattern.acknowledge(0, 8);
        assertThat(pattern.check(0, copy(first))).isNull();
        assertThat(pattern.check(0, ByteBuffer.allocate(8 * SECTOR)))
                .contains("sector 0 has version 0", "expected 1 to 1");
    }

    @Test
    void what_was_read_once_must_stay() {
        assertThat(pattern.check(0, copy(first))).isNull();
        assertThat(pattern.check(3, ByteBuffer.allocate(SECTOR))).contains("sector 3 has version 0");
    }

    @Test
    void an_older_version_than_the_acknowledged_one_is_wrong() {
        pattern.acknowledge(0, 8);
        ByteBuffer second = copy(sent(2, 1));
        assertThat(pattern.check(2, copy(second))).isNull();
        assertThat(pattern.check(2, copy(first).position(2 * SECTOR).limit(3 * SECTOR)))
                .contains("expected 2 to 2");
    }

    @Test
    void another_sectors_bytes_a_torn_sector_and_any_flipped_bit_are_wrong() {
        assertThat(pattern.check(1, copy(first).limit(SECTOR))).contains("sector 1");
        ByteBuffer second = copy(sent(0, 1));
        ByteBuffer torn = copy(second);
        torn.put(256, first, 256, 256);
        assertThat(pattern.check(0, torn)).contains("sector 0 is not what its version 2 was");
        for (int bit = 0; bit < SECTOR * 8; bit += 37) {
            ByteBuffer flipped = copy(second);
            flipped.put(bit / 8, (byte) (flipped.get(bit / 8) ^ 1 << bit % 8));
            assertThat(pattern.check(0, flipped)).as("bit " + bit).isNotNull();
        }
    }
}
