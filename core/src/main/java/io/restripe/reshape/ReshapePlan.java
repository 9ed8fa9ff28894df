package io.restripe.reshape;

import io.restripe.geometry.Geometry;
import io.restripe.metadata.ReshapeGoal;
import java.util.List;

/**
 * What a reshape will do, before it does it.
 *
 * @param goals one a volume, in the order in which they will run
 * @param volumes the same, in figures
 */
public record ReshapePlan(List<ReshapeGoal> goals, List<VolumePlan> volumes) {
    public ReshapePlan {
        goals = List.copyOf(goals);
        volumes = List.copyOf(volumes);
    }

    /**
     * One volume's part.
     *
     * @param volume its name
     * @param sectorsBefore capacity before, in sectors
     * @param sectorsAfter capacity after
     * @param units number of units
     * @param criticalUnits units that are saved in the copy area before they are moved
     * @param unitSectors array sectors in a unit: the most that is suspended by a critical step
     * @param movedSectors array sectors to be moved
     * @param savedSectors member sectors written to copy areas in addition
     */
    public record VolumePlan(
            String volume,
            Geometry before,
            Geometry after,
            long sectorsBefore,
            long sectorsAfter,
            long units,
            long criticalUnits,
            long unitSectors,
            long movedSectors,
            long savedSectors) {}
}
