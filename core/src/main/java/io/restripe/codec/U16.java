package io.restripe.codec;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * An unsigned little-endian 16-bit field, aligned or not.
 *
 * @param offset byte offset in its structure
 */
public record U16(int offset) {
    private static final ValueLayout.OfShort LAYOUT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /**
     * The field's value.
     *
     * @param base byte offset of the structure in {@code raw}
     */
    public int get(MemorySegment raw, long base) {
        return raw.get(LAYOUT, base + offset) & 0xffff;
    }

    /**
     * Stores a value; one that the field cannot hold is an IllegalArgumentException.
     *
     * @param base byte offset of the structure in {@code raw}
     */
    public void set(MemorySegment raw, long base, int value) {
        if (value < 0 || value > 0xffff) {
            throw new IllegalArgumentException(value + " does not fit 16 bits");
        }
        raw.set(LAYOUT, base + offset, (short) value);
    }
}
