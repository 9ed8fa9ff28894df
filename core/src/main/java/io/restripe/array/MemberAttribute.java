package io.restripe.array;

import java.util.Locale;

/** The attributes of one member of an array, by md's names (docs/md-control.md, section 4). */
public enum MemberAttribute {
    SLOT,
    OFFSET,
    SIZE,
    STATE,
    RECOVERY_START,
    PPL_SECTOR,
    PPL_SIZE,
    ERRORS,
    BAD_BLOCKS,
    UNACKNOWLEDGED_BAD_BLOCKS;

    public String mdName() {
        return name().toLowerCase(Locale.ROOT);
    }
}
