package io.restripe.array.engine;

import static io.restripe.array.engine.StripeTransform.slice;

import io.restripe.geometry.Geometry;
import io.restripe.parity.Parity;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** What the partial parity log is to say of bands before they are written. One use, by the thread that writes them. */
final class LogEntries implements AutoCloseable {
    private final Parts parts;
    private final List<PartialParityLog.Entry> entries = new ArrayList<>();
    private final List<MemorySegment> buffers = new ArrayList<>();

    LogEntries(Parts parts) {
        this.parts = parts;
    }

    List<PartialParityLog.Entry> all() {
        return entries;
    }

    /** Sectors of partial parity that a band has: none when all its data chunks are written. */
    static int paritySectors(Band band) {
        return writtenCount(band) < band.dataCount ? band.sectors() : 0;
    }

    private static int writtenCount(Band band) {
        int count = 0;
        for (int i = 0; i < band.dataCount; i++) {
            count += band.written[i] ? 1 : 0;
        }
        return count;
    }

    /** After everything of it was read, before its new parity is computed. A band without a parity member needs no entry. */
    void add(Band band) {
        Member holder = band.holders[band.dataCount];
        if (holder != null) {
            MemorySegment partial = paritySectors(band) == 0 ? null : partialParity(band);
            entries.add(new PartialParityLog.Entry(
                    band.geometry,
                    holder,
                    band.slotOf(band.dataCount),
                    firstWrittenSector(band),
                    writtenCount(band) * band.sectors(),
                    partial));
        }
    }

    /** Of rows all of whose data is written, or given up. */
    static List<PartialParityLog.Entry> ofWholeRows(Layout layout, long firstRow, long endRow) {
        Geometry geometry = layout.geometry();
        List<PartialParityLog.Entry> entries = new ArrayList<>();
        for (long row = firstRow; row < endRow; row++) {
            int slot = geometry.parityMember(row);
            Member holder = layout.usable(slot, (row + 1) * geometry.chunkSectors());
            if (holder == null) {
                continue; // once that loss is recorded, the row cannot be inconsistent
            }
            int sectors = Math.toIntExact(geometry.rowSectors());
            long first = row * geometry.rowSectors();
            entries.add(new PartialParityLog.Entry(geometry, holder, slot, first, sectors, null));
        }
        return entries;
    }

    private static long firstWrittenSector(Band band) {
        int first = 0;
        while (!band.written[first]) {
            first++;
        }
        long chunk = band.geometry.chunkSectors();
        return band.row * band.geometry.rowSectors() + first * chunk + band.startSector() % chunk;
    }

    /** The data chunks that are not written, xored; or, which is the same, the old parity and those that are. */
    private MemorySegment partialParity(Band band) {
        MemorySegment buffer = parts.scratch().take(band.sectors());
        buffers.add(buffer);
        MemorySegment partial = slice(buffer, 0, band.sectors());
        if (band.deltas) {
            partial.copyFrom(band.own(band.dataCount));
        } else {
            partial.fill((byte) 0);
        }
        for (int i = 0; i < band.dataCount; i++) {
            if (band.written[i] == band.deltas) {
                Parity.xorInto(partial, band.own(i));
            }
        }
        return partial;
    }

    @Override
    public void close() {
        buffers.forEach(parts.scratch()::give);
    }
}
