package io.restripe.lab.guest;

import io.restripe.array.Attribute;
import io.restripe.array.ServedArray;
import io.restripe.array.kernel.KernelContainer;
import io.restripe.consistency.ConsistencyPolicy;
import io.restripe.disk.Buffers;
import io.restripe.disk.FileDisk;
import io.restripe.env.SystemEnv;
import io.restripe.metadata.MemberDisk;
import io.restripe.node.daemon.CoreEngine;
import io.restripe.node.daemon.CreateRequest;
import io.restripe.node.daemon.HostedContainer;
import io.restripe.node.daemon.NewFiles;
import io.restripe.node.rpc.RunFolder;
import io.restripe.rule.ProblemException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** A RAID5 of the kernel's that keeps a partial parity log or a write-intent bitmap, and its users. */
final class Policies {
    private static final Path NOTES = Path.of(System.getProperty("box", "/tmp"), "returned");
    private static final Path ARRAY = Path.of("/sys/block/md126/md");
    private static final int MEMBERS = 3;
    private static final long LONGEST_MILLIS = 120_000;
    private static final Reshape LIKE = Reshape.CHUNK_RAID5;

    private Policies() {}

    static void run(String phase, String word) throws Exception {
        ConsistencyPolicy policy = ConsistencyPolicy.of(word).orElseThrow();
        switch (phase) {
            case "begin" -> begin(policy);
            case "finish" -> finish(policy);
            default -> throw new IllegalArgumentException(phase);
        }
    }

    private static List<String> disks() {
        return IntStream.range(0, MEMBERS).mapToObj(Reshape::disk).toList();
    }

    /** Made, and written until the guest dies. */
    private static void begin(ConsistencyPolicy policy) throws Exception {
        new CoreEngine(new SystemEnv(), RunFolder.of(System.getenv()))
                .create(new CreateRequest(
                        Reshape.VOLUME,
                        5,
                        0,
                        MEMBERS,
                        64,
                        Reshape.MEMBER_KIB,
                        disks(),
                        NewFiles.NONE,
                        false,
                        true,
                        policy));
        HostedContainer made = InGuest.start(disks());
        InGuest.awaitIdle(made);
        requireKept(policy);
        Load load = InGuest.load(LIKE);
        load.fill(made.volume(Reshape.VOLUME));
        Files.deleteIfExists(NOTES);
        try (Writer _ = new Writer(load, made.volume(Reshape.VOLUME), NOTES, 0)) {
            Files.writeString(NOTES.resolveSibling("begun"), "");
            Thread.sleep(LONGEST_MILLIS);
        }
    }

    private static void requireKept(ConsistencyPolicy policy) throws IOException {
        String told = read("consistency_policy");
        InGuest.require(told.equals(policy.word()), "md keeps " + told);
        if (policy == ConsistencyPolicy.BITMAP) {
            InGuest.require(read("bitmap/location").startsWith("+"), read("bitmap/location"));
            InGuest.require(read("bitmap/metadata").equals("external"), read("bitmap/metadata"));
        } else {
            InGuest.require(Long.parseLong(read("dev-ubda/ppl_size")) > 0, read("dev-ubda/ppl_size"));
        }
    }

    private static String read(String attribute) throws IOException {
        return Files.readString(ARRAY.resolve(attribute)).strip();
    }

    /** The parity of the first row, behind the array's back. Only a resync that looks at it can make it right. */
    private static void damageParity() throws Exception {
        try (FileDisk member = FileDisk.open(Path.of("/dev/ubdc"), FileDisk.Access.BESIDE_OWNER)) {
            MemorySegment junk = Buffers.allocate(Load.BLOCK_SECTORS);
            junk.fill((byte) 0x5a);
            member.write(0, junk);
            member.flush();
        }
    }

    /** All of it, as the one that a monitor begins which is owed since before the array started. */
    private static void resync() throws Exception {
        Map<String, MemberDisk> disks = new HashMap<>();
        for (String path : List.of("/dev/ubda", "/dev/ubdc", "/dev/ubdd")) {
            disks.put(path, new MemberDisk(path, path, FileDisk.open(Path.of(path), FileDisk.Access.BESIDE_OWNER)));
        }
        KernelContainer container = KernelContainer.beside(new SystemEnv(), "c0", "imsm", disks.values());
        try (ServedArray array = container.array("c0/" + Reshape.VOLUME, 0, () -> disks)) {
            array.write(Attribute.SYNC_ACTION, "frozen");
            array.write(Attribute.RESYNC_START, "0");
            array.write(Attribute.SYNC_ACTION, "resync");
            long deadline = System.nanoTime() + LONGEST_MILLIS * 1_000_000;
            while (!array.read(Attribute.RESYNC_START).equals("none")
                    || !array.read(Attribute.SYNC_ACTION).equals("idle")) {
                InGuest.require(System.nanoTime() - deadline < 0, "the resync does not end");
                Thread.sleep(50);
            }
        } finally {
            container.close();
            disks.values().forEach(disk -> disk.disk().close());
        }
    }

    /** After the guest has died under its users: right, with a new member too, and not reshaped. */
    private static void finish(ConsistencyPolicy policy) throws Exception {
        HostedContainer container = InGuest.start(disks());
        System.out.println("assembled: " + container.status().toMap());
        boolean idle = container.status().volumes().getFirst().work().idle();
        InGuest.require(idle || policy == ConsistencyPolicy.BITMAP, "a log leaves no resync to be made");
        requireKept(policy);
        Load load = InGuest.load(LIKE);
        long returned = Writer.noted(NOTES);
        InGuest.verify(load, container.volume(Reshape.VOLUME), returned);
        InGuest.awaitIdle(container);
        System.out.println("returned " + returned);
        try (Writer writer = new Writer(load, container.volume(Reshape.VOLUME), NOTES, returned)) {
            container.add(Reshape.disk(MEMBERS), NewFiles.NONE, true);
            container.fail(Reshape.VOLUME, "/dev/ubdb");
            InGuest.awaitIdle(container);
            returned = writer.finish();
        }
        InGuest.verify(load, container.volume(Reshape.VOLUME), returned);
        InGuest.require(
                container.status().volumes().getFirst().degraded() == 0,
                "rebuilt: " + container.status().toMap());
        container.remove("/dev/ubdb");
        if (policy == ConsistencyPolicy.BITMAP) {
            damageParity();
            resync();
            InGuest.awaitIdle(container);
        }
        try {
            container.grow(LIKE.change());
            throw new AssertionError("a reshape was not refused");
        } catch (ProblemException e) {
            InGuest.require(
                    e.problem().text().contains("--backend=embedded"),
                    e.problem().text());
        }
        InGuest.require(container.stop().isEmpty(), "not recorded as stopped");
        HostedContainer again = InGuest.start(List.of(Reshape.disk(0), Reshape.disk(2), Reshape.disk(MEMBERS)));
        InGuest.require(
                again.status().volumes().getFirst().work().idle(),
                "it was stopped cleanly: " + again.status().toMap());
        requireKept(policy);
        InGuest.verify(load, again.volume(Reshape.VOLUME), returned);
        InGuest.require(again.stop().isEmpty(), "not recorded as stopped");
        System.out.println("kept " + policy.word());
    }
}
