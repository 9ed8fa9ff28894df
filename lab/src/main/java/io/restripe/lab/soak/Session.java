package io.restripe.lab.soak;

import io.restripe.disk.Disk;
import io.restripe.disk.DiskException;
import io.restripe.disk.MemoryDisk;
import io.restripe.env.Env;
import io.restripe.host.RunningContainer;
import io.restripe.lab.crash.Checks;
import io.restripe.lab.crash.Expectation;
import io.restripe.lab.crash.Mark;
import io.restripe.lab.crash.SimContainer;
import io.restripe.lab.crash.Users;
import io.restripe.lab.sim.SimEnv;
import io.restripe.lab.sim.SimOptions;
import io.restripe.metadata.Activity;
import io.restripe.metadata.ContainerDisk;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.Volume;
import io.restripe.rule.ProblemException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * From power on to power off: a time of a mood, which says how busy users are and how long it lasts, and one of several ends. A member fails
 * only where nothing else does: a degraded volume may lose to a power cut what it was writing.
 */
final class Session {
    static final long HOUR = 3_600_000_000_000L;
    private static final long SECOND = 1_000_000_000L;
    private static final long DISK_NANOS = 60_000;
    private static final int REAL_SECONDS = 1800;

    /** How users behave, and how fast a reshape may go meanwhile. */
    private enum Mood {
        /** Requests all the time, at full speed. */
        BUSY(4_000_000L, 20, 0),
        BRISK(150_000_000L, 60, 200),
        /** Most of the day: the array becomes clean between requests, and a reshape takes long. */
        QUIET(1_500_000_000L, 1200, 12);

        final long pauseNanos;
        final long seconds;
        final long speedKib;

        Mood(long pauseNanos, long seconds, long speedKib) {
            this.pauseNanos = pauseNanos;
            this.seconds = seconds;
            this.speedKib = speedKib;
        }
    }

    private enum End {
        STOP,
        A_MEMBER_FAILS_AND_STOP,
        KILL,
        POWER_CUT
    }

    private final History history;
    private final Expectation expected;
    private final List<Long> sectors;
    private final SplittableRandom fate;
    private final SimEnv sim;
    private final SimContainer machine;
    private final Mood mood;
    private final End end;
    private final long lastsNanos;
    private final List<Object> journal = new ArrayList<>();
    private final List<Integer> thrownAway = new ArrayList<>();
    /** How it came to its end, which may be sooner than it was meant to be forced. */
    private End ended = End.STOP;

    private boolean over;

    Session(History history, List<MemoryDisk> disks, Expectation expected, List<Long> sectors) {
        this.history = history;
        this.expected = expected;
        this.sectors = sectors;
        this.fate = history.fate;
        int drawn = fate.nextInt(6);
        this.mood = drawn == 0 ? Mood.BUSY : drawn < 3 ? Mood.BRISK : Mood.QUIET;
        this.end = ends()[fate.nextInt(ends().length)];
        long most = mood.seconds * SECOND;
        // Many power cuts come early: soon after assembly, in the birth of a reshape, in a rebuild of parity.
        boolean early = end != End.STOP && fate.nextInt(3) == 0;
        this.lastsNanos = early ? fate.nextLong(SECOND) : most / 4 + fate.nextLong(most);
        this.sim = new SimEnv(SimOptions.seeded(fate.nextLong())
                .withSwitchPercent(30)
                .withStepNanos(200)
                .withMaxSteps(Long.MAX_VALUE)
                .withRealSeconds(REAL_SECONDS));
        this.machine = new SimContainer(sim, disks, DISK_NANOS, true).copyArea(history.copyArea);
        if (early && end == End.POWER_CUT) {
            machine.machine().cutPowerAfter(20 + fate.nextLong(2500));
        }
    }

    private End[] ends() {
        return history.now.redundancy() > 0 ? End.values() : new End[] {End.STOP, End.KILL, End.POWER_CUT};
    }

    void run() {
        sim.run(() -> {
            Env.Worker host = machine.env().start("host", () -> SimContainer.unchecked(this::host));
            Env.Worker ending = sim.start("fate", this::endWhenItIsTime);
            host.join();
            over = true;
            ending.join();
        });
        history.owes |= ended != End.STOP;
        history.tally.add(Tally.Count.SIMULATED_NANOS, sim.nanoTime());
        history.tally.add(Tally.Count.STEPS, sim.steps());
    }

    private void endWhenItIsTime() {
        boolean forced = end == End.KILL || end == End.POWER_CUT;
        while (!over && (!forced || sim.nanoTime() < lastsNanos)) {
            sim.sleepNanos(forced ? Math.clamp(lastsNanos - sim.nanoTime(), 1, SECOND) : SECOND);
        }
        if (machine.machine().isPowerless()) {
            ended = End.POWER_CUT;
        } else if (!over) {
            ended = end;
        }
        if (ended == End.POWER_CUT) {
            history.tally.add(Tally.Count.POWER_CUTS, 1);
            machine.machine().cutPower();
        } else if (ended == End.KILL) {
            history.tally.add(Tally.Count.KILLS, 1);
            machine.kill();
        }
    }

    /** What is left; a process that is killed takes no cache with it, a power cut does. */
    List<MemoryDisk> disks() {
        List<MemoryDisk> left = new ArrayList<>(
                machine.machine().isPowerless() ? machine.machine().remains(fate) : machine.images());
        for (int disk : thrownAway) {
            left.set(disk, new MemoryDisk("disk" + disk, left.get(disk).sectors()));
        }
        return left;
    }

    List<Object> journal() {
        return journal;
    }

    /** In the host's process. */
    private void host() throws ProblemException, DiskException {
        RunningContainer container = machine.start(false);
        Disk volume = container.volume(History.VOLUME);
        History.require("right after assembly", Checks.contents(volume, 0, expected, true));
        expected.settled();
        Users users = new Users(
                machine.env(), List.of(volume), sectors, fate.nextLong(), history.version, (mark, _) -> mark(mark));
        users.expect(expected);
        users.start(2, Integer.MAX_VALUE, mood.pauseNanos);
        container.speedLimit(mood.speedKib);
        if (end == End.A_MEMBER_FAILS_AND_STOP) {
            replaceAMember(container);
        } else {
            reshape(container);
        }
        long left = lastsNanos - sim.nanoTime();
        if (left > 0) {
            machine.env().sleepNanos(left);
        }
        users.stop();
        container.stop();
    }

    private void mark(Mark mark) {
        journal.add(mark);
        if (mark instanceof Mark.Issued issued) {
            history.version = issued.version();
            history.tally.add(Tally.Count.WRITES, 1);
        }
    }

    /** Asks for what is wished for, unless it is under way. */
    private void reshape(RunningContainer container) throws ProblemException {
        Volume volume = container.container().volumes().getFirst();
        boolean there = volume.geometry().equals(history.wish.after());
        if (there || volume.activity() instanceof Activity.Reshape || fate.nextInt(4) == 0) {
            return;
        }
        if (history.begun) {
            throw new IllegalStateException("the reshape that had begun is gone: " + container.status());
        }
        awaitIdle(container);
        int missing = history.wish.moreDisks() - spares(container);
        List<MemberDisk> joining = fromTheShelf(Math.max(0, missing));
        container.grow(history.wish.request(History.VOLUME, joining));
        history.begun = true;
        container.speedLimit(mood.speedKib);
    }

    private static void awaitIdle(RunningContainer container) {
        if (!container.awaitIdle(24 * HOUR)) {
            throw new IllegalStateException("not idle after a day: " + container.status());
        }
    }

    private static int spares(RunningContainer container) {
        return (int) container.container().disks().stream()
                .filter(disk -> disk.status() == ContainerDisk.Status.SPARE)
                .count();
    }

    /** They count as used whatever becomes of them: a disk of that serial may have been written to. */
    private List<MemberDisk> fromTheShelf(int count) {
        List<MemberDisk> taken = machine.members().subList(history.shelf, history.shelf + count);
        history.shelf += count;
        return List.copyOf(taken);
    }

    /** A member fails, by itself or because somebody says so, and another disk takes its place. */
    private void replaceAMember(RunningContainer container) throws ProblemException {
        if (history.owes) {
            awaitIdle(container);
            history.owes = false;
        }
        List<ContainerDisk> disks = container.container().disks().stream()
                .filter(disk -> disk.status() == ContainerDisk.Status.MEMBER)
                .toList();
        String serial = disks.get(fate.nextInt(disks.size())).serial();
        if (fate.nextBoolean()) {
            machine.machine().disks().get(History.indexOf(serial)).die();
        } else {
            container.fail(serial);
        }
        awaitFailure(container, serial);
        if (spares(container) == 0) {
            container.add(fromTheShelf(1).getFirst());
        }
        container.speedLimit(0);
        awaitIdle(container);
        if (container.container().volumes().getFirst().missingSlots() > 0) {
            throw new IllegalStateException("no rebuild: " + container.status());
        }
        container.remove(serial);
        thrownAway.add(History.indexOf(serial));
        history.tally.add(Tally.Count.REBUILDS, 1);
    }

    /** A disk that died is noticed when it is asked: users and metadata see to that. */
    private void awaitFailure(RunningContainer container, String serial) {
        long deadline = sim.nanoTime() + HOUR;
        while (container.container().disks().stream()
                .anyMatch(disk -> disk.serial().equals(serial) && disk.status() == ContainerDisk.Status.MEMBER)) {
            if (sim.nanoTime() > deadline) {
                throw new IllegalStateException("a dead disk is not noticed in an hour: " + container.status());
            }
            machine.env().sleepNanos(SECOND / 10);
        }
    }

    @Override
    public String toString() {
        return String.format("a %s session of %.1f s that ended by %s", mood, sim.nanoTime() / 1e9, ended);
    }
}
