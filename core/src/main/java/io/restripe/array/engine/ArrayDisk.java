package io.restripe.array.engine;

import io.restripe.disk.Buffers;
import io.restripe.disk.Disk;
import io.restripe.disk.DiskException;
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

    ArrayDisk(Parts parts, Transform.Set transforms) {
        this.parts = parts;
        this.state = parts.state();
        this.transforms = transforms;
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

    @Override
    public void read(long sector, MemorySegment into) throws DiskException {
        perform(sector, Buffers.forAnyThread(into), false);
    }

    @Override
    public void write(long sector, MemorySegment from) throws DiskException {
        perform(sector, Buffers.forAnyThread(from), true);
    }

    private void perform(long sector, MemorySegment buffer, boolean write) throws DiskException {
        long sectors = Units.sectorsOfBytesExact(buffer.byteSize());
        DiskException.Operation operation = write ? DiskException.Operation.WRITE : DiskException.Operation.READ;
        if (sector < 0) {
            throw new DiskException(state.name, operation, sector, sectors, "before the start of the array");
        }
        Admission.Ticket ticket =
                parts.admission().enter(new SectorRange(sector, Math.addExact(sector, sectors)), operation);
        try {
            map(ticket, sector, buffer, write);
        } finally {
            parts.admission().leave(ticket);
        }
        if (write) {
            parts.admission().awaitRecorded(DiskException.Operation.WRITE);
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
        if (failure != null && broken()) {
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

    private boolean broken() {
        state.lock.lock();
        try {
            return state.broken;
        } finally {
            state.lock.unlock();
        }
    }

    /** Does nothing: the array lives as long as its owner says. */
    @Override
    public void close() {}
}
