package io.restripe.reshape;

import io.restripe.geometry.Geometry;
import io.restripe.metadata.Activity;
import io.restripe.metadata.Volume;
import io.restripe.unit.Units;

/**
 * The arithmetic of one ascending reshape: units, what is critical, how far a step may go. Array positions are sectors of the array,
 * device positions sectors of one member in the new geometry (docs/reshape-protocol.md, sections 1 and 5). Pure.
 *
 * @param before geometry from the checkpoint on
 * @param after geometry below the checkpoint
 * @param unitSectors array sectors in a unit
 * @param depthSectors device sectors in a unit
 * @param deviceEnd device position at which everything is relocated: the component, whole chunks of both geometries. The last unit is
 *     short where it is not a multiple of the depth
 */
public record ReshapeShape(Geometry before, Geometry after, long unitSectors, long depthSectors, long deviceEnd) {
    public ReshapeShape {
        if (before.dataMembers() > after.dataMembers()) {
            throw new IllegalArgumentException("descending reshape from " + before + " to " + after);
        }
        if (depthSectors < 1 || unitSectors != depthSectors * after.dataMembers() || deviceEnd < 1) {
            throw new IllegalArgumentException("unit of " + unitSectors + " sectors, depth " + depthSectors + ", end "
                    + deviceEnd + ", for " + after);
        }
        if (depthSectors % after.chunkSectors() != 0
                || deviceEnd % after.chunkSectors() != 0
                || deviceEnd % before.chunkSectors() != 0) {
            throw new IllegalArgumentException("depth " + depthSectors + " or end " + deviceEnd
                    + " is not whole chunks of " + before + " and " + after);
        }
    }

    /** The shape that metadata records for a volume. */
    public static ReshapeShape of(Volume volume, Activity.Reshape reshape) {
        long end = Units.floorToUnit(
                Units.floorToUnit(volume.componentSectors(), reshape.before().chunkSectors()),
                reshape.after().chunkSectors());
        return new ReshapeShape(reshape.before(), reshape.after(), reshape.unitSectors(), reshape.depthSectors(), end);
    }

    /** Number of units, a short last one included. */
    public long units() {
        return Units.ceilDiv(deviceEnd, depthSectors);
    }

    /** Array position of a unit's first sector; the end for the unit behind the last. */
    public long positionOfUnit(long unit) {
        return Math.min(end(), Math.multiplyExact(unit, unitSectors));
    }

    /** Device position behind a unit. */
    public long deviceEndOfUnit(long unit) {
        return Math.min(deviceEnd, Math.multiplyExact(unit + 1, depthSectors));
    }

    /** Array position at which everything is relocated. */
    public long end() {
        return Math.multiplyExact(deviceEnd, (long) after.dataMembers());
    }

    /**
     * Array position behind the part of a unit that the old layout has. Less than the unit's end, even its start, where a small volume
     * grows: what follows the volume on the members is no part of it, and the rest of the unit is empty.
     */
    public long sourceEndOfUnit(long unit) {
        long oldEnd = Math.multiplyExact(deviceEnd, (long) before.dataMembers());
        return Math.clamp(oldEnd, positionOfUnit(unit), positionOfUnit(unit + 1));
    }

    /** The device position that belongs to an array position which is a multiple of new rows. */
    public long deviceOf(long arrayPosition) {
        return arrayPosition / after.dataMembers();
    }

    /**
     * With everything below {@code checkpoint} durably in the new layout: the device position below which no source sector that is
     * still needed lies. Rounded down to a whole old row, so never too far.
     */
    public long safeBound(long checkpoint) {
        if (checkpoint >= end()) {
            return deviceEnd;
        }
        return checkpoint / before.rowSectors() * before.chunkSectors();
    }

    /** Whether relocating a unit, with everything before it durable, overwrites source that is still needed. */
    public boolean isCritical(long unit) {
        return deviceEndOfUnit(unit) > safeBound(positionOfUnit(unit));
    }

    /**
     * The end of the longest step from a durable checkpoint that needs no backup, in whole units; the checkpoint itself when the next
     * unit is critical.
     */
    public long stepEndWithoutBackup(long checkpoint) {
        return Math.max(checkpoint, wholeUnits(safeBound(checkpoint)));
    }

    /**
     * How far writes are held while a unit is read that ends at {@code position}: to the end of the old row that the unit's end cuts.
     * What is missing of that row's part below is computed from the whole row, so nobody may be changing the part above.
     */
    public long heldWhileRead(long position) {
        return Math.multiplyExact(Units.ceilDiv(position, before.rowSectors()), before.rowSectors());
    }

    /** The unit that starts at an array position, which must be the start of one; {@link #units} at the end. */
    public long unitAt(long arrayPosition) {
        if (arrayPosition >= end()) {
            return units();
        }
        if (arrayPosition % unitSectors != 0) {
            throw new IllegalArgumentException(arrayPosition + " is inside a unit of " + unitSectors);
        }
        return arrayPosition / unitSectors;
    }

    /** Whether a device position is one that a step may end at. */
    public boolean isStepEnd(long devicePosition) {
        return devicePosition == deviceEnd || (devicePosition < deviceEnd && devicePosition % depthSectors == 0);
    }

    /** The array position of the last whole unit boundary that a device position has passed. */
    public long wholeUnits(long devicePosition) {
        return devicePosition >= deviceEnd ? end() : positionOfUnit(devicePosition / depthSectors);
    }

    /** Number of units at the start that need a backup. All of them when the data members stay the same. */
    public long criticalUnits() {
        if (before.dataMembers() == after.dataMembers()) {
            return units();
        }
        long count = 0;
        while (count < units() && isCritical(count)) {
            count++;
        }
        return count;
    }
}
