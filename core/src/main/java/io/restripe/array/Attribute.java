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
    /**
     * Not md's: whole milliseconds. 0, as an array starts: writes into the suspended range are held. Else they go through, to the old and
     * the new place where both may be begun from after a crash, and a relocation keeps them out of the part that it moves for about so long
     * at the most. An array that has no such attribute holds them. Writing it returns once what is suspended then is not being written.
     */
    WRITE_THROUGH,
    DEGRADED,
    /** {@code resync} or {@code ppl}; before the array runs. With ppl, members say where their logs are, and these say nothing yet. */
    CONSISTENCY_POLICY,
    /**
     * Where a write-intent bitmap's bits begin on every member's whole disk, {@code +SECTOR}, its superblock 8 sectors before; {@code none}.
     * Before the array runs.
     */
    BITMAP_LOCATION,
    /** {@code false}: bits that are found set stay so until a resync has ended. Before the array runs. */
    BITMAP_CAN_CLEAR,
    MISMATCH_CNT;

    /** The name in md's folder of attributes. */
    public String mdName() {
        String name = name().toLowerCase(Locale.ROOT);
        return name.startsWith("bitmap_") ? name.replaceFirst("_", "/") : name;
    }
}
