package io.restripe.lab.crash;

import static io.restripe.consistency.ConsistencyPolicy.BITMAP;
import static io.restripe.consistency.ConsistencyPolicy.PPL;
import static io.restripe.consistency.ConsistencyPolicy.RESYNC;

import io.restripe.array.Attribute;
import io.restripe.array.AttributeException;
import io.restripe.array.Attributes;
import io.restripe.consistency.ConsistencyPolicy;
import io.restripe.disk.Buffers;
import io.restripe.disk.Disk;
import io.restripe.disk.DiskException;
import io.restripe.disk.MemoryDisk;
import io.restripe.host.RunningContainer;
import io.restripe.lab.sim.Recorder;
import io.restripe.lab.sim.SimEnv;
import io.restripe.lab.sim.SimOptions;
import io.restripe.lab.sim.Trace;
import io.restripe.rule.ProblemException;
import io.restripe.unit.SectorRange;
import io.restripe.unit.Units;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * One run of a case from a filled container to its end, with users at work, written down.
 *
 * @param which the case
 * @param seed decides the order of threads and what users do
 * @param sectors of each volume before the reshape: what has known content
 * @param trace all writes and flushes, and {@link Mark}s
 * @param nanos how long it took, in simulated time
 */
public record Recording(ReshapeCase which, long seed, List<Long> sectors, Trace trace, long nanos) {
    public static final long HOUR = 3_600_000_000_000L;
    private static final long DISK_NANOS = 60_000;
    private static final long STEP_NANOS = 200;
    private static final long PAUSE_NANOS = 4_000_000;
    private static final long CROWDED_PAUSE_NANOS = 200_000;
    /** Where rows are written again soon. */
    private static final SectorRange FEW_ROWS = new SectorRange(128, 640);

    /** Runs it. With an odd seed users crowd where writes are let through. */
    public static Recording of(ReshapeCase which, long seed, int users, int requests) {
        List<Long> sectors = new ArrayList<>();
        List<MemoryDisk> images = filled(which, seed, sectors);
        SimEnv sim = new SimEnv(SimOptions.seeded(seed)
                .withSwitchPercent(30)
                .withStepNanos(STEP_NANOS)
                .withMaxSteps(50_000_000));
        SimContainer machine = new SimContainer(sim, images, DISK_NANOS, true)
                .allowDegraded(which.past() == ReshapeCase.Past.LOST_A_MEMBER);
        Recorder recorder = new Recorder();
        machine.machine().record(recorder);
        machine.run(() -> reshape(which, seed, users, requests, machine, recorder, sectors));
        return new Recording(which, seed, sectors, recorder.trace(), sim.nanoTime());
    }

    private static void reshape(
            ReshapeCase which,
            long seed,
            int userCount,
            int requests,
            SimContainer machine,
            Recorder recorder,
            List<Long> sectors)
            throws ProblemException, DiskException {
        RunningContainer container = machine.start(false);
        List<Disk> volumes = new ArrayList<>();
        for (int v = 0; v < which.volumes(); v++) {
            volumes.add(SimContainer.volume(container, v));
        }
        Users users = new Users(machine.env(), volumes, sectors, seed, 0, recorder::mark);
        boolean crowds = seed % 2 != 0;
        if (crowds) {
            users.crowdAround(volume -> letThrough(container, volume));
        }
        if (!which.reshapes()) {
            users.crowdAround(_ -> FEW_ROWS);
        }
        boolean hurries = crowds || which.changesPolicy();
        users.start(userCount, requests, hurries ? CROWDED_PAUSE_NANOS : PAUSE_NANOS);
        if (which.reshapes()) {
            container.grow(which.request(machine.members()));
            recorder.mark(new Mark.Born(), true);
        } else {
            if (which.changesPolicy()) {
                changePolicies(machine, container);
            }
            users.finish();
        }
        if (!container.awaitIdle(HOUR)) {
            throw new IllegalStateException("the reshape does not end: " + container.status());
        }
        users.stop();
        if (!container.container().volumes().stream().allMatch(v -> v.geometry().equals(which.after()))) {
            throw new IllegalStateException("idle, but not reshaped: " + container.status());
        }
        container.stop();
    }

    /** From each to each other. */
    private static void changePolicies(SimContainer machine, RunningContainer container) throws ProblemException {
        for (ConsistencyPolicy policy : List.of(PPL, BITMAP, PPL, RESYNC, BITMAP, RESYNC, PPL)) {
            container.changePolicy(ReshapeCase.volumeName(0), policy);
            machine.env().sleepNanos(CROWDED_PAUSE_NANOS);
        }
    }

    /** Where writes may go to both places: from the durable checkpoint to what has been relocated, and a little beyond. */
    private static SectorRange letThrough(RunningContainer container, int volume) {
        try {
            Attributes attributes = new Attributes(container.control(ReshapeCase.volumeName(volume)));
            long from = attributes.numberOr(Attribute.SUSPEND_LO, 0);
            long to = attributes.numberOr(Attribute.SUSPEND_HI, 0);
            boolean through = attributes.numberOr(Attribute.WRITE_THROUGH, 0) != 0;
            return through && from < to ? new SectorRange(from, to) : new SectorRange(0, 0);
        } catch (AttributeException | ProblemException e) {
            throw new IllegalStateException(e);
        }
    }

    /** A container whose volumes hold version 0 everywhere. */
    public static List<MemoryDisk> filled(ReshapeCase which, long seed, List<Long> sectors) {
        List<MemoryDisk> blank = new ArrayList<>();
        for (int d = 0; d < which.disks(); d++) {
            blank.add(new MemoryDisk("disk" + d, which.diskSectors()));
        }
        SimEnv sim = new SimEnv(SimOptions.fast(seed));
        SimContainer machine = new SimContainer(sim, blank, 0, false);
        machine.run(() -> {
            machine.create(which);
            RunningContainer container = machine.start(false);
            for (int v = 1; v < which.volumes(); v++) {
                container.createVolume(which.spec(v));
            }
            for (int v = 0; v < which.volumes(); v++) {
                Disk volume = SimContainer.volume(container, v);
                sectors.add(volume.sectors());
                fill(volume, v);
            }
            age(which, machine, container);
            container.stop();
        });
        return machine.images();
    }

    /** Gives the container its past. */
    private static void age(ReshapeCase which, SimContainer machine, RunningContainer container)
            throws ProblemException {
        if (which.past() == ReshapeCase.Past.NONE) {
            return;
        }
        String lost = ReshapeCase.serial(1);
        container.fail(lost);
        if (which.past() == ReshapeCase.Past.REBUILT) {
            container.add(machine.members().get(which.before().members()));
        }
        if (!container.awaitIdle(HOUR)
                || container.container().volumes().getFirst().missingSlots()
                        != (which.past() == ReshapeCase.Past.REBUILT ? 0 : 1)) {
            throw new IllegalStateException("no such past: " + container.status());
        }
    }

    /** Writes version 0 everywhere, and flushes. */
    public static void fill(Disk volume, int index) throws DiskException {
        long atOnce = 1024;
        try (Arena arena = Arena.ofShared()) {
            MemorySegment buffer = Buffers.allocate(arena, atOnce);
            for (long at = 0; at < volume.sectors(); at += atOnce) {
                MemorySegment part = buffer.asSlice(0, Units.bytesOfSectors(Math.min(atOnce, volume.sectors() - at)));
                Content.fill(part, index, at, 0);
                volume.write(at, part);
            }
            volume.flush();
        }
    }
}
