package io.restripe.codec;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * An unsigned little-endian 32-bit field, aligned or not.
 *
 * @param offset byte offset in its structure
 */
public record U32(int offset) {
    /** The largest value that fits. */
    public static final long MAX = 0xffff_ffffL;

    private static final ValueLayout.OfInt LAYOUT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /**
     * The field's value.
     *
     * @param base byte offset of the structure in {@code raw}
     */
    public long get(MemorySegment raw, long base) {
        return raw.get(LAYOUT, base + offset) & MAX;
    }

    /**
     * Stores a value; one that the field cannot hold is an IllegalArgumentException.
     *
     * @param base byte offset of the structure in {@code raw}
     */
    public void set(MemorySegment raw, long base, long value) {
        if (value < 0 || value > MAX) {
            throw new IllegalArgumentException(value + " does not fit 32 bits");
        }
        raw.set(LAYOUT, base + offset, (int) value);
    }
}
