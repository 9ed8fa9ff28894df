package io.restripe.metadata;

import io.restripe.geometry.Geometry;
import java.util.List;

/**
 * What a volume is to become.
 *
 * @param volume its index
 * @param after the wanted geometry
 * @param newMembers serials of the disks for the slots that the wanted geometry has more than the present one, in slot order: spares,
 *     or (for the second and later volumes of a grow) disks that are members of an earlier volume
 */
public record ReshapeGoal(int volume, Geometry after, List<String> newMembers) {
    public ReshapeGoal {
        newMembers = List.copyOf(newMembers);
    }
}
