package io.restripe.array.engine;

import io.restripe.disk.Buffers;
import io.restripe.disk.Disk;
import io.restripe.disk.DiskException;
import io.restripe.disk.Extent;
import io.restripe.disk.Requests;
import io.restripe.unit.SectorRange;
import io.restripe.unit.Units;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** The array as users see it. Any thread: a request is admitted, mapped by the geometries in force, and done on the caller's thread. */
final class ArrayDisk implements Disk {
    private static final SectorRange NOTHING = new SectorRange(0, 0);
    private final Parts parts;
    private final ArrayState state;
    private final Transform.Set transforms;
    private final Discards discards;

    ArrayDisk(Parts parts, Transform.Set transforms) {
        this.parts = parts;
        this.state = parts.state();
        this.transforms = transforms;
        this.discards = new Discards(parts, transforms);
    }

    @Override
    public String name() {
        return state.name;
    }

    @Override
    public long sectors() {
        state.lock.lock();
        try {
            return state.visibleSectors();
        } finally {
            state.lock.unlock();
        }
    }

    /** The largest of its members'. */
    @Override
    public int logicalSectorBytes() {
        return state.sectorBytes;
    }

    /** The new geometry's row while a reshape runs: more and more is written by it. */
    @Override
    public long optimalSectors() {
        state.lock.lock();
        try {
            Layout layout = state.fresh == null ? state.main : state.fresh;
            return layout == null || layout.withoutParity()
                    ? 1
                    : layout.geometry().rowSectors();
        } finally {
            state.lock.unlock();
        }
    }

    @Override
    public void read(long sector, MemorySegment into) throws DiskException {
        perform(sector, Buffers.forAnyThread(into), false);
    }

    @Override
    public void write(long sector, MemorySegment from) throws DiskException {
        perform(sector, Buffers.forAnyThread(from), true);
    }

    /**
     * In pieces, each admitted as a write would be. A piece that a reshape has, or may have after a crash, in two places is left alone, and
     * so is all of it where a member would have to write the zeros.
     */
    @Override
    public boolean discard(long sector, long sectors) throws DiskException {
        requireWholeSectors(DiskException.Operation.WRITE, sector, sectors);
        long pieceSectors = discards.pieceSectors(sector, sectors);
        if (pieceSectors == 0) {
            return false;
        }
        boolean zeros = true;
        long end = sector + sectors;
        for (long at = sector; at < end; ) {
            long next = Math.min(end, Units.floorToUnit(at, pieceSectors) + pieceSectors);
            zeros &= discardPiece(new SectorRange(at, next));
            at = next;
        }
        return zeros;
    }

    @Override
    public Extent extent(long sector, long sectors) throws DiskException {
        Requests.checkRange(this, DiskException.Operation.READ, sector, sectors);
        SectorRange range = new SectorRange(sector, Math.addExact(sector, sectors));
        Admission.Ticket ticket = parts.admission().enter(range, DiskException.Operation.READ);
        try {
            boolean isNew = ticket.fresh() != null && sector < ticket.frontier();
            long alike = isNew ? Math.min(sectors, ticket.frontier() - sector) : sectors;
            return Holes.extent(isNew ? ticket.fresh() : ticket.main(), sector, alike);
        } finally {
            parts.admission().leave(ticket);
        }
    }

    /** A member that refused a part of one would count as failed. */
    private void requireWholeSectors(DiskException.Operation operation, long sector, long sectors)
            throws DiskException {
        long unit = Units.sectorsOfBytesExact(state.sectorBytes);
        if (sector % unit != 0 || sectors % unit != 0) {
            throw new DiskException(
                    state.name, operation, sector, sectors, "not whole sectors of " + state.sectorBytes + " bytes");
        }
    }

    private boolean discardPiece(SectorRange range) throws DiskException {
        boolean zeros = false;
        boolean done = false;
        while (!done) {
            Admission.Ticket ticket = parts.admission().enter(range, DiskException.Operation.WRITE);
            try {
                Layout only = ticket.onlyPlace();
                if (only != null && parts.bitmap().isOn()) {
                    parts.bitmap().before(only, range.start(), range.length());
                }
                zeros = only != null && discards.discard(only, range);
                done = true;
            } catch (PartialParityLog.NotLogged e) {
                done = false; // as a write: once the failure has been recorded, all of it is tried again
            } finally {
                parts.admission().leave(ticket);
            }
            parts.admission().awaitRecorded(DiskException.Operation.WRITE);
        }
        return zeros;
    }

    private void perform(long sector, MemorySegment buffer, boolean write) throws DiskException {
        long sectors = Units.sectorsOfBytesExact(buffer.byteSize());
        DiskException.Operation operation = write ? DiskException.Operation.WRITE : DiskException.Operation.READ;
        if (sector < 0) {
            throw new DiskException(state.name, operation, sector, sectors, "before the start of the array");
        }
        requireWholeSectors(operation, sector, sectors);
        SectorRange range = new SectorRange(sector, Math.addExact(sector, sectors));
        boolean done = false;
        while (!done) {
            Admission.Ticket ticket = parts.admission().enter(range, operation);
            try {
                map(ticket, sector, buffer, write);
                done = true;
            } catch (PartialParityLog.NotLogged e) {
                done = false; // once the failure has been recorded, it is tried again without that member
            } finally {
                parts.admission().leave(ticket);
            }
            if (write) {
                parts.admission().awaitRecorded(DiskException.Operation.WRITE);
            }
        }
    }

    /**
     * Below the frontier by the new geometry, from it on by the old one; a request that spans it is split. A write goes to the old place
     * too where a crash may still begin from there.
     */
    private void map(Admission.Ticket ticket, long sector, MemorySegment buffer, boolean write) throws DiskException {
        long sectors = Units.sectorsOfBytesExact(buffer.byteSize());
        long below = ticket.fresh() == null ? 0 : Math.clamp(ticket.frontier() - sector, 0, sectors);
        long newOnly = Math.clamp(ticket.oldFrom() - sector, 0, below);
        if (newOnly < sectors) {
            perform(ticket.main(), sector + newOnly, StripeTransform.slice(buffer, newOnly, sectors - newOnly), write);
        }
        if (below > 0) {
            perform(ticket.fresh(), sector, StripeTransform.slice(buffer, 0, below), write);
        }
    }

    private void perform(Layout layout, long sector, MemorySegment buffer, boolean write) throws DiskException {
        Transform transform = transforms.of(layout);
        if (write) {
            if (parts.bitmap().isOn()) {
                parts.bitmap().before(layout, sector, Units.sectorsOfBytesExact(buffer.byteSize()));
            }
            transform.write(layout, sector, buffer);
        } else {
            transform.read(layout, sector, buffer);
        }
    }

    @Override
    public void flush() throws DiskException {
        Admission.Ticket ticket = parts.admission().enter(NOTHING, DiskException.Operation.FLUSH);
        try {
            flushMembers();
        } finally {
            parts.admission().leave(ticket);
        }
        parts.admission().awaitRecorded(DiskException.Operation.FLUSH);
    }

    private void flushMembers() throws DiskException {
        Set<Member> working = new LinkedHashSet<>();
        state.lock.lock();
        try {
            addWorking(working, state.main);
            addWorking(working, state.fresh);
        } finally {
            state.lock.unlock();
        }
        List<MemberRequest> flushes = new ArrayList<>();
        working.forEach(member -> flushes.add(MemberRequest.flush(member)));
        parts.io().run(flushes);
        DiskException failure = state.failWhoFailed(flushes);
        if (failure != null && state.isBroken()) {
            throw failure;
        }
    }

    private static void addWorking(Set<Member> working, Layout layout) {
        if (layout != null) {
            for (Member member : layout.slots()) {
                if (member != null && !member.failed()) {
                    working.add(member);
                }
            }
        }
    }

    /** Does nothing: the array lives as long as its owner says. */
    @Override
    public void close() {}
}
