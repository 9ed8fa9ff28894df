package io.restripe.lab.walk;

import io.restripe.lab.walk.World.Answer;
import io.restripe.lab.walk.World.Array;
import io.restripe.lab.walk.World.Ask;
import io.restripe.lab.walk.World.Copy;
import io.restripe.lab.walk.World.Disks;
import io.restripe.lab.walk.World.Message;
import io.restripe.lab.walk.World.Monitor;
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

/** The monitor's steps around the real machine, as Monitor and ReshapeWatch take them; each task is one, so a crash fits between. */
final class MonitorModel {
    private final Bounds bounds;
    private final ReshapeShape shape;
    private final Conduct conduct;
    private final MonitorMachine machine;

    MonitorModel(Bounds bounds, Conduct conduct) {
        this.bounds = bounds;
        this.shape = bounds.shape();
        this.conduct = conduct;
        this.machine = new MonitorMachine(shape);
    }

    static boolean owesReply(Monitor monitor) {
        return monitor.tasks().stream().anyMatch(t -> t instanceof Task.Reply r && r.awaited());
    }

    void moves(World w, List<Move> into) {
        Monitor monitor = w.monitor();
        if (monitor == null) {
            into.add(Move.of("a monitor begins", w.with(Monitor.NEW)));
        } else if (!monitor.tasks().isEmpty()) {
            Task task = monitor.tasks().getFirst();
            List<Task> left = monitor.tasks().subList(1, monitor.tasks().size());
            into.add(Move.of("monitor: " + task, perform(w.with(new Monitor(monitor.state(), left)), task)));
        } else {
            List<Task> pass = pass(w);
            if (!pass.isEmpty()) {
                into.add(Move.of("the monitor looks", w.with(new Monitor(monitor.state(), pass))));
            }
            if (monitor.state() != null || w.disks().migrating() < 0) {
                for (Message message : w.messages()) {
                    into.add(handle(w, message, false));
                    if (bounds.twice()) {
                        into.add(handle(w, message, true));
                    }
                }
            }
        }
    }

    /** What looking at the arrays leads to. */
    private List<Task> pass(World w) {
        int volume = w.disks().migrating();
        State state = w.monitor().state();
        if (volume < 0) {
            return atRest(w);
        }
        Array array = w.array(volume);
        if (state == null) {
            State found = conduct.takeUp(machine, w.disks().record(), array);
            List<Task> tasks = new ArrayList<>(conduct.catchUp(volume, found, array));
            tasks.add(new Task.Become(found));
            return tasks;
        }
        if (array.reshaping()) {
            Step step = conduct.on(machine, shape, state, new Event.SyncCompleted(array.published(), array.hi()));
            return step.next().equals(state) ? List.of() : tasks(volume, step);
        }
        if (conduct.isEnded(array, state, shape)) {
            Step step = conduct.on(machine, shape, state, new Event.SyncCompleted(shape.deviceEnd(), array.hi()));
            List<Task> tasks = new ArrayList<>(tasks(volume, step));
            tasks.add(new Task.CommitFinished(volume));
            tasks.add(new Task.WriteArraySize(volume));
            return tasks;
        }
        return List.of();
    }

    private List<Task> atRest(World w) {
        List<Task> tasks = new ArrayList<>();
        for (int volume = 0; volume < w.disks().done() && conduct.looksAfterSize(); volume++) {
            if (!w.array(volume).sized()) {
                tasks.add(new Task.WriteArraySize(volume));
            }
        }
        return tasks;
    }

    private static List<Task> tasks(int volume, Step step) {
        List<Task> tasks = new ArrayList<>();
        for (Effect effect : step.effects()) {
            switch (effect) {
                case Effect.WriteRecord r -> tasks.add(new Task.WriteRecord(r.progress()));
                case Effect.SetSyncMax s -> tasks.add(new Task.WriteSyncMax(volume, s.devicePosition()));
                case Effect.SetSuspendLo s -> tasks.add(new Task.WriteSuspendLo(volume, s.arrayPosition()));
                case Effect.Refuse _ -> {}
            }
        }
        tasks.add(new Task.Become(step.next()));
        return tasks;
    }

    private Move handle(World w, Message message, boolean comesAgain) {
        List<Message> left = new ArrayList<>(w.messages());
        left.remove(message);
        if (message.awaited() && conduct.barsOlderRequests()) {
            left.clear();
        } else if (comesAgain) {
            left.add(new Message(message.ask(), false));
        }
        List<Task> tasks = new ArrayList<>(
                switch (message.ask()) {
                    case Ask.TakeCharge _ -> List.of(reply(message, true));
                    case Ask.Begin b -> begin(w, b.volume(), message);
                    case Ask.Cancel c -> cancel(w, c.volume(), message);
                    case Ask.SyncMax s -> syncMax(w, s, message);
                });
        String name = "the monitor takes " + message + (comesAgain ? ", which will come again" : "");
        World next = w.with(left).with(new Monitor(w.monitor().state(), tasks));
        return comesAgain ? Move.fault(name, next) : Move.of(name, next);
    }

    private static Task reply(Message message, boolean ok) {
        return new Task.Reply(message.awaited(), ok);
    }

    private List<Task> begin(World w, int volume, Message message) {
        Disks disks = w.disks();
        boolean other = disks.migrating() >= 0 && disks.migrating() != volume && conduct.refusesSecondMigration();
        boolean moved = disks.migrating() == volume && disks.record().unit() > 0;
        if (other || moved || volume < disks.done()) {
            return List.of(reply(message, false));
        }
        List<Task> tasks = new ArrayList<>();
        if (disks.migrating() == volume) {
            tasks.add(new Task.WriteRecord(new Progress(0, true)));
        } else {
            tasks.addAll(conduct.begin(volume));
        }
        tasks.add(reply(message, true));
        return tasks;
    }

    private List<Task> cancel(World w, int volume, Message message) {
        if (w.disks().migrating() != volume) {
            return List.of(reply(message, true));
        }
        State state = w.monitor().state();
        boolean released = state != null && state.syncMax() > 0;
        return released || w.disks().record().unit() > 0
                ? List.of(reply(message, false))
                : List.of(new Task.CommitCancelled(volume), reply(message, true));
    }

    private List<Task> syncMax(World w, Ask.SyncMax s, Message message) {
        Array array = w.array(s.volume());
        if (w.disks().migrating() != s.volume() || !array.reshaping()) {
            return List.of(reply(message, false));
        }
        Step step = conduct.on(
                machine, shape, w.monitor().state(), new Event.SyncMaxAsked(s.to(), s.backedUp(), array.hi()));
        if (step.refusal() != null) {
            return List.of(reply(message, false));
        }
        List<Task> tasks = new ArrayList<>(tasks(s.volume(), step));
        tasks.add(reply(message, true));
        return tasks;
    }

    private World perform(World w, Task task) {
        return switch (task) {
            case Task.WriteRecord r -> w.with(record(w, r.progress()));
            case Task.WriteSyncMax s -> w.with(s.volume(), syncMaxSet(w, w.array(s.volume()), s.to()));
            case Task.WriteSuspendLo s -> w.with(s.volume(), suspendLoSet(w, w.array(s.volume()), s.position()));
            case Task.Become b -> w.with(new Monitor(b.state(), w.monitor().tasks()));
            case Task.WriteFirstRecord _ -> {
                Violation.unless(
                        w.disks().migrating() < 0,
                        Rule.R7_ONE_MIGRATION,
                        "the record of a reshape that is under way becomes another volume's");
                yield w.with(w.disks().withRecord(new Progress(0, true)));
            }
            case Task.CommitBegun b -> w.with(begun(w.disks(), b.volume()));
            case Task.CommitCancelled c -> {
                Violation.unless(
                        w.array(c.volume()).reached() == 0,
                        Rule.R12_BORN_SAFE,
                        "metadata forgets a reshape that has moved data");
                yield forgetting(w).with(w.disks().withMigrating(-1));
            }
            case Task.CommitFinished f -> forgetting(w).with(finished(w, f.volume()));
            case Task.WriteArraySize s -> w.with(s.volume(), w.array(s.volume()).withSize());
            case Task.Reply r -> r.awaited() ? w.with(r.ok() ? Answer.OK : Answer.REFUSED) : w;
        };
    }

    /** The machine is one reshape's. */
    private static World forgetting(World w) {
        return w.with(new Monitor(null, w.monitor().tasks()));
    }

    private Disks record(World w, Progress to) {
        Progress from = w.disks().record();
        Violation.unless(to.unit() >= from.unit(), Rule.R6_MONOTONIC, "the record goes back to unit " + to.unit());
        boolean discards = from.inCopyArea() && !to.inCopyArea();
        long durable = w.array(w.disks().migrating()).flushed();
        Violation.unless(
                !discards || to.unit() > from.unit() && durable >= shape.deviceEndOfUnit(from.unit()),
                Rule.R5_LATE_DISCARD,
                "the backup of unit " + from.unit() + " is dropped with " + durable + " flushed");
        return w.disks().withRecord(to);
    }

    private Array syncMaxSet(World w, Array array, long to) {
        Progress durable = w.disks().record();
        long checkpoint = shape.positionOfUnit(durable.unit());
        long saved = durable.inCopyArea() ? shape.deviceEndOfUnit(durable.unit()) : 0;
        Violation.unless(to <= Math.max(shape.safeBound(checkpoint), saved), Rule.R2_BOUND, "sync_max " + to);
        Violation.unless(
                array.holds(checkpoint, to * shape.after().dataMembers()),
                Rule.R3_SUSPENDED,
                "sync_max " + to + " with writes held from " + array.lo() + " to " + array.hi());
        Violation.unless(to >= array.syncMax(), Rule.R6_MONOTONIC, "sync_max goes back to " + to);
        return array.withSyncMax(to);
    }

    private Array suspendLoSet(World w, Array array, long to) {
        long checkpoint = shape.positionOfUnit(w.disks().record().unit());
        Violation.unless(to <= checkpoint, Rule.R4_LATE_RELEASE, "suspend_lo " + to + ", checkpoint " + checkpoint);
        Violation.unless(to >= array.lo(), Rule.R6_MONOTONIC, "suspend_lo goes back to " + to);
        return array.withWindow(to, array.hi());
    }

    private static Disks begun(Disks disks, int volume) {
        Violation.unless(disks.migrating() < 0, Rule.R7_ONE_MIGRATION, "a second volume is begun");
        boolean saved = disks.copy() == Copy.FRESH && disks.copyVolume() == volume && disks.copyUnit() == 0;
        Violation.unless(
                saved && disks.record().equals(new Progress(0, true)),
                Rule.R12_BORN_SAFE,
                "metadata says migrating, record " + disks.record() + ", copy area " + disks.copy());
        return disks.withMigrating(volume);
    }

    private Disks finished(World w, int volume) {
        Violation.unless(
                w.disks().record().unit() >= shape.units() && w.array(volume).flushed() >= shape.deviceEnd(),
                Rule.R12_BORN_SAFE,
                "metadata says finished at unit " + w.disks().record().unit());
        return w.disks().withOneMoreDone();
    }
}
