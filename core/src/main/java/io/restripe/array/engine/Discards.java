package io.restripe.array.engine;

import io.restripe.disk.DiskException;
import io.restripe.disk.Zeros;
import io.restripe.geometry.Geometry;
import io.restripe.geometry.Level;
import io.restripe.unit.SectorRange;
import io.restripe.unit.Units;
import java.util.ArrayList;
import java.util.List;

/**
 * Ranges that are given up: to members, parity and copies exactly what a write of zeros by users would be, under the same locks, so a
 * discard that is cut short is a write that is cut short: where partial parity is logged, the log tells of it first. Rows of parity are
 * discarded whole, with their parity, which is that of zeros; what is left of the range at both ends is written. Any thread.
 *
 * <pre>
 *   rows     | . . . . | . . . . | . . . . | . . . . |
 *   range        [==================================)
 *                written  discarded  discarded  written
 * </pre>
 *
 * <p>A member that turns out to write its zeros gets them written, since copies and parity must agree; from then on no range that
 * this member has a part of is discarded.
 */
final class Discards {
    /** About as much as is admitted at once, and keeps others out of its rows meanwhile. */
    private static final long PIECE_SECTORS = 64L * 1024 * Units.SECTORS_PER_KIB;

    private static final long GROUP_ROWS = 256;

    private final Parts parts;
    private final Transform.Set transforms;

    Discards(Parts parts, Transform.Set transforms) {
        this.parts = parts;
        this.transforms = transforms;
    }

    /**
     * The multiple at which a range is to be cut; 0 when there is nothing to be won by discarding it.
     *
     * @throws DiskException when it does not lie inside the array
     */
    long pieceSectors(long sector, long sectors) throws DiskException {
        ArrayState state = parts.state();
        state.lock.lock();
        try {
            long visible = state.visibleSectors();
            if (sector < 0 || sectors < 0 || (state.running && sector > visible - sectors)) {
                String why = "outside the array, which has " + visible + " sectors";
                throw new DiskException(state.name, DiskException.Operation.WRITE, sector, sectors, why);
            }
            if (!state.running) {
                return 1; // the admission says what is wrong
            }
            long least = leastSectors(state.main);
            long unit = state.main.geometry().rowSectors();
            if (state.fresh != null) {
                least = Math.max(least, leastSectors(state.fresh));
                unit = commonMultiple(unit, state.fresh.geometry().rowSectors());
            }
            boolean wanted = sectors == 0 || sectors >= least;
            boolean able = able(state.main) && (state.fresh == null || able(state.fresh));
            return wanted && able ? Units.ceilToUnit(mostSectors(), unit) : 0;
        } finally {
            state.lock.unlock();
        }
    }

    /** Where partial parity is logged, one round of the log, so that who wants others to stay out waits for one flush of it at the most. */
    private long mostSectors() {
        Geometry geometry = parts.state().main.geometry();
        return parts.log().isOn() ? groupRows(geometry) * geometry.rowSectors() : PIECE_SECTORS;
    }

    /** Parity goes round: of so many rows, the log of each member is told as much as it takes at once. */
    private long groupRows(Geometry geometry) {
        return parts.log().isOn() ? (long) PartialParityLog.MOST_ENTRIES * geometry.members() : GROUP_ROWS;
    }

    private static long commonMultiple(long a, long b) {
        long divisor = a;
        for (long rest = b; rest != 0; ) {
            long next = divisor % rest;
            divisor = rest;
            rest = next;
        }
        return Math.multiplyExact(a / divisor, b);
    }

    /** A shorter range need not have a whole row of parity in it. */
    private static long leastSectors(Layout layout) {
        return hasParity(layout) ? 2 * layout.geometry().rowSectors() : 1;
    }

    private static boolean hasParity(Layout layout) {
        return layout.geometry().level() instanceof Level.Parity && !layout.withoutParity();
    }

    private boolean able(Layout layout) {
        for (Member member : layout.slots()) {
            if (member != null && !member.failed() && !member.discards) {
                return false;
            }
        }
        return true;
    }

    /** The caller has been admitted as one who writes. Answers as {@link io.restripe.disk.Disk#discard}. */
    boolean discard(Layout layout, SectorRange range) throws DiskException {
        if (!able(layout)) {
            return false;
        }
        return switch (layout.geometry().level()) {
            case Level.Striped _ -> stripes(layout, range);
            case Level.Parity _ -> layout.withoutParity() ? stripes(layout, range) : rows(layout, range);
            case Level.Mirrored _, Level.Near _ -> copies(layout, range);
        };
    }

    /** Every sector has one place. */
    private boolean stripes(Layout layout, SectorRange range) throws DiskException {
        Ranges ranges = new Ranges(layout.geometry().members());
        layout.geometry().forEachPiece(range.start(), range.length(), (slot, at, length, _) -> {
            ranges.add(slot, layout.usable(slot, at + length), at, length);
        });
        List<MemberRequest> requests = ranges.requests();
        for (MemberRequest request : requests) {
            if (request.member == null) {
                throw StripeTransform.lost(
                        parts, MemberRequest.Kind.DISCARD, range.start(), range.length(), request.tag);
            }
        }
        parts.io().run(requests);
        DiskException failure = parts.state().failWhoFailed(requests);
        if (failure != null) {
            throw failure;
        }
        boolean zeros = true;
        for (MemberRequest request : requests) {
            request.member.discards &= request.zeroed;
            zeros &= request.zeroed;
        }
        return zeros;
    }

    private boolean rows(Layout layout, SectorRange range) throws DiskException {
        long rowSectors = layout.geometry().rowSectors();
        long firstRow = Units.ceilDiv(range.start(), rowSectors);
        long endRow = range.end() / rowSectors;
        if (firstRow >= endRow) {
            write(layout, range.start(), range.end());
            return true;
        }
        write(layout, range.start(), firstRow * rowSectors);
        long group = groupRows(layout.geometry());
        for (long row = firstRow; row < endRow; row += group) {
            wholeRows(layout, row, Math.min(endRow, row + group));
        }
        write(layout, endRow * rowSectors, range.end());
        return true;
    }

    private void write(Layout layout, long start, long end) throws DiskException {
        for (long at = start; at < end; at += Zeros.PIECE_SECTORS) {
            long length = Math.min(Zeros.PIECE_SECTORS, end - at);
            transforms.parity().write(layout, at, Zeros.piece(length));
        }
    }

    private void wholeRows(Layout layout, long firstRow, long endRow) throws DiskException {
        long chunk = layout.geometry().chunkSectors();
        for (long row = firstRow; row < endRow; row++) {
            parts.locks().lock(layout.rowKey(row));
        }
        try {
            Ranges ranges = new Ranges(layout.geometry().members());
            for (long row = firstRow; row < endRow; row++) {
                for (int slot = 0; slot < layout.geometry().members(); slot++) {
                    Member member = layout.usable(slot, (row + 1) * chunk);
                    if (member != null) {
                        ranges.add(slot, member, row * chunk, chunk);
                    }
                }
            }
            if (parts.log().isOn()) {
                makeLoggedZeros(LogEntries.ofWholeRows(layout, firstRow, endRow), ranges.requests());
            } else {
                makeZeros(ranges.requests());
            }
        } finally {
            for (long row = firstRow; row < endRow; row++) {
                parts.locks().unlock(layout.rowKey(row));
            }
        }
    }

    private void makeLoggedZeros(List<PartialParityLog.Entry> told, List<MemberRequest> discards) throws DiskException {
        PartialParityLog.Round round = parts.log().begin(told);
        try {
            makeZeros(discards);
        } finally {
            parts.log().end(round, discards);
        }
    }

    private boolean copies(Layout layout, SectorRange range) throws DiskException {
        long group = GROUP_ROWS * layout.geometry().chunkSectors();
        for (long at = range.start(); at < range.end(); ) {
            long end = Math.min(range.end(), Units.floorToUnit(at, group) + group);
            copiesOfChunks(layout, at, end);
            at = end;
        }
        return true;
    }

    private void copiesOfChunks(Layout layout, long start, long end) throws DiskException {
        Geometry geometry = layout.geometry();
        List<Long> keys = new ArrayList<>();
        Ranges ranges = new Ranges(geometry.members());
        geometry.forEachPiece(start, end - start, (slot, at, _, _) -> {
            keys.add(CopiesTransform.keyOf(layout, slot, at));
        });
        keys.forEach(parts.locks()::lock);
        try {
            geometry.forEachPiece(start, end - start, (slot, at, length, _) -> {
                for (int copy = 0; copy < geometry.copies(); copy++) {
                    long sector = geometry.sectorOfCopy(slot, at, copy);
                    int holder = geometry.memberOfCopy(slot, copy);
                    Member member = layout.usable(holder, sector + length);
                    if (member != null) {
                        ranges.add(holder, member, sector, length);
                    }
                }
            });
            makeZeros(ranges.requests());
        } finally {
            keys.forEach(parts.locks()::unlock);
        }
    }

    /** All of them, whatever it takes. The caller holds the locks. */
    private void makeZeros(List<MemberRequest> discards) throws DiskException {
        parts.io().run(discards);
        DiskException failure = parts.state().failWhoFailed(discards);
        for (MemberRequest discard : discards) {
            if (discard.failure == null && !discard.zeroed) {
                discard.member.discards = false;
                DiskException worse = writeZeros(discard);
                failure = failure == null ? worse : failure;
            }
        }
        if (failure != null && parts.state().isBroken()) {
            throw failure;
        }
    }

    private DiskException writeZeros(MemberRequest discard) {
        for (long done = 0; done < discard.sectors(); done += Zeros.PIECE_SECTORS) {
            long length = Math.min(Zeros.PIECE_SECTORS, discard.sectors() - done);
            MemberRequest write =
                    MemberRequest.write(discard.member, discard.memberSector + done, Zeros.piece(length), 0);
            parts.io().run(List.of(write));
            DiskException failure = parts.state().failWhoFailed(List.of(write));
            if (failure != null) {
                return failure;
            }
        }
        return null;
    }

    /** Ranges by slot, added in ascending order; those that adjoin are joined. */
    private static final class Ranges {
        private final List<MemberRequest> complete = new ArrayList<>();
        private final Member[] members;
        private final long[] starts;
        private final long[] ends;

        Ranges(int slots) {
            members = new Member[slots];
            starts = new long[slots];
            ends = new long[slots];
        }

        void add(int slot, Member member, long start, long length) {
            if (length > 0 && (ends[slot] != start || members[slot] != member)) {
                complete(slot);
                members[slot] = member;
                starts[slot] = start;
            }
            ends[slot] = start + length;
        }

        private void complete(int slot) {
            if (ends[slot] > starts[slot]) {
                complete.add(MemberRequest.discard(members[slot], starts[slot], ends[slot] - starts[slot], slot));
            }
        }

        List<MemberRequest> requests() {
            for (int slot = 0; slot < members.length; slot++) {
                complete(slot);
            }
            return complete;
        }
    }
}
