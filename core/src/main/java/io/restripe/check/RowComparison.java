package io.restripe.check;

import io.restripe.disk.DiskException;
import io.restripe.geometry.Geometry;
import io.restripe.geometry.Level;
import io.restripe.parity.Parity;
import io.restripe.stripe.Members;
import io.restripe.unit.Units;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongConsumer;

/**
 * Compares the redundancy of physical rows: data with parity, or copies with each other. Works on columns of many rows at a time,
 * because parity and copies of a row lie at the same sectors of all members; only where a window does not agree it looks closer, row by
 * row. Reads only. One use, one thread.
 */
final class RowComparison {
    private static final long WINDOW_SECTORS = 512;
    private static final int ALIGNMENT = 4096;

    private final Geometry geometry;
    private final Members members;
    private final List<RowRange> wrong = new ArrayList<>();
    private final List<RowRange> unreadable = new ArrayList<>();
    private MemorySegment[] columns;
    private MemorySegment sum;
    private MemorySegment qSum;

    /** @param members all of them there */
    RowComparison(Geometry geometry, Members members) {
        this.geometry = geometry;
        this.members = members;
    }

    /** Whether rows of this geometry have something to compare within themselves. */
    static boolean canCompare(Geometry geometry) {
        return geometry.redundancy() > 0
                && (geometry.parityMembers() > 0 || geometry.members() % geometry.copies() == 0);
    }

    /** Rows that do not agree, ascending. */
    List<RowRange> wrong() {
        return wrong;
    }

    /** Rows that could not be read from all members, ascending. */
    List<RowRange> unreadable() {
        return unreadable;
    }

    /**
     * Compares whole rows.
     *
     * @param start member sector, a multiple of the chunk
     * @param end member sector behind the last; only a mirror's may be no multiple of the chunk
     */
    void compare(long start, long end, LongConsumer reached) {
        int chunk = geometry.chunkSectors();
        long window = Math.max(1, WINDOW_SECTORS / chunk) * chunk;
        long most = Math.min(window, end - start);
        if (most <= 0) {
            return;
        }
        try (Arena arena = Arena.ofConfined()) {
            columns = new MemorySegment[geometry.members()];
            for (int slot = 0; slot < columns.length; slot++) {
                columns[slot] = arena.allocate(Units.bytesOfSectors(most), ALIGNMENT);
            }
            sum = arena.allocate(Units.bytesOfSectors(most), ALIGNMENT);
            qSum = arena.allocate(Units.bytesOfSectors(Math.min(most, chunk)), ALIGNMENT);
            for (long at = start; at < end; at += window) {
                compareWindow(at, Math.min(window, end - at));
                reached.accept(Math.min(at + window, end));
            }
        }
    }

    private void compareWindow(long at, long sectors) {
        int chunk = geometry.chunkSectors();
        try {
            for (int slot = 0; slot < columns.length; slot++) {
                members.bySlot().get(slot).read(members.dataOffset() + at, part(columns[slot], 0, sectors));
            }
        } catch (DiskException e) {
            if (sectors <= chunk) {
                add(unreadable, at, sectors, String.valueOf(e.getMessage()));
            } else {
                for (long row = 0; row < sectors; row += chunk) {
                    compareWindow(at + row, Math.min(chunk, sectors - row));
                }
            }
            return;
        }
        if (!agrees(at, 0, sectors)) {
            for (long row = 0; row < sectors; row += chunk) {
                long length = Math.min(chunk, sectors - row);
                if (!agrees(at, row, length)) {
                    add(wrong, at + row, length, culprit(at, row, length));
                }
            }
        }
    }

    private static void add(List<RowRange> ranges, long at, long sectors, String culprit) {
        RowRange last = ranges.isEmpty() ? null : ranges.getLast();
        if (last != null && last.end() == at && last.culprit().equals(culprit)) {
            ranges.set(ranges.size() - 1, new RowRange(last.start(), at + sectors, culprit));
        } else {
            ranges.add(new RowRange(at, at + sectors, culprit));
        }
    }

    private static MemorySegment part(MemorySegment column, long from, long sectors) {
        return column.asSlice(Units.bytesOfSectors(from), Units.bytesOfSectors(sectors));
    }

    /** Whether a part of the window that starts at member sector {@code at} agrees. */
    private boolean agrees(long at, long from, long sectors) {
        if (!(geometry.level() instanceof Level.Parity)) {
            return differingCopy(from, sectors) < 0;
        }
        if (geometry.parityMembers() == 1) {
            Parity.xor(part(sum, 0, sectors), parts(from, sectors));
            return Parity.isZero(part(sum, 0, sectors));
        }
        for (long row = from;
                row < from + sectors;
                row += geometry.chunkSectors()) { // the powers of Q turn with the rows
            if (!syndromes(at, row).agree()) {
                return false;
            }
        }
        return true;
    }

    private Syndromes syndromes(long at, long from) {
        int chunk = geometry.chunkSectors();
        return Syndromes.of(
                geometry, (at + from) / chunk, parts(from, chunk), part(sum, 0, chunk), part(qSum, 0, chunk));
    }

    private MemorySegment[] parts(long from, long sectors) {
        MemorySegment[] all = new MemorySegment[columns.length];
        for (int slot = 0; slot < all.length; slot++) {
            all[slot] = part(columns[slot], from, sectors);
        }
        return all;
    }

    /** What of a row that does not agree is wrong. */
    private String culprit(long at, long from, long sectors) {
        if (!(geometry.level() instanceof Level.Parity)) {
            return "slot " + differingCopy(from, sectors) + " differs from the first copy";
        }
        return geometry.parityMembers() == 2
                ? syndromes(at, from).culprit()
                : "data and parity do not add up to zero; which chunk is wrong cannot be told";
    }

    /** The first slot whose copy differs from the first copy of its group, -1 when none does. */
    private int differingCopy(long from, long sectors) {
        int copies = geometry.copies();
        for (int slot = 0; slot < columns.length; slot++) {
            MemorySegment first = part(columns[slot / copies * copies], from, sectors);
            if (slot % copies != 0 && part(columns[slot], from, sectors).mismatch(first) >= 0) {
                return slot;
            }
        }
        return -1;
    }
}
