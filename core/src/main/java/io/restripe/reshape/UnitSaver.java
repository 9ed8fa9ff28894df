package io.restripe.reshape;

import io.restripe.disk.Disk;
import io.restripe.disk.DiskException;
import io.restripe.stripe.Members;
import io.restripe.stripe.StripeReader;
import io.restripe.stripe.StripeWriter;
import io.restripe.unit.Units;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Saves one critical unit: reads it from the old layout, reconstructing what is missing, and writes it to the copy area in the new
 * layout, by slot, flushed. The caller has suspended writes to the unit and drained those in flight before.
 */
final class UnitSaver {
    private static final long ALIGNMENT = 4096;

    private final ReshapeShape shape;
    private final long copyAreaSector;
    /** Kept from unit to unit and there before writes are held: memory that is new takes longer than the copy. */
    private final MemorySegment room;

    UnitSaver(ReshapeShape shape, long copyAreaSector) {
        this.shape = shape;
        this.copyAreaSector = copyAreaSector;
        long unit = Units.bytesOfSectors(shape.unitSectors()) + ALIGNMENT;
        long images = shape.after().members() * (Units.bytesOfSectors(shape.depthSectors()) + ALIGNMENT);
        Members none = new Members(Collections.nCopies(shape.before().members(), null), 0);
        long scratch = new StripeReader(shape.before(), none).scratchBytes(shape.unitSectors());
        this.room = Arena.ofAuto().allocate(unit + images + scratch, ALIGNMENT);
    }

    /** A destination that could not be written. */
    record Lost(int slot, DiskException why) {}

    /**
     * @param sources members of the old geometry by slot, null where not usable
     * @param targets members of the new geometry by slot, null where missing
     * @return destinations that failed; the unit counts as saved only when the caller has taken them out of the array and the level
     *     can do without them
     * @throws DiskException when the source cannot be had
     */
    List<Lost> save(long unit, Members sources, Members targets) throws DiskException {
        long start = shape.positionOfUnit(unit);
        long end = shape.positionOfUnit(unit + 1);
        long depth = shape.deviceOf(end - start);
        int slots = shape.after().members();
        SegmentAllocator memory = SegmentAllocator.slicingAllocator(room);
        MemorySegment data = memory.allocate(Units.bytesOfSectors(end - start), ALIGNMENT);
        long held = Units.bytesOfSectors(shape.sourceEndOfUnit(unit) - start);
        if (held > 0) {
            new StripeReader(shape.before(), sources).read(start, data.asSlice(0, held), memory);
        }
        data.asSlice(held).fill((byte) 0);
        MemorySegment[] images = new MemorySegment[slots];
        for (int slot = 0; slot < slots; slot++) {
            if (targets.bySlot().get(slot) != null) {
                images[slot] = memory.allocate(Units.bytesOfSectors(depth), ALIGNMENT);
            }
        }
        new StripeWriter(shape.after())
                .encode(shape.deviceOf(start) / shape.after().chunkSectors(), data, images);
        return write(targets, images);
    }

    private List<Lost> write(Members targets, MemorySegment[] images) {
        List<Lost> lost = new ArrayList<>();
        for (int slot = 0; slot < images.length; slot++) {
            Disk disk = targets.bySlot().get(slot);
            if (disk != null) {
                try {
                    disk.write(copyAreaSector, images[slot]);
                } catch (DiskException e) {
                    lost.add(new Lost(slot, e));
                }
            }
        }
        for (int slot = 0; slot < images.length; slot++) {
            Disk disk = targets.bySlot().get(slot);
            int at = slot;
            if (disk != null && lost.stream().noneMatch(l -> l.slot() == at)) {
                try {
                    disk.flush();
                } catch (DiskException e) {
                    lost.add(new Lost(slot, e));
                }
            }
        }
        return lost;
    }
}
