package io.restripe.array;

import java.util.Locale;

/** The attributes of an array that the product uses, by md's names (docs/md-control.md, section 3). Values are md's texts. */
public enum Attribute {
    METADATA_VERSION,
    LEVEL,
    LAYOUT,
    RAID_DISKS,
    CHUNK_SIZE,
    COMPONENT_SIZE,
    ARRAY_SIZE,
    ARRAY_STATE,
    RESYNC_START,
    RESHAPE_POSITION,
    RESHAPE_DIRECTION,
    SAFE_MODE_DELAY,
    SYNC_ACTION,
    LAST_SYNC_ACTION,
    SYNC_COMPLETED,
    SYNC_MIN,
    SYNC_MAX,
    SYNC_SPEED,
    SYNC_SPEED_MIN,
    SYNC_SPEED_MAX,
    SUSPEND_LO,
    SUSPEND_HI,
    DEGRADED,
    MISMATCH_CNT;

    /** The name in md's folder of attributes. */
    public String mdName() {
        return name().toLowerCase(Locale.ROOT);
    }
}
