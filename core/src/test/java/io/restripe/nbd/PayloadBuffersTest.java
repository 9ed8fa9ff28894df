package io.restripe.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import io.restripe.disk.Buffers;
import io.restripe.env.SystemEnv;
import io.restripe.nbd.PayloadBuffers.Payload;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(30)
class PayloadBuffersTest {
    private static final int LARGEST = Wire.MAX_PAYLOAD_BYTES;

    static PayloadBuffers buffers(PayloadRoom room, long limitBytes) {
        return new PayloadBuffers(room, limitBytes, new PayloadBuffers.Owner() {
            @Override
            public long keptWaitingSince() {
                return 0;
            }

            @Override
            public void hangUp() {
                throw new AssertionError("its peer keeps nobody waiting");
            }
        });
    }

    private static PayloadBuffers buffers(long limitBytes) {
        return buffers(new PayloadRoom(new SystemEnv(), limitBytes, 1_000_000_000L), limitBytes);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 512, 4096, 4097, 8192, 65_537, LARGEST - 512, LARGEST})
    void a_buffer_is_large_enough_and_aligned(int bytes) {
        try (PayloadBuffers buffers = buffers(LARGEST)) {
            Payload payload = buffers.take(bytes);
            assertThat(payload.memory(bytes).byteSize()).isEqualTo(bytes);
            assertThat(Buffers.isAligned(payload.memory(bytes))).isTrue();
            assertThat(payload.view(bytes).remaining()).isEqualTo(bytes);
            assertThat(buffers.allocatedBytes()).isLessThanOrEqualTo(Math.max(4096, 2L * bytes));
            buffers.give(payload);
            assertThat(buffers.take(bytes)).isSameAs(payload);
            buffers.give(payload);
        }
    }

    @Test
    void idle_buffers_make_room_for_a_larger_one_and_the_limit_holds() {
        try (PayloadBuffers buffers = buffers(LARGEST)) {
            Payload half = buffers.take(LARGEST / 2);
            Payload quarter = buffers.take(LARGEST / 4);
            assertThat(buffers.poll(LARGEST / 2)).isNull();
            buffers.give(quarter);
            Payload other = buffers.poll(LARGEST / 2);
            assertThat(other).isNotNull();
            assertThat(buffers.allocatedBytes()).isEqualTo(LARGEST);
            assertThat(buffers.poll(512)).isNull();
            buffers.give(half);
            buffers.give(other);
        }
    }

    @Test
    void whoever_has_to_wait_gets_what_is_given_back() {
        SystemEnv env = new SystemEnv();
        try (PayloadBuffers buffers = buffers(LARGEST)) {
            Payload all = buffers.take(LARGEST);
            var giver = env.start("giver", () -> buffers.give(all));
            Payload next = buffers.take(LARGEST / 2);
            assertThat(next.memory(512).byteSize()).isEqualTo(512);
            buffers.give(next);
            giver.join();
            assertThat(buffers.allocatedBytes()).isEqualTo(LARGEST / 2);
        }
    }
}
