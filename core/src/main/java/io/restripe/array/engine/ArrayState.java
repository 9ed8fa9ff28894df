package io.restripe.array.engine;

import io.restripe.array.AttributeException;
import io.restripe.array.Errno;
import io.restripe.disk.DiskException;
import io.restripe.env.Env;
import io.restripe.geometry.Geometry;
import io.restripe.geometry.Level;
import io.restripe.unit.Units;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;

/**
 * Everything that is true of the array now: configuration, members, the state machine of docs/md-control.md section 2, the layouts
 * that requests are mapped by, and what a sync publishes. Guarded by {@link #lock}, which nobody holds over member I/O; every change
 * that somebody may wait for ends in {@link #changed}.
 */
final class ArrayState {
    /** How far the array lets writes in. */
    enum Mode {
        READONLY,
        READ_AUTO,
        READ_WRITE
    }

    final Env env;
    final String name;
    final Lock lock;
    final Config config = new Config();
    final Map<String, Member> members = new LinkedHashMap<>();
    private final Condition change;
    private final Condition departure;
    private final Condition admission;
    private List<Runnable> subscribers = List.of();

    boolean closed;
    boolean running;
    Mode mode = Mode.READ_WRITE;
    /** Metadata may say clean. */
    boolean clean = true;
    /** A change waits for user space to record it: write-pending. */
    boolean pending;
    /** No write for a while: user space may write clean. */
    boolean idle;
    /** More has failed than the array can do without: nothing is written any more, so nothing waits to be recorded either. */
    boolean broken;

    /** How long background work kept requests out. */
    final HoldTimes holds = new HoldTimes();

    final UserRequests users = new UserRequests();

    int writesInFlight;
    long lastWriteNanos;

    /** By which geometry requests below ({@code fresh}) and from the reshape position on ({@code main}) are mapped. */
    Layout main;

    Layout fresh;
    private int generation;
    /** The unit that every member that has a slot can address. */
    volatile int sectorBytes = Units.SECTOR_BYTES;

    /** Array sector: {@code fresh} below, {@code main} from here on; 0 while no reshape runs. Moves under a claim only. */
    long frontier;

    /** The last published frontier: writes between it and the frontier wait for a checkpoint. */
    long publishedFrontier;

    /** Member sector from which parity is not yet known: rows behind it are always computed whole. Written under the row's lock. */
    volatile long parityKnownTo = Long.MAX_VALUE;

    final SyncControl sync = new SyncControl();

    ArrayState(Env env, String name) {
        this.env = env;
        this.name = name;
        this.lock = env.newLock();
        this.change = lock.newCondition();
        this.departure = lock.newCondition();
        this.admission = lock.newCondition();
    }

    /** Waits for the next change. Call with the lock held, in a loop. */
    @SuppressWarnings("WaitNotInLoop") // the callers loop over what they wait for
    void await() {
        change.awaitUninterruptibly();
    }

    /** As {@link #await}, at most so long. */
    @SuppressWarnings("WaitNotInLoop") // the callers loop over what they wait for
    void await(long nanos) {
        try {
            long left = change.awaitNanos(nanos);
            assert left <= nanos : left;
        } catch (InterruptedException e) {
            // Nobody interrupts a thread of an env; kept as a flag so that an outer layer could see it.
            Thread.currentThread().interrupt();
        }
    }

    /** Waits until a request leaves the array, or for any other change. Call with the lock held, in a loop. */
    @SuppressWarnings("WaitNotInLoop") // the callers loop over what they wait for
    void awaitDeparture() {
        departure.awaitUninterruptibly();
    }

    /** Waits until a claim is given up, or for any other change. Call with the lock held, in a loop. */
    @SuppressWarnings("WaitNotInLoop") // the callers loop over what they wait for
    void awaitAdmission() {
        admission.awaitUninterruptibly();
    }

    /** Something that somebody may wait for has changed. */
    void changed() {
        change.signalAll();
        departure.signalAll();
        letIn();
    }

    /**
     * A claim is given up: of interest only to requests that are kept out. Syncs do that thousands of times a second, and a thread that is
     * woken for nothing keeps users from the lock.
     */
    void letIn() {
        admission.signalAll();
    }

    /** A request has left: of interest only to those who drain. */
    void departed() {
        departure.signalAll();
    }

    /** An attribute that md notifies has changed, or was written again. */
    void notifyWatchers() {
        changed();
        subscribers.forEach(Runnable::run);
    }

    Runnable subscribe(Runnable wake) {
        lock.lock();
        try {
            List<Runnable> more = new ArrayList<>(subscribers);
            more.add(wake);
            subscribers = List.copyOf(more);
        } finally {
            lock.unlock();
        }
        return () -> unsubscribe(wake);
    }

    private void unsubscribe(Runnable wake) {
        lock.lock();
        try {
            List<Runnable> fewer = new ArrayList<>(subscribers);
            fewer.remove(wake);
            subscribers = List.copyOf(fewer);
        } finally {
            lock.unlock();
        }
    }

    /** md's word for the state. */
    String stateWord() {
        if (!running) {
            return members.isEmpty() && config.raidDisks == 0 && config.componentSectors == 0 ? "clear" : "inactive";
        }
        if (mode != Mode.READ_WRITE) {
            return mode == Mode.READONLY ? "readonly" : "read-auto";
        }
        if (broken) {
            return "broken";
        }
        if (pending) {
            return "write-pending";
        }
        if (clean) {
            return "clean";
        }
        return idle ? "active-idle" : "active";
    }

    boolean redundant() {
        return main != null && !(main.geometry().level() instanceof Level.Striped);
    }

    /** The sync group of attributes exists. */
    boolean offersSync() {
        return running && redundant();
    }

    /** User space must record something before anything goes on; RAID0 has no metadata that says so, and a broken array does not go on. */
    void requestRecord() {
        if (redundant() && !broken) {
            pending = true;
            notifyWatchers();
        }
    }

    /** Somebody holds writes: a failed member that is not yet recorded, or a live one that user space blocked. */
    boolean anyBlocked() {
        for (Member member : members.values()) {
            if (member.blocked && member.slot != Member.NO_SLOT) {
                return true;
            }
        }
        return false;
    }

    /** Missing or not in_sync members, of the worse geometry while two are in force. */
    int degraded() {
        int worst = 0;
        if (main != null) {
            worst = main.missing();
        }
        return fresh == null ? worst : Math.max(worst, fresh.missing());
    }

    /** Array sectors that users see. */
    long visibleSectors() {
        return main == null ? 0 : config.arraySectors(main.geometry());
    }

    /** Whether writes into the suspended range go on, to both places. */
    boolean letsThrough() {
        return config.writeThroughMillis > 0;
    }

    /** First member sector of the row that has this array sector by the old mapping. */
    long oldRowStart(long arraySector) {
        Geometry old = main.geometry();
        return arraySector / old.rowSectors() * old.chunkSectors();
    }

    /** Whether losing this member, which works now, would lose data. */
    boolean needs(Member member) {
        return running
                && member.working()
                && (!main.without(member).survives()
                        || (fresh != null && !fresh.without(member).survives()));
    }

    /** A member has failed: the failure order of docs/md-control.md section 4. Call without the lock. */
    void fail(Member member, String why) {
        lock.lock();
        try {
            failLocked(member, why);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Fails every member whose request went wrong. Call without the lock.
     *
     * @return the first failure, null when all went well
     */
    DiskException failWhoFailed(List<MemberRequest> requests) {
        DiskException first = null;
        for (MemberRequest request : requests) {
            if (request.failure != null) {
                fail(request.member, request.failure.getMessage());
                first = first == null ? request.failure : first;
            }
        }
        return first;
    }

    void failLocked(Member member, String why) {
        if (member.failed() || !members.containsValue(member)) {
            return;
        }
        System.getLogger("io.restripe.array")
                .log(System.Logger.Level.WARNING, "{0}: member {1} failed: {2}", name, member.name, why);
        if (running && main.holdsLastCopy(member)) {
            breakDown(); // it stays in_sync: what can still be read of it is all there is
        } else {
            member.markFailed();
            member.blocked = member.slot != Member.NO_SLOT && running;
            sync.memberFailed = true;
            if (running && !survives()) {
                breakDown();
            }
            requestRecord();
        }
        notifyWatchers();
    }

    /** Call without the lock. */
    boolean isBroken() {
        lock.lock();
        try {
            return broken;
        } finally {
            lock.unlock();
        }
    }

    private boolean survives() {
        return main.survives() && (fresh == null || fresh.survives());
    }

    private void breakDown() {
        broken = true;
        pending = false;
    }

    /** Maps by the present configuration and members. A new generation gives rows new locks. */
    void rebuildLayouts() {
        Geometry present = config.geometry();
        if (config.reshaping()) {
            main = layout(present, true, generation);
            fresh = layout(config.newGeometry(), false, generation + 1);
        } else {
            main = layout(present, false, generation);
            fresh = null;
        }
        sectorBytes = members.values().stream()
                .filter(member -> member.slot != Member.NO_SLOT)
                .mapToInt(member -> member.disk.logicalSectorBytes())
                .reduce(Units.SECTOR_BYTES, Math::max);
    }

    /** The new geometry is the only one now. */
    void adoptFresh() {
        generation++;
        config.adoptChange();
        for (Member member : members.values()) {
            member.filledByReshape = false;
            if (member.slot >= config.raidDisks) {
                member.slot = Member.NO_SLOT;
                member.inSync = false;
            }
        }
        frontier = 0;
        publishedFrontier = 0;
        rebuildLayouts();
    }

    private Layout layout(Geometry geometry, boolean old, int withGeneration) {
        Member[] slots = new Member[geometry.members()];
        for (Member member : members.values()) {
            boolean holds = member.slot != Member.NO_SLOT
                    && member.slot < slots.length
                    && !(old && member.filledByReshape)
                    && (member.inSync || member.recoveredSector() > 0 || member == sync.recovering);
            if (holds) {
                slots[member.slot] = member;
            }
        }
        return new Layout(geometry, slots, withGeneration);
    }

    AttributeException refusal(String attribute, String value, Errno errno, String why) {
        return new AttributeException(name, attribute, value, errno, why);
    }

    Member member(String member) throws AttributeException {
        Member found = members.get(member);
        if (found == null) {
            throw new AttributeException(name, "dev-" + member, null, Errno.ENODEV, "not a member");
        }
        return found;
    }
}
