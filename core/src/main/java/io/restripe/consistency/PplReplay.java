package io.restripe.consistency;

import io.restripe.disk.Buffers;
import io.restripe.disk.Disk;
import io.restripe.disk.DiskException;
import io.restripe.geometry.Geometry;
import io.restripe.parity.Parity;
import io.restripe.unit.Units;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

/**
 * Computes the parity of the rows that were being written when a volume stopped, from the members' partial parity logs: partial parity xor
 * what the written chunks hold now, whichever of old and new that is. So what the other chunks of such a row held can be had from parity,
 * also when the member that has one of them is gone; what a written chunk on such a member held cannot. One use; the caller's thread.
 */
public final class PplReplay {
    private final List<Face> faces;
    private final long dataOffset;
    private final List<PplArea.Unit> units = new ArrayList<>();
    private boolean known = true;

    /**
     * Who fills a slot.
     *
     * @param disk null where there is none, or it must not be used
     * @param validSectors of its data that are what the array wrote: less than all while it is being rebuilt
     */
    public record Holder(Disk disk, long validSectors) {}

    /**
     * A geometry, and where its rows are what counts. In a reshape there are two; rows of the one that are none any more, or not yet, are left
     * alone.
     *
     * @param firstRow rows before it have been overwritten
     * @param endSector array sector from which on its rows do not count
     */
    public record Face(Geometry geometry, List<Holder> bySlot, long firstRow, long endSector) {
        public Face {
            bySlot = List.copyOf(bySlot);
        }

        private boolean counts(PplEntry entry) {
            return entry.arraySector() / geometry.rowSectors() >= firstRow && entry.arraySector() < endSector;
        }
    }

    /**
     * Reads the logs; writes nothing.
     *
     * @param logs of every member that may have one
     * @param faces the first is meant by a log that names no geometry
     */
    public PplReplay(Consistency consistency, List<Holder> logs, List<Face> faces, long dataOffset)
            throws DiskException {
        this.faces = List.copyOf(faces);
        this.dataOffset = dataOffset;
        for (int slot = 0; slot < logs.size(); slot++) {
            Disk disk = logs.get(slot).disk();
            if (disk != null) {
                Optional<PplArea.Unit> unit = new PplArea(disk, consistency).newest();
                unit.ifPresent(units::add);
                known &= unit.isPresent() && isRight(unit.get(), slot);
            }
        }
    }

    /** Whether every member's log tells, and all it means could be read: then nothing else can be inconsistent. */
    public boolean isKnown() {
        return known;
    }

    /** Null when the unit's geometry is none of ours: it was superseded. */
    private Face faceOf(PplArea.Unit unit) {
        if (unit.header().mark().equals(PplHeader.Mark.NONE)) {
            return faces.getFirst();
        }
        return faces.stream()
                .filter(face ->
                        PplHeader.Mark.of(face.geometry()).equals(unit.header().mark()))
                .findFirst()
                .orElse(null);
    }

    private boolean isRight(PplArea.Unit unit, int slot) {
        Face face = faceOf(unit);
        if (face == null) {
            return true;
        }
        Geometry geometry = face.geometry();
        for (PplEntry entry : unit.entries()) {
            boolean right = entry.paritySlot() == slot
                    && geometry.parityMember(entry.arraySector() / geometry.rowSectors()) == slot
                    && Span.of(geometry, entry).isWithinRow(geometry);
            if (!right) {
                return false;
            }
        }
        return true;
    }

    /**
     * Which array sectors an entry means: for every sector {@code i} of the strip and every chunk {@code c}, the array sector {@code first +
     * i + c * chunk}, if it lies before {@code last}.
     */
    private record Span(long first, long last, int chunks, int stripSectors) {
        /** As the kernel's documentation has it: a strip of a whole chunk stands for one contiguous range. */
        static Span of(Geometry geometry, PplEntry entry) {
            int chunk = geometry.chunkSectors();
            int data = geometry.dataMembers();
            long first = entry.arraySector();
            if (entry.paritySectors() >= chunk) {
                return new Span(first, first + entry.dataSectors(), data, chunk);
            }
            int chunks = entry.paritySectors() > 0 ? entry.dataSectors() / entry.paritySectors() : data;
            int strip = entry.paritySectors() > 0 ? entry.paritySectors() : entry.dataSectors() / data;
            return new Span(first, first + (long) (chunks - 1) * chunk + strip, chunks, strip);
        }

        boolean isWithinRow(Geometry geometry) {
            long row = first / geometry.rowSectors();
            return chunks > 0
                    && chunks <= geometry.dataMembers()
                    && stripSectors > 0
                    && stripSectors <= geometry.chunkSectors()
                    && last > first
                    && (last - 1) / geometry.rowSectors() == row;
        }

        /** Cuts of the strip between which the same chunks are meant, and none of them ends. */
        TreeSet<Long> cuts(Geometry geometry) {
            long chunk = geometry.chunkSectors();
            TreeSet<Long> cuts = new TreeSet<>(List.of(0L, (long) stripSectors));
            cuts.add(Math.min(stripSectors, chunk - first % chunk));
            for (int c = 0; c < chunks; c++) {
                cuts.add(Math.clamp(last - first - c * chunk, 0L, (long) stripSectors));
            }
            return cuts;
        }
    }

    /**
     * Writes the parity, and flushes. Doing it again gives the same.
     *
     * @return how many entries there were that count
     */
    public int run() throws DiskException {
        int entries = 0;
        for (PplArea.Unit unit : units) {
            Face face = faceOf(unit);
            for (int i = 0; face != null && i < unit.entries().size(); i++) {
                PplEntry entry = unit.entries().get(i);
                if (face.counts(entry)) {
                    replay(face, entry, unit.parity().get(i));
                    face.bySlot().get(entry.paritySlot()).disk().flush();
                    entries++;
                }
            }
        }
        return entries;
    }

    private void replay(Face face, PplEntry entry, MemorySegment partial) throws DiskException {
        Span span = Span.of(face.geometry(), entry);
        long from = -1;
        for (long to : span.cuts(face.geometry())) {
            if (from >= 0 && to > from) {
                MemorySegment parity = partial.byteSize() == 0
                        ? MemorySegment.NULL
                        : partial.asSlice(Units.bytesOfSectors(from), Units.bytesOfSectors(to - from));
                compute(face, entry, span, from, to, parity);
            }
            from = to;
        }
    }

    private void compute(Face face, PplEntry entry, Span span, long from, long to, MemorySegment partial)
            throws DiskException {
        Geometry geometry = face.geometry();
        int chunk = geometry.chunkSectors();
        long row = entry.arraySector() / geometry.rowSectors();
        long memberSector = row * chunk + (span.first() + from) % chunk;
        try (Arena arena = Arena.ofShared()) {
            MemorySegment parity = Buffers.allocate(arena, to - from);
            MemorySegment data = Buffers.allocate(arena, to - from);
            if (partial.byteSize() > 0) {
                parity.copyFrom(partial);
            }
            for (int c = 0; c < span.chunks(); c++) {
                long arraySector = span.first() + from + (long) c * chunk;
                if (arraySector < span.last()) {
                    int index = (int) (arraySector % geometry.rowSectors() / chunk);
                    Holder holder = face.bySlot().get(geometry.memberOfData(row, index));
                    if (!read(holder, memberSector, to - from, data)) {
                        return;
                    }
                    Parity.xorInto(parity, data);
                }
            }
            face.bySlot().get(entry.paritySlot()).disk().write(dataOffset + memberSector, parity);
        }
    }

    /** False when it is not there: it was being written, and the chunks that were not are all there. */
    private boolean read(Holder holder, long memberSector, long sectors, MemorySegment into) {
        if (holder.disk() == null || memberSector + sectors > holder.validSectors()) {
            return false;
        }
        try {
            holder.disk().read(dataOffset + memberSector, into);
            return true;
        } catch (DiskException e) {
            known = false; // the parity of these sectors stays unsure: whoever asked is told so
            return false;
        }
    }
}
