package io.restripe.disk;

import io.restripe.unit.Units;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Ranges of zeros, given up where a disk can and written where it cannot. Any thread. */
public final class Zeros {
    /** Most that there is in one piece. */
    public static final long PIECE_SECTORS = 1024L * Units.SECTORS_PER_KIB;

    private static final long PART_SECTORS = 64L * PIECE_SECTORS;
    /** What zeros are written from; never changed. */
    private static final MemorySegment PIECE =
            Buffers.allocate(Arena.global(), PIECE_SECTORS).asReadOnly();

    private Zeros() {}

    /** So many sectors of zeros, at most {@link #PIECE_SECTORS}; not to be changed. */
    public static MemorySegment piece(long sectors) {
        return PIECE.asSlice(0, Units.bytesOfSectors(sectors));
    }

    /** Makes a range read as zeros; it need not take space afterwards. Durable as a write. In parts, each given up or written. */
    public static void make(Disk disk, long sector, long sectors) throws DiskException {
        for (long done = 0; done < sectors; done += PART_SECTORS) {
            long length = Math.min(PART_SECTORS, sectors - done);
            if (!disk.discard(sector + done, length)) {
                write(disk, sector + done, length);
            }
        }
    }

    /** Writes zeros, in pieces. */
    public static void write(Disk disk, long sector, long sectors) throws DiskException {
        for (long done = 0; done < sectors; done += PIECE_SECTORS) {
            long length = Math.min(PIECE_SECTORS, sectors - done);
            disk.write(sector + done, piece(length));
        }
    }
}
