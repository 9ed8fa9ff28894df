package io.restripe.metadata.imsm;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * Bytes of a structure as they were read, immutable. A codec copies them, patches the fields it knows into the copy, and so leaves
 * everything else as the firmware wrote it.
 */
final class Raw {
    private final byte[] bytes;

    private Raw(byte[] bytes) {
        this.bytes = bytes;
    }

    static Raw zeros(int length) {
        return new Raw(new byte[length]);
    }

    static Raw of(MemorySegment from, long offset, long length) {
        return new Raw(from.asSlice(offset, length).toArray(ValueLayout.JAVA_BYTE));
    }

    int length() {
        return bytes.length;
    }

    /** Copies the bytes to where the structure is being encoded. */
    void copyTo(MemorySegment into, long offset) {
        MemorySegment.copy(bytes, 0, into, ValueLayout.JAVA_BYTE, offset, bytes.length);
    }

    boolean isZero() {
        for (byte b : bytes) {
            if (b != 0) {
                return false;
            }
        }
        return true;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Raw raw && Arrays.equals(bytes, raw.bytes);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(bytes);
    }

    @Override
    public String toString() {
        return bytes.length + " bytes";
    }
}
