package io.restripe.stripe;

import io.restripe.disk.Disk;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;

/**
 * The members of one volume by slot, as seen by somebody outside the array.
 *
 * @param bySlot disk of each slot; null where the slot's data must not be used
 * @param dataOffset first sector of the volume on every disk
 */
public record Members(List<Disk> bySlot, long dataOffset) {
    public Members {
        bySlot = Collections.unmodifiableList(Arrays.asList(bySlot.toArray(Disk[]::new)));
    }

    public int count() {
        return bySlot.size();
    }

    /** Slots that cannot be used. */
    public int missing() {
        return (int) bySlot.stream().filter(Objects::isNull).count();
    }

    /** The same without one slot: its disk failed. */
    public Members without(int slot) {
        Disk[] left = bySlot.toArray(Disk[]::new);
        left[slot] = null;
        return new Members(Arrays.asList(left), dataOffset);
    }
}
