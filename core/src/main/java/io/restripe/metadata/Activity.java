package io.restripe.metadata;

import io.restripe.geometry.Geometry;
import java.util.List;

/** What a volume's metadata says is under way. */
public sealed interface Activity {
    /**
     * Nothing.
     *
     * @param awaitsGrow a grow of the whole container has ended in an earlier volume and is to go on in this one
     */
    record Idle(boolean awaitsGrow) implements Activity {
        public Idle() {
            this(false);
        }
    }

    /**
     * Parity or mirrors are made equal: after creation, or after an unclean stop.
     *
     * @param initial true after creation, false for a repair
     * @param memberSector per-member position reached
     */
    record Resync(boolean initial, long memberSector) implements Activity {}

    /**
     * A slot is being rebuilt onto the disk that {@link Volume#slots} names for it.
     *
     * @param memberSector per-member position reached
     */
    record Rebuild(int slot, long memberSector) implements Activity {}

    /**
     * The geometry is changing. Positions are in array sectors, counted in the new geometry from 0 up (ascending).
     *
     * @param before geometry from the progress on
     * @param after geometry below the progress
     * @param slotsAfter slots of the new geometry ({@link Volume#slots} has the old ones)
     * @param arraySectorsAfter capacity once finished
     * @param unitSectors array sectors in a unit
     * @param depthSectors member sectors in a unit, in the new geometry: unitSectors / after.dataMembers()
     * @param units number of units
     * @param copyAreaSector where the copy area starts, the same sector of the whole disk on every member; it holds depthSectors
     * @param progress what the durable record says
     */
    record Reshape(
            Geometry before,
            Geometry after,
            List<Slot> slotsAfter,
            long arraySectorsAfter,
            long unitSectors,
            long depthSectors,
            long units,
            long copyAreaSector,
            Progress progress)
            implements Activity {
        public Reshape {
            slotsAfter = List.copyOf(slotsAfter);
        }
    }
}
