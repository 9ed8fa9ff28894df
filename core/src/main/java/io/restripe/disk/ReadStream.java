package io.restripe.disk;

import io.restripe.unit.SectorRange;
import io.restripe.unit.Units;
import java.lang.foreign.MemorySegment;

/**
 * One who reads a disk piece after piece, and the two pieces of memory for what is read ahead of them. Guarded by the lock of the
 * {@link ReadAheadDisk}.
 */
final class ReadStream {
    private final Piece[] pieces = {new Piece(), new Piece()};
    private long current;
    private long next = -1;
    private int readsInARow;
    private long lastRead;

    /** Sectors that are read ahead together. */
    static final class Piece {
        private MemorySegment memory;
        private long start;
        private long sectors;
        private boolean full;
        private boolean wanted;
        /** Written since its reading was wanted: not to be given out. */
        private boolean stale;

        private int users;

        long start() {
            return start;
        }

        /** What was read. A user has taken it. */
        MemorySegment memory() {
            return memory;
        }

        /** Where it is to be read to. */
        MemorySegment target() {
            return memory.asSlice(0, Units.bytesOfSectors(sectors));
        }

        /** Its reading has ended, well or not. */
        void filled(boolean well) {
            full = well && !stale;
            wanted = false;
        }

        /** A user is done with it. */
        void give() {
            users--;
        }

        private long end() {
            return start + sectors;
        }

        private boolean holds(long sector, long count) {
            return (full || wanted) && !stale && sector >= start && sector + count <= end();
        }

        /** Nobody uses it, and nobody will who reads from here on. */
        private boolean isFree(long from) {
            return users == 0 && !wanted && (!full || stale || end() <= from);
        }

        private boolean want(long from, long count, int mostSectors) {
            try {
                memory = memory == null ? Buffers.allocate(mostSectors) : memory;
            } catch (OutOfMemoryError e) {
                return false; // whoever reads does so without
            }
            start = from;
            sectors = count;
            full = false;
            stale = false;
            wanted = true;
            return true;
        }
    }

    boolean isAt(long sector) {
        return next == sector;
    }

    int readsInARow() {
        return readsInARow;
    }

    long lastRead() {
        return lastRead;
    }

    /** A read; one that does not go on where the last one ended begins anew. */
    void goesOn(long sector, long sectors, long number) {
        readsInARow = next == sector ? readsInARow + 1 : 1;
        if (readsInARow == 1) {
            for (Piece piece : pieces) {
                piece.stale = true;
            }
        }
        current = sector;
        next = sector + sectors;
        lastRead = number;
    }

    /** The next piece to be read ahead, by now wanted; null when there is enough, or no memory for more. */
    Piece plan(long diskSectors, int mostSectors) {
        Piece free = null;
        long from = next;
        for (Piece piece : pieces) {
            if (piece.isFree(current)) {
                free = piece;
            } else if (!piece.stale) {
                from = Math.max(from, piece.end());
            }
        }
        if (free == null || from >= diskSectors) {
            return null;
        }
        return free.want(from, Math.min(mostSectors, diskSectors - from), mostSectors) ? free : null;
    }

    /** Whether these sectors are being read ahead now. */
    boolean waitsFor(long sector, long sectors) {
        for (Piece piece : pieces) {
            if (piece.holds(sector, sectors) && piece.wanted) {
                return true;
            }
        }
        return false;
    }

    /** What holds these sectors, now used; null when nothing does. */
    Piece take(long sector, long sectors) {
        for (Piece piece : pieces) {
            if (piece.holds(sector, sectors) && piece.full) {
                piece.users++;
                return piece;
            }
        }
        return null;
    }

    void forget(SectorRange range) {
        for (Piece piece : pieces) {
            if (piece.full || piece.wanted) {
                piece.stale |= range.start() < piece.end() && piece.start < range.end();
            }
        }
    }
}
