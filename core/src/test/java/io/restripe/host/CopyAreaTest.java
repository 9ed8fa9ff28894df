package io.restripe.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.restripe.assembly.Assembly;
import io.restripe.assembly.CopyAreaUse;
import io.restripe.disk.Disk;
import io.restripe.geometry.Geometry;
import io.restripe.metadata.Activity;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.Progress;
import io.restripe.metadata.Volume;
import io.restripe.reshape.GrowRequest;
import io.restripe.rule.ProblemException;
import io.restripe.unit.Units;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the copy area holds is told by its bytes and the members' where the records or the placement leave it open. */
@Timeout(300)
class CopyAreaTest {
    private static final int NORMAL = 0;
    private static final int IN_COPY_AREA = 1;
    private static final Geometry R5_OF_3 = Geometry.ofMd(5, 0, 3, 128);
    private static final long RECORD = ContainerRig.DISK_SECTORS - 1;
    private static final long COPY_AREA = ContainerRig.DISK_SECTORS - 2209;
    private static final int ALL = 0;

    private final ContainerRig rig = new ContainerRig();

    private ContainerRig cut(RunningContainer running, GrowRequest request, Cut.Point point) throws Exception {
        Cut cut = new Cut(rig, point);
        rig.watch(cut);
        running.grow(request);
        assertThat(running.awaitIdle(60_000_000_000L)).isTrue();
        running.stop();
        assertThat(cut.picture()).as("the point %s was reached", point).isNotNull();
        return cut.picture();
    }

    private RunningContainer created(int sectorsOfData) throws Exception {
        RunningContainer running = rig.create(R5_OF_3);
        if (sectorsOfData != ALL) {
            rig.keepOnly(running.volume("v0"), sectorsOfData);
        }
        return running;
    }

    private static void flip(ContainerRig picture, int disk, int bit) throws Exception {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment record = arena.allocate(Units.SECTOR_BYTES, 512);
            Disk memory = picture.disks.get(disk).memory();
            memory.read(RECORD, record);
            byte old = record.get(ValueLayout.JAVA_BYTE, bit / 8);
            record.set(ValueLayout.JAVA_BYTE, bit / 8, (byte) (old ^ 1 << bit % 8));
            memory.write(RECORD, record);
        }
    }

    /** What the members alone say is under way; null when that is refused. */
    private static Activity look(ContainerRig picture, List<MemberDisk> members, String context) {
        try {
            Assembly assembly = Assembly.look(picture.format, members);
            return assembly.container().volumes().getFirst().activity();
        } catch (ProblemException e) {
            assertThat(e.getMessage()).as(context).isNotBlank();
            return null;
        }
    }

    private static void readOnly(ContainerRig picture, List<MemberDisk> members, String context) throws Exception {
        Assembly assembly = Assembly.look(picture.format, members);
        Volume volume = assembly.container().volumes().getFirst();
        assertThat(picture.firstDifference(assembly.view(volume))).as(context).isEqualTo(-1);
    }

    /** Status and copy area in full, samples of the rest. */
    private static IntStream bits(boolean many) {
        return IntStream.range(0, 512)
                .filter(bit -> bit == 0 || (many ? bit / 32 == 6 || bit % 13 == 0 : bit % 61 == 0));
    }

    /** Bits of the record in one of its copies, with both copies there and with this one alone. */
    @ParameterizedTest
    @CsvSource({
        NORMAL + ", 1, 1, 0",
        NORMAL + ", 1, 1, 300",
        NORMAL + ", 3, 1, 0",
        IN_COPY_AREA + ", 1, 5, 0",
        IN_COPY_AREA + ", 0, 8, 300"
    })
    void a_flipped_bit_of_a_record_never_makes_a_wrong_array(int status, int unit, int writesAfter, int data)
            throws Exception {
        ContainerRig picture =
                cut(created(data), ContainerRig.toDisks(4, rig.newDisk()), new Cut.Point(status, unit, writesAfter));
        Set<Object> seen = new LinkedHashSet<>();
        for (int copy = 0; copy < 2; copy++) {
            List<MemberDisk> alone = new ArrayList<>(picture.members());
            alone.remove(1 - copy);
            for (List<MemberDisk> members : List.of(picture.members(), alone)) {
                int without = members.size() == 4 ? -1 : 1 - copy;
                for (int bit : bits(without < 0).toArray()) {
                    String context = "copy " + copy + " of " + members.size() + " disks, bit " + bit;
                    flip(picture, copy, bit);
                    Activity found = look(picture, members, context);
                    if (found instanceof Activity.Reshape r
                            && seen.add(List.of(r.progress(), r.copyAreaSector(), without))) {
                        readOnly(picture, members, context);
                        finish(picture.snapshot(), without, context);
                    }
                    flip(picture, copy, bit);
                }
            }
        }
        assertThat(seen).isNotEmpty();
    }

    private static void finish(ContainerRig picture, int without, String context) throws Exception {
        List<MemberDisk> members = new ArrayList<>(picture.members());
        if (without >= 0) {
            members.remove(without);
        }
        RunningContainer running = picture.start(
                RunningContainer.Options.normal().withStartDegraded(true).withForce(true), members);
        assertThat(picture.firstDifference(running.volume("v0"))).as(context).isEqualTo(-1);
        assertThat(running.awaitIdle(60_000_000_000L)).isTrue();
        assertThat(picture.firstDifference(running.volume("v0"))).as(context).isEqualTo(-1);
        running.stop();
    }

    /** A member once replaced: table d0 d2 d3, slots 0 2 1, then grown by d4. Without the replaced disk. */
    private ContainerRig permuted(int sectorsOfData, int unit, int writesAfter) throws Exception {
        RunningContainer running = created(sectorsOfData);
        running.add(rig.newDisk());
        running.fail("SERIAL1");
        long deadline = rig.env.nanoTime() + 60_000_000_000L;
        while (running.container().volumes().getFirst().missingSlots() > 0 || !running.awaitIdle(1_000_000_000L)) {
            assertThat(rig.env.nanoTime()).isLessThan(deadline);
            rig.env.sleepNanos(5_000_000L);
        }
        running.remove("SERIAL1");
        return cut(running, ContainerRig.toDisks(4, rig.newDisk()), new Cut.Point(IN_COPY_AREA, unit, writesAfter));
    }

    private static List<MemberDisk> others(ContainerRig picture, int... gone) {
        List<MemberDisk> members = new ArrayList<>(picture.members());
        for (int disk : gone) {
            members.removeIf(member -> member.serial().equals("SERIAL" + disk));
        }
        members.removeIf(member -> member.serial().equals("SERIAL1"));
        return members;
    }

    private static byte[] copyArea(ContainerRig picture, int disk) throws Exception {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment area = arena.allocate(Units.bytesOfSectors(2048), 4096);
            picture.disks.get(disk).memory().read(COPY_AREA, area);
            return area.toArray(ValueLayout.JAVA_BYTE);
        }
    }

    private static void setCopyArea(ContainerRig picture, int disk, byte[] bytes) throws Exception {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment area = arena.allocate(bytes.length, 4096);
            MemorySegment.copy(bytes, 0, area, ValueLayout.JAVA_BYTE, 0, bytes.length);
            picture.disks.get(disk).memory().write(COPY_AREA, area);
        }
    }

    /** As real mdadm does it (13.3): the part of slot 1 on table index 1, of slot 2 on index 2. */
    private static void placeByIndex(ContainerRig picture) throws Exception {
        byte[] slot1 = copyArea(picture, 3);
        setCopyArea(picture, 3, copyArea(picture, 2));
        setCopyArea(picture, 2, slot1);
    }

    @ParameterizedTest
    @CsvSource({"0, 0, 0", "0, 0, 6", "0, 1, 2", "300, 0, 0", "300, 0, 5", "20, 0, 0"})
    void parts_are_found_where_we_put_them_and_where_mdadm_does(int data, int unit, int writesAfter) throws Exception {
        ContainerRig picture = permuted(data, unit, writesAfter);
        for (boolean mdadm : new boolean[] {false, true}) {
            if (mdadm) {
                placeByIndex(picture);
            }
            for (int gone : new int[] {1, 0, 2, 3, 4}) {
                String context = (mdadm ? "by index" : "by slot") + ", without disk " + gone;
                readOnly(picture, others(picture, gone), context);
                ContainerRig copy = picture.snapshot();
                RunningContainer running = copy.start(
                        RunningContainer.Options.normal()
                                .withStartDegraded(true)
                                .withForce(true),
                        others(copy, gone));
                assertThat(running.awaitIdle(60_000_000_000L)).isTrue();
                assertThat(copy.firstDifference(running.volume("v0")))
                        .as(context)
                        .isEqualTo(-1);
                running.stop();
            }
        }
    }

    /** Zeros are at every place, so neither reading is contradicted; but what the wrong one has besides is nowhere. */
    @ParameterizedTest
    @ValueSource(ints = {6300, 6600, 7000, 7500, 8000})
    void a_unit_that_is_mostly_zeros_is_found_by_the_rest_of_it(int data) throws Exception {
        ContainerRig picture = permuted(data, 1, 4);
        for (boolean mdadm : new boolean[] {false, true}) {
            if (mdadm) {
                placeByIndex(picture);
            }
            readOnly(picture, others(picture), "by index: " + mdadm);
            ContainerRig copy = picture.snapshot();
            RunningContainer running = copy.start(RunningContainer.Options.normal(), others(copy));
            assertThat(running.awaitIdle(60_000_000_000L)).isTrue();
            assertThat(copy.firstDifference(running.volume("v0"))).isEqualTo(-1);
            running.stop();
        }
    }

    @Test
    void what_the_bytes_do_not_settle_is_refused_until_somebody_decides() throws Exception {
        ContainerRig picture = permuted(ALL, 1, 1);
        byte[] noise = new byte[Units.bufferBytesOfSectors(2048)];
        for (int disk : new int[] {0, 2, 3, 4}) {
            new SplittableRandom(disk).nextBytes(noise);
            setCopyArea(picture, disk, noise);
        }
        assertThatThrownBy(() -> picture.start(RunningContainer.Options.normal(), others(picture)))
                .isInstanceOf(ProblemException.class)
                .hasMessageContaining("by slot or by disk table index")
                .hasMessageContaining("--copy-area=");
        assertThatThrownBy(() -> readWhole(view(picture, CopyAreaUse.ASK)))
                .hasRootCauseInstanceOf(ProblemException.class)
                .hasMessageContaining("--copy-area=");
        for (CopyAreaUse use : List.of(CopyAreaUse.BY_SLOT, CopyAreaUse.BY_INDEX)) {
            readWhole(view(picture, use));
            RunningContainer decided =
                    picture.snapshot().start(RunningContainer.Options.normal().withCopyArea(use), others(picture));
            assertThat(decided.awaitIdle(60_000_000_000L)).isTrue();
            decided.stop();
        }
    }

    private static Disk view(ContainerRig picture, CopyAreaUse use) throws Exception {
        RunningContainer.Options look =
                RunningContainer.Options.normal().withReadOnly(true).withCopyArea(use);
        return picture.start(look, others(picture)).volume("v0");
    }

    private static void readWhole(Disk volume) throws Exception {
        try (Arena arena = Arena.ofConfined()) {
            volume.read(0, arena.allocate(Units.bytesOfSectors(volume.sectors()), 4096));
        }
    }

    /**
     * A small volume ends before its last critical unit does. What follows it on the members is somebody else's, and changes: it is no part
     * of the unit, and says nothing of it.
     */
    @Test
    void what_lies_behind_the_volume_is_no_part_of_its_last_unit() throws Exception {
        long end = 4096;
        rig.sizeOfFirst(end / Units.SECTORS_PER_KIB);
        RunningContainer running = rig.create(R5_OF_3);
        scribble(rig, 3, end, 1);
        ContainerRig picture = cut(running, ContainerRig.toDisks(4, rig.newDisk()), new Cut.Point(IN_COPY_AREA, 1, 0));
        scribble(picture, 3, end, 2);
        Activity.Reshape found = (Activity.Reshape) look(picture, picture.members(), "one record says saved");
        assertThat(found.progress()).isEqualTo(new Progress(1, true));
        RunningContainer again = picture.start();
        assertThat(again.awaitIdle(60_000_000_000L)).isTrue();
        assertThat(picture.firstDifference(again.volume("v0"))).isEqualTo(-1);
        try (Arena arena = Arena.ofConfined()) {
            long old = R5_OF_3.arraySectors(end);
            MemorySegment added =
                    arena.allocate(Units.bytesOfSectors(again.volume("v0").sectors() - old), 4096);
            again.volume("v0").read(old, added);
            assertThat(added.mismatch(arena.allocate(added.byteSize())))
                    .as("what is new is empty")
                    .isEqualTo(-1);
        }
        again.stop();
    }

    private static void scribble(ContainerRig rig, int disks, long sector, int seed) throws Exception {
        byte[] noise = new byte[Units.bufferBytesOfSectors(2048)];
        for (int disk = 0; disk < disks; disk++) {
            new SplittableRandom(seed * 10L + disk).nextBytes(noise);
            rig.disks.get(disk).memory().write(sector, MemorySegment.ofArray(noise));
        }
    }

    /** 13.6: a member is missing in the crash as well as in the recovery. */
    @ParameterizedTest
    @ValueSource(ints = {0, 2, 4})
    void a_critical_unit_of_a_degraded_array_survives(int writesAfter) throws Exception {
        RunningContainer running = rig.create(R5_OF_3);
        running.fail("SERIAL1");
        running.remove("SERIAL1");
        ContainerRig picture =
                cut(running, ContainerRig.toDisks(4, rig.newDisk()), new Cut.Point(IN_COPY_AREA, 1, writesAfter));
        readOnly(picture, others(picture), "degraded");
        finish(picture, 1, "degraded");
    }
}
