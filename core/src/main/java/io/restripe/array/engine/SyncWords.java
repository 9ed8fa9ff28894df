package io.restripe.array.engine;

import io.restripe.array.AttributeException;
import io.restripe.array.Errno;
import io.restripe.array.engine.SyncControl.Action;

/**
 * Writing sync_action (docs/md-control.md, section 5), and what should run now. Called with the state lock held; idle, frozen and
 * reshape with the configuration lock as well.
 */
final class SyncWords {
    private final ArrayState state;
    private final ReshapeSetup reshape;

    SyncWords(ArrayState state) {
        this.state = state;
        this.reshape = new ReshapeSetup(state);
    }

    static boolean isFree(String word) {
        return !word.equals("idle") && !word.equals("frozen") && !word.equals("reshape");
    }

    /** The word that sync_action shows: what runs, else what is about to. */
    String shown() {
        if (state.sync.running != Action.IDLE) {
            return state.sync.running.word;
        }
        return state.sync.frozen ? "frozen" : next().word;
    }

    /** What should run now. */
    Action next() {
        SyncControl sync = state.sync;
        boolean may = state.running
                && state.redundant()
                && state.mode == ArrayState.Mode.READ_WRITE
                && !sync.frozen
                && !sync.interrupted
                && !sync.stuck
                && !state.broken
                && !state.closed;
        if (!may) {
            return Action.IDLE;
        }
        if (state.config.reshaping()) {
            return Action.RESHAPE;
        }
        if (spare() != null) {
            return Action.RECOVER;
        }
        if (state.config.resyncStart != Config.MAX && state.main.survives()) {
            return Action.RESYNC;
        }
        return sync.requested;
    }

    /** A member that a recovery should fill: one in a slot, else one that can take an empty slot. */
    Member spare() {
        Member unplaced = null;
        if (!state.main.survives()) {
            return null;
        }
        for (Member member : state.members.values()) {
            if (member.failed() || member.inSync || member.sizeSectors < state.config.componentSectors) {
                continue;
            }
            if (member.slot != Member.NO_SLOT && member.slot < state.config.raidDisks) {
                return member;
            }
            if (member.slot == Member.NO_SLOT && emptySlot() >= 0) {
                unplaced = unplaced == null ? member : unplaced;
            }
        }
        return unplaced;
    }

    /** A slot of the present geometry that nobody is in; -1 when there is none. */
    int emptySlot() {
        for (int slot = 0; slot < state.config.raidDisks; slot++) {
            int wanted = slot;
            if (state.members.values().stream().noneMatch(member -> member.slot == wanted)) {
                return slot;
            }
        }
        return -1;
    }

    void write(String word) throws AttributeException {
        if (!state.offersSync()) {
            throw refusal(word, Errno.ENOENT, "the array does not run, or its level has no redundancy");
        }
        if (state.mode == ArrayState.Mode.READONLY) {
            requireKnown(word);
            return;
        }
        if (state.mode == ArrayState.Mode.READ_AUTO) {
            state.mode = ArrayState.Mode.READ_WRITE;
        }
        switch (word) {
            case "frozen" -> {
                state.sync.frozen = true;
                stopRunning();
                letRun();
            }
            case "idle" -> {
                stopRunning();
                letRun();
                thaw();
                state.sync.requested = Action.IDLE;
            }
            case "resync", "recover" -> {
                requireIdle(word);
                thaw();
            }
            case "check", "repair" -> {
                requireIdle(word);
                thaw();
                state.sync.requested = word.equals("check") ? Action.CHECK : Action.REPAIR;
            }
            case "reshape" -> {
                requireIdle(word);
                if (!state.config.reshaping()) {
                    reshape.begin();
                }
                thaw();
            }
            default -> requireKnown(word);
        }
        state.notifyWatchers();
    }

    private void thaw() {
        state.sync.frozen = false;
        state.sync.stuck = false;
    }

    private void requireIdle(String word) throws AttributeException {
        if (state.sync.running != Action.IDLE) {
            throw refusal(word, Errno.EBUSY, state.sync.running.word + " runs");
        }
    }

    private void requireKnown(String word) throws AttributeException {
        switch (word) {
            case "idle", "frozen", "resync", "recover", "check", "repair", "reshape" -> {}
            default -> throw refusal(word, Errno.EINVAL, "not a sync action");
        }
    }

    private AttributeException refusal(String word, Errno errno, String why) {
        return state.refusal("sync_action", word, errno, why);
    }

    /** Ends what runs, at a consistent place, and keeps the next from starting until {@link #letRun}. */
    void stopRunning() {
        state.sync.interrupted = true;
        state.changed();
        while (state.sync.running != Action.IDLE && !state.closed) {
            state.await();
        }
    }

    void letRun() {
        state.sync.interrupted = false;
        state.changed();
    }
}
