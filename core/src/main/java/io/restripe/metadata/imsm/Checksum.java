package io.restripe.metadata.imsm;

import io.restripe.codec.U32;
import java.lang.foreign.MemorySegment;

/** The sum of the MPB's 32-bit words, the checksum's own word taken as zero (docs/imsm.md, 1.2). */
final class Checksum {
    static final U32 FIELD = new U32(0x20);
    private static final U32 WORD = new U32(0);

    private Checksum() {}

    static long of(MemorySegment mpb, long sizeBytes) {
        long sum = 0;
        for (long at = 0; at + Integer.BYTES <= sizeBytes; at += Integer.BYTES) {
            sum += WORD.get(mpb, at);
        }
        return sum - FIELD.get(mpb, 0) & U32.MAX;
    }
}
