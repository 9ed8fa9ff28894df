package io.restripe.lab.soak;

import io.restripe.assembly.CopyAreaUse;
import io.restripe.disk.Buffers;
import io.restripe.disk.Disk;
import io.restripe.disk.DiskException;
import io.restripe.disk.MemoryDisk;
import io.restripe.geometry.Geometry;
import io.restripe.host.RunningContainer;
import io.restripe.lab.crash.Checks;
import io.restripe.lab.crash.Expectation;
import io.restripe.lab.crash.Recording;
import io.restripe.lab.crash.SimContainer;
import io.restripe.lab.crash.Trail;
import io.restripe.lab.sim.SimEnv;
import io.restripe.lab.sim.SimOptions;
import io.restripe.metadata.Activity;
import io.restripe.metadata.Volume;
import io.restripe.metadata.VolumeSpec;
import io.restripe.rule.Finding;
import io.restripe.rule.ProblemException;
import io.restripe.unit.Units;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * One container from its creation until it has as many disks as it can get, in sessions from power on to power off. Between sessions its
 * members are looked at from outside. Everything follows from the seed and the number.
 */
final class History {
    static final String VOLUME = "v0";
    private static final long MEMBER_KIB = 3 * 1024;
    private static final long DISK_SECTORS = MEMBER_KIB * 2 + 8192 + 2210;
    private static final int MOST_SESSIONS = 400;

    private final long seed;
    private final long number;
    private final Consumer<String> progress;
    final SplittableRandom fate;
    final Tally tally = new Tally();

    /** Every disk there ever was, in the order of serial numbers; one that is thrown away is blank from then on. */
    private List<MemoryDisk> disks = new ArrayList<>();

    /** Disks from here on have never been used. */
    int shelf;

    private final List<Long> sectors = new ArrayList<>();
    private Expectation expected;
    Geometry now;
    /** Null when there is nothing more to be wished for. */
    Wish wish;

    /** The reshape that is wished for has been asked for and has begun, and must come to its end. */
    boolean begun;

    int version;

    /** What a person would have said of the unit in the copy area. */
    CopyAreaUse copyArea = CopyAreaUse.ASK;

    /** An unclean end may have left a resync owing: until it is done no member may be lost. */
    boolean owes;

    History(long seed, long number, Consumer<String> progress) {
        this.seed = seed;
        this.number = number;
        this.progress = progress;
        this.fate = new SplittableRandom(seed * 0x9E3779B97F4A7C15L + number * 0xD6E8FEB86659FD93L + 7);
    }

    /**
     * Lives it.
     *
     * @throws IllegalStateException when something was wrong; the message says what, and how to see it again
     */
    Tally run() {
        try {
            create();
            while (wish != null) {
                session();
            }
            end();
            tally.add(Tally.Count.HISTORIES, 1);
            return tally;
        } catch (RuntimeException e) {
            throw new IllegalStateException(
                    "history " + number + ", " + tally + ", " + (wish == null ? Wish.text(now) : wish) + ": "
                            + e.getMessage() + Trail.of(e) + "\n  again: lab soak --seed " + seed + " --history "
                            + number,
                    e);
        }
    }

    private void create() {
        now = Wish.first(fate);
        wish = Wish.next(now, fate);
        shelf = now.members();
        stock();
        SimContainer machine = new SimContainer(new SimEnv(SimOptions.fast(fate.nextLong())), disks, 0, false);
        List<String> serials =
                IntStream.range(0, now.members()).mapToObj(History::serial).toList();
        machine.run(() -> {
            machine.create(new VolumeSpec(VOLUME, now, MEMBER_KIB, serials, true));
            RunningContainer container = machine.start(false);
            Disk volume = container.volume(VOLUME);
            sectors.add(volume.sectors());
            Recording.fill(volume, 0);
            container.stop();
        });
        disks = new ArrayList<>(machine.images());
        expected = new Expectation(sectors, List.of());
        progress.accept("begins as " + Wish.text(now));
    }

    /** As many new disks on the shelf as one session may need. */
    private void stock() {
        while (disks.size() < shelf + 3) {
            disks.add(new MemoryDisk("disk" + disks.size(), DISK_SECTORS));
        }
    }

    static String serial(int disk) {
        return io.restripe.lab.crash.ReshapeCase.serial(disk);
    }

    private void session() {
        if (tally.of(Tally.Count.SESSIONS) >= MOST_SESSIONS) {
            throw new IllegalStateException("not finished after so many sessions");
        }
        stock();
        Session session = new Session(this, disks, expected, sectors);
        session.run();
        disks = new ArrayList<>(session.disks());
        expected = expected.after(session.journal());
        tally.add(Tally.Count.SESSIONS, 1);
        look(session);
    }

    /** From outside, writing nothing: everything that was acknowledged, and how far the reshape is. */
    private void look(Session session) {
        boolean[] finished = {false};
        decide();
        readOnly(disks, false, copyArea, container -> {
            require("after " + session, Checks.contents(container.volume(VOLUME), 0, expected));
            Volume volume = container.container().volumes().getFirst();
            boolean idle = !(volume.activity() instanceof Activity.Reshape);
            finished[0] = idle && wish != null && volume.geometry().equals(wish.after());
            if (idle && begun && !finished[0]) {
                throw new IllegalStateException("the reshape that had begun is gone after " + session);
            }
        });
        if (finished[0]) {
            tally.add(Tally.Count.RESHAPES, 1);
            progress.accept(String.format(
                    "%s done after %d sessions, %.2f simulated hours",
                    wish, tally.of(Tally.Count.SESSIONS), tally.simulatedHours()));
            now = wish.after();
            wish = Wish.next(now, fate);
            begun = false;
        }
    }

    /**
     * Once a member was replaced, the bytes of a saved unit must say where its parts are, and mostly empty ones may not: the product asks then,
     * and we know what a person would have to find out.
     */
    private void decide() {
        copyArea = CopyAreaUse.ASK;
        try {
            readOnly(disks, false, copyArea, container -> readAll(container.volume(VOLUME)));
        } catch (RuntimeException e) {
            if (!(e.getMessage() + Trail.of(e)).contains("placed by slot or by disk table index")) {
                throw e;
            }
            tally.add(Tally.Count.ASKED, 1);
            copyArea = CopyAreaUse.BY_SLOT;
        }
    }

    private static void readAll(Disk volume) throws DiskException {
        long atOnce = 2048;
        try (Arena arena = Arena.ofShared()) {
            MemorySegment buffer = Buffers.allocate(arena, atOnce);
            for (long at = 0; at < volume.sectors(); at += atOnce) {
                volume.read(at, buffer.asSlice(0, Units.bytesOfSectors(Math.min(atOnce, volume.sectors() - at))));
            }
        }
    }

    /** What is done to a container that is open read-only. */
    private interface Look {
        void at(RunningContainer container) throws ProblemException, DiskException;
    }

    private static void readOnly(List<MemoryDisk> images, boolean degraded, CopyAreaUse use, Look look) {
        SimContainer machine = new SimContainer(new SimEnv(SimOptions.fast(1)), images, 0, false)
                .allowDegraded(degraded)
                .copyArea(use);
        machine.run(() -> look.at(machine.start(true)));
    }

    /** Stopped after a quiet session: all in order, parity too, and all of it there without one of the members. */
    private void end() {
        SimContainer machine = new SimContainer(new SimEnv(SimOptions.fast(1)), disks, 0, false);
        machine.run(() -> {
            RunningContainer container = machine.start(false);
            if (!container.awaitIdle(Session.HOUR)) {
                throw new IllegalStateException("not idle after an hour: " + container.status());
            }
            container.stop();
        });
        disks = new ArrayList<>(machine.images());
        SimContainer strict = new SimContainer(new SimEnv(SimOptions.fast(1)), disks, 0, false);
        strict.run(() -> strict.findings(Finding.Severity.ERROR).forEach(found -> require("checked strictly", found)));
        int[] first = {0};
        readOnly(disks, false, CopyAreaUse.ASK, container -> {
            require("in the end", Checks.contents(container.volume(VOLUME), 0, expected));
            Volume volume = container.container().volumes().getFirst();
            require("members", Checks.parity(volume, container.container(), this::image));
            first[0] = volume.slots().getFirst().disk();
            first[0] = indexOf(container.container().disks().get(first[0]).serial());
        });
        if (now.redundancy() > 0) {
            List<MemoryDisk> left = new ArrayList<>(disks);
            left.set(first[0], new MemoryDisk("disk" + first[0], DISK_SECTORS));
            readOnly(
                    left,
                    true,
                    CopyAreaUse.ASK,
                    container -> require("without a member", Checks.contents(container.volume(VOLUME), 0, expected)));
        }
    }

    private MemoryDisk image(String serial) {
        return disks.get(indexOf(serial));
    }

    static int indexOf(String serial) {
        return Integer.parseInt(serial.substring(serial.lastIndexOf('-') + 1));
    }

    static void require(String when, String wrong) {
        if (wrong != null) {
            throw new IllegalStateException(when + ": " + wrong);
        }
    }
}
