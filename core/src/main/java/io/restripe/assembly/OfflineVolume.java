package io.restripe.assembly;

import io.restripe.disk.Disk;
import io.restripe.disk.DiskException;
import io.restripe.geometry.Geometry;
import io.restripe.metadata.Activity;
import io.restripe.metadata.Container;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.Progress;
import io.restripe.metadata.Slot;
import io.restripe.metadata.Volume;
import io.restripe.reshape.ReshapeShape;
import io.restripe.rule.ProblemException;
import io.restripe.stripe.StripeReader;
import io.restripe.unit.Units;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;

/**
 * A volume's contents read from its members alone, nothing started and nothing written: half-way reshapes too, with a unit in the
 * copy area read from there, and missing members reconstructed. Any thread.
 */
public final class OfflineVolume implements Disk {
    private final Volume volume;
    private final StripeReader old;
    private final StripeReader relocated;
    private final CopyAreaPlacement placement;
    private final long savedOffset;
    private final long relocatedEnd;
    private final long savedEnd;

    /** @param disks serial to disk, of the disks at hand */
    public OfflineVolume(Volume volume, Container container, Map<String, MemberDisk> disks) {
        this(volume, container, disks, CopyAreaUse.ASK);
    }

    /**
     * @param disks serial to disk, of the disks at hand
     * @param use of a copy area that does not explain itself
     */
    OfflineVolume(Volume volume, Container container, Map<String, MemberDisk> disks, CopyAreaUse use) {
        this.volume = volume;
        this.old = reader(volume.geometry(), volume.slots(), container, disks, volume.dataOffset());
        if (volume.activity() instanceof Activity.Reshape reshape
                && !reshape.progress().equals(new Progress(0, false))) {
            ReshapeShape shape = ReshapeShape.of(volume, reshape);
            Progress progress = reshape.progress();
            relocatedEnd = shape.positionOfUnit(progress.unit());
            savedEnd = progress.inCopyArea() ? shape.positionOfUnit(progress.unit() + 1) : relocatedEnd;
            relocated = reader(reshape.after(), reshape.slotsAfter(), container, disks, volume.dataOffset());
            // The copy area is the member range of the unit, moved: with this offset the unit's rows are found in it.
            savedOffset = reshape.copyAreaSector() - progress.unit() * shape.depthSectors();
            placement = new CopyAreaPlacement(volume, reshape, container, disks, use);
        } else {
            relocatedEnd = 0;
            savedEnd = 0;
            relocated = old;
            savedOffset = 0;
            placement = null;
        }
    }

    private static StripeReader reader(
            Geometry geometry, List<Slot> slots, Container container, Map<String, MemberDisk> disks, long offset) {
        return SavedUnit.reader(geometry, SlotDisks.of(slots, container, disks), offset);
    }

    @Override
    public String name() {
        return volume.name();
    }

    @Override
    public long sectors() {
        return volume.arraySectors();
    }

    @Override
    public void read(long sector, MemorySegment into) throws DiskException {
        long length = Units.sectorsOfBytesExact(into.byteSize());
        if (sector < 0 || sector + length > sectors()) {
            throw new DiskException(
                    name(), DiskException.Operation.READ, sector, length, "the volume has " + sectors() + " sectors");
        }
        long end = sector + length;
        part(relocated, sector, Math.min(end, relocatedEnd), sector, into);
        long savedFrom = Math.max(sector, relocatedEnd);
        if (savedFrom < Math.min(end, savedEnd)) {
            part(saved(sector, length), savedFrom, Math.min(end, savedEnd), sector, into);
        }
        part(old, Math.max(sector, savedEnd), end, sector, into);
    }

    private StripeReader saved(long sector, long length) throws DiskException {
        Activity.Reshape reshape = (Activity.Reshape) volume.activity();
        try {
            return SavedUnit.reader(reshape.after(), placement.decide(), savedOffset);
        } catch (ProblemException e) {
            throw new DiskException(
                    name(),
                    DiskException.Operation.READ,
                    sector,
                    length,
                    e.problem().text(),
                    e);
        }
    }

    private static void part(StripeReader reader, long from, long to, long start, MemorySegment into)
            throws DiskException {
        if (from < to) {
            reader.read(from, into.asSlice(Units.bytesOfSectors(from - start), Units.bytesOfSectors(to - from)));
        }
    }

    @Override
    public void write(long sector, MemorySegment from) throws DiskException {
        throw new DiskException(
                name(),
                DiskException.Operation.WRITE,
                sector,
                Units.sectorsOfBytesFloor(from.byteSize()),
                "the volume is not running: this is a read-only view of its members");
    }

    @Override
    public void flush() {
        // Nothing is ever written.
    }

    @Override
    public void close() {
        // The members belong to whoever opened them.
    }
}
