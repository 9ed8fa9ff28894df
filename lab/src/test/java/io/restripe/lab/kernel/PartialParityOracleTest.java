package io.restripe.lab.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.restripe.assembly.Assembly;
import io.restripe.assembly.OfflineVolume;
import io.restripe.consistency.ConsistencyPolicy;
import io.restripe.consistency.PplArea;
import io.restripe.consistency.PplEntry;
import io.restripe.disk.Buffers;
import io.restripe.disk.Disk;
import io.restripe.disk.DiskException;
import io.restripe.disk.FileDisk;
import io.restripe.disk.MemoryDisk;
import io.restripe.env.SystemEnv;
import io.restripe.geometry.Geometry;
import io.restripe.host.RunningContainer;
import io.restripe.metadata.Activity;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.Volume;
import io.restripe.metadata.VolumeSpec;
import io.restripe.metadata.imsm.ImsmFormat;
import io.restripe.parity.Parity;
import io.restripe.unit.Units;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/** Partial parity logs change hands: what one side was writing when the power failed and a member died with it, the other side puts right. */
class PartialParityOracleTest {
    private static final ImsmFormat IMSM = new ImsmFormat(new SystemEnv());
    private static final Geometry SHAPE = Geometry.ofMd(5, 0, 3, 128);
    private static final long MEMBER_KIB = 8192;
    private static final long BYTES = 2 * MEMBER_KIB * 1024;
    private static final long ROW = 5;
    private static final int NEW_BLOCK = 1 << 22;
    private static final Duration LONG = Duration.ofMinutes(6);

    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    private Path folder;

    @BeforeEach
    void needsUserModeLinux() {
        Kernels.assumeAvailable();
    }

    @Test
    void mdadm_puts_right_what_we_were_writing_when_the_power_failed() throws Exception {
        Contents contents = Contents.blocks(folder.resolve("contents"), BYTES);
        Images caught = caughtByUs(contents, ConsistencyPolicy.PPL);
        int block = Math.toIntExact(ROW * SHAPE.rowSectors() / 8);
        int other = SHAPE.memberOfData(ROW, 1);
        assertThat(offline(caught.without(other)))
                .as("without the log what the lost member held is wrong")
                .isNotEqualTo(contents.sha256());
        try (KernelOracle guest = KernelOracle.boot(
                folder.resolve("degraded"), caught.without(other).disks())) {
            KernelOracle container = caught.without(other).in(guest, "degraded");
            container.script(
                    "mdadm --assemble $CONTAINER $DISKS || die container\n"
                            + "mdadm --incremental --run $CONTAINER || die volume",
                    LONG);
            Path read = folder.resolve("read");
            container.readOut(BYTES, read);
            byte[] found = Files.readAllBytes(read);
            int at = block * Contents.BLOCK;
            System.arraycopy(Contents.block(block), 0, found, at, Contents.BLOCK); // was being written
            assertThat(Arrays.mismatch(found, Files.readAllBytes(contents.file())))
                    .isEqualTo(-1);
        }
    }

    @Test
    void mdadm_needs_no_resync_of_what_we_were_writing() throws Exception {
        Images caught = caughtByUs(Contents.blocks(folder.resolve("contents"), BYTES), ConsistencyPolicy.PPL);
        try (KernelOracle guest = KernelOracle.boot(folder.resolve("guest"), caught.disks())) {
            KernelOracle container = caught.in(guest, "whole");
            container.script(
                    "assemble\nwritable\nmd sync_action\n[ \"$IS\" = idle ] || die \"$IS\"\n"
                            + "md resync_start\n[ \"$IS\" = none ] || die \"resync_start $IS\"",
                    LONG);
            assertThat(container.mismatches()).isZero();
            container.stop();
            assertThat(guest.examine(0)).contains("Multiple distributed PPLs").contains("clean");
            guest.guest().powerOff();
        }
    }

    @Test
    void mdadm_takes_our_write_intent_bitmap_and_resyncs_by_it() throws Exception {
        Images caught = caughtByUs(Contents.blocks(folder.resolve("contents"), BYTES), ConsistencyPolicy.BITMAP);
        try (KernelOracle guest = KernelOracle.boot(folder.resolve("guest"), caught.disks())) {
            KernelOracle container = caught.in(guest, "mapped");
            container.finish(60);
            container.script(
                    "md consistency_policy\n[ \"$IS\" = bitmap ] || die \"$IS\"\n"
                            + "[ \"$(cat /sys/block/$V/md/bitmap/location)\" = +16408 ] || die location",
                    LONG);
            assertThat(container.mismatches()).isZero();
            container.stop();
            assertThat(guest.examine(0)).contains("Write-intent bitmap");
            guest.guest().powerOff();
        }
    }

    /** The members at a moment at which a row of theirs does not agree with its parity. */
    private Images caughtByUs(Contents contents, ConsistencyPolicy policy) throws Exception {
        Images images = Images.blank(folder.resolve("ours"), 0, 3, 16);
        List<MemberDisk> members = images.open(FileDisk.Access.EXCLUSIVE);
        try {
            List<String> serials = members.stream().map(MemberDisk::serial).toList();
            RunningContainer.create(IMSM, members, new VolumeSpec("v0", SHAPE, MEMBER_KIB, serials, true, policy));
        } finally {
            Images.close(members);
        }
        OurSide.run(images, (container, env) -> OurSide.fill(container.volume("v0"), contents));
        List<MemoryDisk> left = new ArrayList<>();
        OurSide.simulate(
                images.load(),
                current -> {
                    if (left.isEmpty() && isInconsistent(current)) {
                        current.forEach(disk -> left.add(disk.snapshot()));
                    }
                },
                (container, env) -> OurSide.write(
                        container.volume("v0"),
                        Units.bytesOfSectors(ROW * SHAPE.rowSectors()),
                        Contents.block(NEW_BLOCK)));
        assertThat(left).as("the moment came").isNotEmpty();
        return images.save(left, folder.resolve("caught"));
    }

    private static boolean isInconsistent(List<MemoryDisk> members) throws DiskException {
        MemorySegment[] chunks = new MemorySegment[members.size()];
        for (int i = 0; i < chunks.length; i++) {
            chunks[i] = Buffers.allocate(SHAPE.chunkSectors());
            members.get(i).read(ROW * SHAPE.chunkSectors(), chunks[i]);
        }
        MemorySegment sum = Buffers.allocate(SHAPE.chunkSectors());
        Parity.xor(sum, chunks);
        return !Parity.isZero(sum);
    }

    private static String offline(Images images) throws Exception {
        List<MemberDisk> members = images.open(FileDisk.Access.READ_ONLY);
        try {
            Assembly assembly = Assembly.look(IMSM, members);
            Volume volume = assembly.container().volumes().getFirst();
            return Images.sha256(new OfflineVolume(volume, assembly.container(), assembly.disks()), BYTES);
        } finally {
            Images.close(members);
        }
    }

    @Test
    void we_put_right_what_md_was_writing_when_the_power_failed() throws Exception {
        Contents contents = Contents.blocks(folder.resolve("contents"), BYTES);
        Overwriting writing = Overwriting.of(folder.resolve("over"), contents);
        Images caught = caughtByMd(contents, writing);
        for (int lost = 0; lost < 3; lost++) {
            Images damaged = caught.copyTo(folder.resolve("damaged-" + lost));
            Set<Integer> inFlight = tearWhatIsLogged(damaged);
            assertThat(inFlight).as("blocks that md says were being written").isNotEmpty();
            byte[] found = contentsWithout(damaged, lost);
            byte[] old = Files.readAllBytes(contents.file());
            byte[] written = Files.readAllBytes(writing.after().file());
            for (int block = 0; block < BYTES / Contents.BLOCK; block++) {
                int at = block * Contents.BLOCK;
                boolean right = Arrays.equals(found, at, at + Contents.BLOCK, old, at, at + Contents.BLOCK)
                        || Arrays.equals(found, at, at + Contents.BLOCK, written, at, at + Contents.BLOCK);
                assertThat(right || inFlight.contains(block))
                        .as("block %d with member %d lost, in flight: %s", block, lost, inFlight)
                        .isTrue();
            }
        }
    }

    private Images caughtByMd(Contents contents, Overwriting writing) throws Exception {
        Images images = Images.blank(folder.resolve("mdadms"), 0, 3, 16);
        try (KernelOracle guest = KernelOracle.boot(folder.resolve("writing"), images.disks())) {
            Files.copy(contents.file(), guest.guest().box().resolve("fill"));
            Files.copy(
                    writing.after().file(), guest.guest().box().resolve("over"), StandardCopyOption.REPLACE_EXISTING);
            KernelOracle container = images.in(guest, "c");
            container.script(
                    "create 5 3 64 " + MEMBER_KIB + " v0 --consistency-policy=ppl\n"
                            + "dd if=$BOX/fill of=/dev/$V bs=64k oflag=direct status=none || die fill",
                    LONG);
            Map<Boolean, Images> taken = new Watch<Boolean>(
                            guest.guest(),
                            images,
                            (members, wanted, frozen) -> logged(members) >= 3 ? Set.of(true) : Set.of(),
                            now -> folder.resolve("left"))
                    .during(() -> container.script(writing.script(), LONG), Set.of(true));
            assertThat(taken).as("the moment was caught").hasSize(1);
            return taken.get(true);
        }
    }

    /** In how many logs partial parity is the newest. */
    private static int logged(List<? extends Disk> members) throws DiskException {
        int logged = 0;
        for (Disk member : members) {
            MemorySegment header = Buffers.allocate(8);
            member.read(MEMBER_KIB * Units.SECTORS_PER_KIB, header);
            logged += header.get(ValueLayout.JAVA_INT_UNALIGNED, 528) > 0
                            && header.get(ValueLayout.JAVA_INT_UNALIGNED, 544) > 0
                    ? 1
                    : 0;
        }
        return logged;
    }

    /** Puts something else where the newest entries say that data was being written: the power may have failed within that write. */
    private static Set<Integer> tearWhatIsLogged(Images images) throws Exception {
        List<MemberDisk> members = images.open(FileDisk.Access.EXCLUSIVE);
        Set<Integer> blocks = new HashSet<>();
        try {
            Assembly assembly = Assembly.look(IMSM, members);
            Volume volume = assembly.container().volumes().getFirst();
            assertThat(volume.dirty()).isTrue();
            assertThat(volume.slots().stream().map(slot -> slot.disk()).toList())
                    .containsExactly(0, 1, 2);
            for (MemberDisk member : members) {
                for (PplEntry entry : new PplArea(member.disk(), volume.consistency())
                        .newest()
                        .orElseThrow()
                        .entries()) {
                    tear(entry, volume, assembly, blocks);
                }
            }
        } finally {
            Images.close(members);
        }
        return blocks;
    }

    private static void tear(PplEntry entry, Volume volume, Assembly assembly, Set<Integer> blocks)
            throws DiskException {
        int parity = entry.paritySectors() == 0 ? entry.dataSectors() / SHAPE.dataMembers() : entry.paritySectors();
        for (int done = 0; done < entry.dataSectors(); done += parity) {
            long from = entry.arraySector() + (long) done / parity * SHAPE.chunkSectors();
            for (long sector = from; sector < from + parity; sector++) {
                long at = sector;
                blocks.add((int) (at / 8));
                MemorySegment torn = Buffers.allocate(1);
                torn.fill((byte) (at * 31 + 7));
                int slot = SHAPE.memberOfData(at / SHAPE.rowSectors(), (int) (at % SHAPE.rowSectors() / 128));
                long member = at / SHAPE.rowSectors() * 128 + at % 128;
                String serial = assembly.container()
                        .disks()
                        .get(volume.slots().get(slot).disk())
                        .serial();
                assembly.disks().get(serial).disk().write(member, torn);
            }
        }
    }

    private static byte[] contentsWithout(Images images, int lost) throws Exception {
        List<MemberDisk> members = images.without(lost).open(FileDisk.Access.EXCLUSIVE);
        try {
            RunningContainer running = RunningContainer.start(
                    new SystemEnv(),
                    "c0",
                    IMSM,
                    members,
                    RunningContainer.Options.normal().withStartDegraded(true));
            assertThat(running.container().volumes().getFirst().activity()).isInstanceOf(Activity.Idle.class);
            MemorySegment all = Buffers.allocate(Units.sectorsOfBytesExact(BYTES));
            running.volume("v0").read(0, all);
            running.stop();
            return all.toArray(ValueLayout.JAVA_BYTE);
        } finally {
            Images.close(members);
        }
    }
}
