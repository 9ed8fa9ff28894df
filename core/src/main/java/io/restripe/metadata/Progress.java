package io.restripe.metadata;

/**
 * How far a reshape is, as the durable record says.
 *
 * @param unit everything below this unit is in the new layout, everything from it on is intact in the old one
 * @param inCopyArea the unit itself is saved in the copy area, in the new layout, and may be half overwritten at its place
 */
public record Progress(long unit, boolean inCopyArea) {
    public Progress {
        if (unit < 0) {
            throw new IllegalArgumentException("unit " + unit);
        }
    }
}
