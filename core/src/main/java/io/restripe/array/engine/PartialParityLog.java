package io.restripe.array.engine;

import io.restripe.consistency.Consistency;
import io.restripe.consistency.ConsistencyPolicy;
import io.restripe.consistency.PplArea;
import io.restripe.consistency.PplEntry;
import io.restripe.consistency.PplHeader;
import io.restripe.disk.Buffers;
import io.restripe.disk.DiskException;
import io.restripe.geometry.Geometry;
import io.restripe.unit.Units;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;

/**
 * The members' partial parity logs while the array runs (docs/imsm.md, 2.11). Before a row with parity is written, an entry stands durably in
 * the log of the member that holds its parity. Any thread.
 *
 * <p>Of each log only the newest unit will be read after a crash. So writes go in rounds: those that came while one round was under way are
 * the next, and it begins when every row of the one before has been written; what those wrote is flushed before a log says anything else.
 *
 * <pre>
 *   round n   | log, flush |  rows ......... |
 *   round n+1   collects entries             | flush rows of n | log, flush | rows ...
 * </pre>
 *
 * A round begins only when no member's failure waits to be recorded: a row that such a member missed is known to be inconsistent from the log
 * alone.
 */
final class PartialParityLog {
    /**
     * Of one unit. A header's first 512 bytes never change, and so many entries fit the second: a unit that takes the place of another in
     * front of the area is never a header half of which is the old one's.
     */
    static final int MOST_ENTRIES = 20;

    private final ArrayState state;
    private final Admission admission;
    private final MemberIo io;
    private final Lock lock;
    private final Condition changed;
    private volatile boolean on;

    /** Its rows are being written, or its entries; null when none is. */
    private Round open;
    /** Takes entries in; null when nobody has come. */
    private Round next;

    private final Set<Member> unflushed = new LinkedHashSet<>();
    private final Map<Member, Long> positions = new HashMap<>();
    private long generation;
    private volatile int mostParitySectors = PplArea.UNIT_SECTORS;
    private volatile long signature;
    private volatile boolean signatureKnown;

    PartialParityLog(ArrayState state, Admission admission, MemberIo io) {
        this.state = state;
        this.admission = admission;
        this.io = io;
        this.lock = state.env.newLock();
        this.changed = lock.newCondition();
    }

    /** What a row's write says of itself; {@code partial} is null where every data chunk is written. */
    record Entry(Geometry geometry, Member holder, int slot, long arraySector, int dataSectors, MemorySegment partial) {
        int paritySectors() {
            return partial == null ? 0 : Math.toIntExact(Units.sectorsOfBytesExact(partial.byteSize()));
        }
    }

    /** A log could not be written, or must not be now: the write that asked has changed nothing that it had not logged, and begins again. */
    static final class NotLogged extends RuntimeException {
        private static final long serialVersionUID = 1;

        NotLogged(String array) {
            super(array + ": a member failed before what was to be written could be logged");
        }
    }

    /** Writes that are logged together. Guarded by the lock; while it is open and not yet durable it belongs to the thread that leads it. */
    static final class Round {
        private final Map<Member, List<Entry>> byHolder = new LinkedHashMap<>();
        /** Of all its entries: during a reshape there are two. */
        private Geometry geometry;

        private int writers;
        private boolean durable;
        private boolean refused;

        private boolean fits(List<Entry> more, int mostParity) {
            Map<Member, Integer> entries = new HashMap<>();
            Map<Member, Integer> sectors = new HashMap<>();
            byHolder.forEach((holder, list) -> list.forEach(e -> count(e, entries, sectors)));
            more.forEach(e -> count(e, entries, sectors));
            return writers == 0
                    || more.getFirst().geometry().equals(geometry)
                            && entries.values().stream().allMatch(n -> n <= MOST_ENTRIES)
                            && sectors.values().stream().allMatch(n -> n <= mostParity);
        }

        private static void count(Entry entry, Map<Member, Integer> entries, Map<Member, Integer> sectors) {
            entries.merge(entry.holder(), 1, Integer::sum);
            sectors.merge(entry.holder(), entry.paritySectors(), Integer::sum);
        }

        private void add(List<Entry> more) {
            geometry = more.getFirst().geometry();
            more.forEach(e ->
                    byHolder.computeIfAbsent(e.holder(), _ -> new ArrayList<>()).add(e));
            writers++;
        }
    }

    /** Whether writes must be logged. Changes only while nobody writes. */
    boolean isOn() {
        return on;
    }

    /** The array starts. The members' logs say nothing: who assembled them has cleared them. Call with the state lock held. */
    void start() {
        on = state.config.policy == ConsistencyPolicy.PPL;
        positions.clear();
        unflushed.clear();
        generation = 0;
        signatureKnown = false;
        long smallest = state.members.values().stream()
                .filter(member -> on && member.slot != Member.NO_SLOT)
                .mapToLong(member -> member.pplSectors - 2 * PplHeader.SECTORS) // see restart
                .min()
                .orElse(PplArea.UNIT_SECTORS);
        mostParitySectors = Math.toIntExact(Math.min(smallest, PplArea.UNIT_SECTORS));
    }

    /** The sectors of partial parity that the bands of one {@link #begin} may have together. */
    int mostParitySectors() {
        return mostParitySectors;
    }

    /**
     * Returns when these entries are durable: their rows may be written then, and {@link #end} must follow. Where no member holds the parity
     * of any of the rows there are none, and nothing is durable but the loss of those members.
     *
     * @param entries at most {@link #MOST_ENTRIES} of each holder, with {@link #mostParitySectors} of parity
     * @throws NotLogged when nothing may be written before a failure is recorded
     */
    Round begin(List<Entry> entries) {
        if (entries.isEmpty()) {
            requireRecorded();
            return new Round();
        }
        lock.lock();
        try {
            while (next != null && !next.fits(entries, mostParitySectors)) {
                changed.awaitUninterruptibly();
            }
            next = next == null ? new Round() : next;
            Round mine = next;
            mine.add(entries);
            while (!mine.durable && !mine.refused) {
                if (open == null && isNext(mine)) {
                    lead(mine);
                } else {
                    changed.awaitUninterruptibly();
                }
            }
            if (mine.refused) {
                leave(mine);
                throw new NotLogged(state.name);
            }
            return mine;
        } finally {
            lock.unlock();
        }
    }

    @SuppressWarnings("ReferenceEquality") // a round is itself
    private boolean isNext(Round round) {
        return next == round;
    }

    /** After a crash a member whose failure is not recorded would count, with what it had. */
    private void requireRecorded() {
        if (!admission.allRecorded()) {
            throw new NotLogged(state.name);
        }
    }

    /** The rows of an entry have been written, or given up. */
    void end(Round round, List<MemberRequest> writes) {
        if (round.byHolder.isEmpty()) {
            return; // no log will forget these rows
        }
        lock.lock();
        try {
            for (MemberRequest write : writes) {
                unflushed.add(write.member);
            }
            leave(round);
        } finally {
            lock.unlock();
        }
    }

    private void leave(Round round) {
        round.writers--;
        if (round.writers == 0) {
            open = null;
            changed.signalAll();
        }
    }

    private void lead(Round round) {
        open = round;
        next = null;
        List<Member> before = List.copyOf(unflushed);
        unflushed.clear();
        boolean written = false;
        boolean returned = false;
        lock.unlock();
        try {
            written = flush(before) && write(round);
            returned = true;
        } finally {
            lock.lock();
            round.durable = written;
            round.refused = !written;
            if (!returned) {
                leave(round); // whoever leads it does not come to that
            }
            changed.signalAll();
        }
    }

    private boolean flush(Iterable<Member> members) {
        List<MemberRequest> flushes = new ArrayList<>();
        for (Member member : members) {
            if (!member.failed()) {
                flushes.add(MemberRequest.flush(member));
            }
        }
        return run(flushes);
    }

    /** False when one failed, or a failure waits to be recorded. */
    private boolean run(List<MemberRequest> requests) {
        io.run(requests);
        state.failWhoFailed(requests);
        return admission.allRecorded();
    }

    private boolean write(Round round) {
        PplHeader.Mark mark = PplHeader.Mark.of(round.geometry);
        List<Member> full = new ArrayList<>();
        for (Map.Entry<Member, List<Entry>> unit : round.byHolder.entrySet()) {
            Member holder = unit.getKey();
            if (holder.failed() || !knowSignature(holder)) {
                return false;
            }
            if (!fits(holder, unit.getValue())) {
                full.add(holder);
            }
        }
        if (!full.isEmpty() && !restart(full, mark)) {
            return false;
        }
        List<MemberRequest> writes = new ArrayList<>();
        round.byHolder.forEach((holder, entries) -> writes.add(unit(holder, mark, entries)));
        return run(writes) && flush(round.byHolder.keySet());
    }

    /**
     * The logs of these members begin again. A unit in the place of the first one could be kept behind its header by a power cut and lost in
     * front: the old header would count again, and the units that came after it be hidden. So one without entries takes its place first; it
     * differs from the old header in one sector.
     */
    private boolean restart(List<Member> full, PplHeader.Mark mark) {
        List<MemberRequest> writes = new ArrayList<>();
        for (Member holder : full) {
            positions.put(holder, 0L);
            writes.add(unit(holder, mark, List.of()));
        }
        return run(writes) && flush(full);
    }

    /** md looks for no header in the last sectors of the area. */
    private boolean fits(Member holder, List<Entry> entries) {
        long sectors = PplHeader.SECTORS;
        for (Entry entry : entries) {
            sectors += entry.paritySectors();
        }
        return positions.getOrDefault(holder, 0L) + Math.max(sectors, PplHeader.SECTORS + 1) <= holder.pplSectors;
    }

    private MemberRequest unit(Member holder, PplHeader.Mark mark, List<Entry> entries) {
        List<PplEntry> told = new ArrayList<>();
        for (Entry entry : entries) {
            told.add(new PplEntry(
                    entry.arraySector(),
                    entry.paritySectors(),
                    entry.dataSectors(),
                    entry.slot(),
                    PplHeader.checksum(entry.partial() == null ? MemorySegment.NULL : entry.partial())));
        }
        PplHeader header = new PplHeader(mark, signature, ++generation, told);
        MemorySegment bytes = Buffers.allocate(header.sectors());
        header.encode(bytes);
        long at = PplHeader.SECTORS;
        for (Entry entry : entries) {
            if (entry.partial() != null) {
                StripeTransform.slice(bytes, at, entry.paritySectors()).copyFrom(entry.partial());
                at += entry.paritySectors();
            }
        }
        // Only a unit without entries ever goes to the place of the first one: see restart.
        long position = fits(holder, entries) ? positions.getOrDefault(holder, 0L) : 0;
        positions.put(holder, position + header.sectors());
        return MemberRequest.write(holder, holder.pplSector + position - holder.offsetSectors, bytes, 0);
    }

    /** As md does with external metadata: who made the logs has put it there. A member without a log has failed. */
    private boolean knowSignature(Member holder) {
        if (!signatureKnown) {
            MemorySegment header = Buffers.allocate(PplHeader.SECTORS);
            MemberRequest read = MemberRequest.read(holder, holder.pplSector - holder.offsetSectors, header, 0);
            read.perform();
            OptionalLong found = read.failure == null ? PplHeader.signatureOf(header) : OptionalLong.empty();
            if (found.isEmpty()) {
                state.fail(holder, "its partial parity log cannot be read");
                return false;
            }
            signature = found.getAsLong();
            signatureKnown = true;
        }
        return true;
    }

    /**
     * What the logs of these members say counts no more, once the members hold durably what was written: their newest units have no entries.
     * Call with nobody else inside the array, without locks.
     *
     * @return false when a failure waits to be recorded before that
     */
    boolean forget(List<Member> members) {
        List<Member> before;
        lock.lock();
        try {
            while (open != null || next != null) {
                changed.awaitUninterruptibly();
            }
            before = List.copyOf(unflushed);
            unflushed.clear();
        } finally {
            lock.unlock();
        }
        List<MemberRequest> writes = new ArrayList<>();
        for (Member member : members) {
            if (!member.failed() && knowSignature(member)) {
                writes.add(unit(member, PplHeader.Mark.NONE, List.of()));
            }
        }
        return flush(before) && run(writes) && flush(members);
    }

    /**
     * A member that has no slot yet: what an earlier life left in its log must not be read. Call without locks.
     *
     * @throws DiskException when it does not take it
     */
    void clear(Member member) throws DiskException {
        if (!on) {
            return;
        }
        lock.lock();
        try {
            positions.remove(member);
        } finally {
            lock.unlock();
        }
        for (Member other : state.main.slots()) {
            if (other != null && other.working() && knowSignature(other)) {
                break;
            }
        }
        new PplArea(member.disk, new Consistency(ConsistencyPolicy.PPL, member.pplSector, member.pplSectors, signature))
                .clear();
    }
}
