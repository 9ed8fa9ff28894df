package io.restripe.lab.walk;

import io.restripe.lab.walk.World.Answer;
import io.restripe.lab.walk.World.Array;
import io.restripe.lab.walk.World.Ask;
import io.restripe.lab.walk.World.Copy;
import io.restripe.lab.walk.World.Deed;
import io.restripe.lab.walk.World.Manager;
import io.restripe.lab.walk.World.Message;
import io.restripe.metadata.Progress;
import io.restripe.reshape.MonitorMachine;
import io.restripe.reshape.ReshapeShape;
import java.util.ArrayList;
import java.util.List;

/** The manager's steps, as VolumeReshape takes them. */
final class ManagerModel {
    private final Bounds bounds;
    private final ReshapeShape shape;
    private final Conduct conduct;

    ManagerModel(Bounds bounds, Conduct conduct) {
        this.bounds = bounds;
        this.shape = bounds.shape();
        this.conduct = conduct;
    }

    void moves(World w, List<Move> into) {
        if (w.manager() == null) {
            if (w.turn() >= 0) {
                Ask ask = new Ask.TakeCharge();
                into.add(Move.of(
                        "a manager begins",
                        w.with(new Manager(List.of(new Deed.Send(ask), new Deed.AwaitAnswer(ask))))));
            }
        } else if (w.manager().deeds().isEmpty()) {
            decide(w, into);
        } else {
            perform(w, w.manager().deeds().getFirst(), into);
        }
    }

    private long checkpoint(World w) {
        return shape.positionOfUnit(w.disks().record().unit());
    }

    private static World goOn(World w, List<Deed> deeds) {
        return w.with(new Manager(deeds));
    }

    private void decide(World w, List<Move> into) {
        int volume = w.turn();
        if (volume < 0) {
            into.add(Move.of("the manager has nothing left to do", Faults.withoutManager(w)));
        } else if (w.disks().migrating() < 0) {
            into.add(Move.of(
                    "the manager begins volume " + volume, goOn(w, born(conduct.birth(shape, volume), volume))));
        } else if (!w.array(volume).adopted() && !isInTheMiddle(w.array(volume))) {
            boolean saved = w.disks().record().equals(new Progress(0, true)) && conduct.seesStandingArray();
            List<Deed> deeds = saved ? conduct.birthGoesOn(shape, volume) : conduct.birth(shape, volume);
            into.add(Move.of("the manager goes on with a birth", goOn(w, born(deeds, volume))));
        } else if (checkpoint(w) >= shape.end() || w.array(volume).adopted()) {
            into.add(Move.of("the manager waits for the end", goOn(w, conduct.end(shape, volume, bounds.volumes()))));
        } else {
            takeUp(w, volume, into);
        }
    }

    private boolean isInTheMiddle(Array array) {
        return conduct.seesStandingArray() ? array.positioned() : array.reshaping();
    }

    private List<Deed> born(List<Deed> birth, int volume) {
        List<Deed> deeds = new ArrayList<>(birth);
        Ask first = new Ask.SyncMax(volume, shape.deviceEndOfUnit(0), true);
        deeds.add(new Deed.Send(first));
        deeds.add(new Deed.AwaitAnswer(first));
        deeds.add(new Deed.AwaitCheckpoint(volume, shape.positionOfUnit(1)));
        return deeds;
    }

    /** What another manager asked for may be under way, and what it saved and suspended still is. */
    private void takeUp(World w, int volume, List<Move> into) {
        Array array = w.array(volume);
        Progress progress = w.disks().record();
        if (!array.reshaping()) {
            into.add(Move.of("the manager lets the array go on", goOn(w, List.of(new Deed.Restart(volume)))));
        } else if (array.syncMax() > shape.deviceOf(checkpoint(w))) {
            long allowed = Math.min(shape.end(), bounds.positionOf(array.syncMax()));
            into.add(Move.of(
                    "the manager waits for what is allowed",
                    goOn(w, List.of(new Deed.AwaitCheckpoint(volume, allowed)))));
            prepare(w, volume, into);
        } else if (progress.inCopyArea()) {
            long end = shape.positionOfUnit(progress.unit() + 1);
            Ask ask = new Ask.SyncMax(volume, shape.deviceEndOfUnit(progress.unit()), true);
            into.add(Move.of(
                    "the manager releases the saved unit",
                    goOn(
                            w,
                            List.of(
                                    new Deed.Suspend(volume, end),
                                    new Deed.Send(ask),
                                    new Deed.AwaitAnswer(ask),
                                    new Deed.AwaitCheckpoint(volume, end)))));
        } else {
            steps(w, volume, into);
        }
    }

    /** The next step while the array works at the present one; where neither needs a backup. */
    private void prepare(World w, int volume, List<Move> into) {
        long from = checkpoint(w);
        long done = w.array(volume).syncMax();
        if (!conduct.mayPrepare(w.disks().record(), shape)) {
            return;
        }
        long most = conduct.preparesUpTo(shape, from);
        for (long u = shape.unitAt(from) + 1; shape.positionOfUnit(u) <= most && u <= shape.units(); u++) {
            long end = shape.positionOfUnit(u);
            if (shape.deviceOf(end) > done) {
                Ask ask = new Ask.SyncMax(volume, shape.deviceOf(end), false);
                into.add(Move.of(
                        "the manager prepares a step to " + end,
                        goOn(
                                w,
                                List.of(
                                        new Deed.Suspend(volume, end),
                                        new Deed.Send(ask),
                                        new Deed.AwaitAnswer(ask)))));
            }
        }
    }

    private void steps(World w, int volume, List<Move> into) {
        long from = checkpoint(w);
        long unit = shape.unitAt(from);
        if (shape.isCritical(unit)) {
            long end = shape.positionOfUnit(unit + 1);
            into.add(step(w, volume, unit, end, true, shape.deviceEndOfUnit(unit)));
            return;
        }
        long most = shape.stepEndWithoutBackup(from);
        for (long u = unit + 1; shape.positionOfUnit(u) <= most && u <= shape.units(); u++) {
            long end = shape.positionOfUnit(u);
            into.add(step(w, volume, unit, end, false, shape.deviceOf(end)));
        }
        if (conduct.asksForMax()) {
            long ahead = shape.positionOfUnit(Math.min(shape.units(), unit + 2));
            into.add(step(w, volume, unit, ahead, false, MonitorMachine.MAX));
        }
    }

    private Move step(World w, int volume, long unit, long end, boolean critical, long to) {
        return Move.of(
                "the manager steps to " + end + (critical ? ", saving unit " + unit : ""),
                goOn(w, conduct.step(shape, volume, unit, end, critical, to)));
    }

    private void perform(World w, Deed deed, List<Move> into) {
        World on = w.with(w.manager().next());
        switch (deed) {
            case Deed.Send s -> send(w, on, s.ask(), into);
            case Deed.AwaitAnswer a -> answer(w, on, a.ask(), into);
            case Deed.Clear c ->
                into.add(Move.of(
                        "writes flow", on.with(c.volume(), w.array(c.volume()).withWindow(0, 0))));
            case Deed.Suspend s ->
                into.add(Move.of(
                        "suspend_hi " + s.hi(),
                        on.with(
                                s.volume(),
                                w.array(s.volume())
                                        .withWindow(w.array(s.volume()).lo(), s.hi()))));
            case Deed.Drain d -> {
                if (w.array(d.volume()).writing() < 0) {
                    into.add(Move.of("nothing in flight", on));
                }
            }
            case Deed.BeginSave s -> beginSave(w, on, s, into);
            case Deed.EndSave s -> endSave(w, on, s, into);
            case Deed.Park p ->
                into.add(Move.of(
                        "sync_max 0", on.with(p.volume(), w.array(p.volume()).withSyncMax(0))));
            case Deed.Start s -> start(w, on, s.volume(), into);
            case Deed.Restart r ->
                into.add(Move.of(
                        "sync_action reshape",
                        on.with(r.volume(), w.array(r.volume()).withAction(true, true))));
            case Deed.AwaitCheckpoint a -> awaitCheckpoint(w, on, a, into);
            case Deed.AwaitEnd a -> {
                if (w.disks().migrating() != a.volume()) {
                    into.add(Move.of("the end is recorded", on));
                }
            }
            case Deed.Reopen r -> into.add(Move.of("the window goes back", reopened(w, on, r.volume())));
            case Deed.GiveUp _ -> into.add(Move.of("the manager gives up", Faults.withoutManager(w)));
        }
    }

    private void send(World w, World on, Ask ask, List<Move> into) {
        if (w.monitor() == null) {
            into.add(Move.of("nobody to ask", unknown(w, ask)));
        } else if (w.messages().size() < bounds.messages()) {
            List<Message> messages = new ArrayList<>(w.messages());
            messages.add(new Message(ask, true));
            into.add(Move.of("asks " + ask, on.with(messages)));
        }
    }

    private void answer(World w, World on, Ask ask, List<Move> into) {
        switch (w.answer()) {
            case OK -> into.add(Move.of("ok", on.with(Answer.NONE)));
            case REFUSED ->
                into.add(Move.of(
                        "refused", goOn(w.with(Answer.NONE), conduct.afterRefusal(ask, Math.max(0, w.turn())))));
            case NONE -> {
                boolean comes = w.monitor() != null
                        && (w.messages().stream().anyMatch(Message::awaited) || MonitorModel.owesReply(w.monitor()));
                World gone = Faults.unawaited(unknown(w, ask));
                into.add(comes ? Move.fault("time-out", gone) : Move.of("no answer", gone));
            }
        }
    }

    private World unknown(World w, Ask ask) {
        return goOn(w, conduct.afterUnknown(ask, Math.max(0, w.turn())));
    }

    private void beginSave(World w, World on, Deed.BeginSave s, List<Move> into) {
        boolean intact = w.array(s.volume()).reached() <= bounds.sourceOf(s.unit());
        Copy copy = intact ? Copy.SAVING : Copy.STALE;
        into.add(Move.of("saves unit " + s.unit(), on.with(w.disks().withCopy(copy, s.volume(), s.unit()))));
    }

    private void endSave(World w, World on, Deed.EndSave s, List<Move> into) {
        Copy copy = w.disks().copy() == Copy.SAVING ? Copy.FRESH : Copy.STALE;
        into.add(Move.of("unit " + s.unit() + " is saved", on.with(w.disks().withCopy(copy))));
        Deed open = w.disks().migrating() == s.volume() ? new Deed.Reopen(s.volume()) : new Deed.Clear(s.volume());
        World failed = goOn(w, List.of(open, new Deed.GiveUp()));
        into.add(Move.fault("the save fails", failed.with(w.disks().withCopy(Copy.STALE))));
    }

    private void start(World w, World on, int volume, List<Move> into) {
        into.add(Move.of("sync_action reshape", on.with(volume, w.array(volume).withAction(true, true))));
        Ask cancel = new Ask.Cancel(volume);
        into.add(Move.fault(
                "the array does not begin",
                goOn(
                        w,
                        List.of(
                                new Deed.Send(cancel),
                                new Deed.AwaitAnswer(cancel),
                                new Deed.Clear(volume),
                                new Deed.GiveUp()))));
    }

    private void awaitCheckpoint(World w, World on, Deed.AwaitCheckpoint a, List<Move> into) {
        Array array = w.array(a.volume());
        if (w.disks().migrating() != a.volume() || checkpoint(w) >= a.position()) {
            into.add(Move.of("the checkpoint has come", on));
        } else if (!array.reshaping() && !array.adopted()) {
            into.add(Move.of("the array stands", goOn(w, List.of(new Deed.GiveUp()))));
        }
    }

    private World reopened(World w, World on, int volume) {
        Array array = w.array(volume);
        boolean migrating = w.disks().migrating() == volume;
        Progress progress = migrating ? w.disks().record() : new Progress(0, false);
        long checkpoint = shape.positionOfUnit(progress.unit());
        return conduct.mayReopen(progress, array.syncMax(), shape.deviceOf(checkpoint))
                ? on.with(volume, array.withWindow(array.lo(), checkpoint))
                : on;
    }
}
