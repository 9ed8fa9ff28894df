package io.restripe.codec;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * A little-endian 64-bit field, aligned or not. Values of 2^63 and above come out negative: the codec that uses it must refuse them.
 *
 * @param offset byte offset in its structure
 */
public record U64(int offset) {
    private static final ValueLayout.OfLong LAYOUT = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /**
     * The field's value.
     *
     * @param base byte offset of the structure in {@code raw}
     */
    public long get(MemorySegment raw, long base) {
        return raw.get(LAYOUT, base + offset);
    }

    /**
     * Stores a value.
     *
     * @param base byte offset of the structure in {@code raw}
     */
    public void set(MemorySegment raw, long base, long value) {
        raw.set(LAYOUT, base + offset, value);
    }
}
