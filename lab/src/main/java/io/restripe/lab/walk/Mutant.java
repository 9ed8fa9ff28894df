package io.restripe.lab.walk;

import io.restripe.lab.walk.World.Array;
import io.restripe.lab.walk.World.Ask;
import io.restripe.lab.walk.World.Deed;
import io.restripe.lab.walk.World.Task;
import io.restripe.metadata.Progress;
import io.restripe.reshape.MonitorMachine;
import io.restripe.reshape.MonitorMachine.Effect;
import io.restripe.reshape.MonitorMachine.Event;
import io.restripe.reshape.MonitorMachine.State;
import io.restripe.reshape.MonitorMachine.Step;
import io.restripe.reshape.ReshapeShape;
import io.restripe.rule.Rule;
import java.util.ArrayList;
import java.util.List;

/** What somebody could do differently, each a rule broken on purpose; most of them somebody has done. The walk must catch them all. */
@SuppressWarnings("ImmutableEnumChecker") // a Conduct has no state
enum Mutant {
    /** The mail's monitor, which discards the backup at every report. */
    HALF_A_UNIT_IS_A_CHECKPOINT(Rule.R5_LATE_DISCARD, new Conduct() {
        @Override
        public Step on(MonitorMachine machine, ReshapeShape shape, State state, Event event) {
            if (state instanceof State.WaitArray w
                    && event instanceof Event.SyncCompleted c
                    && w.savedUnit() >= 0
                    && c.to() < w.syncMax()
                    && c.to() > shape.deviceOf(w.checkpoint())) {
                return new Step(
                        new State.WaitArray(w.checkpoint(), w.syncMax(), -1, w.autopilot()),
                        List.of(new Effect.WriteRecord(new Progress(shape.unitAt(w.checkpoint()), false))));
            }
            return machine.on(state, event);
        }
    }),
    /** A request that lies. */
    SAYS_SAVED_WITHOUT_SAVING(Rule.R1_NO_OVERWRITE, new Conduct() {
        @Override
        public List<Deed> step(ReshapeShape shape, int volume, long unit, long end, boolean critical, long to) {
            return Orders.without(
                    Conduct.super.step(shape, volume, unit, end, critical, to),
                    deed -> deed instanceof Deed.BeginSave || deed instanceof Deed.EndSave);
        }
    }),
    /** The record is about something that a cache may still lose. */
    ASKS_BEFORE_THE_SAVE_IS_FLUSHED(Rule.R1_NO_OVERWRITE, new Conduct() {
        @Override
        public List<Deed> step(ReshapeShape shape, int volume, long unit, long end, boolean critical, long to) {
            return Orders.later(
                    Conduct.super.step(shape, volume, unit, end, critical, to),
                    deed -> deed instanceof Deed.EndSave,
                    deed -> deed instanceof Deed.AwaitAnswer);
        }
    }),
    /** A checkpoint that only a cache knows. */
    PUBLISHES_BEFORE_FLUSHING(Rule.R5_LATE_DISCARD, new Conduct() {
        @Override
        public boolean flushesBeforePublishing() {
            return false;
        }
    }),
    /** What half a relocation has left is saved over the good backup. */
    SAVES_AGAIN_IN_THE_MIDDLE(Rule.R3_SUSPENDED, new Conduct() {
        @Override
        public boolean seesStandingArray() {
            return false;
        }
    }),
    /** Assembly takes what the record says for done. */
    ASSEMBLY_BELIEVES_WITHOUT_RESTORING(Rule.R1_NO_OVERWRITE, new Conduct() {
        @Override
        public boolean replays() {
            return false;
        }
    }),
    /** One that trusts the manager. */
    MONITOR_DOES_NOT_CLAMP(Rule.R2_BOUND, new Conduct() {
        @Override
        public List<Deed> step(ReshapeShape shape, int volume, long unit, long end, boolean critical, long to) {
            return Conduct.super.step(shape, volume, unit, end, false, to);
        }

        @Override
        public Step on(MonitorMachine machine, ReshapeShape shape, State state, Event event) {
            return state instanceof State.WaitBackup w && event instanceof Event.SyncMaxAsked a && !a.backedUp()
                    ? new Step(
                            new State.WaitArray(w.checkpoint(), a.to(), -1, false),
                            List.of(new Effect.SetSyncMax(a.to())))
                    : machine.on(state, event);
        }
    }),
    /** More is allowed while a saved unit is relocated: its source bound is not durable yet. */
    PREPARES_WHILE_A_UNIT_IS_SAVED(Rule.R2_BOUND, new Conduct() {
        @Override
        public boolean mayPrepare(Progress progress, ReshapeShape shape) {
            return true;
        }

        @Override
        public long preparesUpTo(ReshapeShape shape, long checkpoint) {
            return shape.positionOfUnit(shape.unitAt(checkpoint) + 2);
        }

        @Override
        public Step on(MonitorMachine machine, ReshapeShape shape, State state, Event event) {
            return state instanceof State.WaitArray w
                            && event instanceof Event.SyncMaxAsked a
                            && !a.backedUp()
                            && a.to() > w.syncMax()
                            && a.to() != MonitorMachine.MAX
                    ? new Step(
                            new State.WaitArray(w.checkpoint(), a.to(), w.savedUnit(), false),
                            List.of(new Effect.SetSyncMax(a.to())))
                    : machine.on(state, event);
        }
    }),
    /** The next step is prepared by the checkpoint that is to come and not by the one that is durable. */
    PREPARES_FROM_WHAT_IS_ALLOWED(Rule.R2_BOUND, new Conduct() {
        @Override
        public long preparesUpTo(ReshapeShape shape, long checkpoint) {
            return shape.stepEndWithoutBackup(shape.stepEndWithoutBackup(checkpoint));
        }

        @Override
        public Step on(MonitorMachine machine, ReshapeShape shape, State state, Event event) {
            return state instanceof State.WaitArray w
                            && event instanceof Event.SyncMaxAsked a
                            && w.savedUnit() < 0
                            && a.to() > w.syncMax()
                            && a.to() != MonitorMachine.MAX
                    ? new Step(
                            new State.WaitArray(w.checkpoint(), a.to(), -1, false),
                            List.of(new Effect.SetSyncMax(a.to())))
                    : machine.on(state, event);
        }
    }),
    /** Real mdadm's order. */
    SAVES_BEFORE_SUSPENDING(Rule.R1_NO_OVERWRITE, new Conduct() {
        @Override
        public List<Deed> step(ReshapeShape shape, int volume, long unit, long end, boolean critical, long to) {
            return Orders.later(
                    Conduct.super.step(shape, volume, unit, end, critical, to),
                    deed -> deed instanceof Deed.Suspend,
                    deed -> deed instanceof Deed.EndSave);
        }
    }),
    /** A write that was in flight when the window closed lands behind the back of the save. */
    DOES_NOT_WAIT_FOR_WRITES_IN_FLIGHT(Rule.R1_NO_OVERWRITE, new Conduct() {
        @Override
        public List<Deed> step(ReshapeShape shape, int volume, long unit, long end, boolean critical, long to) {
            return Orders.without(
                    Conduct.super.step(shape, volume, unit, end, critical, to), deed -> deed instanceof Deed.Drain);
        }
    }),
    /** The window is closed when the array may be at work already. */
    SUSPENDS_AFTER_ASKING(Rule.R3_SUSPENDED, new Conduct() {
        @Override
        public List<Deed> step(ReshapeShape shape, int volume, long unit, long end, boolean critical, long to) {
            return Orders.later(
                    Conduct.super.step(shape, volume, unit, end, critical, to),
                    deed -> deed instanceof Deed.Suspend,
                    deed -> deed instanceof Deed.AwaitAnswer);
        }

        @Override
        public Step on(MonitorMachine machine, ReshapeShape shape, State state, Event event) {
            return event instanceof Event.SyncMaxAsked a
                    ? machine.on(state, new Event.SyncMaxAsked(a.to(), a.backedUp(), Long.MAX_VALUE))
                    : machine.on(state, event);
        }
    }),
    /** The birth may have taken effect, or still may. */
    OPENS_THE_WINDOW_WHEN_A_BIRTH_IS_UNKNOWN(Rule.R3_SUSPENDED, new Conduct() {
        @Override
        public List<Deed> afterUnknown(Ask ask, int volume) {
            return ask instanceof Ask.Begin
                    ? List.of(new Deed.Clear(volume), new Deed.GiveUp())
                    : Conduct.super.afterUnknown(ask, volume);
        }
    }),
    /** Metadata says idle, but the request has not been taken yet, or the monitor is in the middle of it. */
    OPENS_THE_WINDOW_WHEN_METADATA_SAYS_IDLE(Rule.R3_SUSPENDED, new Conduct() {
        @Override
        public List<Deed> afterUnknown(Ask ask, int volume) {
            return ask instanceof Ask.Begin
                    ? List.of(new Deed.Reopen(volume), new Deed.GiveUp())
                    : Conduct.super.afterUnknown(ask, volume);
        }

        @Override
        public boolean mayReopen(Progress progress, long syncMax, long checkpoint) {
            return !progress.inCopyArea();
        }
    }),
    /** The checkpoint has not moved, but the request has not been taken yet, or the monitor is in the middle of it. */
    OPENS_THE_WINDOW_WHEN_A_STEP_IS_UNKNOWN(Rule.R3_SUSPENDED, new Conduct() {
        @Override
        public List<Deed> afterUnknown(Ask ask, int volume) {
            return ask instanceof Ask.SyncMax
                    ? List.of(new Deed.Reopen(volume), new Deed.GiveUp())
                    : Conduct.super.afterUnknown(ask, volume);
        }
    }),
    /** A reshape that stops lets all writes go, those to the saved unit too. */
    OPENS_THE_WINDOW_OF_A_SAVED_UNIT(Rule.R3_SUSPENDED, new Conduct() {
        @Override
        public boolean mayReopen(Progress progress, long syncMax, long checkpoint) {
            return true;
        }
    }),
    /** A manager that takes up a birth begins with a clean slate, and for an instant writes flow to what is saved. */
    OPENS_THE_WINDOW_WHEN_IT_GOES_ON_WITH_A_BIRTH(Rule.R3_SUSPENDED, new Conduct() {
        @Override
        public List<Deed> birthGoesOn(ReshapeShape shape, int volume) {
            return Conduct.super.birth(shape, volume);
        }
    }),
    /** Suspend_lo first, the record after. */
    RELEASES_BEFORE_THE_CHECKPOINT(Rule.R4_LATE_RELEASE, new Conduct() {
        @Override
        public Step on(MonitorMachine machine, ReshapeShape shape, State state, Event event) {
            Step step = machine.on(state, event);
            List<Effect> effects = new ArrayList<>(step.effects());
            effects.sort((a, b) -> Boolean.compare(b instanceof Effect.SetSuspendLo, a instanceof Effect.SetSuspendLo));
            return new Step(step.next(), effects);
        }
    }),
    /** The copy is dropped as soon as the array may overwrite the source. */
    DISCARDS_WHEN_IT_RELEASES(Rule.R5_LATE_DISCARD, new Conduct() {
        @Override
        public Step on(MonitorMachine machine, ReshapeShape shape, State state, Event event) {
            Step step = machine.on(state, event);
            List<Effect> effects = new ArrayList<>(step.effects());
            if (step.next() instanceof State.WaitArray w && w.savedUnit() >= 0 && !effects.isEmpty()) {
                effects.add(new Effect.WriteRecord(new Progress(w.savedUnit(), false)));
            }
            return new Step(step.next(), effects);
        }
    }),
    /** A manager that has lost its place, and a monitor that obeys it. */
    GOES_BACK(Rule.R6_MONOTONIC, new Conduct() {
        @Override
        public List<Deed> step(ReshapeShape shape, int volume, long unit, long end, boolean critical, long to) {
            return Conduct.super.step(shape, volume, unit, end, critical, 1);
        }

        @Override
        public Step on(MonitorMachine machine, ReshapeShape shape, State state, Event event) {
            return state instanceof State.WaitBackup w && event instanceof Event.SyncMaxAsked a && a.to() < w.syncMax()
                    ? new Step(w, List.of(new Effect.SetSyncMax(a.to())))
                    : machine.on(state, event);
        }
    }),
    /** What was asked before another took charge, or before a cancel, or counts already, counts. */
    TAKES_REQUESTS_LATE_AND_TWICE(Rule.R3_SUSPENDED, new Conduct() {
        @Override
        public boolean barsOlderRequests() {
            return false;
        }
    }),
    /** The next volume begins while the end of the one before is not recorded. */
    BEGINS_THE_NEXT_VOLUME_BESIDE(Rule.R7_ONE_MIGRATION, new Conduct() {
        @Override
        public boolean refusesSecondMigration() {
            return false;
        }

        @Override
        public List<Deed> end(ReshapeShape shape, int volume, int volumes) {
            return volume + 1 < volumes
                    ? Conduct.super.birth(shape, volume + 1)
                    : Conduct.super.end(shape, volume, volumes);
        }
    }),
    /** Real mdadm's order. */
    BEGINS_BEFORE_SAVING(Rule.R12_BORN_SAFE, new Conduct() {
        @Override
        public List<Deed> birth(ReshapeShape shape, int volume) {
            return Orders.later(
                    Conduct.super.birth(shape, volume),
                    deed -> deed instanceof Deed.BeginSave || deed instanceof Deed.EndSave,
                    deed -> deed instanceof Deed.AwaitAnswer);
        }
    }),
    /** The record of the volume before, or nothing, is what metadata is about for an instant. */
    METADATA_BEFORE_THE_RECORD(Rule.R12_BORN_SAFE, new Conduct() {
        @Override
        public List<Task> begin(int volume) {
            return Conduct.super.begin(volume).reversed();
        }
    }),
    /** An array that stands is taken for one that is done. */
    TAKES_IDLE_FOR_THE_END(Rule.R12_BORN_SAFE, new Conduct() {
        @Override
        public boolean isEnded(Array array, State state, ReshapeShape shape) {
            return !array.reshaping() && array.positioned() || array.adopted();
        }
    }),
    /** Nobody comes to the end: a monitor that begins after the array was through never learns of it. */
    FORGETS_THE_END(null, new Conduct() {
        @Override
        public State takeUp(MonitorMachine machine, Progress progress, Array array) {
            return array.reshaping() ? machine.takeUp(progress, array.syncMax()) : machine.start(progress);
        }

        @Override
        public boolean isEnded(Array array, State state, ReshapeShape shape) {
            return array.adopted() && state.syncMax() == shape.deviceEnd();
        }
    }),
    /** Nobody comes to the end: a monitor that begins while the array stands ignores what it reports later. */
    THINKS_A_STANDING_ARRAY_IS_ALLOWED_NOTHING(Rule.R12_BORN_SAFE, new Conduct() {
        @Override
        public State takeUp(MonitorMachine machine, Progress progress, Array array) {
            return array.reshaping() || array.adopted()
                    ? machine.takeUp(progress, array.syncMax())
                    : machine.start(progress);
        }
    }),
    /** Writes wait for ever: the monitor died between the last checkpoint and suspend_lo, then the manager. */
    LEAVES_WRITES_HELD(null, new Conduct() {
        @Override
        public List<Task> catchUp(int volume, State state, Array array) {
            return List.of();
        }
    }),
    /** The new capacity is never shown. */
    SHOWS_THE_SIZE_ONCE(null, new Conduct() {
        @Override
        public boolean looksAfterSize() {
            return false;
        }
    }),
    /** Nobody comes to the end: the next monitor does not know how far this one was to go by itself. */
    LEAVES_THE_REST_TO_THE_MONITOR(null, new Conduct() {
        @Override
        public boolean asksForMax() {
            return true;
        }
    });

    private final Rule rule;
    private final Conduct conduct;

    /** @param rule that it breaks; null: nothing is lost, but there are states from which the reshape never comes to its end */
    Mutant(Rule rule, Conduct conduct) {
        this.rule = rule;
        this.conduct = conduct;
    }

    /** How a walk's result names what this breaks. */
    String breaks() {
        return rule == null ? Walk.LIVENESS : rule.name();
    }

    Conduct conduct() {
        return conduct;
    }
}
