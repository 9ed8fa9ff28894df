package io.restripe.lab.guest;

import io.restripe.consistency.ConsistencyPolicy;
import io.restripe.disk.Buffers;
import io.restripe.disk.Disk;
import io.restripe.disk.FileDisk;
import io.restripe.env.SystemEnv;
import io.restripe.node.daemon.CoreEngine;
import io.restripe.node.daemon.CreateRequest;
import io.restripe.node.daemon.HostedContainer;
import io.restripe.node.daemon.NewFiles;
import io.restripe.node.rpc.RunFolder;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * A member that cannot be written in places. It is a device of the device mapper, {@code m0}, over /dev/ubda; /tmp/bad.tab and
 * /tmp/good.tab are its tables. Of two mirrors it keeps a list; with parity it is done without: docs/kernel-backend.md, "Bad blocks".
 */
final class BadBlocks {
    private static final String MEMBER = "/dev/dm-0";
    private static final List<String> MIRRORS = List.of(MEMBER + "@" + MEMBER, Reshape.disk(1));
    private static final List<String> WITH_PARITY = List.of(MEMBER + "@" + MEMBER, Reshape.disk(1), Reshape.disk(2));
    private static final Path NOTES = Path.of(System.getProperty("box", "/tmp"), "returned");
    private static final Path ARRAY = Path.of("/dev/md126");
    private static final Path LISTS = Path.of("/sys/block/md126/md/dev-dm-0");
    private static final Duration LONGEST = Duration.ofSeconds(60);
    private static final int BLOCK_SECTORS = 8;
    private static final long BLOCK_BYTES = 4096;
    /** Around the bad sectors, which lie from member sector 10000 on. */
    private static final long FIRST_BLOCK = 9_000 / BLOCK_SECTORS;

    /** To behind the rows of those sectors, of two mirrors and of three disks with parity. */
    private static final long BLOCKS = 12_000 / BLOCK_SECTORS;

    /** 1 MiB. */
    private static final int LARGE_BLOCKS = 256;

    private BadBlocks() {}

    static void run(String phase) throws Exception {
        switch (phase) {
            case "life" -> life();
            case "parity" -> parity();
            case "reshape" -> reshape();
            case "orphan" -> orphan(MIRRORS);
            case "heir" -> heir(MIRRORS, 0);
            case "orphan-with-parity" -> orphan(WITH_PARITY);
            case "heir-of-deadlock" -> heir(WITH_PARITY, 1);
            default -> throw new IllegalArgumentException(phase);
        }
    }

    private static HostedContainer made(List<String> disks) throws Exception {
        boolean parity = disks.size() > 2;
        new CoreEngine(new SystemEnv(), RunFolder.of(System.getenv()))
                .create(new CreateRequest(
                        Reshape.VOLUME,
                        parity ? 5 : 1,
                        0,
                        disks.size(),
                        64,
                        Reshape.MEMBER_KIB,
                        disks,
                        NewFiles.NONE,
                        false,
                        true,
                        ConsistencyPolicy.RESYNC));
        HostedContainer made = InGuest.start(disks);
        InGuest.awaitIdle(made);
        return made;
    }

    /** From the first write that fails to the last one that succeeds again. */
    private static void life() throws Exception {
        HostedContainer made = made(MIRRORS);
        Disk volume = made.volume(Reshape.VOLUME);
        write(volume, 1);
        InGuest.require(list("state").contains("external_bbl"), list("state"));
        table("bad");
        write(volume, 2);
        verify(volume, 2);
        awaitTrue(() -> list("unacknowledged_bad_blocks").isEmpty(), "acknowledged");
        String bad = list("bad_blocks");
        System.out.println("bad: " + bad.replace("\n", "; ") + " state " + list("state"));
        InGuest.require(!bad.isEmpty(), "md has found no bad block");
        InGuest.require(list("state").contains("in_sync"), "the member stays: " + list("state"));
        checkShown(made, bad);
        InGuest.require(made.stop().isEmpty(), "not recorded as stopped");
        HostedContainer again = InGuest.start(MIRRORS);
        InGuest.require(list("bad_blocks").equals(bad), "after assembly: " + list("bad_blocks"));
        verify(again.volume(Reshape.VOLUME), 2);
        table("good");
        Files.writeString(LISTS.resolve("state"), "-write_error"); // md tries a bad block again only then
        write(again.volume(Reshape.VOLUME), 3);
        verify(again.volume(Reshape.VOLUME), 3);
        awaitTrue(() -> list("bad_blocks").isEmpty(), "overwritten");
        awaitTrue(() -> recorded().isEmpty(), "no longer recorded");
        InGuest.require(
                again.status().volumes().getFirst().degraded() == 0,
                again.status().toMap().toString());
        InGuest.require(again.stop().isEmpty(), "not recorded as stopped");
        System.out.println("bad blocks came and went");
    }

    /** What Linux may have forgotten of a write is not read: the member goes, and parity has it. */
    private static void parity() throws Exception {
        HostedContainer made = made(WITH_PARITY);
        Disk volume = made.volume(Reshape.VOLUME);
        write(volume, 1, LARGE_BLOCKS);
        table("bad");
        write(volume, 2, LARGE_BLOCKS);
        awaitTrue(() -> degraded(made) == 1, "done without");
        verify(volume, 2);
        InGuest.require(recorded().isEmpty(), "what has failed has no list: " + recorded());
        InGuest.require(made.stop().isEmpty(), "not recorded as stopped");
        System.out.println("nothing was forgotten");
    }

    /** Its rows are read and written in the midst of a grow, under a user. */
    private static void reshape() throws Exception {
        HostedContainer made = made(WITH_PARITY);
        Load load = InGuest.load(Reshape.GROW_RAID5);
        load.fill(made.volume(Reshape.VOLUME));
        table("bad");
        long returned;
        try (Writer writer = new Writer(load, made.volume(Reshape.VOLUME), NOTES, 0)) {
            made.grow(Reshape.GROW_RAID5.change());
            InGuest.awaitIdle(made);
            returned = writer.finish();
        }
        System.out.println("grown: " + made.status().toMap());
        InGuest.require(degraded(made) == 1, "the member is done without");
        InGuest.verify(load, made.volume(Reshape.VOLUME), returned);
        InGuest.require(made.stop().isEmpty(), "not recorded as stopped");
        HostedContainer again = InGuest.start(List.of(Reshape.disk(1), Reshape.disk(2), Reshape.disk(3)));
        InGuest.require(
                again.status().volumes().getFirst().work().idle(),
                "it is grown: " + again.status().toMap());
        InGuest.verify(load, again.volume(Reshape.VOLUME), returned);
        InGuest.require(again.stop().isEmpty(), "not recorded as stopped");
        System.out.println("grown without it");
    }

    private static long degraded(HostedContainer container) {
        return container.status().volumes().getFirst().degraded();
    }

    private static void checkShown(HostedContainer container, String bad) throws Exception {
        InGuest.require(recorded().equals(bad), "mdadm says " + recorded() + ", the kernel " + bad);
        InGuest.require(
                container.status().volumes().getFirst().degraded() == 0,
                container.status().toMap().toString());
        String note = container.status().notes().getFirst();
        InGuest.require(
                note.contains(MEMBER + " has ") && note.contains(" bad sectors: " + bad.split(" ", 2)[0]), note);
    }

    /** As mdadm reads them from the member, in md's form. */
    private static String recorded() {
        StringBuilder found = new StringBuilder();
        for (String line :
                output("mdadm", "--examine-badblocks", MEMBER).lines().toList()) {
            String[] words = line.strip().split(" +", -1);
            if (words.length == 4 && words[1].equals("for")) {
                found.append(found.isEmpty() ? "" : "\n")
                        .append(words[0])
                        .append(' ')
                        .append(words[2]);
            }
        }
        return found.toString();
    }

    /** Nobody looks after the array from here on. */
    private static void orphan(List<String> disks) throws Exception {
        HostedContainer made = made(disks);
        write(made.volume(Reshape.VOLUME), 1);
        InGuest.awaitIdle(made);
        table("bad");
        Runtime.getRuntime().halt(0);
    }

    /** Of writes that have met bad blocks and wait. */
    private static void heir(List<String> disks, int degraded) throws Exception {
        InGuest.require(!list("unacknowledged_bad_blocks").isEmpty(), "nothing waits: " + list("state"));
        HostedContainer heir = InGuest.start(disks);
        awaitTrue(() -> Files.exists(Path.of("/tmp/written")), "the writes go on");
        awaitTrue(() -> list("unacknowledged_bad_blocks").isEmpty(), "acknowledged");
        awaitTrue(
                () -> degraded != 0
                        || !list("bad_blocks").isEmpty() && recorded().equals(list("bad_blocks")),
                "recorded");
        InGuest.require(
                heir.status().volumes().getFirst().degraded() == degraded,
                heir.status().toMap().toString());
        try (FileDisk device = FileDisk.open(ARRAY, FileDisk.Access.BESIDE_OWNER)) {
            write(device, 4);
            verify(device, 4);
        }
        InGuest.require(heir.stop().isEmpty(), "not recorded as stopped");
        System.out.println("inherited");
    }

    private static long word(long block, long round) {
        return block << 20 ^ round;
    }

    private static void write(Disk volume, long round) throws IOException {
        write(volume, round, 1);
    }

    /** @param together blocks of one write */
    private static void write(Disk volume, long round, int together) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = Buffers.allocate(arena, (long) together * BLOCK_SECTORS);
            for (long block = FIRST_BLOCK; block < FIRST_BLOCK + BLOCKS; block += together) {
                for (long i = 0; i < together * BLOCK_BYTES / Long.BYTES; i++) {
                    buffer.setAtIndex(ValueLayout.JAVA_LONG, i, word(block + i * Long.BYTES / BLOCK_BYTES, round));
                }
                volume.write(block * BLOCK_SECTORS, buffer);
            }
        }
        volume.flush();
    }

    private static void verify(Disk volume, long round) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = Buffers.allocate(arena, BLOCK_SECTORS);
            for (long block = FIRST_BLOCK; block < FIRST_BLOCK + BLOCKS; block++) {
                volume.read(block * BLOCK_SECTORS, buffer);
                long found = buffer.get(ValueLayout.JAVA_LONG, 0);
                InGuest.require(found == word(block, round), "block " + block + " in round " + round + ": " + found);
            }
        }
    }

    private static void table(String which) {
        output("dmsetup", "reload", "m0", "/tmp/" + which + ".tab");
        output("dmsetup", "suspend", "m0");
        output("dmsetup", "resume", "--noudevsync", "m0");
    }

    private static String output(String... command) {
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            String told = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            InGuest.require(process.waitFor() == 0, String.join(" ", command) + ": " + told);
            return told;
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** An attribute of the member. */
    private static String list(String attribute) {
        try {
            return Files.readString(LISTS.resolve(attribute)).strip();
        } catch (IOException e) {
            return ""; // it has left
        }
    }

    private static void awaitTrue(BooleanSupplier held, String what) throws InterruptedException {
        long deadline = System.nanoTime() + LONGEST.toNanos();
        while (!held.getAsBoolean()) {
            if (System.nanoTime() - deadline > 0) { // only then is mdadm asked for its view
                throw new AssertionError(
                        "not " + what + ": " + list("state") + "; " + list("bad_blocks") + "; " + recorded());
            }
            Thread.sleep(20);
        }
    }
}
