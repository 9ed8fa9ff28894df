package io.restripe.codec;

import java.lang.foreign.MemorySegment;

/**
 * A 64-bit number whose halves lie apart, each little-endian. Values of 2^63 and above come out negative: the codec that uses it must
 * refuse them.
 *
 * @param low the lower 32 bits
 * @param high the upper 32 bits
 */
public record SplitU64(U32 low, U32 high) {
    /** By the byte offsets of the halves in the structure. */
    public static SplitU64 at(int lowOffset, int highOffset) {
        return new SplitU64(new U32(lowOffset), new U32(highOffset));
    }

    /**
     * Both halves together.
     *
     * @param base byte offset of the structure in {@code raw}
     */
    public long get(MemorySegment raw, long base) {
        return low.get(raw, base) | high.get(raw, base) << Integer.SIZE;
    }

    /**
     * Stores both halves.
     *
     * @param base byte offset of the structure in {@code raw}
     */
    public void set(MemorySegment raw, long base, long value) {
        low.set(raw, base, value & U32.MAX);
        high.set(raw, base, value >>> Integer.SIZE);
    }
}
