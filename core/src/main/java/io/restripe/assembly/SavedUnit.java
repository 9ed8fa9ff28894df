package io.restripe.assembly;

import io.restripe.disk.Buffers;
import io.restripe.disk.Disk;
import io.restripe.disk.DiskException;
import io.restripe.geometry.Geometry;
import io.restripe.metadata.Activity;
import io.restripe.metadata.Container;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.Slot;
import io.restripe.metadata.Volume;
import io.restripe.reshape.ReshapeShape;
import io.restripe.stripe.Members;
import io.restripe.stripe.StripeReader;
import io.restripe.stripe.StripeWriter;
import io.restripe.unit.SectorRange;
import io.restripe.unit.Units;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * One unit of a reshape as members and copy area have it. What the copy area says is checked against the members sector by sector: a
 * crash while the unit is relocated leaves every place of its source either as it was, or, inside the unit's destination, as the unit's
 * image has it there. Any other byte contradicts the image.
 */
final class SavedUnit {
    private final Volume volume;
    private final Activity.Reshape reshape;
    private final ReshapeShape shape;
    private final long unit;
    private final List<MemberDisk> sources;
    private final List<MemberDisk> destinations;

    /**
     * @param unit which unit; the copy area can hold any
     * @param disks serial to disk, of the disks at hand
     */
    SavedUnit(Volume volume, Activity.Reshape reshape, long unit, Container container, Map<String, MemberDisk> disks) {
        this.volume = volume;
        this.reshape = reshape;
        this.shape = ReshapeShape.of(volume, reshape);
        this.unit = unit;
        this.sources = SlotDisks.of(volume.slots(), container, disks);
        this.destinations = SlotDisks.of(reshape.slotsAfter(), container, disks);
    }

    /** A unit read out of the copy area: its data, and what every slot gets of it. */
    record Image(MemorySegment data, MemorySegment[] bySlot) {}

    /**
     * What the members say of an image.
     *
     * @param contradictions sectors of the source that are neither what they were nor what the unit puts there
     * @param relocated sectors of the source's places that hold what the unit puts there, and did not before
     * @param found sectors of the image, other than empty ones, that a member has in their old or new place
     * @param lost sectors of the image, other than empty ones, that no member has although the members of both places are there:
     *     overwritten before their new place was written
     */
    record Evidence(long contradictions, long relocated, long found, long lost) {
        /** Whether a crash while this image was relocated can have left the members so. */
        boolean bearsOut() {
            return contradictions == 0 && lost <= found;
        }
    }

    long sectors() {
        return shape.positionOfUnit(unit + 1) - shape.positionOfUnit(unit);
    }

    /** First member sector of the unit's destination, from the volume's start. */
    long destinationSector() {
        return Math.multiplyExact(unit, shape.depthSectors());
    }

    /**
     * Reads the copy area; a part that is missing is reconstructed from the others.
     *
     * @param holders for each slot of the new layout the disk that holds its part, null where it is not there
     * @throws DiskException when too many parts are missing
     */
    Image read(List<MemberDisk> holders, Arena arena) throws DiskException {
        MemorySegment data = arena.allocate(Units.bytesOfSectors(sectors()), 4096);
        long moved = reshape.copyAreaSector() - destinationSector();
        reader(reshape.after(), holders, moved).read(shape.positionOfUnit(unit), data);
        MemorySegment[] bySlot = new MemorySegment[reshape.after().members()];
        long depth = shape.deviceEndOfUnit(unit) - destinationSector();
        for (int slot = 0; slot < bySlot.length; slot++) {
            bySlot[slot] = arena.allocate(Units.bytesOfSectors(depth), 4096);
        }
        new StripeWriter(reshape.after())
                .encode(destinationSector() / reshape.after().chunkSectors(), data, bySlot);
        return new Image(data, bySlot);
    }

    /**
     * Compares an image with what the members that are there have. What cannot be read says nothing. Every old place is read before any
     * new one: what an array that runs moves meanwhile is then found in one of them.
     */
    Evidence evidence(Image image) {
        return evidence(image, null);
    }

    /** As {@link #evidence(Image)}, of those sectors only that differ from another image's; of all when there is none. */
    Evidence evidence(Image image, Image other) {
        long start = shape.positionOfUnit(unit);
        long end = shape.sourceEndOfUnit(unit);
        Tally tally = new Tally(image, other);
        if (end == start) {
            return tally.evidence();
        }
        List<Place> oldPlaces = places(sources, rows(shape.before(), start, end));
        shape.before().forEachPiece(start, end - start, (slot, memberSector, length, offset) -> {
            MemorySegment there = oldPlaces.get(slot).at(volume.dataOffset() + memberSector, length);
            tally.piece(slot, memberSector, there, length, offset);
        });
        return tally.evidence();
    }

    private enum Seen {
        THERE,
        NOT_THERE,
        /** The member is gone, or cannot be read. */
        UNKNOWN
    }

    /** Counts, sector by sector of an image, where the members have it. */
    private final class Tally {
        private final Image image;
        private final Image other;
        private final MemorySegment empty = Buffers.allocate(1);
        private final Map<Integer, Place> newPlaces = new HashMap<>();
        private long contradictions;
        private long relocated;
        private long found;
        private long lost;

        Tally(Image image, Image other) {
            this.image = image;
            this.other = other;
        }

        Evidence evidence() {
            return new Evidence(contradictions, relocated, found, lost);
        }

        /** @param there what the piece's old place holds now, null when that is unknown */
        void piece(int slot, long memberSector, MemorySegment there, int length, long offset) {
            MemorySegment moved = relocated(image, slot);
            for (int i = 0; i < length; i++) {
                if (other != null && same(image.data(), offset + i, other.data(), offset + i)) {
                    continue;
                }
                Seen inOldPlace = seen(there, i, offset + i);
                if (inOldPlace == Seen.NOT_THERE) {
                    boolean overwritten =
                            moved != null && same(there, i, moved, memberSector + i - destinationSector());
                    contradictions += overwritten ? 0 : 1;
                    relocated += overwritten ? 1 : 0;
                }
                if (!same(empty, 0, image.data(), offset + i)) {
                    count(inOldPlace, inOldPlace == Seen.THERE ? Seen.THERE : inNewPlace(offset + i));
                }
            }
        }

        private void count(Seen inOldPlace, Seen inNewPlace) {
            if (inOldPlace == Seen.THERE || inNewPlace == Seen.THERE) {
                found++;
            } else if (inOldPlace == Seen.NOT_THERE && inNewPlace == Seen.NOT_THERE) {
                lost++;
            }
        }

        private Seen seen(MemorySegment there, long sector, long sectorOfUnit) {
            if (there == null) {
                return Seen.UNKNOWN;
            }
            return same(there, sector, image.data(), sectorOfUnit) ? Seen.THERE : Seen.NOT_THERE;
        }

        private Seen inNewPlace(long sectorOfUnit) {
            SectorRange destination = onDisk(destinationSector(), shape.deviceEndOfUnit(unit));
            Seen[] seen = new Seen[1];
            shape.after().forEachPiece(shape.positionOfUnit(unit) + sectorOfUnit, 1, (slot, memberSector, _, _) -> {
                MemorySegment there = newPlaces
                        .computeIfAbsent(slot, s -> new Place(destinations.get(s), destination))
                        .at(volume.dataOffset() + memberSector, 1);
                seen[0] = seen(there, 0, sectorOfUnit);
            });
            return seen[0];
        }
    }

    private static List<Place> places(List<MemberDisk> members, SectorRange range) {
        return members.stream().map(member -> new Place(member, range)).toList();
    }

    /** The sectors of every disk that hold the whole rows of these sectors of the array. */
    private SectorRange rows(Geometry geometry, long from, long to) {
        long row = geometry.rowSectors();
        return onDisk(from / row * geometry.chunkSectors(), Units.ceilDiv(to, row) * geometry.chunkSectors());
    }

    private SectorRange onDisk(long fromMemberSector, long toMemberSector) {
        return new SectorRange(volume.dataOffset() + fromMemberSector, volume.dataOffset() + toMemberSector);
    }

    /** What the unit puts on the disk of an old slot, null when the disk has no slot in the new layout. */
    private MemorySegment relocated(Image image, int oldSlot) {
        int disk = volume.slots().get(oldSlot).disk();
        List<Slot> after = reshape.slotsAfter();
        for (int slot = 0; slot < after.size(); slot++) {
            if (after.get(slot).disk() == disk) {
                return image.bySlot()[slot];
            }
        }
        return null;
    }

    /** Data sectors in which two images differ, of those that the old layout has. */
    long differences(Image one, Image other) {
        long count = 0;
        for (long sector = 0; sector < shape.sourceEndOfUnit(unit) - shape.positionOfUnit(unit); sector++) {
            count += same(one.data(), sector, other.data(), sector) ? 0 : 1;
        }
        return count;
    }

    private static boolean same(MemorySegment a, long sectorOfA, MemorySegment b, long sectorOfB) {
        long fromA = Units.bytesOfSectors(sectorOfA);
        long fromB = Units.bytesOfSectors(sectorOfB);
        return sectorOfB >= 0
                && fromB + Units.SECTOR_BYTES <= b.byteSize()
                && MemorySegment.mismatch(a, fromA, fromA + Units.SECTOR_BYTES, b, fromB, fromB + Units.SECTOR_BYTES)
                        == -1;
    }

    static StripeReader reader(Geometry geometry, List<MemberDisk> members, long offset) {
        List<Disk> disks = new ArrayList<>();
        members.forEach(member -> disks.add(member == null ? null : member.disk()));
        return new StripeReader(geometry, new Members(disks, offset));
    }
}
