package io.restripe.metadata.imsm;

import io.restripe.codec.Ascii;
import io.restripe.codec.U32;
import java.lang.foreign.MemorySegment;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Locale;

/** UUIDs are not stored but derived from the family (docs/imsm.md, chapter 5), and printed with each group of four bytes reversed. */
final class Uuids {
    /** What a container without volumes prints. */
    static final String NONE = "00000000:00000000:00000000:00000000";

    private static final Ascii SIGNATURE = new Ascii(0, 24);
    private static final U32 FAMILY = new U32(24);
    private static final U32 INDEX = new U32(28);
    private static final Ascii NAME = new Ascii(32, VolumeEntry.NAME_BYTES);
    private static final int CONTAINER_BYTES = 28;
    private static final int VOLUME_BYTES = 48;
    private static final int GROUPS = 4;

    private Uuids() {}

    static String container(long origFamily) {
        return printed(digest(seed(origFamily, CONTAINER_BYTES)));
    }

    static String volume(long origFamily, int index, String name) {
        byte[] seed = seed(origFamily, VOLUME_BYTES);
        INDEX.set(MemorySegment.ofArray(seed), 0, index);
        NAME.set(MemorySegment.ofArray(seed), 0, name);
        return printed(digest(seed));
    }

    private static byte[] seed(long origFamily, int length) {
        byte[] seed = new byte[length];
        MemorySegment raw = MemorySegment.ofArray(seed);
        SIGNATURE.set(raw, 0, MpbHeader.SIGNATURE);
        FAMILY.set(raw, 0, origFamily);
        return seed;
    }

    static byte[] digest(byte[] seed) {
        try {
            return MessageDigest.getInstance("SHA-1").digest(seed);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this Java lacks SHA-1, which every Java must have", e);
        }
    }

    private static String printed(byte[] digest) {
        StringBuilder text = new StringBuilder();
        MemorySegment raw = MemorySegment.ofArray(digest);
        for (int group = 0; group < GROUPS; group++) {
            if (group > 0) {
                text.append(':');
            }
            text.append(String.format(Locale.ROOT, "%08x", new U32(0).get(raw, (long) Integer.BYTES * group)));
        }
        return text.toString();
    }
}
