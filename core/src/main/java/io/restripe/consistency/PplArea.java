package io.restripe.consistency;

import io.restripe.disk.Buffers;
import io.restripe.disk.Disk;
import io.restripe.disk.DiskException;
import io.restripe.unit.Units;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The partial parity log of one member (docs/imsm.md, 2.11): units of a header and the partial parity of its entries, one behind the other
 * from the area's start, and from the start again when the next has no room. Only the newest unit counts: the rows of all before it are
 * durable. The newest is found by going through the units as long as their generation rises.
 *
 * @param disk the whole disk
 */
public record PplArea(Disk disk, Consistency consistency) {
    /** The most partial parity that a unit has. */
    public static final int UNIT_SECTORS = 256;

    /**
     * A header and the partial parity of those of its entries that are whole: from the first on that is not, the unit was never written to
     * its end, and nothing of what it says was begun.
     *
     * @param parity one an entry, of no bytes where the entry has none
     */
    public record Unit(PplHeader header, List<MemorySegment> parity) {
        public Unit {
            parity = List.copyOf(parity);
        }

        /** The entries that count. */
        public List<PplEntry> entries() {
            return header.entries().subList(0, parity.size());
        }
    }

    /** The newest unit; empty when the area does not begin with a header of this volume: then nobody knows what was logged. */
    public Optional<Unit> newest() throws DiskException {
        try (Arena arena = Arena.ofShared()) {
            MemorySegment area = Buffers.allocate(arena, consistency.sectors());
            disk.read(consistency.sector(), area);
            PplHeader newest = null;
            long newestAt = 0;
            long at = 0;
            while (at + PplHeader.SECTORS <= consistency.sectors()) {
                Optional<PplHeader> next = PplHeader.decode(area.asSlice(Units.bytesOfSectors(at)));
                boolean follows = next.isPresent()
                        && next.get().signature() == consistency.signature()
                        && at + next.get().sectors() <= consistency.sectors()
                        && (newest == null || newest.generation() < next.get().generation());
                if (!follows) {
                    break;
                }
                newest = next.get();
                newestAt = at;
                at += newest.sectors();
            }
            return newest == null ? Optional.empty() : Optional.of(unit(newest, area, newestAt));
        }
    }

    private static Unit unit(PplHeader header, MemorySegment area, long at) {
        List<MemorySegment> parity = new ArrayList<>();
        long from = at + PplHeader.SECTORS;
        for (PplEntry entry : header.entries()) {
            MemorySegment stored =
                    area.asSlice(Units.bytesOfSectors(from), Units.bytesOfSectors(entry.paritySectors()));
            if (PplHeader.checksum(stored) != entry.checksum()) {
                break;
            }
            MemorySegment kept = Buffers.allocate(Math.max(1, entry.paritySectors()));
            MemorySegment.copy(stored, 0, kept, 0, stored.byteSize());
            parity.add(kept.asSlice(0, stored.byteSize()));
            from += entry.paritySectors();
        }
        return new Unit(header, parity);
    }

    /** A log that says nothing: the whole area, one header without entries at its start. Durable on return. */
    public void clear() throws DiskException {
        try (Arena arena = Arena.ofShared()) {
            MemorySegment area = Buffers.allocate(arena, consistency.sectors());
            new PplHeader(PplHeader.Mark.NONE, consistency.signature(), 0, List.of()).encode(area);
            disk.write(consistency.sector(), area);
            disk.flush();
        }
    }

    /** No log: whoever reads it knows nothing. Durable on return. */
    public void wipe() throws DiskException {
        try (Arena arena = Arena.ofShared()) {
            disk.write(consistency.sector(), Buffers.allocate(arena, consistency.sectors()));
            disk.flush();
        }
    }
}
