package io.restripe.array.engine;

import io.restripe.disk.DiskException;
import io.restripe.disk.Extent;
import io.restripe.geometry.Geometry;

/** What members do not hold, an array does not: its zeros that take no space. Any thread; keeps nothing. */
final class Holes {
    /** So many chunks are looked at for one answer. */
    private static final int MOST_CHUNKS = 1024;

    private Holes() {}

    /** How the range begins by this mapping. Where a member is missing it is data, whatever parity would say. */
    static Extent extent(Layout layout, long arraySector, long sectors) throws DiskException {
        long done = 0;
        boolean hole = false;
        for (int chunks = 0; chunks < MOST_CHUNKS && done < sectors; chunks++) {
            Extent piece = piece(layout, arraySector + done, sectors - done);
            if (done > 0 && piece.hole() != hole) {
                break;
            }
            hole = piece.hole();
            done += piece.sectors();
        }
        return new Extent(done, hole);
    }

    /** Of one chunk. */
    private static Extent piece(Layout layout, long arraySector, long sectors) throws DiskException {
        Geometry geometry = layout.geometry();
        int chunk = geometry.chunkSectors();
        long length = Math.min(sectors, chunk - arraySector % chunk);
        int[] slot = new int[1];
        long[] at = new long[1];
        geometry.forEachPiece(arraySector, length, (member, memberSector, _, _) -> {
            slot[0] = member;
            at[0] = memberSector;
        });
        boolean hole = false;
        for (int copy = 0; copy < geometry.copies(); copy++) {
            long memberSector = geometry.sectorOfCopy(slot[0], at[0], copy);
            Member member = layout.usable(geometry.memberOfCopy(slot[0], copy), memberSector + length);
            if (member != null) {
                Extent extent = member.disk.extent(member.offsetSectors + memberSector, length);
                length = Math.min(length, extent.sectors());
                hole = extent.hole();
            }
            if (member == null || !hole) {
                return new Extent(length, false);
            }
        }
        return new Extent(length, hole);
    }
}
