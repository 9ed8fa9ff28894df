package io.restripe.lab.life;

import io.restripe.disk.Disk;
import io.restripe.disk.DiskException;
import io.restripe.disk.DiskException.Operation;
import io.restripe.disk.MemoryDisk;
import io.restripe.env.Env;
import io.restripe.lab.crash.Expectation;
import io.restripe.lab.crash.Mark;
import io.restripe.lab.crash.ReshapeCase;
import io.restripe.lab.crash.SimContainer;
import io.restripe.lab.crash.Users;
import io.restripe.lab.sim.SimDisk;
import io.restripe.lab.sim.SimEnv;
import io.restripe.metadata.Activity;
import io.restripe.metadata.Container;
import io.restripe.metadata.ContainerDisk;
import io.restripe.rule.ProblemException;
import io.restripe.unit.SectorRange;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/**
 * From power on to power off: arrays, monitor, managers one after another, users, and what befalls them. Methods without a note are
 * called by the laboratory's own thread, which no power cut kills.
 */
abstract class Boot {
    private static final long BUSINESS_NANOS = 4_000_000;
    private static final long DISK_NANOS = 60_000;
    private static final long HOUR = 3_600_000_000_000L;

    private final ReshapeCase which;
    private final Trouble trouble;
    private final SimEnv sim;
    private final SimContainer machine;
    private final List<Long> sectors;
    private final SplittableRandom fate;
    private final Life.Tally tally;
    private final Actors actors;
    private Users users;
    private boolean arraysDead;
    private boolean over;
    private boolean troubled;

    Boot(
            ReshapeCase which,
            Trouble trouble,
            boolean cuts,
            SimEnv sim,
            List<MemoryDisk> images,
            List<Long> sectors,
            SplittableRandom fate,
            Life.Tally tally) {
        this.which = which;
        this.trouble = trouble;
        this.sim = sim;
        this.machine = new SimContainer(sim, images, DISK_NANOS, true);
        this.sectors = sectors;
        this.fate = fate;
        this.tally = tally;
        SplittableRandom chance = fate.split();
        this.actors = new Actors(sim, which, machine.members(), chance, 40, chance.nextBoolean());
        if (cuts && fate.nextInt(4) > 0) {
            machine.machine().cutPowerAfter(20 + fate.nextLong(fate.nextInt(3) == 0 ? 200 : 3000));
        }
        troubled = trouble == Trouble.POWER_CUTS && !cuts;
    }

    /** Told of everything that users do and are told. */
    abstract void mark(Mark mark);

    /** The newest version that was ever written. */
    abstract int version();

    abstract Expectation expected();

    /** True when the reshape is finished and everything is idle. */
    boolean run() {
        boolean[] finished = {false};
        if (trouble == Trouble.MEDIA_ERRORS) {
            damage();
        }
        sim.run(() -> finished[0] = supervise());
        tally.messages += actors.disturbed();
        tally.steps += sim.steps();
        tally.simulatedNanos += sim.nanoTime();
        return finished[0];
    }

    List<MemoryDisk> images() {
        return machine.images();
    }

    /** What the disks hold afterwards: a process that dies takes no cache with it, a power cut does. */
    List<MemoryDisk> remains(RandomGenerator chance) {
        return machine.machine().isPowerless() ? machine.machine().remains(chance) : machine.images();
    }

    private boolean isDown() {
        return arraysDead || machine.machine().isPowerless();
    }

    private boolean supervise() {
        boolean[] up = {false};
        actors.arrayProcess().env().start("boot", () -> up[0] = bootArrays()).join();
        if (!up[0]) {
            return false;
        }
        actors.startMonitor();
        Env.Worker fates = sim.start("fate", this::fates);
        boolean finished = false;
        while (!isDown() && !finished) {
            actors.startManager(() -> mark(new Mark.Born())).join();
            finished = !isDown() && actors.isUndisturbed() && (isReshaped() || isBeyondReach());
            sim.sleepNanos(20_000_000);
        }
        over = true;
        fates.join();
        return finished && settle();
    }

    /** In the arrays' process. */
    private boolean bootArrays() {
        try {
            actors.startArrays();
        } catch (ProblemException | IOException e) {
            throw new IllegalStateException("the arrays do not start: " + e.getMessage(), e);
        }
        List<Disk> volumes = new ArrayList<>();
        for (int v = 0; v < which.volumes(); v++) {
            volumes.add(actors.volume(v));
        }
        Life.compare(volumes, expected());
        users = new Users(
                actors.arrayProcess().env(), volumes, sectors, fate.nextLong(), version(), (mark, _) -> mark(mark));
        users.expect(expected());
        users.start(2, 200, BUSINESS_NANOS);
        return true;
    }

    private boolean isReshaped() {
        Optional<Container> container = actors.recorded();
        return container.isPresent()
                && container.get().volumes().stream().allMatch(v -> v.geometry().equals(which.after()));
    }

    /** A disk died before the reshape began, and the spares that it needs have been taken to rebuild onto. */
    private boolean isBeyondReach() {
        Optional<Container> container = actors.recorded();
        return container.isPresent()
                && container.get().reshaping().isEmpty()
                && container.get().volumes().stream().allMatch(v -> v.geometry().equals(which.before()))
                && container.get().disks().stream()
                                .filter(disk -> disk.status() == ContainerDisk.Status.SPARE)
                                .count()
                        < which.disks() - which.disksBefore();
    }

    private boolean isIdle() {
        Optional<Container> container = actors.recorded();
        return container.isPresent()
                && container.get().volumes().stream().allMatch(v -> v.activity() instanceof Activity.Idle);
    }

    /** Users rest, what is owed is done, everything is durable. False when the machine went down meanwhile. */
    private boolean settle() {
        users.stop();
        long deadline = sim.nanoTime() + HOUR;
        while (!isDown() && (actors.owesSync() || !isIdle())) {
            if (sim.nanoTime() > deadline) {
                throw new IllegalStateException("not idle after an hour: " + actors.recorded());
            }
            sim.sleepNanos(50_000_000);
        }
        boolean[] durable = {false};
        actors.arrayProcess().env().start("flush", () -> durable[0] = flush()).join();
        return durable[0];
    }

    /** In the arrays' process. */
    private boolean flush() {
        try {
            for (int v = 0; v < which.volumes(); v++) {
                actors.volume(v).flush();
            }
            return true;
        } catch (DiskException e) {
            throw new IllegalStateException("the last flush failed", e);
        }
    }

    private void fates() {
        while (!over && !isDown()) {
            // More and more seldom, so that what is slow comes to its end too.
            long patience = 1 + sim.nanoTime() / 2_000_000_000L;
            sim.sleepNanos(200_000 + patience * fate.nextLong(fate.nextInt(3) == 0 ? 2_000_000 : 25_000_000));
            if (over || isDown()) {
                return;
            }
            switch (fate.nextInt(8)) {
                case 0, 1 -> {
                    tally.kills++;
                    actors.killManager();
                }
                case 2, 3 -> restartMonitor();
                case 4 -> disk().slow(DISK_NANOS * (1 + fate.nextLong(40)));
                case 5 -> machine.machine().disks().forEach(disk -> disk.slow(DISK_NANOS));
                default -> trouble();
            }
        }
    }

    private SimDisk disk() {
        return machine.machine().disks().get(fate.nextInt(which.before().members()));
    }

    private void restartMonitor() {
        tally.kills++;
        actors.killMonitor();
        sim.sleepNanos(fate.nextLong(30_000_000));
        if (!isDown()) {
            actors.startMonitor();
        }
    }

    private void trouble() {
        if (troubled) {
            return;
        }
        switch (trouble) {
            case POWER_CUTS -> {
                if (fate.nextInt(4) == 0) {
                    tally.kills++;
                    arraysDead = true;
                    actors.arrayProcess().kill();
                    actors.killManager();
                    actors.killMonitor();
                }
            }
            case A_WRITE_FAILS -> failWrite(new SectorRange(0, which.memberSectors()), fate.nextLong(60));
            case A_BACKUP_FAILS ->
                failWrite(new SectorRange(which.diskSectors() - 2209, which.diskSectors() - 162), fate.nextLong(3));
            case A_DISK_DIES -> {
                troubled = true;
                disk().die();
            }
            case NONE, MEDIA_ERRORS -> troubled = true; // those are there from the beginning
        }
    }

    private void failWrite(SectorRange where, long skip) {
        troubled = true;
        disk().fail(Operation.WRITE, where, skip, 1);
    }

    private void damage() {
        SimDisk disk = disk();
        for (int i = 0; i < 1 + fate.nextInt(6); i++) {
            long at = fate.nextLong(which.memberSectors() - 16);
            disk.mediaError(new SectorRange(at, at + 1 + fate.nextInt(16)));
        }
    }
}
