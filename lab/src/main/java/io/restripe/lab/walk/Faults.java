package io.restripe.lab.walk;

import io.restripe.lab.walk.World.Answer;
import io.restripe.lab.walk.World.Array;
import io.restripe.lab.walk.World.Copy;
import io.restripe.lab.walk.World.Disks;
import io.restripe.lab.walk.World.Manager;
import io.restripe.lab.walk.World.Message;
import io.restripe.lab.walk.World.Monitor;
import io.restripe.lab.walk.World.Power;
import io.restripe.lab.walk.World.Task;
import io.restripe.metadata.Progress;
import io.restripe.reshape.MonitorMachine;
import io.restripe.reshape.ReshapeShape;
import java.util.ArrayList;
import java.util.List;

/** Deaths, losses, and what assembly makes of a cut of power. The death of the arrays' process is one, caches or not. */
final class Faults {
    private final ReshapeShape shape;
    private final Conduct conduct;

    Faults(Bounds bounds, Conduct conduct) {
        this.shape = bounds.shape();
        this.conduct = conduct;
    }

    void moves(World w, List<Move> into) {
        into.add(Move.fault("power is cut", cut(w)));
        if (w.manager() != null) {
            into.add(Move.fault("the manager dies", withoutManager(w)));
        }
        if (w.monitor() != null) {
            World alone = w.with((Monitor) null).with(List.of());
            into.add(Move.fault("the monitor dies", alone));
        }
        if (w.answer() != Answer.NONE) {
            into.add(Move.fault("the answer is lost", w.with(Answer.NONE)));
        }
        for (Message message : w.messages()) {
            List<Message> without = new ArrayList<>(w.messages());
            without.remove(message);
            into.add(Move.fault("lost: " + message, w.with(without)));
        }
    }

    /** Nobody waits for answers any more, and what was half saved stays so. */
    static World withoutManager(World w) {
        Disks disks = w.disks().copy() == Copy.SAVING ? w.disks().withCopy(Copy.STALE) : w.disks();
        return unawaited(w.with((Manager) null).with(disks));
    }

    /** What is in flight stays in flight, but its answer has nobody to go to. */
    static World unawaited(World w) {
        List<Message> messages = new ArrayList<>();
        w.messages().forEach(m -> messages.add(new Message(m.ask(), false)));
        World now = w.with(messages.stream().distinct().toList()).with(Answer.NONE);
        if (w.monitor() == null) {
            return now;
        }
        List<Task> tasks = new ArrayList<>();
        for (Task task : w.monitor().tasks()) {
            tasks.add(task instanceof Task.Reply r ? new Task.Reply(false, r.ok()) : task);
        }
        return now.with(new Monitor(w.monitor().state(), tasks));
    }

    private static World cut(World w) {
        World dark = withoutManager(w);
        List<Array> arrays = new ArrayList<>();
        for (Array array : w.arrays()) {
            arrays.add(Array.OLD.withRelocated(array.reached(), array.flushed(), 0));
        }
        return new World(Power.OFF, dark.disks(), arrays, null, null, List.of(), Answer.NONE);
    }

    /** Assembly's next step, from what is on the disks. */
    void assemble(World w, List<Move> into) {
        int volume = w.disks().migrating();
        Progress record = w.disks().record();
        if (volume >= 0 && record.inCopyArea()) {
            if (w.power() == Power.OFF && conduct.replays()) {
                Array array = w.array(volume);
                long to = Math.max(array.reached(), shape.deviceEndOfUnit(record.unit()));
                long durable = Math.max(array.flushed(), shape.deviceEndOfUnit(record.unit()));
                into.add(Move.of(
                        "assembly restores unit " + record.unit(),
                        w.with(volume, array.withRelocated(to, durable, 0)).with(Power.REPLAYED)));
            } else {
                into.add(Move.of(
                        "assembly records that",
                        w.with(w.disks().withRecord(new Progress(record.unit() + 1, false)))
                                .with(Power.OFF)));
            }
        } else if (volume >= 0 && record.unit() >= shape.units()) {
            into.add(Move.of("assembly records the end", w.with(w.disks().withOneMoreDone())));
        } else {
            into.add(Move.of("the arrays start", started(w)));
        }
        if (w.power() == Power.REPLAYED) {
            into.add(Move.fault("power is cut", w.with(Power.OFF)));
        }
    }

    private World started(World w) {
        Disks disks = w.disks();
        List<Array> arrays = new ArrayList<>();
        for (int volume = 0; volume < w.arrays().size(); volume++) {
            if (volume < disks.done()) {
                long end = shape.deviceEnd();
                arrays.add(new Array(false, false, true, true, MonitorMachine.MAX, 0, 0, end, end, end, -1));
            } else if (volume == disks.migrating() && disks.record().unit() > 0) {
                long position = shape.positionOfUnit(disks.record().unit());
                long at = shape.deviceOf(position);
                arrays.add(new Array(true, true, false, false, at, position, position, at, at, at, -1));
            } else {
                arrays.add(Array.OLD);
            }
        }
        return new World(Power.ON, disks, arrays, Monitor.NEW, null, List.of(), Answer.NONE);
    }
}
