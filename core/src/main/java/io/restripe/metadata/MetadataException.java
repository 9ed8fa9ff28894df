package io.restripe.metadata;

import java.io.IOException;

/** Bytes are not what their format allows: which member, which structure, at which byte, what was found and what was expected. */
public final class MetadataException extends IOException {
    private static final long serialVersionUID = 1L;
    private final String member;
    private final String structure;
    private final long byteOffset;

    /**
     * @param member path of the member, or the container's name when the disagreement is between members
     * @param structure "MPB header", "migration record", "map 1 of volume v0"
     * @param byteOffset offset in the structure's region, -1 where no single byte is at fault
     * @param detail what was found and what was expected
     */
    public MetadataException(String member, String structure, long byteOffset, String detail) {
        super(member + ": " + structure + (byteOffset < 0 ? "" : " at byte " + byteOffset) + ": " + detail);
        this.member = member;
        this.structure = structure;
        this.byteOffset = byteOffset;
    }

    public String member() {
        return member;
    }

    public String structure() {
        return structure;
    }

    public long byteOffset() {
        return byteOffset;
    }
}
