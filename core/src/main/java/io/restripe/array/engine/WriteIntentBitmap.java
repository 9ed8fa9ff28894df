package io.restripe.array.engine;

import io.restripe.consistency.BitmapArea;
import io.restripe.disk.Buffers;
import io.restripe.unit.SectorRange;
import io.restripe.unit.Units;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;

/**
 * The write-intent bitmap while the array runs (docs/imsm.md, 2.11): the bit of a chunk is durable on every working member before the chunk is
 * written, and a resync after an unclean stop passes over the chunks whose bit is not set. Bits are dropped by the first write after the array
 * was clean, once what was written before is durable; while a resync is owed none is. Chunks are of the members, of a RAID10 of the array, as
 * md counts them. Any thread.
 */
final class WriteIntentBitmap {
    private final ArrayState state;
    private final Admission admission;
    private final MemberIo io;
    private final Lock lock;
    private final Condition changed;
    private volatile boolean on;
    /** All was equal at some time since bits were dropped: those that are set tell nothing any more. */
    private volatile boolean stale;

    private boolean mayDrop;
    private long bitsSector;
    private volatile CountedSectors counted;
    private boolean writing;
    private boolean loaded;
    private long chunkSectors;
    private byte[] header;
    /** What every working member has. */
    private byte[] durable;

    WriteIntentBitmap(ArrayState state, Admission admission, MemberIo io) {
        this.state = state;
        this.admission = admission;
        this.io = io;
        this.lock = state.env.newLock();
        this.changed = lock.newCondition();
    }

    boolean isOn() {
        return on;
    }

    /** The array starts. Call with the state lock held. */
    void start() {
        on = state.config.bitmapSector != Config.NONE;
        bitsSector = state.config.bitmapSector;
        counted = on ? new CountedSectors(state.config.geometry(), state.config.componentSectors) : null;
        mayDrop = state.config.bitmapMayClear;
        loaded = false;
        stale = false;
        wentClean();
    }

    /** Nobody writes, and nothing is owed. Call with the state lock held. */
    void wentClean() {
        if (on && mayDrop && state.config.resyncStart == Config.MAX) {
            stale = true;
        }
    }

    /** All of the array has been made equal. Call with the state lock held. */
    void resynced() {
        mayDrop = true;
    }

    /**
     * Returns when a crash would find what is about to be written.
     *
     * @throws PartialParityLog.NotLogged when nothing may be written before a failure is recorded
     */
    void before(Layout layout, long arraySector, long sectors) {
        SectorRange range = CountedSectors.written(layout.geometry(), arraySector, sectors);
        lock.lock();
        try {
            load();
            int first = Math.toIntExact(range.start() / chunkSectors);
            int last = Math.toIntExact((range.end() - 1) / chunkSectors);
            while (stale || !isSet(first, last)) {
                if (writing) {
                    changed.awaitUninterruptibly();
                } else {
                    set(first, last);
                }
            }
        } finally {
            lock.unlock();
        }
    }

    private boolean isSet(int first, int last) {
        for (int bit = first; bit <= last; bit++) {
            if ((durable[bit >> 3] >> (bit & 7) & 1) == 0) {
                return false;
            }
        }
        return true;
    }

    /** Called with the lock, which is let go of meanwhile. */
    private void set(int first, int last) {
        boolean dropping = stale;
        byte[] wanted = dropping ? new byte[durable.length] : durable.clone();
        for (int bit = first; bit <= last; bit++) {
            wanted[bit >> 3] |= (byte) (1 << (bit & 7));
        }
        writing = true;
        boolean written = false;
        lock.unlock();
        try {
            List<Member> members = members();
            written = (!dropping || flush(members)) && write(members, wanted);
        } finally {
            lock.lock();
            writing = false;
            if (written) {
                durable = wanted;
                stale &= !dropping;
            }
            changed.signalAll();
        }
        if (!written) {
            throw new PartialParityLog.NotLogged(state.name);
        }
    }

    private List<Member> members() {
        List<Member> members = new ArrayList<>();
        state.lock.lock();
        try {
            for (Member member : state.members.values()) {
                if (member.slot != Member.NO_SLOT && !member.failed()) {
                    members.add(member);
                }
            }
        } finally {
            state.lock.unlock();
        }
        return members;
    }

    private boolean write(List<Member> members, byte[] bits) {
        List<MemberRequest> writes = new ArrayList<>();
        MemorySegment bytes = inMemory(bits);
        for (Member member : members) {
            writes.add(MemberRequest.write(member, bitsSector - member.offsetSectors, bytes, 0));
        }
        return run(writes) && flush(members);
    }

    private static MemorySegment inMemory(byte[] bytes) {
        MemorySegment copy = Buffers.allocate(Units.sectorsOfBytesExact(bytes.length));
        return copy.copyFrom(MemorySegment.ofArray(bytes));
    }

    private boolean flush(List<Member> members) {
        List<MemberRequest> flushes = new ArrayList<>();
        members.forEach(member -> flushes.add(MemberRequest.flush(member)));
        return run(flushes);
    }

    private boolean run(List<MemberRequest> requests) {
        io.run(requests);
        state.failWhoFailed(requests);
        return admission.allRecorded();
    }

    /** The members' bits, all that any of them has; every bit where none has any. Called with the lock. */
    private void load() {
        if (loaded) {
            return;
        }
        chunkSectors = BitmapArea.USUAL_CHUNK_SECTORS;
        header = null;
        List<MemorySegment> maps = new ArrayList<>();
        List<Member> members = members();
        boolean differ = false;
        for (Member member : members) {
            MemorySegment found = read(member, bitsSector - BitmapArea.HEADER_SECTORS, BitmapArea.HEADER_SECTORS);
            OptionalLong chunk = found == null ? OptionalLong.empty() : BitmapArea.chunkSectors(found);
            if (chunk.isPresent() && BitmapArea.hasRoom(counted.total(), chunk.getAsLong())) {
                differ |= header != null && chunk.getAsLong() != chunkSectors;
                header = header == null ? found.toArray(ValueLayout.JAVA_BYTE) : header;
                chunkSectors =
                        BitmapArea.chunkSectors(MemorySegment.ofArray(header)).orElseThrow();
            }
        }
        long bits = Units.ceilDiv(counted.total(), chunkSectors);
        durable = new byte[Math.toIntExact(Units.ceilToUnit(Units.ceilDiv(bits, Byte.SIZE), Buffers.PAGE_BYTES))];
        for (Member member : members) {
            MemorySegment map = read(member, bitsSector, Units.sectorsOfBytesExact(durable.length));
            if (map != null && header != null && !differ && member.working()) {
                maps.add(map);
            }
        }
        if (maps.isEmpty()) {
            Arrays.fill(durable, (byte) -1);
        }
        for (MemorySegment map : maps) {
            for (int i = 0; i < durable.length; i++) {
                durable[i] |= map.get(ValueLayout.JAVA_BYTE, i);
            }
        }
        if (differ) { // what their bits mean nobody knows: all get one superblock, and every bit
            members.forEach(this::put);
        }
        loaded = true;
    }

    private static MemorySegment read(Member member, long sector, long sectors) {
        MemorySegment into = Buffers.allocate(sectors);
        MemberRequest read = MemberRequest.read(member, sector - member.offsetSectors, into, 0);
        read.perform();
        return read.failure == null ? into : null;
    }

    /** Where a resync goes on from this member sector: {@code end} when nothing before it needs one. Without the state lock the first time. */
    long nextToResync(long memberSector, long end) {
        if (!on) {
            return memberSector;
        }
        lock.lock();
        try {
            load();
            long at = memberSector;
            while (at < end) {
                SectorRange here = counted.at(at);
                long last = (here.end() - 1) / chunkSectors;
                if (isAnySet(here.start() / chunkSectors, last)) {
                    return at;
                }
                at = counted.memberBehind(at, (last + 1) * chunkSectors);
            }
            return end;
        } finally {
            lock.unlock();
        }
    }

    private boolean isAnySet(long first, long last) {
        for (long bit = first; bit <= last && bit < (long) durable.length * Byte.SIZE; bit++) {
            if (isSet((int) bit, (int) bit)) {
                return true;
            }
        }
        return false;
    }

    /** A member that is about to be filled gets what the others have. Without the state lock; one that does not take it has failed. */
    void give(Member member) {
        if (!on) {
            return;
        }
        lock.lock();
        try {
            load();
            while (writing) {
                changed.awaitUninterruptibly();
            }
            if (header != null) {
                put(member);
            }
        } finally {
            lock.unlock();
        }
    }

    /** Superblock and bits. What fails here fails this member by itself; what failed elsewhere is none of its concern. */
    private void put(Member member) {
        long headerSector = bitsSector - BitmapArea.HEADER_SECTORS - member.offsetSectors;
        run(List.of(
                MemberRequest.write(member, headerSector, inMemory(header), 0),
                MemberRequest.write(member, bitsSector - member.offsetSectors, inMemory(durable), 0)));
        flush(List.of(member));
    }
}
