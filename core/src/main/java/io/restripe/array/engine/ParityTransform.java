package io.restripe.array.engine;

import static io.restripe.array.engine.StripeTransform.slice;

import io.restripe.disk.DiskException;
import io.restripe.geometry.Geometry;
import io.restripe.unit.Units;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * RAID4, 5, 6. Reads go straight to the data, or reconstruct under the row's lock. Writes hold the locks of their rows: full rows need
 * no reads, others read old data and parity or the rest of the row, whichever is less. Any thread; keeps nothing.
 */
final class ParityTransform implements Transform {
    /** Rows that one group of a large write updates together, if they do not want more than this part of the room for scratch memory. */
    private static final int GROUP_ROWS = 16;

    private static final int GROUP_SHARE = 4;

    private final Parts parts;

    ParityTransform(Parts parts) {
        this.parts = parts;
    }

    @Override
    public void read(Layout layout, long arraySector, MemorySegment into) throws DiskException {
        if (!readInOnePiece(layout, arraySector, into)) {
            readInPieces(layout, arraySector, into);
        }
    }

    /** What small random reads nearly always are: of one member, which has it. */
    private boolean readInOnePiece(Layout layout, long arraySector, MemorySegment into) throws DiskException {
        Geometry geometry = layout.geometry();
        long inChunk = arraySector % geometry.chunkSectors();
        long sectors = Units.sectorsOfBytesExact(into.byteSize());
        if (sectors == 0 || inChunk + sectors > geometry.chunkSectors()) {
            return false;
        }
        long row = arraySector / geometry.rowSectors();
        int slot = geometry.memberOfData(row, (int) (arraySector / geometry.chunkSectors() % geometry.dataMembers()));
        long memberSector = row * geometry.chunkSectors() + inChunk;
        Member member = layout.usable(slot, memberSector + sectors);
        if (member == null) {
            return false;
        }
        MemberRequest read = MemberRequest.read(member, memberSector, into, slot);
        parts.io().run(read);
        if (read.failure != null) {
            reconstruct(layout, new Piece(slot, memberSector, into), member);
        }
        return true;
    }

    private void readInPieces(Layout layout, long arraySector, MemorySegment into) throws DiskException {
        List<MemberRequest> reads = new ArrayList<>();
        List<Piece> lost = new ArrayList<>();
        layout.geometry()
                .forEachPiece(arraySector, Units.sectorsOfBytesExact(into.byteSize()), (slot, at, length, offset) -> {
                    MemorySegment target = slice(into, offset, length);
                    Member member = layout.usable(slot, at + length);
                    if (member == null) {
                        lost.add(new Piece(slot, at, target));
                    } else {
                        reads.add(MemberRequest.read(member, at, target, slot));
                    }
                });
        parts.io().run(reads);
        for (MemberRequest read : reads) {
            if (read.failure != null) {
                reconstruct(layout, new Piece((int) read.tag, read.memberSector, read.buffer), read.member);
            }
        }
        for (Piece piece : lost) {
            reconstruct(layout, piece, null);
        }
    }

    private record Piece(int slot, long memberSector, MemorySegment target) {
        int sectors() {
            return Math.toIntExact(Units.sectorsOfBytesExact(target.byteSize()));
        }

        Piece part(int from, int sectors) {
            return new Piece(slot, memberSector + from, slice(target, from, sectors));
        }
    }

    /** @param failing the member that could not read it; what it cannot read is written again. Null when there is none */
    private void reconstruct(Layout layout, Piece piece, Member failing) throws DiskException {
        long key = layout.rowKey(piece.memberSector() / layout.geometry().chunkSectors());
        long room = room(units(layout.geometry()), piece.sectors());
        parts.room().enter(room);
        parts.locks().lock(key);
        try {
            if (failing == null && recoveredAtOnce(layout, piece)) {
                return;
            }
            int sectors;
            for (int done = 0; done < piece.sectors(); done += sectors) {
                int inBlock = (int) ((piece.memberSector() + done) % Band.BLOCK_SECTORS);
                sectors = Math.min(Band.BLOCK_SECTORS - inBlock, piece.sectors() - done);
                recoverBlock(layout, piece.part(done, sectors), failing);
            }
        } finally {
            parts.locks().unlock(key);
            parts.room().leave(room);
        }
    }

    /** Of a band, and one for what a log keeps of it. */
    private int units(Geometry geometry) {
        return geometry.dataMembers() + geometry.parityMembers() + (parts.log().isOn() ? 1 : 0);
    }

    /** What bands of so many units may take for so many sectors of each, in buffers that are larger than what they are for. */
    private static long room(int units, long sectors) {
        return 2L * units * sectors;
    }

    private boolean recoveredAtOnce(Layout layout, Piece piece) throws DiskException {
        try (Band band = band(layout, piece)) {
            boolean recovered = band.readAtOnce(MemberRequest.Kind.READ);
            if (recovered) {
                piece.target().copyFrom(band.recovered(piece.slot()));
            }
            return recovered;
        }
    }

    private Band band(Layout layout, Piece piece) {
        int chunk = layout.geometry().chunkSectors();
        long at = piece.memberSector();
        return new Band(parts, layout, at / chunk, (int) (at % chunk), piece.sectors());
    }

    private void recoverBlock(Layout layout, Piece block, Member failing) throws DiskException {
        boolean asked = failing != null && !failing.failed();
        if (asked) {
            MemberRequest read = MemberRequest.read(failing, block.memberSector(), block.target(), block.slot());
            read.perform();
            if (read.failure == null) {
                return;
            }
        }
        try (Band band = band(layout, block)) {
            if (asked) {
                band.markUnreadable(layout.geometry().dataIndex(band.row, block.slot()));
            }
            band.readAndRecover(MemberRequest.Kind.READ);
            block.target().copyFrom(band.recovered(block.slot()));
        }
        if (asked) {
            parts.heal(failing, block.memberSector(), block.target());
        }
    }

    @Override
    public void write(Layout layout, long arraySector, MemorySegment from) throws DiskException {
        long rowSectors = layout.geometry().rowSectors();
        long sectors = Units.sectorsOfBytesExact(from.byteSize());
        for (long done = 0; done < sectors; ) {
            long at = arraySector + done;
            long groupEnd = (at / rowSectors + groupRows(layout.geometry())) * rowSectors;
            long length = Math.min(groupEnd - at, sectors - done);
            writeGroup(layout, at, slice(from, done, length));
            done += length;
        }
    }

    private long groupRows(Geometry geometry) {
        long ofOneRow = room(units(geometry), geometry.chunkSectors());
        return Math.clamp(parts.room().limitSectors() / GROUP_SHARE / ofOneRow, 1, GROUP_ROWS);
    }

    private void writeGroup(Layout layout, long arraySector, MemorySegment from) throws DiskException {
        long rowSectors = layout.geometry().rowSectors();
        long end = arraySector + Units.sectorsOfBytesExact(from.byteSize());
        long firstRow = arraySector / rowSectors;
        long endRow = Units.ceilDiv(end, rowSectors);
        long room = roomOf(layout.geometry(), arraySector, end);
        parts.room().enter(room);
        try {
            writeRows(layout, arraySector, from, firstRow, endRow);
        } finally {
            parts.room().leave(room);
        }
    }

    /** Whole rows want memory for their parity alone. */
    private long roomOf(Geometry geometry, long from, long end) {
        int chunk = geometry.chunkSectors();
        long whole = Math.max(0, end / geometry.rowSectors() - Units.ceilDiv(from, geometry.rowSectors()));
        long rest = end - from - whole * geometry.rowSectors();
        long partRows = Units.ceilDiv(end, geometry.rowSectors()) - from / geometry.rowSectors() - whole;
        return room(geometry.parityMembers(), whole * chunk) + room(units(geometry), Math.min(partRows * chunk, rest));
    }

    private void writeRows(Layout layout, long arraySector, MemorySegment from, long firstRow, long endRow)
            throws DiskException {
        for (long row = firstRow; row < endRow; row++) {
            parts.locks().lock(layout.rowKey(row));
        }
        List<Band> bands = new ArrayList<>();
        try {
            for (long row = firstRow; row < endRow; row++) {
                addBands(bands, layout, row, arraySector, from);
            }
            if (parts.log().isOn()) {
                updateLogged(bands);
            } else {
                update(bands);
            }
        } finally {
            bands.forEach(Band::close);
            for (long row = firstRow; row < endRow; row++) {
                parts.locks().unlock(layout.rowKey(row));
            }
        }
    }

    /** Cuts a row's part of a request where the set of touched chunks changes: at its start and at its end within a chunk. */
    private void addBands(List<Band> bands, Layout layout, long row, long arraySector, MemorySegment from) {
        Geometry geometry = layout.geometry();
        int chunk = geometry.chunkSectors();
        long rowStart = row * geometry.rowSectors();
        long start = Math.max(arraySector - rowStart, 0);
        long requestEnd = arraySector + Units.sectorsOfBytesExact(from.byteSize());
        long end = Math.min(requestEnd - rowStart, geometry.rowSectors());
        int first = (int) (start % chunk);
        int last = (int) ((end - 1) % chunk) + 1;
        int low = Math.min(first, last);
        int high = Math.max(first, last);
        int most = parts.log().isOn() && end - start < geometry.rowSectors()
                ? parts.log().mostParitySectors()
                : chunk;
        int[] cuts = {0, low, high, chunk};
        for (int i = 0; i < 3; i++) {
            for (int at = cuts[i]; at < cuts[i + 1]; at += most) {
                int to = Math.min(at + most, cuts[i + 1]);
                addBand(bands, layout, row, at, to, start, end, rowStart - arraySector, from);
            }
        }
    }

    private void addBand(
            List<Band> bands,
            Layout layout,
            long row,
            int low,
            int high,
            long start,
            long end,
            long rowOffset,
            MemorySegment from) {
        Geometry geometry = layout.geometry();
        boolean whole = start <= low && end >= geometry.rowSectors() - geometry.chunkSectors() + high;
        Band band = null;
        for (int index = 0; index < geometry.dataMembers(); index++) {
            long at = (long) index * geometry.chunkSectors() + low;
            if (at >= start && at + high - low <= end) {
                band = band == null ? new Band(parts, layout, row, low, high - low, whole) : band;
                band.give(index, slice(from, rowOffset + at, high - low));
            }
        }
        if (band != null) {
            bands.add(band);
        }
    }

    /** As many at once as go into one unit of a log. */
    private void updateLogged(List<Band> bands) throws DiskException {
        int from = 0;
        int paritySectors = 0;
        for (int at = 0; at < bands.size(); at++) {
            int more = LogEntries.paritySectors(bands.get(at));
            if (at - from == PartialParityLog.MOST_ENTRIES
                    || paritySectors + more > parts.log().mostParitySectors()) {
                update(bands.subList(from, at));
                from = at;
                paritySectors = 0;
            }
            paritySectors += more;
        }
        update(bands.subList(from, bands.size()));
    }

    private void update(List<Band> bands) throws DiskException {
        List<MemberRequest> reads = new ArrayList<>();
        for (int i = 0; i < bands.size(); i++) {
            Band band = bands.get(i);
            if (band.lostTooMuch()) {
                band.readAndRecover(MemberRequest.Kind.WRITE); // says what is lost
            }
            band.planReads(reads, i, band.endSector() > parts.state().parityKnownTo);
        }
        parts.io().run(reads);
        boolean[] again = new boolean[bands.size()];
        for (MemberRequest read : reads) {
            if (read.failure != null) {
                int at = bands.getFirst().bandOf(read.tag);
                bands.get(at).markUnreadable(read.tag);
                again[at] = true;
            }
        }
        if (parts.log().isOn()) {
            storeLogged(bands, again);
        } else {
            store(bands, computed(bands, again, null));
        }
    }

    /** The writes of bands, computed from what was read. */
    private List<MemberRequest> computed(List<Band> bands, boolean[] again, LogEntries entries) throws DiskException {
        List<MemberRequest> writes = new ArrayList<>();
        for (int i = 0; i < bands.size(); i++) {
            Band band = bands.get(i);
            if (again[i] || band.needsRecovery()) {
                band.readAndRecover(MemberRequest.Kind.WRITE);
            }
            if (entries != null) {
                entries.add(band);
            }
            band.compute();
            band.planWrites(writes, i);
        }
        return writes;
    }

    private void storeLogged(List<Band> bands, boolean[] again) throws DiskException {
        try (LogEntries entries = new LogEntries(parts)) {
            List<MemberRequest> writes = computed(bands, again, entries);
            PartialParityLog.Round round = parts.log().begin(entries.all());
            try {
                store(bands, writes);
            } finally {
                parts.log().end(round, writes);
            }
        }
    }

    private void store(List<Band> bands, List<MemberRequest> writes) throws DiskException {
        parts.io().run(writes);
        DiskException failure = parts.state().failWhoFailed(writes);
        for (Band band : bands) {
            if (failure != null && band.lostTooMuch()) {
                throw failure;
            }
        }
    }
}
