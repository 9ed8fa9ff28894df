package io.restripe.lab.life;

import io.restripe.array.ArrayControl;
import io.restripe.array.Attribute;
import io.restripe.array.AttributeException;
import io.restripe.array.engine.EmbeddedArray;
import io.restripe.assembly.ArrayStart;
import io.restripe.assembly.Assembly;
import io.restripe.disk.Disk;
import io.restripe.disk.DiskException;
import io.restripe.env.Env;
import io.restripe.lab.crash.ReshapeCase;
import io.restripe.lab.sim.SimEnv;
import io.restripe.lab.sim.SimProcess;
import io.restripe.metadata.Container;
import io.restripe.metadata.ContainerMetadata;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.MetadataException;
import io.restripe.metadata.MetadataFormat;
import io.restripe.metadata.ReshapeGoal;
import io.restripe.metadata.Volume;
import io.restripe.metadata.imsm.ImsmFormat;
import io.restripe.reshape.Monitor;
import io.restripe.reshape.MonitorLink;
import io.restripe.reshape.ReshapeManager;
import io.restripe.reshape.ReshapePlanner;
import io.restripe.reshape.Surroundings;
import io.restripe.rule.ProblemException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;

/**
 * The three actors of one container as processes of their own on a simulated machine: started as the product's lone actors are, with
 * simulated connections between them.
 */
final class Actors {
    private static final int LOOKS = 200;
    private static final long LOOK_AGAIN_NANOS = 5_000_000L;

    private final SimEnv sim;
    private final ReshapeCase which;
    private final List<MemberDisk> members;
    private final SplittableRandom chance;
    private final int messageFaultsPerMille;
    private final boolean holds;
    private final SimProcess arrayProcess;
    private final Map<Integer, EmbeddedArray> arrays = new LinkedHashMap<>();
    private SimProcess monitorProcess;
    private Monitor monitor;
    private SimProcess managerProcess;
    private boolean undisturbed;
    private int disturbed;

    /** @param holds the arrays hold all writes into what is suspended, as Linux md does */
    Actors(
            SimEnv sim,
            ReshapeCase which,
            List<MemberDisk> members,
            SplittableRandom chance,
            int messageFaultsPerMille,
            boolean holds) {
        this.sim = sim;
        this.holds = holds;
        this.which = which;
        this.members = members;
        this.chance = chance;
        this.messageFaultsPerMille = messageFaultsPerMille;
        this.arrayProcess = sim.process("array");
    }

    SimProcess arrayProcess() {
        return arrayProcess;
    }

    /** Call in the array's process. */
    void startArrays() throws ProblemException, AttributeException {
        Env env = arrayProcess.env();
        Assembly assembly = Assembly.look(new ImsmFormat(env), withMetadata(env));
        assembly.recover(new Assembly.Options(false, false));
        Map<String, MemberDisk> disks = assembly.disks();
        for (Volume volume : assembly.container().volumes()) {
            EmbeddedArray array = new EmbeddedArray(
                    env,
                    "c0/" + volume.name(),
                    serial -> disks.containsKey(serial) ? disks.get(serial).disk() : null);
            ArrayStart start = new ArrayStart(array, volume, assembly.container(), disks.keySet());
            start.configure("c0");
            array.write(Attribute.SAFE_MODE_DELAY, "0.200");
            arrays.put(volume.index(), array);
            start.go();
        }
    }

    private List<MemberDisk> withMetadata(Env env) {
        MetadataFormat format = new ImsmFormat(env);
        List<MemberDisk> mine = new ArrayList<>();
        for (MemberDisk member : members) {
            try {
                if (format.taste(member).isPresent()) {
                    mine.add(member);
                }
            } catch (DiskException e) {
                // What cannot be read has nothing to say.
            } catch (MetadataException e) {
                mine.add(member); // the product shall say what it makes of it
            }
        }
        return mine;
    }

    Disk volume(int index) {
        return arrays.get(index).disk();
    }

    EmbeddedArray array(int index) {
        return arrays.get(index);
    }

    /** A new monitor, in a process of its own; the one before must be dead. Call from the laboratory. */
    void startMonitor() {
        monitorProcess = sim.process("monitor");
        Env env = monitorProcess.env();
        env.start("start monitor", () -> {
            try {
                Assembly look = look(env);
                Monitor started = new Monitor(env, new ImsmFormat(env), look.metadata(), look.disks());
                for (Volume volume : look.container().volumes()) {
                    started.watch(
                            volume.index(), wired(volume.index()), Monitor.mayOweResync(look.container(), volume));
                }
                started.start();
                monitor = started;
            } catch (ProblemException e) {
                throw new IllegalStateException(
                        "the monitor does not start: " + e.problem().text(), e);
            }
        });
    }

    private ArrayControl wired(int volume) {
        return new WiredArray(arrays.get(volume), new Wire(arrayProcess), holds);
    }

    void killMonitor() {
        monitorProcess.kill();
        monitor = null;
    }

    /** A manager in a process of its own: begins the reshape where it has not begun, else takes it up. */
    Env.Worker startManager(Runnable born) {
        managerProcess = sim.process("manager");
        undisturbed = false;
        Env env = managerProcess.env();
        return env.start("manager", () -> manage(env, born));
    }

    void killManager() {
        if (managerProcess != null) {
            managerProcess.kill();
        }
    }

    private void manage(Env env, Runnable born) {
        Wire toMonitor = new Wire(monitorProcess);
        MonitorLink link = request -> {
            Monitor now = monitor;
            if (now == null) {
                throw new IOException("no monitor listens");
            }
            return toMonitor.call(request.getClass().getSimpleName(), () -> now.call(request));
        };
        Weather weather = new Weather(env, link, chance, messageFaultsPerMille);
        try {
            Container container = look(env).container();
            boolean begun = container.reshaping().isPresent()
                    || container.volumes().stream().anyMatch(v -> v.geometry().equals(which.after()));
            Map<String, MemberDisk> disks = new LinkedHashMap<>();
            members.forEach(member -> disks.put(member.serial(), member));
            ReshapeManager manager = new ReshapeManager(
                    new Surroundings(env, weather, () -> metadata(env), this::wiredOrNull, () -> disks));
            if (!begun) {
                List<ReshapeGoal> goals = goals(env, manager);
                env.start("birth", () -> awaitBirth(manager, born));
                manager.run(goals);
            } else {
                manager.run(List.of());
            }
            undisturbed = manager.problem().isEmpty();
        } catch (ProblemException e) {
            // Refused or cut short: the supervisor tries again.
        } finally {
            disturbed += weather.disturbed();
        }
    }

    private List<ReshapeGoal> goals(Env env, ReshapeManager manager) throws ProblemException {
        try {
            return ReshapePlanner.plan("c0", metadata(env), which.requestAdding(List.of()))
                    .goals();
        } catch (ProblemException e) {
            manager.tidyUp();
            undisturbed = true;
            throw e;
        }
    }

    /** Whether the last manager came to its end, had nothing to complain of and left nothing behind. */
    boolean isUndisturbed() {
        return undisturbed;
    }

    private static void awaitBirth(ReshapeManager manager, Runnable born) {
        try {
            manager.awaitBorn();
            born.run();
        } catch (ProblemException e) {
            // It was not born, or died at once: nothing is promised.
        }
    }

    private ArrayControl wiredOrNull(int volume) {
        return arrays.containsKey(volume) ? wired(volume) : null;
    }

    private ContainerMetadata metadata(Env env) {
        try {
            return look(env).metadata();
        } catch (ProblemException e) {
            throw new IllegalStateException(e.problem().text(), e);
        }
    }

    /** The metadata on the disks; what is being written is looked at again. */
    private Assembly look(Env env) throws ProblemException {
        ProblemException last = null;
        for (int i = 0; i < LOOKS; i++) {
            try {
                return Assembly.look(new ImsmFormat(env), withMetadata(env));
            } catch (ProblemException e) {
                last = e;
            }
            env.sleepNanos(LOOK_AGAIN_NANOS);
        }
        throw last;
    }

    /** The container as the disks say; empty when they cannot be read. */
    Optional<Container> recorded() {
        try {
            return Optional.of(look(sim).container());
        } catch (ProblemException | IllegalStateException e) {
            return Optional.empty();
        }
    }

    /** Whether the monitor still has something to begin. */
    boolean owesSync() {
        return monitor == null || monitor.owesSync();
    }

    /** Messages that were late, lost or doubled. */
    int disturbed() {
        return disturbed;
    }
}
