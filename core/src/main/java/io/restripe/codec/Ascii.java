package io.restripe.codec;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/**
 * Text of a fixed size, padded with NUL and not terminated when it fills its field. Read as ISO-8859-1, so that any bytes survive being
 * read and written; what lies behind the first NUL is not part of the text.
 *
 * @param offset byte offset in its structure
 * @param length bytes
 */
public record Ascii(int offset, int length) {
    /**
     * The text up to the first NUL.
     *
     * @param base byte offset of the structure in {@code raw}
     */
    public String get(MemorySegment raw, long base) {
        byte[] bytes = raw.asSlice(base + offset, length).toArray(ValueLayout.JAVA_BYTE);
        int end = 0;
        while (end < length && bytes[end] != 0) {
            end++;
        }
        return new String(bytes, 0, end, StandardCharsets.ISO_8859_1);
    }

    /**
     * Stores the text, unless the field says it already: then whatever lies behind its NUL stays.
     *
     * @param base byte offset of the structure in {@code raw}
     */
    public void set(MemorySegment raw, long base, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        if (bytes.length > length) {
            throw new IllegalArgumentException("\"" + text + "\" does not fit " + length + " bytes");
        }
        if (get(raw, base).equals(text)) {
            return;
        }
        MemorySegment field = raw.asSlice(base + offset, length);
        field.fill((byte) 0);
        MemorySegment.copy(bytes, 0, field, ValueLayout.JAVA_BYTE, 0, bytes.length);
    }
}
