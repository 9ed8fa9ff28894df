package io.restripe.check;

import io.restripe.geometry.Geometry;
import io.restripe.parity.Parity;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * By how much P and Q of one row of a RAID6 are off (docs/layouts.md, section 5). One wrong chunk shows itself: only P off, only Q off,
 * or both off as one data chunk's change makes them, Q by g^power times what P is off by.
 *
 * @param p what P is off by
 * @param q what Q is off by
 */
record Syndromes(Geometry geometry, long row, MemorySegment p, MemorySegment q) {
    /**
     * Computes them.
     *
     * @param bySlot the row's chunks
     * @param p filled
     * @param q filled
     */
    static Syndromes of(Geometry geometry, long row, MemorySegment[] bySlot, MemorySegment p, MemorySegment q) {
        MemorySegment[] data = new MemorySegment[geometry.dataMembers()];
        int[] powers = new int[data.length];
        for (int i = 0; i < data.length; i++) {
            data[i] = bySlot[geometry.memberOfData(row, i)];
            powers[i] = geometry.qPower(row, i);
        }
        Parity.pq(p, q, data, powers);
        Parity.xorInto(p, bySlot[geometry.parityMember(row)]);
        Parity.xorInto(q, bySlot[geometry.qMember(row)]);
        return new Syndromes(geometry, row, p, q);
    }

    boolean agree() {
        return Parity.isZero(p) && Parity.isZero(q);
    }

    String culprit() {
        if (Parity.isZero(q)) {
            return "P is wrong, on slot " + geometry.parityMember(row);
        }
        if (Parity.isZero(p)) {
            return "Q is wrong, on slot " + geometry.qMember(row);
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment rest = arena.allocate(q.byteSize(), 64);
            for (int i = 0; i < geometry.dataMembers(); i++) {
                rest.copyFrom(q);
                Parity.addDelta(null, rest, p, geometry.qPower(row, i));
                if (Parity.isZero(rest)) {
                    return "the data chunk on slot " + geometry.memberOfData(row, i) + " is wrong";
                }
            }
        }
        return "more than one chunk is wrong; which cannot be told";
    }
}
