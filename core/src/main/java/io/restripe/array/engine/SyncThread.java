package io.restripe.array.engine;

import io.restripe.array.engine.SyncControl.Action;

/** Owner of everything that moves through the array by itself: one thread an array, which runs what {@link SyncWords#next} says. */
final class SyncThread implements Runnable {
    /** How a run ended. */
    enum Ending {
        DONE,
        /** Told to end, or a member failed: it can be taken up again. */
        ABORTED,
        /** It cannot go on by itself. */
        STUCK
    }

    private static final System.Logger LOG = System.getLogger("io.restripe.array");
    private final ArrayState state;
    private final SyncWords words;
    private final Relocation relocation;
    private final Resync resync;

    /** The last exception or error that ended a run; thrown when the thread ends, so that whoever closes the array is told. */
    private Throwable bug;

    SyncThread(Parts parts, SyncWords words) {
        this.state = parts.state();
        this.words = words;
        SyncGate gate = new SyncGate(parts);
        this.relocation = new Relocation(parts, gate);
        this.resync = new Resync(parts, gate, words);
    }

    @Override
    public void run() {
        state.lock.lock();
        try {
            while (!state.closed) {
                Action next = words.next();
                if (next == Action.IDLE) {
                    state.await();
                } else {
                    perform(next);
                }
            }
        } finally {
            state.sync.running = Action.IDLE;
            state.changed();
            state.lock.unlock();
        }
        if (bug != null) {
            throw new IllegalStateException(state.name + ": a sync was ended by what must not happen", bug);
        }
    }

    /** Called with the state lock held; the runs let go of it while they work. */
    private void perform(Action action) {
        state.sync.running = action;
        Ending ending = runToItsEnd(action);
        boolean toldTo = state.sync.interrupted;
        boolean ranged = action == Action.CHECK || action == Action.REPAIR;
        if (ranged) { // as md has it: sync_min tells how far one came that was ended early
            state.config.syncMin = ending == Ending.DONE ? 0 : Math.max(0, state.sync.completed);
        }
        state.sync.running = Action.IDLE;
        state.sync.completed = -1;
        state.config.lastSyncAction = action.word;
        if (ending == Ending.DONE) {
            state.config.syncMax = Config.MAX;
        }
        if (ranged) {
            state.sync.requested = Action.IDLE;
        }
        if (ending == Ending.STUCK) {
            state.sync.stuck = true;
        }
        if (!toldTo) {
            state.requestRecord();
        }
        state.notifyWatchers();
    }

    /** A bug of ours stops what it met, where it is, and nobody else: the array goes on serving, and those who wait see that it is idle. */
    private Ending runToItsEnd(Action action) {
        try {
            return action == Action.RESHAPE ? relocation.run() : resync.run(action);
        } catch (RuntimeException | Error e) {
            LOG.log(System.Logger.Level.ERROR, state.name + ": " + action.word + " ended by a bug", e);
            bug = e;
            return Ending.STUCK;
        }
    }
}
