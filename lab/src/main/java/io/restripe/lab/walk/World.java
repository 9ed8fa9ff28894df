package io.restripe.lab.walk;

import io.restripe.metadata.Progress;
import io.restripe.reshape.MonitorMachine;
import io.restripe.reshape.MonitorMachine.State;
import java.util.ArrayList;
import java.util.List;

/**
 * Everything there is at one instant.
 *
 * @param power whether it is on; off, and assembly has put the saved unit in its place but not said so yet
 * @param arrays one a volume
 * @param monitor null: dead
 * @param manager null: none at work
 * @param messages requests in flight, in no order
 * @param answer on its way to the manager
 */
record World(
        Power power,
        Disks disks,
        List<Array> arrays,
        Monitor monitor,
        Manager manager,
        List<Message> messages,
        Answer answer) {
    World {
        arrays = List.copyOf(arrays);
        messages = List.copyOf(messages);
    }

    enum Power {
        ON,
        OFF,
        REPLAYED
    }

    enum Answer {
        NONE,
        OK,
        REFUSED
    }

    /** What the copy area holds is worth: being written; as the unit was, then and now; or not. */
    enum Copy {
        NONE,
        SAVING,
        FRESH,
        STALE
    }

    /**
     * What survives.
     *
     * @param migrating the volume that metadata says is being reshaped, -1 none
     * @param done volumes that metadata says have the new shape
     * @param record the migration record
     * @param copyVolume whose unit the copy area holds
     */
    record Disks(int migrating, int done, Progress record, Copy copy, int copyVolume, long copyUnit) {
        Disks withRecord(Progress progress) {
            return new Disks(migrating, done, progress, copy, copyVolume, copyUnit);
        }

        Disks withMigrating(int volume) {
            return new Disks(volume, done, record, copy, copyVolume, copyUnit);
        }

        Disks withOneMoreDone() {
            return new Disks(-1, done + 1, record, copy, copyVolume, copyUnit);
        }

        Disks withCopy(Copy now, int volume, long unit) {
            return new Disks(migrating, done, record, now, volume, unit);
        }

        Disks withCopy(Copy now) {
            return new Disks(migrating, done, record, now, copyVolume, copyUnit);
        }
    }

    /**
     * An array's attributes, and the truth about its members.
     *
     * @param reshaping sync_action says so
     * @param positioned reshape_position is a number
     * @param adopted the new geometry is the only one
     * @param sized array_size is the new capacity
     * @param reached device position up to which new rows have been written
     * @param flushed up to which they are durable
     * @param published sync_completed
     * @param writing unit to which a user's write is in flight, -1 none
     */
    record Array(
            boolean reshaping,
            boolean positioned,
            boolean adopted,
            boolean sized,
            long syncMax,
            long lo,
            long hi,
            long reached,
            long flushed,
            long published,
            long writing) {
        static final Array OLD = new Array(false, false, false, false, MonitorMachine.MAX, 0, 0, 0, 0, 0, -1);

        Array withAction(boolean reshapes, boolean hasPosition) {
            return new Array(
                    reshapes, hasPosition, adopted, sized, syncMax, lo, hi, reached, flushed, published, writing);
        }

        Array withAdopted() {
            return new Array(false, false, true, sized, syncMax, lo, hi, reached, flushed, published, writing);
        }

        Array withSize() {
            return new Array(
                    reshaping, positioned, adopted, true, syncMax, lo, hi, reached, flushed, published, writing);
        }

        Array withSyncMax(long to) {
            return new Array(reshaping, positioned, adopted, sized, to, lo, hi, reached, flushed, published, writing);
        }

        Array withWindow(long from, long to) {
            return new Array(
                    reshaping, positioned, adopted, sized, syncMax, from, to, reached, flushed, published, writing);
        }

        Array withRelocated(long to, long durable, long told) {
            return new Array(reshaping, positioned, adopted, sized, syncMax, lo, hi, to, durable, told, writing);
        }

        Array withWriting(long unit) {
            return new Array(reshaping, positioned, adopted, sized, syncMax, lo, hi, reached, flushed, published, unit);
        }

        boolean holds(long from, long to) {
            return from >= to || lo <= from && to <= hi;
        }

        boolean holdsNothing() {
            return lo >= hi;
        }
    }

    /**
     * @param state of its machine, null while it has none
     * @param tasks what it is in the middle of
     */
    record Monitor(State state, List<Task> tasks) {
        Monitor {
            tasks = List.copyOf(tasks);
        }

        static final Monitor NEW = new Monitor(null, List.of());
    }

    /** @param deeds what it is in the middle of; none: it decides what is next */
    record Manager(List<Deed> deeds) {
        Manager {
            deeds = List.copyOf(deeds);
        }

        Manager next() {
            return new Manager(deeds.subList(1, deeds.size()));
        }
    }

    /** @param awaited the manager that sent it lives and waits for its answer */
    record Message(Ask ask, boolean awaited) {}

    /** What a manager asks of the monitor. */
    sealed interface Ask {
        /** From now on nothing of a former manager's counts. */
        record TakeCharge() implements Ask {}

        record Begin(int volume) implements Ask {}

        record Cancel(int volume) implements Ask {}

        record SyncMax(int volume, long to, boolean backedUp) implements Ask {}
    }

    /** A step of the manager's. */
    sealed interface Deed {
        record Send(Ask ask) implements Deed {}

        /** The answer to {@code ask}. */
        record AwaitAnswer(Ask ask) implements Deed {}

        /** suspend_lo and suspend_hi are reset. */
        record Clear(int volume) implements Deed {}

        record Suspend(int volume, long hi) implements Deed {}

        /** Nothing is in flight in the window. */
        record Drain(int volume) implements Deed {}

        record BeginSave(int volume, long unit) implements Deed {}

        record EndSave(int volume, long unit) implements Deed {}

        /** sync_max = 0. */
        record Park(int volume) implements Deed {}

        /** New members, sync_action = reshape. */
        record Start(int volume) implements Deed {}

        /** sync_action = reshape, of an array that stands in the middle. */
        record Restart(int volume) implements Deed {}

        record AwaitCheckpoint(int volume, long position) implements Deed {}

        record AwaitEnd(int volume) implements Deed {}

        /** suspend_hi back to the checkpoint where nothing has been released. */
        record Reopen(int volume) implements Deed {}

        /** Ends; a person begins another with "grow --continue". */
        record GiveUp() implements Deed {}
    }

    /** A step of the monitor's. */
    sealed interface Task {
        record WriteRecord(Progress progress) implements Task {}

        record WriteSyncMax(int volume, long to) implements Task {}

        record WriteSuspendLo(int volume, long position) implements Task {}

        record Become(State state) implements Task {}

        /** The record of a reshape that metadata does not say yet. */
        record WriteFirstRecord() implements Task {}

        record CommitBegun(int volume) implements Task {}

        record CommitCancelled(int volume) implements Task {}

        record CommitFinished(int volume) implements Task {}

        record WriteArraySize(int volume) implements Task {}

        record Reply(boolean awaited, boolean ok) implements Task {}
    }

    static World first(int volumes) {
        List<Array> arrays = java.util.Collections.nCopies(volumes, Array.OLD);
        Disks disks = new Disks(-1, 0, new Progress(0, false), Copy.NONE, -1, -1);
        return new World(Power.ON, disks, arrays, Monitor.NEW, null, List.of(), Answer.NONE);
    }

    Array array(int volume) {
        return arrays.get(volume);
    }

    World with(int volume, Array array) {
        List<Array> changed = new ArrayList<>(arrays);
        changed.set(volume, array);
        return new World(power, disks, changed, monitor, manager, messages, answer);
    }

    World with(Disks now) {
        return new World(power, now, arrays, monitor, manager, messages, answer);
    }

    World with(Monitor now) {
        return new World(power, disks, arrays, now, manager, messages, answer);
    }

    World with(Manager now) {
        return new World(power, disks, arrays, monitor, now, messages, answer);
    }

    World with(List<Message> now) {
        return new World(power, disks, arrays, monitor, manager, now, answer);
    }

    World with(Answer now) {
        return new World(power, disks, arrays, monitor, manager, messages, now);
    }

    World with(Power now) {
        return new World(now, disks, arrays, monitor, manager, messages, answer);
    }

    /** The volume whose turn it is: the one that metadata says migrates, else the next one; -1 when all are done. */
    int turn() {
        return disks.migrating >= 0 ? disks.migrating : disks.done < arrays.size() ? disks.done : -1;
    }

    @Override
    public int hashCode() {
        long h = power.ordinal() * 7L + answer.ordinal();
        h = mix(h, disks.hashCode());
        h = mix(h, arrays.hashCode());
        h = mix(h, monitor == null ? 1 : monitor.hashCode());
        h = mix(h, manager == null ? 1 : manager.hashCode());
        h = mix(h, messages.hashCode());
        return (int) (h ^ h >>> 32);
    }

    private static long mix(long h, int more) {
        long x = (h + more) * 0x9E3779B97F4A7C15L;
        return x ^ x >>> 29;
    }
}
