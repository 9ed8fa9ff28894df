package io.restripe.reshape;

import io.restripe.metadata.Progress;
import io.restripe.rule.Rule;
import java.util.List;
import java.util.Objects;

/**
 * The monitor's half of a running reshape (docs/reshape-protocol.md, sections 4 and 5) as a pure function: state and event in, next
 * state and effects out. No clock, disk or thread. The owner carries the effects out in order, checks each (R8), and only then
 * takes the next state.
 */
public final class MonitorMachine {
    /** "As far as you ever can": the manager has nothing more to save. */
    public static final long MAX = Long.MAX_VALUE;

    private final ReshapeShape shape;

    public MonitorMachine(ReshapeShape shape) {
        this.shape = Objects.requireNonNull(shape);
    }

    /** Where the reshape stands. */
    public sealed interface State {
        /** Array position below which the new layout is durable: C. */
        long checkpoint();

        /** Device position the array was last allowed to reach. */
        long syncMax();

        /** The unit that the durable record says is in the copy area, -1: none. */
        long savedUnit();

        /** The array stands at its bound; the manager prepares the next step. */
        record WaitBackup(long checkpoint, long syncMax, long savedUnit) implements State {}

        /** The array relocates up to {@code syncMax}. {@code autopilot}: the manager asked for MAX and steps need no asking. */
        record WaitArray(long checkpoint, long syncMax, long savedUnit, boolean autopilot) implements State {}

        /** Everything is relocated and the checkpoint is at the end. */
        record Finished(long checkpoint, long syncMax) implements State {
            @Override
            public long savedUnit() {
                return -1;
            }
        }
    }

    /** What happens to it. */
    public sealed interface Event {
        /**
         * The manager asks for more.
         *
         * @param to device position, or {@link #MAX}
         * @param backedUp the unit that ends there is saved and flushed in the copy area
         * @param suspendHi array position up to which writes are suspended now
         */
        record SyncMaxAsked(long to, boolean backedUp, long suspendHi) implements Event {}

        /**
         * The array published progress; everything below is flushed on its members.
         *
         * @param to device position
         * @param suspendHi array position up to which writes are suspended now
         */
        record SyncCompleted(long to, long suspendHi) implements Event {}
    }

    /** What the owner must do, in order. */
    public sealed interface Effect {
        /** Make this progress durable in the record. */
        record WriteRecord(Progress progress) implements Effect {}

        /** Allow the array to relocate up to this device position. */
        record SetSyncMax(long devicePosition) implements Effect {}

        /** Let writes below this array position go. */
        record SetSuspendLo(long arrayPosition) implements Effect {}

        /** Tell the asker no. */
        record Refuse(Rule rule, String why) implements Effect {}
    }

    /** A transition. */
    public record Step(State next, List<Effect> effects) {
        public Step {
            effects = List.copyOf(effects);
        }

        /** The refusal among the effects, null when there is none. */
        public Effect.Refuse refusal() {
            for (Effect effect : effects) {
                if (effect instanceof Effect.Refuse refuse) {
                    return refuse;
                }
            }
            return null;
        }
    }

    /** The state that a durable record stands for, the array parked at the checkpoint. */
    public State start(Progress progress) {
        long checkpoint = Math.min(shape.end(), shape.positionOfUnit(progress.unit()));
        if (checkpoint >= shape.end()) {
            return new State.Finished(shape.end(), shape.deviceEnd());
        }
        return new State.WaitBackup(
                checkpoint, shape.deviceOf(checkpoint), progress.inCopyArea() ? progress.unit() : -1);
    }

    /**
     * The state for a monitor that takes over while the array relocates: what the one before allowed may be further than the durable
     * record.
     *
     * @param allowed {@code sync_max} of the array
     */
    public State takeUp(Progress progress, long allowed) {
        State parked = start(progress);
        if (parked instanceof State.WaitBackup w && allowed > w.syncMax()) {
            long unit = w.savedUnit();
            return new State.WaitArray(w.checkpoint(), Math.min(allowed, shape.deviceEnd()), unit, false);
        }
        return parked;
    }

    /** What follows. */
    public Step on(State state, Event event) {
        return switch (state) {
            case State.WaitBackup w ->
                switch (event) {
                    case Event.SyncMaxAsked asked -> asked(w, asked);
                    case Event.SyncCompleted _ -> stay(w); // a late wake-up: its sectors are already counted
                };
            case State.WaitArray w ->
                switch (event) {
                    case Event.SyncMaxAsked asked -> askedEarly(w, asked);
                    case Event.SyncCompleted c -> completed(w, c);
                };
            case State.Finished f ->
                switch (event) {
                    case Event.SyncMaxAsked _ -> refuse(f, Rule.R6_MONOTONIC, "everything is relocated already");
                    case Event.SyncCompleted _ -> stay(f);
                };
        };
    }

    private Step asked(State.WaitBackup w, Event.SyncMaxAsked asked) {
        if (asked.to() == MAX) {
            return autopilot(w, asked.suspendHi());
        }
        Effect.Refuse refusal = refusal(w, asked);
        if (refusal != null) {
            return new Step(w, List.of(refusal));
        }
        return asked.backedUp() ? releaseSaved(w, asked.to()) : releaseFree(w, asked.to(), false);
    }

    /** The next step while the array works at this one, so that it need not stand between them. Only where neither needs a backup. */
    private Step askedEarly(State.WaitArray w, Event.SyncMaxAsked asked) {
        if (asked.backedUp() || asked.to() == MAX || w.autopilot()) {
            return refuse(w, Rule.R2_BOUND, "the array is still relocating");
        }
        Effect.Refuse refusal = refusal(w, asked);
        return refusal == null ? releaseFree(w, asked.to(), false) : new Step(w, List.of(refusal));
    }

    /** What stands against a request wherever the reshape is; null: nothing. */
    private Effect.Refuse refusal(State state, Event.SyncMaxAsked asked) {
        if (asked.to() <= state.syncMax()) {
            return new Effect.Refuse(Rule.R6_MONOTONIC, "sync_max " + asked.to() + " is not above " + state.syncMax());
        }
        if (!shape.isStepEnd(asked.to())) {
            return new Effect.Refuse(
                    Rule.R2_BOUND,
                    "sync_max " + asked.to() + " is not a whole number of units of " + shape.depthSectors() + " up to "
                            + shape.deviceEnd());
        }
        long endPosition = Math.multiplyExact(asked.to(), (long) shape.after().dataMembers());
        if (asked.suspendHi() < endPosition) {
            return new Effect.Refuse(
                    Rule.R3_SUSPENDED,
                    "writes are suspended up to " + asked.suspendHi() + ", the step ends at " + endPosition);
        }
        return null;
    }

    private Step releaseSaved(State.WaitBackup w, long to) {
        long unit = shape.unitAt(w.checkpoint());
        if (to != shape.deviceEndOfUnit(unit)) {
            return refuse(
                    w,
                    Rule.R1_NO_OVERWRITE,
                    "one unit fits the copy area: a saved step from unit " + unit + " ends at "
                            + shape.deviceEndOfUnit(unit) + ", not at " + to);
        }
        return new Step(
                new State.WaitArray(w.checkpoint(), to, unit, false),
                List.of(new Effect.WriteRecord(new Progress(unit, true)), new Effect.SetSyncMax(to)));
    }

    private Step releaseFree(State w, long to, boolean autopilot) {
        if (w.savedUnit() >= 0) {
            return refuse(
                    w,
                    Rule.R5_LATE_DISCARD,
                    "unit " + w.savedUnit() + " is in the copy area and must be relocated first");
        }
        long bound = shape.deviceOf(shape.stepEndWithoutBackup(w.checkpoint()));
        long clamped = Math.min(to, bound);
        if (clamped <= w.syncMax()) {
            return refuse(
                    w,
                    Rule.R2_BOUND,
                    "nothing can be relocated to " + to + " without a backup: the bound is " + bound
                            + " with checkpoint " + w.checkpoint());
        }
        return new Step(
                new State.WaitArray(w.checkpoint(), clamped, -1, autopilot), List.of(new Effect.SetSyncMax(clamped)));
    }

    private Step autopilot(State.WaitBackup w, long suspendHi) {
        long suspended = shape.wholeUnits(shape.deviceOf(suspendHi));
        long to = Math.min(shape.deviceOf(suspended), shape.deviceEnd());
        if (to <= w.syncMax()) {
            return refuse(w, Rule.R3_SUSPENDED, "writes are suspended only up to " + suspendHi);
        }
        return releaseFree(w, to, true);
    }

    private Step completed(State.WaitArray w, Event.SyncCompleted c) {
        boolean arrived = c.to() >= w.syncMax();
        if (w.savedUnit() >= 0 && !arrived) {
            return stay(w); // half a saved unit is no checkpoint: it would drop the copy of overwritten source (R1)
        }
        long reached = shape.wholeUnits(Math.min(c.to(), w.syncMax()));
        if (reached <= w.checkpoint()) {
            return stay(w);
        }
        List<Effect> effects = new java.util.ArrayList<>();
        effects.add(new Effect.WriteRecord(new Progress(shape.unitAt(reached), false)));
        effects.add(new Effect.SetSuspendLo(reached));
        if (reached >= shape.end()) {
            return new Step(new State.Finished(reached, w.syncMax()), effects);
        }
        if (!arrived) {
            return new Step(new State.WaitArray(reached, w.syncMax(), -1, w.autopilot()), effects);
        }
        State.WaitBackup parked = new State.WaitBackup(reached, w.syncMax(), -1);
        if (w.autopilot()) {
            Step on = autopilot(parked, c.suspendHi());
            if (on.refusal() == null) {
                effects.addAll(on.effects());
                return new Step(on.next(), effects);
            }
        }
        return new Step(parked, effects);
    }

    private static Step stay(State state) {
        return new Step(state, List.of());
    }

    private static Step refuse(State state, Rule rule, String why) {
        return new Step(state, List.of(new Effect.Refuse(rule, why)));
    }
}
