package io.restripe.lab.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.restripe.disk.Buffers;
import io.restripe.disk.Disk;
import io.restripe.disk.DiskException;
import io.restripe.disk.MemoryDisk;
import io.restripe.env.Env;
import io.restripe.unit.Units;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/**
 * Power fails while a member is being rebuilt, while a user writes, or both a user writes and the shape changes; the other side takes
 * over, in both directions.
 */
class UnderWayTest {
    private static final int MEMBER_KIB = 8192;
    private static final int SLOW_KIB = 1500;
    private static final Duration LONG = Duration.ofSeconds(150);

    /** What is made before, each with a spare at the end, on its own disks of one guest. */
    private enum Made {
        RAID5(0, 5, 3),
        RAID1(4, 1, 2),
        RAID10(7, 10, 4);

        final int firstDisk;
        final int level;
        final int members;

        Made(int firstDisk, int level, int members) {
            this.firstDisk = firstDisk;
            this.level = level;
            this.members = members;
        }

        long bytes() {
            return (long) MEMBER_KIB * 1024 * (level == 1 ? 1 : 2);
        }

        /** Fails in the tests: not the first, which is what is read by habit. */
        int victim() {
            return firstDisk + 1;
        }
    }

    /** The one moment that is wanted. */
    private enum Moment {
        NOW
    }

    /** Members of the RAID5 behind its grow. */
    private static final int GROWN = Made.RAID5.members + 1;

    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    private static Path folder;

    private static final Map<Made, Images> IMAGES = new EnumMap<>(Made.class);
    private static final Map<Made, Contents> CONTENTS = new EnumMap<>(Made.class);
    private static int folders;

    @BeforeAll
    static void make() throws Exception {
        Kernels.assumeAvailable();
        for (Made made : Made.values()) {
            IMAGES.put(made, Images.blank(newFolder("made"), made.firstDisk, made.members + 1, 16));
            CONTENTS.put(made, Contents.blocks(folder.resolve("contents-" + made), made.bytes()));
        }
        try (KernelOracle guest = boot(IMAGES)) {
            for (Made made : Made.values()) {
                KernelOracle container = IMAGES.get(made).in(guest, "made-" + made.ordinal());
                container.create(
                        new KernelOracle.Made(made.level, made.members, 64, MEMBER_KIB, "v0"),
                        CONTENTS.get(made).file());
                container.stop();
            }
            guest.guest().powerOff();
        }
    }

    private static Path newFolder(String name) {
        return folder.resolve(++folders + "-" + name);
    }

    private static KernelOracle boot(Map<Made, Images> all) throws IOException {
        Map<Integer, Path> disks = new TreeMap<>();
        all.values().forEach(images -> disks.putAll(images.disks()));
        return KernelOracle.boot(newFolder("guest"), disks);
    }

    private static Map<Made, Images> copies(String name) throws IOException {
        Map<Made, Images> copies = new EnumMap<>(Made.class);
        for (Made made : Made.values()) {
            copies.put(made, IMAGES.get(made).copyTo(newFolder(name)));
        }
        return copies;
    }

    @Test
    void a_rebuild_that_mdadm_began_is_finished_by_us() throws Exception {
        Map<Made, Images> copies = copies("mdadms-rebuild");
        Map<Made, Images> half = new EnumMap<>(Made.class);
        try (KernelOracle guest = boot(copies)) {
            for (Made made : Made.values()) {
                KernelOracle container = copies.get(made).in(guest, "c" + made.ordinal());
                container.assemble();
                half.put(
                        made,
                        frozen(
                                guest,
                                copies.get(made),
                                this::isRebuilding,
                                () -> container.script(
                                        "speed " + SLOW_KIB + "\nmdadm --fail /dev/$V "
                                                + KernelOracle.serial(made.victim())
                                                + " || die fail\nuntil_true 60 rebuilt || die 'not rebuilt'",
                                        LONG)));
            }
        }
        for (Made made : Made.values()) {
            OurSide.run(half.get(made), (container, env) -> {});
        }
        assertMdadmAgrees(half);
    }

    @Test
    void a_rebuild_that_we_began_is_finished_by_mdadm() throws Exception {
        Map<Made, Images> half = new EnumMap<>(Made.class);
        for (Made made : Made.values()) {
            half.put(
                    made,
                    simulated(
                            IMAGES.get(made),
                            this::isRebuilding,
                            (container, env) -> container.fail(KernelOracle.serial(made.victim()))));
        }
        assertMdadmAgrees(half);
    }

    private boolean isRebuilding(List<? extends Disk> members, boolean frozen) throws DiskException {
        int rebuilding = 0;
        for (Disk member : members) {
            Optional<OnDisk> told = OnDisk.of(member, 0);
            rebuilding += told.filter(t -> t.migrating() && t.type() == OnDisk.REBUILD && t.unit() > 0)
                            .isPresent()
                    ? 1
                    : 0;
        }
        return rebuilding == members.size() - 1; // the failed one has missed it
    }

    @Test
    void what_mdadm_left_dirty_is_compared_by_us() throws Exception {
        Images copy = IMAGES.get(Made.RAID5).copyTo(newFolder("mdadms-dirty"));
        Overwriting writing = writing();
        Images left;
        try (KernelOracle guest = boot(Map.of(Made.RAID5, copy))) {
            KernelOracle container = copy.in(guest, "dirty");
            container.assemble();
            give(guest, writing);
            left = frozen(
                    guest, copy, this::isCaughtWriting, () -> container.script("writable\n" + writing.script(), LONG));
        }
        OurSide.run(left, (container, env) -> {});
        assertMdadmFinds(left, writing, Made.RAID5.members, 0);
    }

    @Test
    void what_we_left_dirty_is_compared_by_mdadm() throws Exception {
        Overwriting writing = writing();
        Images left = simulated(
                IMAGES.get(Made.RAID5),
                this::isCaughtWriting,
                (container, env) -> writing.onto(container.volume("v0")));
        assertMdadmFinds(left, writing, Made.RAID5.members, 0);
    }

    /** Dirty, and between the writes of data and of parity. */
    private boolean isCaughtWriting(List<? extends Disk> members, boolean frozen) throws DiskException {
        List<? extends Disk> used = members.subList(0, Made.RAID5.members);
        for (Disk member : used) {
            if (OnDisk.of(member, 0).filter(OnDisk::dirty).isEmpty()) {
                return false;
            }
        }
        return !frozen || !isParityRight(used);
    }

    private static boolean isParityRight(List<? extends Disk> members) throws DiskException {
        long sectors = 2048;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment sum = Buffers.allocate(arena, sectors);
            MemorySegment one = Buffers.allocate(arena, sectors);
            for (long at = 0; at < (long) MEMBER_KIB * Units.SECTORS_PER_KIB; at += sectors) {
                sum.fill((byte) 0);
                for (Disk member : members) {
                    member.read(at, one);
                    for (long i = 0; i < sum.byteSize(); i += Long.BYTES) {
                        long word = sum.get(ValueLayout.JAVA_LONG, i) ^ one.get(ValueLayout.JAVA_LONG, i);
                        sum.set(ValueLayout.JAVA_LONG, i, word);
                    }
                }
                if (sum.mismatch(one.fill((byte) 0)) >= 0) {
                    return false;
                }
            }
        }
        return true;
    }

    @Test
    void a_grow_of_mdadm_under_a_writer_is_finished_by_us() throws Exception {
        Images copy = IMAGES.get(Made.RAID5).copyTo(newFolder("mdadms-grow"));
        Overwriting writing = writing();
        Images left;
        try (KernelOracle guest = boot(Map.of(Made.RAID5, copy))) {
            KernelOracle container = copy.in(guest, "grow");
            container.assemble();
            give(guest, writing);
            left = frozen(
                    guest,
                    copy,
                    this::isInTheMiddle,
                    () -> container.script(
                            "speed " + SLOW_KIB + "\nwritable\n( " + writing.script() + " ) &\n"
                                    + "mdadm --grow $CONTAINER --raid-devices=4 || die grow\nfinish 90\nwait",
                            LONG));
            assertThat(container.look(writing.after().bytes()).sha256())
                    .as("mdadm alone, to the end")
                    .isEqualTo(writing.after().sha256());
        }
        OurSide.run(left, (container, env) -> {});
        assertMdadmFinds(left, writing, GROWN, 0);
    }

    @Test
    void a_grow_of_ours_under_a_writer_is_finished_by_mdadm() throws Exception {
        Overwriting writing = writing();
        Images left = simulated(IMAGES.get(Made.RAID5), this::isInTheMiddle, (container, env) -> {
            Disk volume = container.volume("v0");
            Env.Worker writer = env.start("writer", () -> {
                try {
                    writing.onto(volume);
                } catch (IOException e) {
                    throw new IllegalStateException(e);
                }
            });
            container.grow(Change.GROW_RAID5_3_TO_4.ours());
            container.awaitIdle(TimeUnit.HOURS.toNanos(1));
            writer.join();
        });
        assertMdadmFinds(left, writing, GROWN, Overwriting.RUN * Contents.BLOCK / Units.SECTOR_BYTES);
    }

    /** Behind the critical units: there mdadm loses writes that it has acknowledged (docs/imsm.md 13.2). */
    private boolean isInTheMiddle(List<? extends Disk> members, boolean frozen) throws DiskException {
        List<OnDisk.MigrationRecord> records = new ArrayList<>();
        for (Disk member : members) {
            OnDisk.of(member, 0).flatMap(OnDisk::record).ifPresent(records::add);
        }
        return records.size() == 2
                && records.stream().allMatch(r -> !r.inCopyArea() && r.unit() > 3 && r.unit() < Change.UNITS - 1);
    }

    private static Overwriting writing() throws IOException {
        return Overwriting.of(folder.resolve(++folders + "-over"), CONTENTS.get(Made.RAID5));
    }

    private static void give(KernelOracle guest, Overwriting writing) throws IOException {
        Files.copy(writing.after().file(), guest.guest().box().resolve("over"), StandardCopyOption.REPLACE_EXISTING);
    }

    private interface Is {
        boolean so(List<? extends Disk> members, boolean frozen) throws DiskException;
    }

    private static Images frozen(KernelOracle guest, Images images, Is moment, Watch.Step step) throws IOException {
        Map<Moment, Images> taken = new Watch<Moment>(
                        guest.guest(),
                        images,
                        (members, wanted, frozen) -> moment.so(members, frozen) ? Set.of(Moment.NOW) : Set.of(),
                        now -> newFolder("left"))
                .during(step, Set.of(Moment.NOW));
        assertThat(taken).as("the moment was caught").hasSize(1);
        return taken.get(Moment.NOW);
    }

    private static Images simulated(Images images, Is moment, OurSide.Work work) throws IOException {
        List<MemoryDisk> left = new ArrayList<>();
        OurSide.simulate(
                images.load(),
                current -> {
                    if (left.isEmpty() && moment.so(current, true)) {
                        current.forEach(disk -> left.add(disk.snapshot()));
                    }
                },
                work);
        assertThat(left).as("the moment came").isNotEmpty();
        return images.save(left, newFolder("left"));
    }

    private static void assertMdadmAgrees(Map<Made, Images> half) throws IOException {
        try (KernelOracle guest = boot(half)) {
            for (Made made : half.keySet()) {
                KernelOracle container = half.get(made).in(guest, "c" + made.ordinal());
                assertThat(container.assembleAndFinish().sha256())
                        .as("%s", made)
                        .isEqualTo(CONTENTS.get(made).sha256());
                assertThat(container.mismatches()).as("%s", made).isZero();
                assertThat(guest.examine(made.firstDisk)).contains("[" + "U".repeat(made.members) + "]");
                container.stop();
            }
        }
    }

    /**
     * @param members of the array as mdadm must show it
     * @param stale sectors of rows whose parity may be wrong: those of the run that was on its way when the power failed, which mdadm
     *     does not compare after a reshape (docs/imsm.md 13.10)
     */
    private static void assertMdadmFinds(Images left, Overwriting writing, int members, long stale) throws IOException {
        try (KernelOracle guest = boot(Map.of(Made.RAID5, left))) {
            KernelOracle container = left.in(guest, "again");
            KernelOracle.Seen seen = container.assembleAndFinish();
            assertThat(seen.members()).isEqualTo(members);
            Path read = newFolder("read");
            container.readOut(writing.after().bytes(), read);
            assertThat(writing.wrong(read)).isNull();
            assertThat(writing.arrived(read)).isBetween(0L, writing.order().size() - 1L);
            assertThat(container.mismatches()).isLessThanOrEqualTo(stale);
            container.stop();
        }
    }
}
