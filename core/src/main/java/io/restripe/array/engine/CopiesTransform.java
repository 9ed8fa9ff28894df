package io.restripe.array.engine;

import static io.restripe.array.engine.StripeTransform.slice;

import io.restripe.disk.DiskException;
import io.restripe.geometry.Geometry;
import io.restripe.unit.Units;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * RAID1 and RAID10 with near copies: any copy serves a read, a write goes to all under the locks of its array chunks, so that copies
 * never differ by the order of two writes. Any thread; keeps nothing.
 */
final class CopiesTransform implements Transform {
    private static final long GROUP_CHUNKS = 64;
    private final Parts parts;

    CopiesTransform(Parts parts) {
        this.parts = parts;
    }

    private record Piece(int firstSlot, long firstSector, int sectors, MemorySegment buffer) {}

    @Override
    public void read(Layout layout, long arraySector, MemorySegment into) throws DiskException {
        List<Piece> pieces = pieces(layout, arraySector, into);
        List<MemberRequest> reads = new ArrayList<>();
        for (int i = 0; i < pieces.size(); i++) {
            reads.add(readOfAnyCopy(layout, pieces.get(i), arraySector + i, i));
        }
        parts.io().run(reads);
        for (MemberRequest read : reads) {
            if (read.failure != null) {
                readOther(layout, pieces.get((int) read.tag), read);
            }
        }
    }

    private static List<Piece> pieces(Layout layout, long arraySector, MemorySegment buffer) {
        List<Piece> pieces = new ArrayList<>();
        layout.geometry()
                .forEachPiece(
                        arraySector,
                        Units.sectorsOfBytesExact(buffer.byteSize()),
                        (slot, at, length, offset) ->
                                pieces.add(new Piece(slot, at, length, slice(buffer, offset, length))));
        return pieces;
    }

    /** Null when nobody holds this copy. */
    private static MemberRequest request(MemberRequest.Kind kind, Layout layout, Piece piece, int copy, long tag) {
        long sector = layout.geometry().sectorOfCopy(piece.firstSlot(), piece.firstSector(), copy);
        int slot = layout.geometry().memberOfCopy(piece.firstSlot(), copy);
        Member member = layout.usable(slot, sector + piece.sectors());
        return member == null ? null : new MemberRequest(kind, member, sector, piece.buffer(), tag);
    }

    /** Of a copy whose member works; neighbours start at different copies. */
    private MemberRequest readOfAnyCopy(Layout layout, Piece piece, long spread, long tag) throws DiskException {
        int copies = layout.geometry().copies();
        for (int turn = 0; turn < copies; turn++) {
            int copy = (int) ((spread + turn) % copies);
            MemberRequest read = request(MemberRequest.Kind.READ, layout, piece, copy, tag);
            if (read != null) {
                return read;
            }
        }
        throw StripeTransform.lost(
                parts, MemberRequest.Kind.READ, piece.firstSector(), piece.sectors(), piece.firstSlot());
    }

    private void readOther(Layout layout, Piece piece, MemberRequest failed) throws DiskException {
        long key = keyOf(layout, piece);
        parts.locks().lock(key);
        try {
            for (int copy = 0; copy < layout.geometry().copies(); copy++) {
                MemberRequest read = request(MemberRequest.Kind.READ, layout, piece, copy, 0);
                if (read == null || read.member == failed.member) {
                    continue;
                }
                read.perform();
                if (read.failure == null) {
                    parts.heal(failed.member, failed.memberSector, failed.buffer);
                    return;
                }
            }
        } finally {
            parts.locks().unlock(key);
        }
        throw failed.failure;
    }

    private static long keyOf(Layout layout, Piece piece) {
        return keyOf(layout, piece.firstSlot(), piece.firstSector());
    }

    /** The lock of the array chunk whose first copy begins here. */
    static long keyOf(Layout layout, int firstSlot, long firstSector) {
        return layout.rowKey(chunkOf(layout.geometry(), firstSlot, firstSector));
    }

    /** The array chunk whose first copy begins here. */
    private static long chunkOf(Geometry geometry, int firstSlot, long memberSector) {
        long row = memberSector / geometry.chunkSectors();
        return geometry.copies() == geometry.members()
                ? row
                : (row * geometry.members() + firstSlot) / geometry.copies();
    }

    @Override
    public void write(Layout layout, long arraySector, MemorySegment from) throws DiskException {
        long group = GROUP_CHUNKS * layout.geometry().chunkSectors();
        long sectors = Units.sectorsOfBytesExact(from.byteSize());
        for (long done = 0; done < sectors; ) {
            long length = Math.min(group - (arraySector + done) % group, sectors - done);
            writeGroup(layout, arraySector + done, slice(from, done, length));
            done += length;
        }
    }

    private void writeGroup(Layout layout, long arraySector, MemorySegment from) throws DiskException {
        List<Piece> pieces = pieces(layout, arraySector, from);
        pieces.forEach(piece -> parts.locks().lock(keyOf(layout, piece)));
        try {
            List<MemberRequest> writes = new ArrayList<>();
            int[] stored = new int[pieces.size()];
            for (int i = 0; i < pieces.size(); i++) {
                addCopies(writes, layout, pieces.get(i), i);
            }
            parts.io().run(writes);
            DiskException failure = parts.state().failWhoFailed(writes);
            for (MemberRequest write : writes) {
                stored[(int) write.tag] += write.failure == null && !write.member.failed() ? 1 : 0;
            }
            for (int i = 0; i < stored.length; i++) {
                if (stored[i] == 0) {
                    Piece piece = pieces.get(i);
                    throw failure != null
                            ? failure
                            : StripeTransform.lost(
                                    parts,
                                    MemberRequest.Kind.WRITE,
                                    piece.firstSector(),
                                    piece.sectors(),
                                    piece.firstSlot());
                }
            }
        } finally {
            pieces.forEach(piece -> parts.locks().unlock(keyOf(layout, piece)));
        }
    }

    private static void addCopies(List<MemberRequest> writes, Layout layout, Piece piece, int tag) {
        for (int copy = 0; copy < layout.geometry().copies(); copy++) {
            MemberRequest write = request(MemberRequest.Kind.WRITE, layout, piece, copy, tag);
            if (write != null) {
                writes.add(write);
            }
        }
    }
}
