package io.restripe.metadata;

import io.restripe.consistency.Consistency;
import io.restripe.geometry.Geometry;
import java.util.List;

/**
 * One array of a container.
 *
 * @param index position in the container
 * @param uuid in the form the format prints
 * @param geometry present geometry; during a reshape the one before
 * @param dataOffset first sector of the volume on every member's whole disk
 * @param componentSectors sectors of data on every member
 * @param arraySectors present capacity; during a reshape still the old one
 * @param slots slot -> disk, of the present geometry
 * @param dirty whether writes may have been under way
 * @param consistency what is kept to make it consistent again after that
 */
public record Volume(
        int index,
        String name,
        String uuid,
        Geometry geometry,
        long dataOffset,
        long componentSectors,
        long arraySectors,
        List<Slot> slots,
        boolean dirty,
        Consistency consistency,
        Activity activity) {
    public Volume {
        slots = List.copyOf(slots);
    }

    /** Slots whose data cannot be used. */
    public int missingSlots() {
        return (int) slots.stream().filter(s -> !s.inSync()).count();
    }
}
