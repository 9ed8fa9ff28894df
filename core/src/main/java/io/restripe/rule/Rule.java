package io.restripe.rule;

/**
 * The rules of the reshape protocol, by the names they have in docs/reshape-protocol.md, section 6. Every rule is enforced by
 * calls to {@link #holds} at the places that could break it; the calls are always on.
 */
public enum Rule {
    /** Any source sector at or past the durable checkpoint is intact at its old place or durable in the recorded backup. */
    R1_NO_OVERWRITE,
    /** {@code sync_max} never exceeds the safe bound or the end of the unit that the durable record says is backed up. */
    R2_BOUND,
    /** Where the array may relocate, writes are suspended. */
    R3_SUSPENDED,
    /** {@code suspend_lo} moves only after the checkpoint that covers it is durable. */
    R4_LATE_RELEASE,
    /** A backup is dropped only by the write that moves the checkpoint past it, after the relocated unit is flushed. */
    R5_LATE_DISCARD,
    /** Checkpoint, {@code sync_max}, {@code suspend_lo} and generation numbers never go back. */
    R6_MONOTONIC,
    /** At most one array of a container relocates at a time. */
    R7_ONE_MIGRATION,
    /** The result of every save, flush, record write and attribute write is checked before the next step. */
    R8_CHECKED,
    /** A record counts as durable when flushed on every working member that must carry it. */
    R9_QUORUM,
    /** Nobody polls in a busy loop and nobody sleeps through a change. */
    R10_WAKE_UPS,
    /** Positions and byte counts are 64-bit. */
    R11_64_BIT,
    /** Metadata never says "migrating" durably before the first critical unit is durable in the copy area and the record. */
    R12_BORN_SAFE;

    /**
     * The assertion: does nothing when {@code kept}, stops the owner otherwise.
     *
     * @param kept whether the rule is kept
     * @param what the name of the quantity, as in the protocol
     * @param have its value
     * @param limit what it was checked against
     * @throws RuleBroken when the rule is broken: our bug, never the user's
     */
    public void holds(boolean kept, String what, long have, long limit) {
        if (!kept) {
            throw new RuleBroken(this, what + " = " + have + ", limit " + limit);
        }
    }
}
