package io.restripe.metadata.imsm;

import io.restripe.metadata.MetadataException;
import java.lang.foreign.MemorySegment;

/**
 * A region under decoding: whose it is, its bytes, and how its complaints read.
 *
 * @param member the disk's name, for messages
 * @param bytes the whole MPB (or record sector)
 * @param blocks the disk's block unit
 */
record Region(String member, MemorySegment bytes, Blocks blocks) {
    MetadataException bad(String structure, long offset, String detail) {
        return new MetadataException(member, structure, offset, detail);
    }

    /** Demands that a structure lies within the region, before {@code end}. */
    void need(String structure, long offset, long length, long end) throws MetadataException {
        if (offset < 0 || length < 0 || offset > end || length > end - offset) {
            throw bad(
                    structure,
                    offset,
                    "needs " + length + " bytes, but only " + Math.max(0, end - offset) + " are left of " + end);
        }
    }

    /** A stored block count in sectors of 512 bytes. */
    long sectors(String structure, long offset, String field, long stored) throws MetadataException {
        if (stored < 0 || stored > Blocks.MAX_SECTORS / blocks.sectorsPerBlock()) {
            throw bad(
                    structure,
                    offset,
                    field + " " + Long.toUnsignedString(stored) + " is beyond any disk, limit "
                            + Blocks.MAX_SECTORS / blocks.sectorsPerBlock());
        }
        return blocks.toSectors(stored);
    }
}
