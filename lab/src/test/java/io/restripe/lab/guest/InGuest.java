package io.restripe.lab.guest;

import io.restripe.disk.Disk;
import io.restripe.disk.FileDisk;
import io.restripe.env.SystemEnv;
import io.restripe.node.daemon.Backend;
import io.restripe.node.daemon.CoreEngine;
import io.restripe.node.daemon.GrowArguments;
import io.restripe.node.daemon.HostedContainer;
import io.restripe.node.daemon.NewFiles;
import io.restripe.node.daemon.StartOptions;
import io.restripe.node.rpc.RunFolder;
import io.restripe.rule.ProblemException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** What tests have done in a guest, in one JVM each: the first argument says what. Says what went wrong on standard output and exits with 1. */
public final class InGuest {
    private static final long SEED = 4711;
    private static final Path NOTES = Path.of(System.getProperty("box", "/tmp"), "returned");
    private static final Duration LONGEST = Duration.ofMinutes(6);

    private InGuest() {}

    public static void main(String[] arguments) throws Exception {
        try {
            switch (arguments[0]) {
                case "contract" -> Contract.run();
                case "life" -> life();
                case "reshape" -> reshape(Reshape.valueOf(arguments[1]));
                case "two-volumes" -> twoVolumes();
                case "refusal" -> refusal();
                case "adopt" -> adopt();
                case "badblocks" -> BadBlocks.run(arguments[1]);
                case "policy" -> Policies.run(arguments[1], arguments[2]);
                case "begin" -> begin(Reshape.valueOf(arguments[1]));
                case "finish" -> finish(Reshape.valueOf(arguments[1]));
                case "kills" -> new HostKills(Reshape.valueOf(arguments[1]), Long.parseLong(arguments[2])).run();
                case "actors" ->
                    new ActorKills(
                                    Reshape.valueOf(arguments[1]),
                                    Long.parseLong(arguments[2]),
                                    Integer.parseInt(arguments[3]))
                            .run();
                default -> throw new IllegalArgumentException(arguments[0]);
            }
            System.exit(0);
        } catch (ProblemException e) {
            System.out.println(e.problem().text());
            e.printStackTrace(System.out);
        } catch (Exception | Error e) {
            e.printStackTrace(System.out);
        }
        System.exit(1);
    }

    static HostedContainer start(List<String> disks) throws ProblemException {
        return new CoreEngine(new SystemEnv(), RunFolder.of(System.getenv()))
                .start(StartOptions.normal("c0", disks, StartOptions.USUAL_MEMBER_TIMEOUT_NANOS)
                        .withBackend(Backend.KERNEL));
    }

    static Load load(Reshape which) {
        return new Load(SEED, which.blocks());
    }

    static void awaitIdle(HostedContainer container) throws ProblemException {
        require(
                container.awaitIdle(LONGEST.toNanos()),
                "not idle: " + container.status().toMap());
        container.status().volumes().forEach(v -> require(v.problem().isEmpty(), String.valueOf(v.problem())));
    }

    static void require(boolean held, String what) {
        if (!held) {
            throw new AssertionError(what);
        }
    }

    static void verify(Load load, Disk volume, long returned) throws IOException {
        String wrong = load.wrong(volume, returned);
        require(wrong.isEmpty(), wrong);
    }

    /** Made, stopped, assembled, a member fails and is made up for by a spare, and stopped. */
    private static void life() throws Exception {
        Reshape which = Reshape.GROW_RAID5;
        new CoreEngine(new SystemEnv(), RunFolder.of(System.getenv())).create(which.create());
        HostedContainer made = start(which.disksBefore());
        awaitIdle(made);
        Load load = load(which);
        load.fill(made.volume(Reshape.VOLUME));
        flushOnceLetGo(made.volume(Reshape.VOLUME));
        require(made.stop().isEmpty(), "not recorded as stopped");
        HostedContainer again = start(which.disksBefore());
        Disk volume = again.volume(Reshape.VOLUME);
        verify(load, volume, 0);
        require(
                again.status().volumes().getFirst().work().idle(),
                "it was stopped cleanly: " + again.status().toMap());
        long returned;
        try (Writer writer = new Writer(load, volume, NOTES, 0)) {
            again.add(Reshape.disk(3), NewFiles.NONE, true);
            again.fail(Reshape.VOLUME, "/dev/ubdb");
            awaitIdle(again);
            returned = writer.finish();
        }
        require(returned > 0, "the user has written nothing");
        verify(load, volume, returned);
        require(
                again.status().volumes().getFirst().degraded() == 0,
                "rebuilt: " + again.status().toMap());
        require(
                again.status().volumes().getFirst().slots().contains("/dev/ubdd"),
                "on the spare: " + again.status().toMap());
        again.remove("/dev/ubdb");
        require(again.stop().isEmpty(), "not recorded as stopped");
        require(!Files.readString(Path.of("/proc/mdstat")).contains("md12"), "something is left in the kernel");
        System.out.println("returned " + returned);
    }

    /** What was written is flushed, also when nobody has the device open any more. */
    private static void flushOnceLetGo(Disk volume) throws IOException {
        volume.close();
        long before = flushes();
        volume.flush();
        require(flushes() > before, "the flush has not come to a member");
    }

    /** That a member has done, field 16 of its stat. */
    private static long flushes() throws IOException {
        return Long.parseLong(
                Files.readString(Path.of("/sys/block/ubda/stat")).strip().split("\\s+", -1)[15]);
    }

    /** A change from beginning to end under a user. */
    private static void reshape(Reshape which) throws Exception {
        HostedContainer container = made(which);
        Load load = load(which);
        Disk volume = container.volume(Reshape.VOLUME);
        if (which.changesLevelFirst()) {
            container.grow(which.change());
        }
        long returned;
        try (Writer writer = new Writer(load, volume, NOTES, 0)) {
            if (!which.changesLevelFirst()) {
                container.grow(which.change());
            }
            awaitIdle(container);
            returned = writer.finish();
        }
        verify(load, volume, returned);
        System.out.println("returned " + returned);
        System.out.println(container.status().volumes().getFirst().toMap());
        require(container.stop().isEmpty(), "not recorded as stopped");
    }

    /** A container grows, which is one volume after the other, each under a user. */
    private static void twoVolumes() throws Exception {
        HostedContainer container = made(Reshape.GROW_RAID5);
        container.createVolume(Reshape.GROW_RAID5.secondVolume());
        awaitIdle(container);
        Load first = load(Reshape.GROW_RAID5);
        Load second = new Load(SEED + 1, Reshape.SECOND_BLOCKS);
        Disk firstVolume = container.volume(Reshape.VOLUME);
        Disk secondVolume = container.volume(Reshape.SECOND_VOLUME);
        second.fill(secondVolume);
        long toFirst;
        long toSecond;
        try (Writer one = new Writer(first, firstVolume, NOTES, 0);
                Writer other = new Writer(second, secondVolume, NOTES.resolveSibling("returned-2"), 0)) {
            container.grow(Reshape.GROW_RAID5.changeOfAll());
            awaitIdle(container);
            toFirst = one.finish();
            toSecond = other.finish();
        }
        require(toFirst > 0 && toSecond > 0, "a user has written nothing");
        verify(first, firstVolume, toFirst);
        verify(second, secondVolume, toSecond);
        container.status().volumes().forEach(v -> {
            System.out.println(v.toMap());
            require(v.shape().raidDevices() == 4, "not grown: " + v.toMap());
        });
        require(container.stop().isEmpty(), "not recorded as stopped");
    }

    /** The kernel misdirects requests while a level changes: nobody may have the device open then. */
    private static void refusal() throws Exception {
        HostedContainer container = made(Reshape.GROW_RAID0);
        String device = container.status().notes().getLast().replaceFirst(".* is ", "");
        try (FileDisk _ = FileDisk.open(Path.of(device), FileDisk.Access.BESIDE_OWNER)) {
            container.grow(Reshape.GROW_RAID0.change());
            throw new AssertionError("it was not refused");
        } catch (ProblemException e) {
            require(e.problem().why().contains("is open"), e.problem().text());
        }
        require(
                container.status().volumes().getFirst().work().idle(),
                container.status().toMap().toString());
        GrowArguments again = Reshape.GROW_RAID0.changeOnSpares();
        container.grow(again);
        awaitIdle(container);
        verify(load(Reshape.GROW_RAID0), container.volume(Reshape.VOLUME), 0);
        require(container.stop().isEmpty(), "not recorded as stopped");
    }

    /** What mdadm has started and whose mdmon has died is ours; then mdadm stops it under us, as it stops its own. */
    private static void adopt() throws Exception {
        HostedContainer container = start(Reshape.GROW_RAID5.disksBefore());
        Load load = load(Reshape.GROW_RAID5);
        try (FileDisk device = FileDisk.open(Path.of("/dev/md126"), FileDisk.Access.BESIDE_OWNER)) {
            load.fill(device);
            verify(load, device, 0);
        }
        Process stop =
                new ProcessBuilder("mdadm", "--stop", "/dev/md126").inheritIO().start();
        require(stop.waitFor() == 0, "mdadm cannot stop it");
        long deadline = System.nanoTime() + LONGEST.toNanos();
        while (!container.gone()) {
            require(System.nanoTime() - deadline < 0, "not noticed that it has been stopped");
            Thread.sleep(20);
        }
        require(container.stop().isEmpty(), "not recorded as stopped");
        HostedContainer again = start(Reshape.GROW_RAID5.disksBefore());
        require(
                again.status().volumes().getFirst().work().idle(),
                "recorded dirty: " + again.status().toMap());
        verify(load, again.volume(Reshape.VOLUME), 0);
        require(again.stop().isEmpty(), "not recorded as stopped");
    }

    static HostedContainer made(Reshape which) throws Exception {
        new CoreEngine(new SystemEnv(), RunFolder.of(System.getenv())).create(which.create());
        HostedContainer container = start(which.disksBefore());
        awaitIdle(container);
        load(which).fill(container.volume(Reshape.VOLUME));
        return container;
    }

    /** A change under a user, which goes on when this returns: the guest is about to die. */
    private static void begin(Reshape which) throws Exception {
        HostedContainer container = made(which);
        Files.deleteIfExists(NOTES);
        if (which.changesLevelFirst()) {
            container.grow(which.change());
        }
        Writer writer = new Writer(load(which), container.volume(Reshape.VOLUME), NOTES, 0);
        if (!which.changesLevelFirst()) {
            container.grow(which.change());
        }
        Files.writeString(NOTES.resolveSibling("begun"), "");
        container.awaitIdle(LONGEST.toNanos());
        writer.close();
    }

    /** After the guest has died: assembled, right at once and after the end of the change. */
    private static void finish(Reshape which) throws Exception {
        HostedContainer container = start(which.allDisks());
        Disk volume = container.volume(Reshape.VOLUME);
        long returned = Writer.noted(NOTES);
        System.out.println(
                "assembled: " + container.status().volumes().getFirst().toMap());
        verify(load(which), volume, returned);
        awaitIdle(container);
        verify(load(which), volume, returned);
        System.out.println("returned " + returned);
        System.out.println(container.status().volumes().getFirst().toMap());
        require(container.stop().isEmpty(), "not recorded as stopped");
    }
}
