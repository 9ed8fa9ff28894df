package io.restripe.parity;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * All native memory as one segment, for kernels that take addresses: a slice of it made inside a kernel costs nothing and its
 * checks leave the loop. Whoever passes an address has checked the bounds ({@link Parity} does, once a call).
 */
final class Memory {
    /** Every address there is. */
    @SuppressWarnings("restricted")
    static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    /** Most bytes of one kernel call: what fits the first-level cache beside its target, and short enough to be compiled soon. */
    static final int BLOCK_BYTES = 4096;

    private static final MemorySegment ZEROS = Arena.global().allocate(BLOCK_BYTES, BLOCK_BYTES);

    /** Address of a block of zeros that nobody writes: stands for a data chunk that is not there. */
    static final long ZERO_BLOCK = ZEROS.address();

    private Memory() {}

    /** Moves every address to the next block; the block of zeros stays. */
    static void advance(long[] addresses) {
        for (int i = 0; i < addresses.length; i++) {
            if (addresses[i] != ZERO_BLOCK) {
                addresses[i] += BLOCK_BYTES;
            }
        }
    }
}
