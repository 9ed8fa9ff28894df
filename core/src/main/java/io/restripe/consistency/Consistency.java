package io.restripe.consistency;

/**
 * A volume's policy, and where it keeps what that needs.
 *
 * @param sector first sector of the area, the same on every member's whole disk; 0 without one
 * @param sectors of the area; 0 without one
 * @param signature by which the area's headers are known
 */
public record Consistency(ConsistencyPolicy policy, long sector, long sectors, long signature) {
    /** Nothing is kept. */
    public static final Consistency BY_RESYNC = new Consistency(ConsistencyPolicy.RESYNC, 0, 0, 0);

    /** Whether there is a write-intent bitmap. */
    public boolean mapsWrites() {
        return policy == ConsistencyPolicy.BITMAP;
    }

    public boolean logsParity() {
        return policy == ConsistencyPolicy.PPL;
    }
}
