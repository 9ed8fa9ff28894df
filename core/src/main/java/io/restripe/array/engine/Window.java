package io.restripe.array.engine;

import static io.restripe.array.engine.StripeTransform.slice;

import io.restripe.geometry.Geometry;
import io.restripe.parity.Parity;
import io.restripe.unit.SectorRange;
import io.restripe.unit.Units;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * One window of a reshape: read by the old geometry with one contiguous read a member, rearranged, given parity, written by the new
 * geometry with one contiguous write a member. The range is claimed: no user is in it. Used by the sync thread, without the state lock.
 */
final class Window implements AutoCloseable {
    private final Parts parts;
    private final Layout oldLayout;
    private final Layout newLayout;
    private final Geometry oldGeometry;
    private final Geometry newGeometry;
    private final SectorRange range;

    /** Array sectors before this one have old content; what lies behind did not exist and becomes zeros. */
    private final long sourceEnd;

    private final long firstOldRow;
    private final long endOldRow;
    private final long firstNewRow;
    private final long endNewRow;
    private final MemorySegment[] oldBuffers;
    private final MemorySegment[] newBuffers;

    /** Old sectors that are read and reconstructed alone where a larger read has failed. */
    private final int blockSectors;

    /** By slot, then block of the window's old rows: what could not be read. */
    private final boolean[][] bad;

    Window(Parts parts, Layout oldLayout, Layout newLayout, SectorRange range, long oldArraySectors) {
        this.parts = parts;
        this.oldLayout = oldLayout;
        this.newLayout = newLayout;
        this.oldGeometry = oldLayout.geometry();
        this.newGeometry = newLayout.geometry();
        this.range = range;
        this.sourceEnd = Math.min(range.end(), Math.max(oldArraySectors, range.start()));
        this.firstOldRow = range.start() / oldGeometry.rowSectors();
        this.endOldRow = sourceEnd == range.start() ? firstOldRow : Units.ceilDiv(sourceEnd, oldGeometry.rowSectors());
        this.firstNewRow = range.start() / newGeometry.rowSectors();
        this.endNewRow = range.end() / newGeometry.rowSectors();
        this.oldBuffers = new MemorySegment[oldGeometry.members()];
        this.newBuffers = new MemorySegment[newGeometry.members()];
        int chunk = oldGeometry.chunkSectors();
        this.blockSectors = chunk % Band.BLOCK_SECTORS == 0 ? Band.BLOCK_SECTORS : chunk;
        this.bad = new boolean[oldGeometry.members()][Math.toIntExact(oldMemberSectors() / blockSectors)];
    }

    private long oldMemberSector() {
        return firstOldRow * oldGeometry.chunkSectors();
    }

    private long oldMemberSectors() {
        return (endOldRow - firstOldRow) * oldGeometry.chunkSectors();
    }

    private long newMemberSectors() {
        return (endNewRow - firstNewRow) * newGeometry.chunkSectors();
    }

    /** Everything up to what is to be written. False when the sources cannot be read or reconstructed. */
    boolean read() {
        if (!readSources()) {
            return false;
        }
        rearrange();
        if (!newLayout.withoutParity()) {
            addParity();
        }
        return true;
    }

    /**
     * The first old row may still be written below the window, where writes go to both places, and the last one above it: their locks keep
     * the data and parity of each of one time.
     */
    private boolean readSources() {
        if (endOldRow == firstOldRow) {
            return true;
        }
        long[] shared = sharedRows();
        for (long row : shared) {
            parts.locks().lock(oldLayout.rowKey(row));
        }
        try {
            readMembers();
        } finally {
            for (long row : shared) {
                parts.locks().unlock(oldLayout.rowKey(row));
            }
        }
        return reconstruct();
    }

    private long[] sharedRows() {
        boolean first = range.start() % oldGeometry.rowSectors() != 0;
        boolean last = sourceEnd % oldGeometry.rowSectors() != 0 && !(first && endOldRow - 1 == firstOldRow);
        if (first && last) {
            return new long[] {firstOldRow, endOldRow - 1};
        }
        return first ? new long[] {firstOldRow} : last ? new long[] {endOldRow - 1} : new long[0];
    }

    private void readMembers() {
        List<MemberRequest> reads = new ArrayList<>();
        for (int slot = 0; slot < oldBuffers.length; slot++) {
            oldBuffers[slot] = parts.scratch().take(oldMemberSectors());
            Member member = oldLayout.usable(slot, oldMemberSector() + oldMemberSectors());
            if (member == null) {
                java.util.Arrays.fill(bad[slot], true);
            } else {
                MemorySegment into = slice(oldBuffers[slot], 0, oldMemberSectors());
                reads.add(MemberRequest.read(member, oldMemberSector(), into, slot));
            }
        }
        parts.io().run(reads);
        for (MemberRequest read : reads) {
            if (read.failure != null) {
                readByBlock(read.member, (int) read.tag);
            }
        }
    }

    private void readByBlock(Member member, int slot) {
        for (int block = 0; block < bad[slot].length; block++) {
            long at = (long) block * blockSectors;
            MemorySegment into = slice(oldBuffers[slot], at, blockSectors);
            MemberRequest read = MemberRequest.read(member, oldMemberSector() + at, into, slot);
            read.perform();
            bad[slot][block] = read.failure != null;
        }
    }

    private boolean reconstruct() {
        int chunkBlocks = oldGeometry.chunkSectors() / blockSectors;
        int end;
        for (int block = 0; block < bad[0].length; block = end) {
            int chunkEnd = (block / chunkBlocks + 1) * chunkBlocks;
            end = block + 1;
            while (end < chunkEnd && sameAreBad(block, end)) {
                end++;
            }
            if (!reconstruct(firstOldRow + block / chunkBlocks, block, end)) {
                return false;
            }
        }
        return true;
    }

    private boolean sameAreBad(int block, int other) {
        for (boolean[] ofSlot : bad) {
            if (ofSlot[block] != ofSlot[other]) {
                return false;
            }
        }
        return true;
    }

    /** Blocks of one row, of which the same members' could not be read. */
    private boolean reconstruct(long row, int block, int endBlock) {
        int dataCount = oldGeometry.dataMembers();
        MemorySegment[] data = new MemorySegment[dataCount];
        boolean[] lost = new boolean[dataCount];
        int lostCount = 0;
        for (int i = 0; i < dataCount; i++) {
            int slot = oldGeometry.memberOfData(row, i);
            data[i] = oldBlocks(slot, block, endBlock);
            lost[i] = bad[slot][block];
            lostCount += lost[i] ? 1 : 0;
        }
        if (lostCount == 0) {
            return true;
        }
        MemorySegment p = parityBlocks(oldGeometry.parityMember(row), block, endBlock);
        MemorySegment q = parityBlocks(oldGeometry.qMember(row), block, endBlock);
        if (lostCount > (p == null ? 0 : 1) + (q == null ? 0 : 1)) {
            return false;
        }
        Parity.recover(data, lost, p, q, q == null ? null : powers(oldGeometry, row));
        return true;
    }

    private MemorySegment parityBlocks(int slot, int block, int endBlock) {
        return slot < 0 || bad[slot][block] ? null : oldBlocks(slot, block, endBlock);
    }

    private MemorySegment oldBlocks(int slot, int block, int endBlock) {
        return slice(oldBuffers[slot], (long) block * blockSectors, (long) (endBlock - block) * blockSectors);
    }

    private static int[] powers(Geometry geometry, long row) {
        int[] powers = new int[geometry.dataMembers()];
        for (int i = 0; i < powers.length; i++) {
            powers[i] = geometry.qPower(row, i);
        }
        return powers;
    }

    private void rearrange() {
        for (int slot = 0; slot < newBuffers.length; slot++) {
            newBuffers[slot] = parts.scratch().take(newMemberSectors());
        }
        long newBase = firstNewRow * newGeometry.chunkSectors();
        long oldBase = oldMemberSector();
        oldGeometry.forEachPiece(
                range.start(),
                sourceEnd - range.start(),
                (oldSlot, oldSector, sectors, offset) -> newGeometry.forEachPiece(
                        range.start() + offset,
                        sectors,
                        (newSlot, newSector, part, inPiece) -> slice(newBuffers[newSlot], newSector - newBase, part)
                                .copyFrom(slice(oldBuffers[oldSlot], oldSector - oldBase + inPiece, part))));
        newGeometry.forEachPiece(
                sourceEnd,
                range.end() - sourceEnd,
                (slot, sector, sectors, _) ->
                        slice(newBuffers[slot], sector - newBase, sectors).fill((byte) 0));
    }

    private void addParity() {
        for (long row = firstNewRow; row < endNewRow; row++) {
            MemorySegment[] data = new MemorySegment[newGeometry.dataMembers()];
            for (int i = 0; i < data.length; i++) {
                data[i] = newChunk(newGeometry.memberOfData(row, i), row);
            }
            MemorySegment p = newChunk(newGeometry.parityMember(row), row);
            if (newGeometry.parityMembers() == 2) {
                Parity.pq(p, newChunk(newGeometry.qMember(row), row), data, powers(newGeometry, row));
            } else {
                Parity.xor(p, data);
            }
        }
    }

    private MemorySegment newChunk(int slot, long row) {
        int chunk = newGeometry.chunkSectors();
        return slice(newBuffers[slot], (row - firstNewRow) * chunk, chunk);
    }

    /** To every member there is; one that does not take it has failed. */
    void write() {
        List<MemberRequest> writes = new ArrayList<>();
        long start = firstNewRow * newGeometry.chunkSectors();
        for (int slot = 0; slot < newBuffers.length; slot++) {
            Member member = newLayout.usable(slot, start + newMemberSectors());
            if (member != null) {
                writes.add(MemberRequest.write(member, start, slice(newBuffers[slot], 0, newMemberSectors()), slot));
            }
        }
        parts.io().run(writes);
        parts.state().failWhoFailed(writes);
    }

    @Override
    public void close() {
        for (MemorySegment[] buffers : new MemorySegment[][] {oldBuffers, newBuffers}) {
            for (MemorySegment buffer : buffers) {
                if (buffer != null) {
                    parts.scratch().give(buffer);
                }
            }
        }
    }
}
