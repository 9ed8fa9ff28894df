package io.restripe.array.engine;

import static io.restripe.array.engine.StripeTransform.slice;

import io.restripe.disk.DiskException;
import io.restripe.geometry.Geometry;
import io.restripe.parity.Parity;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * The same few sectors of every chunk of one physical row: what parity is computed over. The holder has the row's lock. Works on what
 * the members hold, whatever part of it users still reach by this geometry, so a row cut by the reshape position is served like any
 * other. It asks once, at its beginning, who holds the row, so that all it plans is planned for the same members: one that fails
 * meanwhile shows as a request that fails, or makes no difference.
 *
 * <pre>
 *   slot   0      1      2      3
 *        +------+------+------+------+  row * chunk
 *        |      |      |      |      |
 *        |======|======|======|======|  + from     the band
 *        |======|======|======|======|  + from + sectors
 *        +------+------+------+------+
 * </pre>
 */
final class Band implements AutoCloseable {
    /**
     * What is looked at alone once a read of more has failed: one bad sector must not make the good ones around it count as lost,
     * which are then reconstructed from parity that may be unknown, or not at all when another member has a bad sector next to them.
     */
    static final int BLOCK_SECTORS = 8;

    private final Parts parts;
    final Geometry geometry;
    final long row;
    private final int from;
    private final int sectors;
    final int dataCount;
    private final BandMemory memory;

    /** By unit: who holds it; null when nobody does. */
    final Member[] holders;

    /** Null until read or given. Index dataCount is P, dataCount + 1 is Q. */
    private final MemorySegment[] content;

    final boolean[] written;
    private final boolean[] unreadable;
    /** Read into this band's buffers, as far as we know. */
    private final boolean[] loaded;

    private boolean reconstructed;
    /** The old content of what is written was read, and the old parity; not the rest of the row. */
    boolean deltas;

    Band(Parts parts, Layout layout, long row, int from, int sectors) {
        this(parts, layout, row, from, sectors, false);
    }

    /** @param whole all data will be given: it takes memory for the parity alone */
    Band(Parts parts, Layout layout, long row, int from, int sectors, boolean whole) {
        this.parts = parts;
        this.geometry = layout.geometry();
        this.row = row;
        this.from = from;
        this.sectors = sectors;
        this.dataCount = geometry.dataMembers();
        int units = dataCount + geometry.parityMembers();
        this.memory = new BandMemory(parts.scratch(), units, dataCount, sectors, whole);
        this.holders = new Member[units];
        for (int i = 0; i < units; i++) {
            holders[i] = layout.usable(slotOf(i), endSector());
        }
        this.content = new MemorySegment[units];
        this.written = new boolean[units];
        this.unreadable = new boolean[units];
        this.loaded = new boolean[units];
    }

    /** New content of data chunk {@code index} in this band. */
    void give(int index, MemorySegment data) {
        content[index] = data;
        written[index] = true;
    }

    int slotOf(int unit) {
        if (unit < dataCount) {
            return geometry.memberOfData(row, unit);
        }
        return unit == dataCount ? geometry.parityMember(row) : geometry.qMember(row);
    }

    /** Member sector of its first one. */
    long startSector() {
        return row * geometry.chunkSectors() + from;
    }

    private boolean readable(int unit) {
        return !unreadable[unit] && holders[unit] != null;
    }

    MemorySegment own(int unit) {
        return memory.of(unit);
    }

    int sectors() {
        return sectors;
    }

    /** Member sector behind the band. */
    long endSector() {
        return startSector() + sectors;
    }

    /** Something of the row that was read is lost and must be recovered before parity can be computed. */
    boolean needsRecovery() {
        return reconstructed;
    }

    private int lostData() {
        int lost = 0;
        for (int i = 0; i < dataCount; i++) {
            lost += readable(i) ? 0 : 1;
        }
        return lost;
    }

    private int readableParity() {
        int count = 0;
        for (int i = dataCount; i < content.length; i++) {
            count += readable(i) ? 1 : 0;
        }
        return count;
    }

    /** What must be read before parity can be computed; empty when nothing. Chooses the way that reads less. */
    void planReads(List<MemberRequest> reads, long tag, boolean parityUnknown) {
        int given = 0;
        boolean lostGiven = false;
        boolean lostOther = false;
        for (int i = 0; i < dataCount; i++) {
            given += written[i] ? 1 : 0;
            lostGiven |= written[i] && !readable(i);
            lostOther |= !written[i] && !readable(i);
        }
        if (given == dataCount || (readableParity() == 0 && !parityMemberThere())) {
            return;
        }
        int deltaReads = given + readableParity();
        boolean deltaPossible = !lostGiven && !parityUnknown && allParityReadable();
        if (deltaPossible && (lostOther || deltaReads < dataCount - given)) {
            deltas = true;
            planDeltas(reads, tag);
        } else if (!lostOther) {
            planOthers(reads, tag);
        } else {
            reconstructed = true;
        }
    }

    private boolean parityMemberThere() {
        for (int i = dataCount; i < content.length; i++) {
            if (holders[i] != null) {
                return true;
            }
        }
        return false;
    }

    private boolean allParityReadable() {
        for (int i = dataCount; i < content.length; i++) {
            if (holders[i] != null && unreadable[i]) {
                return false;
            }
        }
        return true;
    }

    private void planDeltas(List<MemberRequest> reads, long tag) {
        for (int i = 0; i < content.length; i++) {
            if ((written[i] || i >= dataCount) && readable(i)) {
                addRead(reads, i, tag);
            }
        }
    }

    private void planOthers(List<MemberRequest> reads, long tag) {
        for (int i = 0; i < dataCount; i++) {
            if (!written[i]) {
                addRead(reads, i, tag);
            }
        }
    }

    /** Everything that is readable, to reconstruct what is not. */
    private void planAll(List<MemberRequest> reads) {
        reconstructed = true;
        for (int i = 0; i < content.length; i++) {
            loaded[i] = false;
            if (readable(i)) {
                addRead(reads, i, 0);
            }
        }
    }

    private void addRead(List<MemberRequest> reads, int unit, long tag) {
        reads.add(MemberRequest.read(holders[unit], startSector(), own(unit), tag * content.length + unit));
        loaded[unit] = true;
    }

    /** Index of the band that a request's tag names, by the units of its rows. */
    int bandOf(long tag) {
        return Math.toIntExact(tag / content.length);
    }

    void markUnreadable(long tag) {
        int unit = (int) (tag % content.length);
        unreadable[unit] = true;
        loaded[unit] = false;
    }

    /** Reads everything readable until no read fails, and recovers what is lost into this band's buffers. */
    void readAndRecover(MemberRequest.Kind purpose) throws DiskException {
        boolean done = false;
        while (!done) {
            done = readAtOnce(purpose);
        }
    }

    /** As {@link #readAndRecover}, but one round only. False when a read failed: then nothing is recovered. */
    boolean readAtOnce(MemberRequest.Kind purpose) throws DiskException {
        deltas = false;
        if (lostData() > readableParity()) {
            throw StripeTransform.lost(
                    parts, purpose, geometry.rowSectors() * row, geometry.rowSectors(), firstLostSlot());
        }
        List<MemberRequest> reads = new ArrayList<>();
        planAll(reads);
        parts.io().run(reads);
        boolean failed = false;
        for (MemberRequest read : reads) {
            if (read.failure != null) {
                markUnreadable(read.tag);
                failed = true;
            }
        }
        if (!failed) {
            recover();
        }
        return !failed;
    }

    private int firstLostSlot() {
        for (int i = 0; i < dataCount; i++) {
            if (!readable(i)) {
                return slotOf(i);
            }
        }
        return -1;
    }

    private void recover() {
        MemorySegment[] data = new MemorySegment[dataCount];
        boolean[] lost = new boolean[dataCount];
        boolean any = false;
        for (int i = 0; i < dataCount; i++) {
            data[i] = own(i);
            lost[i] = !loaded[i];
            any |= lost[i];
        }
        if (any) {
            MemorySegment p = loaded[dataCount] ? own(dataCount) : null;
            MemorySegment q = content.length > dataCount + 1 && loaded[dataCount + 1] ? own(dataCount + 1) : null;
            Parity.recover(data, lost, p, q, q == null ? null : powers());
        }
    }

    /** After {@link #readAndRecover}: the content of a unit. Parity is computed anew, not as read. */
    MemorySegment recovered(int slot) {
        int index = geometry.dataIndex(row, slot);
        if (index >= 0) {
            return own(index);
        }
        computeParity(dataSegments());
        return own(slot == geometry.parityMember(row) ? dataCount : dataCount + 1);
    }

    /** After everything was read: whether stored parity is what the data say. Leaves the right parity in the buffers. */
    boolean parityMatches() {
        boolean matches = true;
        MemorySegment stored = parts.scratch().take((long) geometry.parityMembers() * sectors);
        MemorySegment kept = slice(stored, 0, (long) geometry.parityMembers() * sectors);
        kept.copyFrom(memory.ofParity(geometry.parityMembers()));
        computeParity(dataSegments());
        for (int i = dataCount; i < content.length; i++) {
            long at = (long) (i - dataCount) * sectors;
            matches &= !loaded[i] || slice(kept, at, sectors).mismatch(own(i)) < 0;
        }
        parts.scratch().give(stored);
        return matches;
    }

    private MemorySegment[] dataSegments() {
        MemorySegment[] data = new MemorySegment[dataCount];
        for (int i = 0; i < dataCount; i++) {
            data[i] = written[i] ? content[i] : own(i);
        }
        return data;
    }

    /** Parity of the row with its new content, from what was read. */
    void compute() {
        if (!parityMemberThere()) {
            return;
        }
        if (deltas) {
            computeDeltas();
        } else {
            computeParity(dataSegments());
        }
    }

    private void computeDeltas() {
        int[] powers = geometry.parityMembers() == 2 ? powers() : null;
        MemorySegment p = loaded[dataCount] ? own(dataCount) : null;
        MemorySegment q = powers != null && loaded[dataCount + 1] ? own(dataCount + 1) : null;
        for (int i = 0; i < dataCount; i++) {
            if (written[i]) {
                if (!loaded[i]) {
                    throw new IllegalStateException(
                            "row " + row + ": old content of data chunk " + i + " was not read");
                }
                Parity.xorInto(own(i), content[i]);
                Parity.addDelta(p, q, own(i), powers == null ? 0 : powers[i]);
            }
        }
    }

    private void computeParity(MemorySegment[] data) {
        if (geometry.parityMembers() == 2) {
            Parity.pq(own(dataCount), own(dataCount + 1), data, powers());
        } else {
            Parity.xor(own(dataCount), data);
        }
    }

    private int[] powers() {
        int[] powers = new int[dataCount];
        for (int i = 0; i < dataCount; i++) {
            powers[i] = geometry.qPower(row, i);
        }
        return powers;
    }

    /** New data, new parity, and what could not be read before but is known now. */
    void planWrites(List<MemberRequest> writes, long tag) {
        for (int i = 0; i < content.length; i++) {
            boolean heal = reconstructed && unreadable[i] && i < dataCount;
            boolean parity = i >= dataCount && (!deltas || loaded[i]);
            if (holders[i] != null && (written[i] || parity || heal)) {
                MemorySegment bytes = written[i] ? content[i] : own(i);
                writes.add(MemberRequest.write(holders[i], startSector(), bytes, tag * content.length + i));
            }
        }
    }

    /** What could not be read but is known now. */
    void planHeals(List<MemberRequest> writes) {
        for (int i = 0; i < content.length; i++) {
            if (unreadable[i] && holders[i] != null) {
                writes.add(MemberRequest.write(holders[i], startSector(), own(i), i));
            }
        }
    }

    /** Parity only, for resync and repair. */
    void planParityWrites(List<MemberRequest> writes) {
        for (int i = dataCount; i < content.length; i++) {
            if (holders[i] != null) {
                writes.add(MemberRequest.write(holders[i], startSector(), own(i), i));
            }
        }
    }

    /** Whether more of this row is lost by now than its parity can give back. */
    boolean lostTooMuch() {
        int lost = 0;
        for (Member holder : holders) {
            lost += holder == null || holder.failed() ? 1 : 0;
        }
        return lost > geometry.parityMembers();
    }

    @Override
    public void close() {
        memory.close();
    }
}
