package io.restripe.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.restripe.assembly.Assembly;
import io.restripe.assembly.OfflineVolume;
import io.restripe.disk.Buffers;
import io.restripe.disk.Disk;
import io.restripe.disk.DiskException;
import io.restripe.disk.MemoryDisk;
import io.restripe.disk.OffsetDisk;
import io.restripe.geometry.Geometry;
import io.restripe.metadata.MemberDisk;
import io.restripe.rule.ProblemException;
import io.restripe.unit.SectorRange;
import io.restripe.unit.Units;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * One member of a container that is half-way through a reshape is damaged where its metadata lies. It is read, recovered and read again:
 * each time with the right contents, or not at all and with a reason.
 */
@Timeout(120)
class DamagedMembersTest {
    private static final Assembly.Options PLAIN = new Assembly.Options(false, false);
    /** It was being written when it stopped, and a member is gone: nobody starts that unasked. */
    private static final Assembly.Options FORCED = new Assembly.Options(true, true);

    private static final long END = ContainerRig.DISK_SECTORS;
    private static final int SECTOR_BITS = 8 * Units.SECTOR_BYTES;
    private static final int RECORD_BITS = 8 * 64;
    private static final long SAMPLE_EVERY = 160;
    private static final int SAMPLE_SECTORS = 8;

    /** A grow cut in a unit that is in the copy area, and one between two units. */
    private static ContainerRig halfWay(int status, int unit, int writesAfter) throws Exception {
        ContainerRig rig = new ContainerRig();
        RunningContainer running = rig.create(Geometry.ofMd(5, 0, 3, 128));
        Cut cut = new Cut(rig, new Cut.Point(status, unit, writesAfter));
        rig.watch(cut);
        running.grow(ContainerRig.toDisks(4, rig.newDisk()));
        assertThat(running.awaitIdle(60_000_000_000L)).isTrue();
        running.stop();
        return cut.picture();
    }

    private static ContainerRig saved() throws Exception {
        return halfWay(1, 1, 3);
    }

    private static ContainerRig between() throws Exception {
        return halfWay(0, 2, 1);
    }

    /** Whether it was used; with wrong contents, or a failure that is no refusal, the test fails. */
    private static boolean survives(ContainerRig rig, List<MemberDisk> members, String context) {
        return survives(rig, members, PLAIN, context);
    }

    private static boolean survives(
            ContainerRig rig, List<MemberDisk> members, Assembly.Options options, String context) {
        try {
            Assembly assembly = Assembly.look(rig.format, members);
            assertContents(rig, assembly, context + ", looked at");
            assembly.recover(options);
            assertContents(rig, assembly, context + ", recovered");
            return true;
        } catch (ProblemException e) {
            assertThat(e.problem().why()).as(context).isNotBlank();
            return false;
        } catch (DiskException | RuntimeException e) {
            return fail(context + ": " + e, e);
        }
    }

    private static void assertContents(ContainerRig rig, Assembly assembly, String context)
            throws ProblemException, DiskException {
        OfflineVolume volume = assembly.view(assembly.container().volumes().getFirst());
        assertThat(Units.bytesOfSectors(volume.sectors())).as(context).isGreaterThanOrEqualTo(rig.model.length);
        MemorySegment found = Buffers.allocate(SAMPLE_SECTORS);
        MemorySegment model = MemorySegment.ofArray(rig.model);
        for (long sector = 0; sector + SAMPLE_SECTORS <= volume.sectors(); sector += SAMPLE_EVERY) {
            if (Units.bytesOfSectors(sector + SAMPLE_SECTORS) <= rig.model.length) {
                volume.read(sector, found);
                long at = Units.bytesOfSectors(sector);
                assertThat(found.mismatch(model.asSlice(at, found.byteSize())))
                        .as("%s, sector %d", context, sector)
                        .isEqualTo(-1);
            }
        }
    }

    private static void flip(Disk disk, long sector, int bit) throws DiskException {
        MemorySegment bytes = Buffers.allocate(1);
        disk.read(sector, bytes);
        byte old = bytes.get(ValueLayout.JAVA_BYTE, bit / 8);
        bytes.set(ValueLayout.JAVA_BYTE, bit / 8, (byte) (old ^ 1 << bit % 8));
        disk.write(sector, bytes);
    }

    private static void noise(Disk disk, long sector, int sectors, SplittableRandom random) throws DiskException {
        byte[] bytes = new byte[Units.bufferBytesOfSectors(sectors)];
        random.nextBytes(bytes);
        MemorySegment buffer = Buffers.allocate(sectors);
        MemorySegment.copy(bytes, 0, buffer, ValueLayout.JAVA_BYTE, 0, bytes.length);
        disk.write(sector, buffer);
    }

    /** How many flips of one member's sector, so many bits apart, are survived by being used. */
    private static int flips(ContainerRig origin, int member, long sector, int bits, int step) throws Exception {
        int used = 0;
        for (int bit = 0; bit < bits; bit += step) {
            ContainerRig rig = origin.snapshot();
            flip(rig.disks.get(member).memory(), sector, bit);
            used += survives(rig, rig.members(), "member " + member + ", sector " + sector + ", bit " + bit) ? 1 : 0;
        }
        return used;
    }

    @Test
    void bits_of_a_record_flipped_are_refused_or_right() throws Exception {
        recordFlips(11);
    }

    @Tag("long")
    @Test
    void any_bit_of_a_record_flipped_is_refused_or_right() throws Exception {
        recordFlips(1);
    }

    private static void recordFlips(int step) throws Exception {
        for (ContainerRig rig : List.of(saved(), between())) {
            ContainerRig undamaged = rig.snapshot();
            assertThat(survives(undamaged, undamaged.members(), "undamaged")).isTrue();
            assertThat(flips(rig, 0, END - 1, RECORD_BITS, step)).isPositive();
            assertThat(flips(rig, 1, END - 1, RECORD_BITS, step)).isPositive();
        }
    }

    @Test
    void bits_of_the_metadata_flipped_are_refused_or_right() throws Exception {
        for (ContainerRig rig : List.of(saved(), between())) {
            flips(rig, 0, END - 2, SECTOR_BITS, 89);
            flips(rig, 3, END - 2, SECTOR_BITS, 97);
            flips(rig, 1, END - 3, SECTOR_BITS, 211);
        }
    }

    @Test
    void a_member_that_was_cut_short_is_refused_and_not_needed() throws Exception {
        ContainerRig saved = saved();
        for (long sectors : List.of(END - 1, END - 2, END - 3, END - 8, END - 2210, END / 2, 2L, 1L, 0L)) {
            ContainerRig rig = saved.snapshot();
            List<MemberDisk> members = new ArrayList<>(rig.members());
            MemberDisk whole = members.get(2);
            Disk part = sectors == 0
                    ? new MemoryDisk("nothing", 0)
                    : new OffsetDisk(whole.disk(), new SectorRange(0, sectors));
            members.set(2, new MemberDisk(whole.name(), whole.serial(), part));
            assertThat(survives(rig, members, sectors + " sectors")).isFalse();
            members.remove(2);
            assertThat(survives(rig, members, FORCED, "without it")).isTrue();
        }
    }

    @Test
    void noise_on_one_member_is_refused_or_right() throws Exception {
        SplittableRandom random = new SplittableRandom(ContainerRig.SEED);
        for (ContainerRig origin : List.of(saved(), between())) {
            for (int round = 0; round < 20; round++) {
                ContainerRig rig = origin.snapshot();
                int member = random.nextInt(4);
                int sectors = 1 + random.nextInt(4);
                noise(rig.disks.get(member).memory(), END - 1 - random.nextInt(2) - (sectors - 1), sectors, random);
                survives(rig, rig.members(), "seed " + ContainerRig.SEED + ", round " + round);
            }
            ContainerRig rig = origin.snapshot();
            noise(rig.disks.get(2).memory(), 0, (int) END, random);
            assertThat(survives(rig, rig.members(), "a member of noise")).isFalse();
            List<MemberDisk> others = new ArrayList<>(rig.members());
            others.remove(2);
            assertThat(survives(rig, others, FORCED, "without it")).isTrue();
        }
    }
}
