package io.restripe.metadata.imsm;

import io.restripe.codec.U32;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/**
 * Family numbers (docs/imsm.md, 1.3): unpredictable and never 0, but a function of the container's stamp and state, so that transitions
 * stay pure.
 */
final class Families {
    private Families() {}

    /** The family after this change of the set of disks. */
    static long after(Mpb mpb, Stamp stamp, String occasion) {
        String seed = Long.toHexString(stamp.seed()) + "/"
                + Long.toHexString(mpb.header().generation()) + "/" + occasion;
        byte[] digest = Uuids.digest(seed.getBytes(StandardCharsets.ISO_8859_1));
        MemorySegment raw = MemorySegment.ofArray(digest);
        for (int at = 0; at + Integer.BYTES <= digest.length; at += Integer.BYTES) {
            long step = new U32(at).get(raw, 0);
            long family = mpb.header().family() + step & U32.MAX;
            if (step != 0 && family != 0) {
                return family;
            }
        }
        return mpb.header().family() + 1 & U32.MAX | 1;
    }
}
