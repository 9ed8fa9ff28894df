package io.restripe.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class BuffersTest {
    /** A view with a scope of its own would let the memory be freed, and used for something else, in the middle of a request. */
    @Test
    void what_any_thread_may_use_keeps_its_memory_while_a_request_has_it() {
        MemorySegment buffer = Buffers.allocate(8);
        assertThat(Buffers.forAnyThread(buffer).scope()).isEqualTo(buffer.scope());
        MemorySegment piece = buffer.asSlice(512, 1024);
        assertThat(Buffers.forAnyThread(piece).scope()).isEqualTo(buffer.scope());
        try (Arena shared = Arena.ofShared()) {
            MemorySegment lasting = Buffers.allocate(shared, 8);
            assertThat(Buffers.forAnyThread(lasting).scope()).isEqualTo(shared.scope());
        }
    }

    @Test
    void what_one_thread_owns_is_used_by_another_for_a_request() {
        try (Arena confined = Arena.ofConfined()) {
            MemorySegment mine = Buffers.allocate(confined, 8);
            MemorySegment view = Buffers.forAnyThread(mine);
            CompletableFuture.runAsync(() -> view.set(ValueLayout.JAVA_BYTE, 4095, (byte) 7))
                    .join();
            assertThat(mine.get(ValueLayout.JAVA_BYTE, 4095)).isEqualTo((byte) 7);
        }
    }

    @Test
    void an_array_is_no_buffer_of_a_request() {
        assertThatThrownBy(() -> Buffers.forAnyThread(MemorySegment.ofArray(new byte[512])))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("native memory");
    }
}
