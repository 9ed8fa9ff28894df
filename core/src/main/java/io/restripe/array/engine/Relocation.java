package io.restripe.array.engine;

import io.restripe.array.engine.SyncControl.Action;
import io.restripe.geometry.Geometry;
import io.restripe.rule.Rule;
import io.restripe.unit.SectorRange;
import io.restripe.unit.Units;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * The reshape of a parity array, ascending: window by window the array is read by its old geometry and written by the new one, never
 * past sync_max. Run by the sync thread; the state lock is held except around member I/O.
 *
 * <pre>
 *   array  0 ....... published ....... frontier ====window==== end of window ............ end
 *          new rows, recorded | new rows, writes wait | claimed | old rows
 * </pre>
 *
 * A window is a multiple of {@code max(chunks) * new data members}. So the new rows below any frontier end, on the members, at or
 * before the old row that the frontier cuts: that row stays whole where it is, and requests to its upper part go on.
 */
final class Relocation {
    private static final long WINDOW_SECTORS = 4L * 1024 * Units.SECTORS_PER_KIB;
    private static final long NANOS_PER_MILLI = 1_000_000L;

    private final Parts parts;
    private final ArrayState state;
    private final SyncGate gate;
    private Geometry oldGeometry;
    private Geometry newGeometry;
    private long stepSectors;
    private long memberEnd;
    private WindowSize windowSize;
    /** Of the window whose size was asked for last. */
    private Parts with;

    Relocation(Parts parts, SyncGate gate) {
        this.parts = parts;
        this.state = parts.state();
        this.gate = gate;
    }

    SyncThread.Ending run() {
        oldGeometry = state.main.geometry();
        newGeometry = state.fresh.geometry();
        int newData = newGeometry.dataMembers();
        stepSectors = Math.max(oldGeometry.chunkSectors(), newGeometry.chunkSectors()) * (long) newData;
        windowSize = new WindowSize(stepSectors, WINDOW_SECTORS);
        memberEnd = state.config.syncSectors();
        giveBitmaps();
        gate.begin(Action.RESHAPE, state.publishedFrontier / newData, memberEnd);
        boolean stuck = false;
        while (true) {
            if (gate.mustEnd()) {
                park();
                return SyncThread.Ending.ABORTED;
            }
            if (state.broken) {
                return SyncThread.Ending.STUCK;
            }
            if (gate.mustWait()) {
                state.await();
            } else if (stuck || state.frontier == end()) {
                if (checkpoint() && (stuck || finish())) {
                    return stuck ? SyncThread.Ending.STUCK : SyncThread.Ending.DONE;
                }
            } else {
                stuck = !advance(); // what has been relocated before is published all the same: writes wait for it
            }
        }
    }

    /** To the members that were not there before. */
    private void giveBitmaps() {
        List<Member> joined = new ArrayList<>(Arrays.asList(state.fresh.slots()));
        joined.removeAll(Arrays.asList(state.main.slots()));
        state.lock.unlock();
        try {
            joined.stream().filter(Objects::nonNull).forEach(parts.bitmap()::give);
        } finally {
            state.lock.lock();
        }
    }

    private long end() {
        return Math.multiplyExact(memberEnd, (long) newGeometry.dataMembers());
    }

    /** As far as sync_max lets, in array sectors, rounded down to whole steps. */
    private long bound() {
        long memberBound = Math.min(state.config.syncMax, memberEnd);
        return Units.floorToUnit(Math.multiplyExact(memberBound, (long) newGeometry.dataMembers()), stepSectors);
    }

    private long windowSectors() {
        long holdNanos = state.config.writeThroughMillis * NANOS_PER_MILLI / 2; // windows of one size differ in time
        long turnNanos = gate.turnNanos();
        with = gate.parts(turnNanos);
        return windowSize.sectors(holdNanos, turnNanos);
    }

    /** One window, one checkpoint, or one wait. False when the array cannot go on. */
    private boolean advance() {
        long from = state.frontier;
        long to = Math.min(from + windowSectors(), bound());
        boolean published = state.publishedFrontier == from;
        if (to <= from) {
            if (published) {
                state.await();
            } else {
                checkpoint();
            }
        } else if (!published && checkpointIsDue(from, to)) {
            checkpoint();
        } else if (!gate.pause()) {
            return relocate(new SectorRange(from, to));
        }
        return true;
    }

    private boolean checkpointIsDue(long from, long to) {
        return state.sync.checkpointWanted || gate.publishIsDue() || gate.pausesLong() || overwritesRecorded(from, to);
    }

    /**
     * Whether this window would overwrite rows that the published position still calls old, although a checkpoint now would make it
     * safe (docs/md-control.md, 8.3, rule a). Where only a backup helps it is the manager's bound that keeps them.
     */
    private boolean overwritesRecorded(long from, long to) {
        long written = to / newGeometry.dataMembers();
        return written > state.oldRowStart(state.publishedFrontier) && written <= state.oldRowStart(from);
    }

    /** Reads go on where the window leaves its source as it is. */
    private boolean relocate(SectorRange range) {
        long writtenEnd = range.end() / newGeometry.dataMembers();
        boolean leavesSource = writtenEnd <= state.oldRowStart(range.start());
        Admission.Claim claim = new Admission.Claim(range, leavesSource, writtenEnd);
        if (!parts.admission().claim(claim, gate::mustEnd)) {
            return true;
        }
        long began = state.env.nanoTime();
        try {
            Rule.R2_BOUND.holds(range.end() <= bound(), "end of a relocated window", range.end(), bound());
            return move(range);
        } finally {
            parts.admission().release(claim);
            long took = state.env.nanoTime() - began;
            windowSize.took(range.length(), took);
            gate.took(took, range.length() / newGeometry.dataMembers());
        }
    }

    /**
     * False when the sources cannot be read: nothing was written then. From the first write on only the rows of the new geometry can be
     * right, even when too few members took them: the frontier lies behind the window then, so that what was written is found and what
     * was not is an error. It stays unpublished, and a copy of the window, if there is one, in force.
     */
    private boolean move(SectorRange range) {
        Layout from = state.main;
        Layout to = state.fresh;
        boolean writes = false;
        state.lock.unlock();
        try (Window window = new Window(with, from, to, range, oldGeometry.arraySectors(memberEnd))) {
            if (window.read()) {
                writes = true;
                window.write();
            }
        } finally {
            state.lock.lock();
            if (writes) {
                state.frontier = range.end();
                gate.count(range.length() / newGeometry.dataMembers());
            }
        }
        return writes;
    }

    /** Everything relocated is durable, then published. False when a member failed meanwhile: that must be recorded first. */
    private boolean checkpoint() {
        long reached = state.frontier;
        Layout written = state.fresh;
        state.lock.unlock();
        try {
            gate.flush(written);
        } finally {
            state.lock.lock();
        }
        if (gate.mustWait() || state.broken) {
            return false;
        }
        Rule.R6_MONOTONIC.holds(
                reached >= state.publishedFrontier, "reshape_position", reached, state.publishedFrontier);
        state.publishedFrontier = reached;
        state.config.reshapePosition = reached;
        state.sync.checkpointWanted = false;
        gate.publish(reached / newGeometry.dataMembers());
        return true;
    }

    /** What has been relocated is published; unless something waits to be recorded, then it stays unpublished until resumed. */
    private void park() {
        if (state.publishedFrontier != state.frontier && !gate.mustWait()) {
            checkpoint();
        }
    }

    /** False when something must be recorded first, or it is told to end. */
    private boolean finish() {
        if (!parts.log().isOn()) {
            state.adoptFresh();
            return true;
        }
        Admission.Claim all = Admission.Claim.everything(new SectorRange(0, Long.MAX_VALUE));
        if (!parts.admission().claim(all, gate::mustEnd)) {
            return false;
        }
        try {
            boolean forgotten = forgetLogs();
            if (forgotten) {
                state.adoptFresh();
            }
            return forgotten;
        } finally {
            parts.admission().release(all);
        }
    }

    /** The next reshape must not find in a log what was meant by the geometries of this one. */
    private boolean forgetLogs() {
        List<Member> members = new ArrayList<>();
        for (Member member : state.fresh.slots()) {
            if (member != null) {
                members.add(member);
            }
        }
        state.lock.unlock();
        try {
            return parts.log().forget(members);
        } finally {
            state.lock.lock();
        }
    }
}
