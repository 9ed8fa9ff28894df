package io.restripe.array.engine;

import io.restripe.disk.DiskException;
import io.restripe.disk.Extent;
import io.restripe.geometry.Geometry;

/**
 * What members do not hold, an array does not: its zeros that take no space. Looks for one answer, by one thread. A member is asked for all
 * that is alike from a place on, and not again before that is over: to find an end may cost a file system as much as there is before it.
 */
final class Holes {
    /** So many chunks go into one answer at the most. */
    private static final int MOST_CHUNKS = 16 << 10;
    /** For one answer members are asked so often at the most. */
    private static final int MOST_LOOKS = 1024;

    private final Layout layout;
    private final Geometry geometry;
    /** By slot, on its member: where what is alike begins and ends, and what it is. */
    private final long[] from;

    private final long[] to;
    private final boolean[] isHole;
    private int looks;
    /** Of the piece that was found last. */
    private int slot;

    private long memberSector;

    private Holes(Layout layout) {
        this.layout = layout;
        this.geometry = layout.geometry();
        int slots = layout.slots().length;
        this.from = new long[slots];
        this.to = new long[slots];
        this.isHole = new boolean[slots];
    }

    /** How the range begins by this mapping. Where a member is missing it is data, whatever parity would say. */
    static Extent extent(Layout layout, long arraySector, long sectors) throws DiskException {
        return new Holes(layout).extent(arraySector, sectors);
    }

    private Extent extent(long arraySector, long sectors) throws DiskException {
        Extent first = piece(arraySector, sectors);
        long done = first.sectors();
        for (int chunks = 1; chunks < MOST_CHUNKS && looks < MOST_LOOKS && done < sectors; chunks++) {
            Extent piece = piece(arraySector + done, sectors - done);
            if (piece.hole() != first.hole()) {
                break;
            }
            done += piece.sectors();
        }
        return new Extent(done, first.hole());
    }

    /** Of one chunk. */
    private Extent piece(long arraySector, long sectors) throws DiskException {
        int chunk = geometry.chunkSectors();
        long length = Math.min(sectors, chunk - arraySector % chunk);
        geometry.forEachPiece(arraySector, length, (member, sector, _, _) -> {
            slot = member;
            memberSector = sector;
        });
        for (int copy = 0; copy < geometry.copies(); copy++) {
            int holder = geometry.memberOfCopy(slot, copy);
            long sector = geometry.sectorOfCopy(slot, memberSector, copy);
            Member member = layout.usable(holder, sector + length);
            if (member == null) {
                return new Extent(length, false);
            }
            look(holder, member, sector);
            length = Math.min(length, to[holder] - sector);
            if (!isHole[holder]) {
                return new Extent(length, false);
            }
        }
        return new Extent(length, true);
    }

    private void look(int holder, Member member, long sector) throws DiskException {
        if (sector < from[holder] || sector >= to[holder]) {
            looks++;
            // Read first: what a rebuild brings there later is not what is seen now.
            long valid = member.recoveredSector();
            long at = member.offsetSectors + sector;
            Extent alike = member.disk.extent(at, member.disk.sectors() - at);
            from[holder] = sector;
            to[holder] = Math.min(sector + alike.sectors(), valid);
            isHole[holder] = alike.hole();
        }
    }
}
