package io.restripe.lab.walk;

import io.restripe.lab.walk.World.Array;
import io.restripe.lab.walk.World.Ask;
import io.restripe.lab.walk.World.Deed;
import io.restripe.lab.walk.World.Task;
import io.restripe.metadata.Progress;
import io.restripe.reshape.MonitorMachine;
import io.restripe.reshape.MonitorMachine.Event;
import io.restripe.reshape.MonitorMachine.State;
import io.restripe.reshape.MonitorMachine.Step;
import io.restripe.reshape.ReshapeShape;
import java.util.List;

/** How the actors go about their work, where the order or the choice is what a rule rests on. As it is here, it is right. */
interface Conduct {
    /** As the product means it. */
    Conduct RIGHT = new Conduct() {};

    // ---- monitor

    /** What the monitor's machine makes of an event. */
    default Step on(MonitorMachine machine, ReshapeShape shape, State state, Event event) {
        return machine.on(state, event);
    }

    /** The state of a monitor that finds a reshape begun. Whether sync_max allows anything yet, the position tells, not the action. */
    default State takeUp(MonitorMachine machine, Progress progress, Array array) {
        return array.positioned() || array.adopted()
                ? machine.takeUp(progress, array.syncMax())
                : machine.start(progress);
    }

    /** What one that finds a reshape begun does first, so that nothing stays held that the one before had made durable. */
    default List<Task> catchUp(int volume, State state, Array array) {
        boolean held = !array.holdsNothing() && array.lo() < state.checkpoint();
        return held ? List.of(new Task.WriteSuspendLo(volume, state.checkpoint())) : List.of();
    }

    /** R12. */
    default List<Task> begin(int volume) {
        return List.of(new Task.WriteFirstRecord(), new Task.CommitBegun(volume));
    }

    default boolean refusesSecondMigration() {
        return true;
    }

    /** A request counts once, and not once a later one has been taken, be it of the same manager or of one that came after it. */
    default boolean barsOlderRequests() {
        return true;
    }

    /** Whether the reshape of an array that is idle is over. */
    default boolean isEnded(Array array, State state, ReshapeShape shape) {
        return array.adopted();
    }

    /** Whether array_size is looked after until it is right. */
    default boolean looksAfterSize() {
        return true;
    }

    // ---- manager

    /** From an idle volume to its first released unit. */
    default List<Deed> birth(ReshapeShape shape, int volume) {
        return List.of(
                new Deed.Clear(volume),
                new Deed.Suspend(volume, shape.positionOfUnit(1)),
                new Deed.Drain(volume),
                new Deed.BeginSave(volume, 0),
                new Deed.EndSave(volume, 0),
                new Deed.Send(new Ask.Begin(volume)),
                new Deed.AwaitAnswer(new Ask.Begin(volume)),
                new Deed.Park(volume),
                new Deed.Start(volume));
    }

    /** Metadata says so and unit 0 is saved, but the array does not know yet. What is saved stays so: the window is not opened. */
    default List<Deed> birthGoesOn(ReshapeShape shape, int volume) {
        return List.of(
                new Deed.Suspend(volume, shape.positionOfUnit(1)), new Deed.Park(volume), new Deed.Start(volume));
    }

    /** A step. {@code to}: device position of its end, or {@link MonitorMachine#MAX}. */
    default List<Deed> step(ReshapeShape shape, int volume, long unit, long end, boolean critical, long to) {
        Ask ask = new Ask.SyncMax(volume, to, critical);
        Deed suspend = new Deed.Suspend(volume, end);
        Deed drain = new Deed.Drain(volume);
        Deed send = new Deed.Send(ask);
        Deed answer = new Deed.AwaitAnswer(ask);
        Deed released = new Deed.AwaitCheckpoint(volume, end);
        return critical
                ? List.of(
                        suspend,
                        drain,
                        new Deed.BeginSave(volume, unit),
                        new Deed.EndSave(volume, unit),
                        send,
                        answer,
                        released)
                : List.of(suspend, drain, send, answer, released);
    }

    /** Whether the manager may prepare a step while the array works at another: not while a unit is in the copy area. */
    default boolean mayPrepare(Progress progress, ReshapeShape shape) {
        return !progress.inCopyArea() && !shape.isCritical(progress.unit());
    }

    /** How far, with this checkpoint durable: what the step before is still to relocate counts for nothing. */
    default long preparesUpTo(ReshapeShape shape, long checkpoint) {
        return shape.stepEndWithoutBackup(checkpoint);
    }

    /** Everything is relocated. */
    default List<Deed> end(ReshapeShape shape, int volume, int volumes) {
        return List.of(new Deed.AwaitEnd(volume), new Deed.Clear(volume));
    }

    /** Whether the manager may suspend several steps and leave them to the monitor: it must not, for the next monitor knows nothing of it. */
    default boolean asksForMax() {
        return false;
    }

    /** Whether an array that has a position, although it stands, is in the middle of its reshape. */
    default boolean seesStandingArray() {
        return true;
    }

    /** No answer came: it may have taken effect, or still may. */
    default List<Deed> afterUnknown(Ask ask, int volume) {
        return List.of(new Deed.GiveUp());
    }

    /** It has certainly not taken effect, and will not. */
    default List<Deed> afterRefusal(Ask ask, int volume) {
        return switch (ask) {
            case Ask.Begin _ -> List.of(new Deed.Clear(volume), new Deed.GiveUp());
            case Ask.SyncMax _ -> List.of(new Deed.Reopen(volume), new Deed.GiveUp());
            case Ask.Cancel _, Ask.TakeCharge _ -> List.of(new Deed.GiveUp());
        };
    }

    /** Whether suspend_hi may go back: nothing is released, and no saved unit waits for its restoration. */
    default boolean mayReopen(Progress progress, long syncMax, long checkpoint) {
        return !progress.inCopyArea() && syncMax <= checkpoint;
    }

    // ---- array

    default boolean flushesBeforePublishing() {
        return true;
    }

    // ---- assembly

    /** Whether a unit in the copy area is put in its place before the record says that it is. */
    default boolean replays() {
        return true;
    }
}
