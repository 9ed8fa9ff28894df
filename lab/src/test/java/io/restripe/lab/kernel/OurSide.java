package io.restripe.lab.kernel;

import io.restripe.disk.Disk;
import io.restripe.disk.DiskException;
import io.restripe.disk.DiskLayer;
import io.restripe.disk.FileDisk;
import io.restripe.disk.MemoryDisk;
import io.restripe.env.Env;
import io.restripe.env.SystemEnv;
import io.restripe.host.RunningContainer;
import io.restripe.lab.sim.SimEnv;
import io.restripe.lab.sim.SimOptions;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.imsm.ImsmFormat;
import io.restripe.rule.ProblemException;
import io.restripe.unit.Units;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The product at work on the images of a container. With power cuts in mind it works in a simulated machine, where every write can be
 * looked at and the same seed gives the same run; to finish something it works on the files themselves, in real time.
 */
final class OurSide {
    private static final long SEED = 1;
    private static final long STEP_NANOS = 200;
    private static final long DISK_NANOS = 60_000;
    private static final long HOUR_NANOS = TimeUnit.HOURS.toNanos(1);
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(90);

    private OurSide() {}

    /** What is done with a container that runs. */
    interface Work {
        void on(RunningContainer container, Env env) throws ProblemException, IOException;
    }

    /** Told after every write of any member, before anything else happens; {@code current} is what the members hold. */
    interface Observer {
        void wrote(List<MemoryDisk> current) throws DiskException;
    }

    /** Starts the container in a simulated machine, works, waits for the end of all that is under way, and stops it. */
    static List<MemoryDisk> simulate(List<MemoryDisk> images, Observer observer, Work work) {
        SimEnv sim = new SimEnv(SimOptions.seeded(SEED)
                .withSwitchPercent(30)
                .withStepNanos(STEP_NANOS)
                .withMaxSteps(50_000_000));
        Env env = sim.process("restripe").env();
        List<MemoryDisk> current = images.stream().map(MemoryDisk::snapshot).toList();
        List<MemberDisk> members = current.stream()
                .map(disk -> new MemberDisk(
                        disk.name(), disk.name(), new Observed(disk, env, () -> observer.wrote(current))))
                .toList();
        sim.run(() -> {
            try {
                RunningContainer container = RunningContainer.start(
                        env, "c0", new ImsmFormat(env), members, RunningContainer.Options.normal());
                work.on(container, env);
                end(container, HOUR_NANOS);
            } catch (ProblemException | IOException e) {
                throw new IllegalStateException(e.getMessage(), e);
            }
        });
        return current;
    }

    /** Starts the container on its files, works, waits for the end of all that is under way, and stops it. */
    static void run(Images images, Work work) throws ProblemException, IOException {
        List<MemberDisk> members = images.open(FileDisk.Access.EXCLUSIVE);
        try {
            Env env = new SystemEnv();
            RunningContainer container =
                    RunningContainer.start(env, "c0", new ImsmFormat(env), members, RunningContainer.Options.normal());
            work.on(container, env);
            end(container, PATIENCE_NANOS);
        } finally {
            Images.close(members);
        }
    }

    /** Fills a volume with a file, in requests of many lengths, as users do. */
    static void fill(Disk volume, Contents contents) throws DiskException, IOException {
        byte[] all = Files.readAllBytes(contents.file());
        long at = 0;
        for (int request = 0; at < all.length; request++) {
            long blocks = 1 + request * 5L % 67;
            long end = Math.min(at + blocks * Contents.BLOCK, all.length);
            write(volume, at, Arrays.copyOfRange(all, Math.toIntExact(at), Math.toIntExact(end)));
            at = end;
        }
        volume.flush();
    }

    /** @param at in bytes */
    static void write(Disk volume, long at, byte[] bytes) throws DiskException {
        try (Arena arena = Arena.ofShared()) {
            MemorySegment data = arena.allocate(bytes.length, 4096);
            data.copyFrom(MemorySegment.ofArray(bytes));
            volume.write(Units.sectorsOfBytesExact(at), data);
        }
    }

    private static void end(RunningContainer container, long nanos) throws ProblemException {
        boolean idle = container.awaitIdle(nanos);
        if (!idle || container.status().problem().isPresent()) {
            throw new IllegalStateException("it does not end well: " + container.status());
        }
        container.stop();
    }

    private interface AfterWrite {
        void run() throws DiskException;
    }

    /** A disk that takes its time, so that others get on meanwhile, and is looked at after each write before they do. */
    private static final class Observed extends DiskLayer {
        private final Env env;
        private final AfterWrite afterWrite;

        Observed(Disk disk, Env env, AfterWrite afterWrite) {
            super(disk);
            this.env = env;
            this.afterWrite = afterWrite;
        }

        @Override
        public void read(long sector, MemorySegment into) throws DiskException {
            env.sleepNanos(DISK_NANOS);
            super.read(sector, into);
        }

        @Override
        public void write(long sector, MemorySegment from) throws DiskException {
            env.sleepNanos(DISK_NANOS);
            super.write(sector, from);
            afterWrite.run();
        }

        @Override
        public void flush() throws DiskException {
            env.sleepNanos(DISK_NANOS);
            super.flush();
        }
    }
}
