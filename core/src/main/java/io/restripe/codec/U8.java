package io.restripe.codec;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * An unsigned byte.
 *
 * @param offset byte offset in its structure
 */
public record U8(int offset) {
    /**
     * The field's value.
     *
     * @param base byte offset of the structure in {@code raw}
     */
    public int get(MemorySegment raw, long base) {
        return raw.get(ValueLayout.JAVA_BYTE, base + offset) & 0xff;
    }

    /**
     * Stores a value; one that the field cannot hold is an IllegalArgumentException.
     *
     * @param base byte offset of the structure in {@code raw}
     */
    public void set(MemorySegment raw, long base, int value) {
        if (value < 0 || value > 0xff) {
            throw new IllegalArgumentException(value + " does not fit 8 bits");
        }
        raw.set(ValueLayout.JAVA_BYTE, base + offset, (byte) value);
    }
}
