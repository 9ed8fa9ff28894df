package io.restripe.array.engine;

import io.restripe.disk.DiskException;
import io.restripe.unit.SectorRange;
import java.util.ArrayList;
import java.util.List;

/**
 * Who may be inside the array: user requests with their ranges, and claims that keep them out of ranges. A request is admitted or waits as
 * a whole. All under the state lock; the suspended range holds as docs/md-control.md section 6 says, or lets writes through to both
 * places (docs/reshape-protocol.md, section 9).
 *
 * <pre>
 *   array    0 ........ suspend_lo ........ frontier ==claimed== ........ suspend_hi ........
 *   a write  | new place | old and new place |    waits          | old place   | old place
 * </pre>
 */
final class Admission {
    private static final long NOT_HELD = Long.MIN_VALUE;

    private final ArrayState state;
    private final List<Ticket> inside = new ArrayList<>();
    private final List<Claim> claims = new ArrayList<>();

    /**
     * An admitted request and the mapping that holds for all of its life.
     *
     * @param oldFrom array sector from which it goes to the old place; from here to the frontier a write goes to both
     * @param oldMemberSector no member sector below this one is touched by the old mapping; {@code Long.MAX_VALUE} when none is
     * @param enteredNanos when it was admitted
     */
    record Ticket(
            SectorRange range,
            boolean write,
            Layout main,
            Layout fresh,
            long frontier,
            long oldFrom,
            long oldMemberSector,
            long enteredNanos) {
        /** The geometry by which all of it lies in one place, now and after a crash; null when there is none. */
        Layout onlyPlace() {
            if (fresh == null || range.start() >= frontier) {
                return main;
            }
            return range.end() <= Math.min(oldFrom, frontier) ? fresh : null;
        }
    }

    /**
     * What keeps requests out.
     *
     * @param writesOnly reads go on: what they read stays as it is
     * @param memberEnd member sector below which what is there by the old mapping is about to be overwritten
     */
    record Claim(SectorRange range, boolean writesOnly, long memberEnd) {
        static Claim everything(SectorRange range) {
            return new Claim(range, false, 0);
        }

        private boolean keepsOut(SectorRange other, boolean write) {
            return (write || !writesOnly) && range.overlaps(other);
        }

        private boolean mustWaitFor(Ticket ticket) {
            return keepsOut(ticket.range(), ticket.write()) || ticket.oldMemberSector() < memberEnd;
        }
    }

    Admission(ArrayState state) {
        this.state = state;
    }

    /** @param range what a read or write touches; empty for a flush, which nobody's claim keeps out */
    Ticket enter(SectorRange range, DiskException.Operation operation) throws DiskException {
        boolean write = operation == DiskException.Operation.WRITE;
        state.lock.lock();
        try {
            long heldSince = NOT_HELD;
            while (true) {
                requireServing(range, operation);
                boolean byWork = claimed(range, write) || write && waitsForWork(range);
                if (byWork && heldSince == NOT_HELD) {
                    heldSince = state.env.nanoTime();
                }
                if (!byWork && !(write && waitsForRecord())) {
                    break;
                }
                await(byWork);
            }
            long now = state.env.nanoTime();
            if (heldSince != NOT_HELD) {
                state.holds.add(now - heldSince);
            }
            state.users.arrived(now);
            Ticket ticket = ticket(range, write, now);
            inside.add(ticket);
            if (write) {
                state.writesInFlight++;
                if (state.idle) {
                    state.idle = false;
                    state.notifyWatchers();
                }
            }
            return ticket;
        } finally {
            state.lock.unlock();
        }
    }

    private void await(boolean forWork) {
        state.users.held += forWork ? 1 : 0;
        try {
            state.awaitAdmission();
        } finally {
            state.users.held -= forWork ? 1 : 0;
        }
    }

    private void requireServing(SectorRange range, DiskException.Operation operation) throws DiskException {
        boolean write = operation == DiskException.Operation.WRITE;
        String refusal = null;
        if (!state.running || state.closed) {
            refusal = "the array is not running";
        } else if (range.end() > state.visibleSectors()) {
            refusal = "past the end of the array, which has " + state.visibleSectors() + " sectors";
        } else if (write && state.mode == ArrayState.Mode.READONLY) {
            refusal = "the array is read-only";
        } else if (write && state.broken) {
            refusal = "the array is broken: too many members failed";
        } else if (write && state.sync.stuck && unpublished(range)) {
            refusal = "the reshape stands, and its position there is not recorded";
        }
        if (refusal != null) {
            throw new DiskException(state.name, operation, range.start(), range.length(), refusal);
        }
        if (write && state.mode == ArrayState.Mode.READ_AUTO) {
            state.mode = ArrayState.Mode.READ_WRITE;
            state.notifyWatchers();
        }
    }

    private Ticket ticket(SectorRange range, boolean write, long now) {
        boolean both = write && state.letsThrough() && suspends(state.config.suspendLo, state.config.suspendHi, range);
        long oldFrom = both ? Math.min(state.config.suspendLo, state.frontier) : state.frontier;
        long firstOld = Math.max(range.start(), oldFrom);
        long oldMemberSector = firstOld < range.end() ? state.oldRowStart(firstOld) : Long.MAX_VALUE;
        return new Ticket(range, write, state.main, state.fresh, state.frontier, oldFrom, oldMemberSector, now);
    }

    private boolean claimed(SectorRange range, boolean write) {
        for (Claim claim : claims) {
            if (claim.keepsOut(range, write)) {
                return true;
            }
        }
        return false;
    }

    private boolean waitsForWork(SectorRange range) {
        boolean suspended = suspends(state.config.suspendLo, state.config.suspendHi, range);
        if (suspended && state.letsThrough() && bothPlacesAreRight(range)) {
            return false;
        }
        if (suspended) {
            return true;
        }
        if (unpublished(range)) {
            if (!state.sync.checkpointWanted) { // said once: two that wait would wake each other without end
                state.sync.checkpointWanted = true;
                state.changed();
            }
            return true;
        }
        return false;
    }

    /**
     * Whether what a crash would begin from, the old places of all that is suspended, is whole where this write goes, and covers all that
     * it touches and no durable position calls new.
     */
    private boolean bothPlacesAreRight(SectorRange range) {
        if (state.fresh == null || range.start() >= state.frontier) {
            return true; // one place only: the old one
        }
        long lo = state.config.suspendLo;
        long hi = state.config.suspendHi;
        boolean covered = !unpublished(range) || (lo <= state.publishedFrontier && hi >= state.frontier);
        long firstOld = Math.max(range.start(), lo);
        return covered && state.oldRowStart(firstOld) >= newRowsEnd();
    }

    /** Member sector below which all is, or is just becoming, new rows: a claim overwrites before the frontier moves. */
    private long newRowsEnd() {
        long end = state.frontier / state.fresh.geometry().dataMembers();
        for (Claim claim : claims) {
            end = Math.max(end, claim.memberEnd());
        }
        return end;
    }

    /** Somebody has to record first that the array is dirty, or that a member failed. */
    private boolean waitsForRecord() {
        if (!state.redundant()) {
            return false;
        }
        if (state.clean) {
            state.clean = false;
            state.idle = false;
            state.requestRecord();
        }
        return state.pending || state.anyBlocked();
    }

    private boolean unpublished(SectorRange range) {
        return state.publishedFrontier < state.frontier
                && range.start() < state.frontier
                && range.end() > state.publishedFrontier;
    }

    /** Section 6: the end is compared with {@code >=}, so a write that ends exactly at {@code lo} is held too. */
    static boolean suspends(long lo, long hi, SectorRange range) {
        return lo < hi && range.start() < hi && range.end() >= lo;
    }

    void leave(Ticket ticket) {
        state.lock.lock();
        try {
            removeTicket(ticket);
            long now = state.env.nanoTime();
            state.users.left(
                    ticket.enteredNanos(), now, ticket.main().geometry().members());
            if (ticket.write()) {
                state.writesInFlight--;
                state.lastWriteNanos = now;
            }
            state.departed();
        } finally {
            state.lock.unlock();
        }
    }

    @SuppressWarnings("ReferenceEquality") // two tickets for the same range are two
    private void removeTicket(Ticket ticket) {
        for (int at = 0; at < inside.size(); at++) {
            if (inside.get(at) == ticket) {
                int last = inside.size() - 1;
                inside.set(at, inside.get(last));
                inside.remove(last);
                return;
            }
        }
        throw new IllegalStateException("request " + ticket.range() + " left twice");
    }

    /**
     * Waits until a failure that a write met has been recorded. Call after {@link #leave}.
     *
     * @throws DiskException when the array ended or broke before that: what was written may then not be found again
     */
    void awaitRecorded(DiskException.Operation operation) throws DiskException {
        state.lock.lock();
        try {
            while (failureUnrecorded()) {
                if (!state.running || state.closed || state.broken) {
                    String what = state.broken ? "broke" : "ended";
                    throw new DiskException(
                            state.name, operation, -1, 0, "the array " + what + " before a failure was recorded");
                }
                state.await();
            }
        } finally {
            state.lock.unlock();
        }
    }

    /** Whether no failure waits to be recorded, and the array is not broken. */
    boolean allRecorded() {
        state.lock.lock();
        try {
            return !failureUnrecorded();
        } finally {
            state.lock.unlock();
        }
    }

    private boolean failureUnrecorded() {
        if (state.broken) {
            return true;
        }
        for (Member member : state.members.values()) {
            if (member.failed() && member.slot != Member.NO_SLOT && (state.pending || member.blocked)) {
                return true;
            }
        }
        return false;
    }

    /** Waits, with the state lock held, until no admitted write touches what these bounds suspend. */
    void drainSuspended(long lo, long hi) {
        while (!state.closed && insideSuspended(lo, hi)) {
            state.awaitDeparture();
        }
    }

    private boolean insideSuspended(long lo, long hi) {
        for (Ticket ticket : inside) {
            if (ticket.write() && suspends(lo, hi, ticket.range())) {
                return true;
            }
        }
        return false;
    }

    /**
     * Keeps new requests out and waits until those inside have left that it keeps out, or whose old place it is about to overwrite. Call
     * with the state lock held.
     *
     * @param giveUp looked at while waiting
     * @return false when it gave up: nothing is claimed then
     */
    boolean claim(Claim claim, java.util.function.BooleanSupplier giveUp) {
        claims.add(claim);
        while (mustWait(claim)) {
            if (giveUp.getAsBoolean()) {
                release(claim);
                return false;
            }
            state.awaitDeparture();
        }
        return true;
    }

    /** Waits, with the state lock held, until every request and flush has left that is inside. */
    void drain() {
        while (!inside.isEmpty()) {
            state.awaitDeparture();
        }
    }

    private boolean mustWait(Claim claim) {
        for (Ticket ticket : inside) {
            if (claim.mustWaitFor(ticket)) {
                return true;
            }
        }
        return false;
    }

    /** Lets requests in again. Call with the state lock held. */
    void release(Claim claim) {
        claims.remove(claim);
        state.letIn();
    }

    /** Runs a change of members or level with nobody inside. Call with the state lock held. */
    void alone(Runnable change) {
        Claim all = Claim.everything(new SectorRange(0, Long.MAX_VALUE));
        claim(all, () -> false);
        try {
            change.run();
        } finally {
            release(all);
        }
    }
}
