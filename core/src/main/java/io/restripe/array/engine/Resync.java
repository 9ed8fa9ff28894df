package io.restripe.array.engine;

import io.restripe.array.engine.SyncControl.Action;
import io.restripe.array.engine.SyncThread.Ending;
import io.restripe.disk.DiskException;
import io.restripe.geometry.Geometry;
import io.restripe.geometry.Level;
import io.restripe.unit.Units;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * Resync, recovery, check and repair: one pass over the rows in ascending order, a few rows at a time, under their locks. Run by the
 * sync thread; the state lock is held except around member I/O.
 */
final class Resync {
    private static final long WINDOW_SECTORS = 1024L * Units.SECTORS_PER_KIB;
    private static final int PUBLICATIONS = 16;
    private final Parts parts;
    private final ArrayState state;
    private final SyncGate gate;
    private final SyncWords words;

    Resync(Parts parts, SyncGate gate, SyncWords words) {
        this.parts = parts;
        this.state = parts.state();
        this.gate = gate;
        this.words = words;
    }

    /** What is done to a row. */
    interface RowPass {
        /**
         * Called with the locks of {@link #keys} held.
         *
         * @return sectors that did not agree
         */
        long pass(Layout layout, long row, Action action, Member target) throws DiskException;

        /** The locks of a row, ascending. */
        long[] keys(Layout layout, long row);
    }

    Ending run(Action action) {
        Member target = action == Action.RECOVER ? words.spare() : null;
        boolean ranged = action == Action.CHECK || action == Action.REPAIR;
        long total = state.config.syncSectors();
        long start = switch (action) {
            case RECOVER -> target.recoveredSector();
            case RESYNC -> state.config.resyncStart;
            case CHECK, REPAIR -> state.config.syncMin;
            case IDLE, RESHAPE -> throw new IllegalArgumentException(action.word);
        };
        state.config.mismatchSectors = ranged ? 0 : state.config.mismatchSectors;
        gate.begin(action, start, total);
        if (action == Action.RECOVER) {
            return recover(target, start, total);
        }
        Ending ending = passOver(action, null, start, total);
        if (action == Action.RESYNC && ending == Ending.DONE) {
            state.config.resyncStart = Config.MAX;
            state.parityKnownTo = Long.MAX_VALUE;
            parts.bitmap().resynced();
        }
        return ending;
    }

    /** A target that was left half way stays in its rows: what has been rebuilt must be kept up to date. */
    private Ending recover(Member target, long start, long total) {
        Ending ending = Ending.STUCK;
        if (target.slot == Member.NO_SLOT) {
            target.slot = words.emptySlot();
        }
        if (start == 0) {
            state.lock.unlock();
            try {
                parts.bitmap().give(target);
            } finally {
                state.lock.lock();
            }
        }
        state.sync.recovering = target;
        try {
            parts.admission().alone(state::rebuildLayouts);
            ending = passOver(Action.RECOVER, target, start, total);
        } finally {
            state.sync.recovering = null;
            if (ending == Ending.DONE && !target.failed()) {
                target.recoveredTo(Long.MAX_VALUE);
                target.inSync = true;
            }
            state.rebuildLayouts();
        }
        return ending;
    }

    private Ending passOver(Action action, Member target, long start, long total) {
        long at = start;
        long chunk = state.main.geometry().chunkSectors();
        long lastPublished = start;
        WindowSize size = new WindowSize(chunk, WINDOW_SECTORS);
        while (true) {
            at = action == Action.RESYNC ? afterWhatIsEqual(at, total) : at;
            boolean lost = state.sync.memberFailed || state.broken;
            if (gate.mustEnd() || lost) {
                publish(action, target, at);
                return Ending.ABORTED;
            }
            long limit = Math.min(state.config.syncMax, total);
            if (gate.mustWait()) {
                state.await();
            } else if (at >= total || ((action == Action.CHECK || action == Action.REPAIR) && at >= limit)) {
                publish(action, target, at);
                // A failure in the last flush undoes the end; a write of a user, which asks for a record too, does not.
                return state.sync.memberFailed ? Ending.ABORTED : Ending.DONE;
            } else if (at >= limit) {
                if (lastPublished != at) {
                    lastPublished = at;
                    publish(action, target, at);
                } else {
                    state.await();
                }
            } else if (at - lastPublished >= total / PUBLICATIONS || (at > lastPublished && gate.publishIsDue())) {
                lastPublished = at;
                publish(action, target, at);
            } else if (!gate.pause()) {
                long turnNanos = gate.turnNanos();
                long wanted = Units.floorToUnit(at, chunk) + size.sectors(0, turnNanos);
                long from = at;
                long began = state.env.nanoTime();
                at = window(
                        passOf(gate.parts(turnNanos)),
                        action,
                        target,
                        from,
                        Math.min(wanted, Units.ceilToUnit(limit, chunk)));
                long took = state.env.nanoTime() - began;
                size.took(at - from, took);
                gate.took(took, at - from);
                gate.count(at - from);
            }
        }
    }

    /** Where a write-intent bitmap says that a resync has something to do again. */
    private long afterWhatIsEqual(long at, long total) {
        long next;
        state.lock.unlock();
        try {
            next = parts.bitmap().nextToResync(at, total);
        } finally {
            state.lock.lock();
        }
        if (next > at) {
            state.parityKnownTo = next; // what has been passed over is right, whoever writes there
        }
        return next;
    }

    /** Progress is shown only when what lies below it is durable; a recorded failure comes first. */
    private void publish(Action action, Member target, long at) {
        Layout layout = state.main;
        state.lock.unlock();
        try {
            gate.flush(layout);
        } finally {
            state.lock.lock();
        }
        if (state.sync.memberFailed) {
            return;
        }
        if (action == Action.RESYNC) {
            state.config.resyncStart = at;
        }
        assert target == null || target.recoveredSector() >= at || target.failed() : at;
        gate.publish(at);
    }

    private RowPass passOf(Parts with) {
        return state.main.geometry().level() instanceof Level.Parity ? new ParityRows(with) : new CopyRows(with);
    }

    /** Returns where it got: {@code to}, or less when a member failed. */
    private long window(RowPass pass, Action action, Member target, long from, long to) {
        Layout layout = state.main;
        state.lock.unlock();
        long mismatches = 0;
        long at = from;
        try {
            long chunk = layout.geometry().chunkSectors();
            for (long row = from / chunk; row * chunk < to && !state.sync.memberFailed; row++) {
                mismatches += passReadableRow(pass, layout, row, action, target);
                at = (row + 1) * chunk;
            }
        } finally {
            state.lock.lock();
        }
        state.config.mismatchSectors += mismatches;
        return at;
    }

    private long passReadableRow(RowPass pass, Layout layout, long row, Action action, Member target) {
        try {
            return passRow(pass, layout, row, action, target);
        } catch (DiskException e) {
            if (target != null) {
                state.fail(target, "cannot be rebuilt: " + e.getMessage());
            }
            return 0; // what cannot be read cannot be compared; users get its error, not the pass
        }
    }

    private long passRow(RowPass pass, Layout layout, long row, Action action, Member target) throws DiskException {
        long[] keys = pass.keys(layout, row);
        for (long key : keys) {
            parts.locks().lock(key);
        }
        try {
            long mismatches = pass.pass(layout, row, action, target);
            long end = (row + 1) * layout.geometry().chunkSectors();
            if (target != null && !target.failed()) {
                target.recoveredTo(end);
            } else if (action == Action.RESYNC) {
                state.parityKnownTo = end;
            }
            return mismatches;
        } finally {
            for (long key : keys) {
                parts.locks().unlock(key);
            }
        }
    }

    /** Rows with parity. */
    private record ParityRows(Parts parts) implements RowPass {
        @Override
        public long[] keys(Layout layout, long row) {
            return new long[] {layout.rowKey(row)};
        }

        @Override
        public long pass(Layout layout, long row, Action action, Member target) throws DiskException {
            long mismatches = 0;
            int chunk = layout.geometry().chunkSectors();
            try (Band band = new Band(parts, layout, row, 0, chunk)) {
                if (band.readAtOnce(MemberRequest.Kind.READ)) {
                    return settle(band, action, target);
                }
            }
            DiskException last = null;
            for (int from = 0; from < chunk; from += Band.BLOCK_SECTORS) {
                try (Band band = new Band(parts, layout, row, from, Math.min(Band.BLOCK_SECTORS, chunk - from))) {
                    band.readAndRecover(MemberRequest.Kind.READ);
                    mismatches += settle(band, action, target);
                } catch (DiskException e) {
                    last = e; // the others can be settled all the same
                }
            }
            if (last != null) {
                throw last;
            }
            return mismatches;
        }

        /** Writes what is to be written of a band that has been read. */
        private long settle(Band band, Action action, Member target) {
            List<MemberRequest> writes = new ArrayList<>();
            if (target != null) {
                writes.add(MemberRequest.write(target, band.startSector(), band.recovered(target.slot), 0));
                run(parts, writes);
                return 0;
            }
            boolean matches = band.parityMatches();
            band.planHeals(writes);
            if (!matches && action != Action.CHECK) {
                band.planParityWrites(writes);
            }
            run(parts, writes);
            return matches ? 0 : band.sectors();
        }
    }

    private static void run(Parts parts, List<MemberRequest> writes) {
        parts.io().run(writes);
        parts.state().failWhoFailed(writes);
    }

    /** Rows of copies: the first copy that can be read is the truth. */
    private record CopyRows(Parts parts) implements RowPass {
        @Override
        public long[] keys(Layout layout, long row) {
            Geometry geometry = layout.geometry();
            if (geometry.copies() == geometry.members()) {
                return new long[] {layout.rowKey(row)};
            }
            long first = row * geometry.members() / geometry.copies();
            long last = ((row + 1) * geometry.members() - 1) / geometry.copies();
            long[] keys = new long[Math.toIntExact(last - first + 1)];
            for (int i = 0; i < keys.length; i++) {
                keys[i] = layout.rowKey(first + i);
            }
            return keys;
        }

        @Override
        public long pass(Layout layout, long row, Action action, Member target) throws DiskException {
            Geometry geometry = layout.geometry();
            int chunk = geometry.chunkSectors();
            long mismatches = 0;
            MemorySegment truth = parts.scratch().take(2L * chunk);
            try {
                for (int slot = 0; slot < geometry.members(); slot++) {
                    mismatches += passCopy(layout, row, slot, action, target, truth);
                }
            } finally {
                parts.scratch().give(truth);
            }
            return mismatches;
        }

        /** Compares, or fills, the chunk that a slot holds in this row with another copy of it. */
        private long passCopy(Layout layout, long row, int slot, Action action, Member target, MemorySegment buffers)
                throws DiskException {
            Geometry geometry = layout.geometry();
            int chunk = geometry.chunkSectors();
            Member own = layout.slots()[slot];
            boolean wanted = own != null && !own.failed() && (target == null || own == target);
            if (!wanted) {
                return 0;
            }
            MemorySegment other = StripeTransform.slice(buffers, 0, chunk);
            MemorySegment mine = StripeTransform.slice(buffers, chunk, chunk);
            if (!readOther(layout, row, slot, other)) {
                return 0;
            }
            boolean differs = true;
            if (target == null) {
                MemberRequest read = MemberRequest.read(own, row * chunk, mine, slot);
                read.perform();
                differs = read.failure != null || mine.mismatch(other) >= 0;
            }
            if (differs && action != Action.CHECK) {
                run(parts, List.of(MemberRequest.write(own, row * chunk, other, slot)));
            }
            return differs && target == null ? chunk : 0;
        }

        /** Reads the first other copy that works; false when this slot is the first itself, or no other has it. */
        private boolean readOther(Layout layout, long row, int slot, MemorySegment into) throws DiskException {
            Geometry geometry = layout.geometry();
            int copies = geometry.copies();
            long place = row * geometry.members() + slot;
            long first = copies == geometry.members() ? row * copies : place / copies * copies;
            int chunk = geometry.chunkSectors();
            for (long copy = first; copy < first + copies; copy++) {
                int otherSlot = (int) (copy % geometry.members());
                long sector = copy / geometry.members() * chunk;
                Member member = layout.usable(otherSlot, sector + chunk);
                if (copy == place) {
                    if (member != null) {
                        return false;
                    }
                    continue;
                }
                if (member != null) {
                    MemberRequest read = MemberRequest.read(member, sector, into, otherSlot);
                    read.perform();
                    if (read.failure == null) {
                        return true;
                    }
                }
            }
            throw StripeTransform.lost(parts, MemberRequest.Kind.READ, row * chunk, chunk, slot);
        }
    }
}
