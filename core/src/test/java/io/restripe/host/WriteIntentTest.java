package io.restripe.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.restripe.array.Attribute;
import io.restripe.array.Attributes;
import io.restripe.consistency.BitmapArea;
import io.restripe.consistency.Consistency;
import io.restripe.consistency.ConsistencyPolicy;
import io.restripe.disk.Buffers;
import io.restripe.geometry.Geometry;
import io.restripe.metadata.Activity;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.Volume;
import io.restripe.metadata.VolumeSpec;
import io.restripe.rule.ProblemException;
import io.restripe.unit.SectorRange;
import io.restripe.unit.Units;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Volumes with a write-intent bitmap: a resync after an unclean stop passes over what was written, and over nothing else. */
class WriteIntentTest {
    private static final Geometry R5_OF_3 = Geometry.ofMd(5, 0, 3, 128);
    private static final long IDLE_NANOS = 60_000_000_000L;
    private static final long CHUNK_SECTORS = 512; // four rows
    private static final int ROW_BYTES = 2 * 128 * 512;

    private final ContainerRig rig = new ContainerRig();

    private static VolumeSpec spec(Geometry geometry) {
        List<String> serials = List.of("SERIAL0", "SERIAL1", "SERIAL2").subList(0, geometry.members());
        return new VolumeSpec("v0", geometry, ContainerRig.MEMBER_KIB, serials, true, ConsistencyPolicy.BITMAP);
    }

    private RunningContainer created() throws Exception {
        for (int i = 0; i < 3; i++) {
            rig.newDisk();
        }
        RunningContainer.create(rig.format, rig.members(), spec(R5_OF_3));
        Volume volume = rig.recorded();
        for (MemberDisk member : rig.members()) {
            new BitmapArea(member.disk(), volume.consistency()).create(volume.uuid(), CHUNK_SECTORS);
        }
        RunningContainer running = rig.start();
        rig.model = new byte[Units.bufferBytesOfSectors(running.volume("v0").sectors())];
        return running;
    }

    private void change(RunningContainer running, int row) throws Exception {
        rig.model[row * ROW_BYTES]++;
        rig.write(running.volume("v0"), row * ROW_BYTES, 4096);
    }

    /** Parity of a row becomes wrong, as a power failure between data and parity leaves it. */
    private static void spoil(ContainerRig picture, int row) throws Exception {
        MemorySegment wrong = Buffers.allocate(1);
        wrong.fill((byte) 77);
        picture.disks.get(R5_OF_3.parityMember(row)).memory().write(row * 128L + 100, wrong);
    }

    private void awaitClean(RunningContainer running) throws Exception {
        Attributes attributes = new Attributes(running.control("v0"));
        attributes.set(Attribute.SAFE_MODE_DELAY, "0.020");
        for (int i = 0; i < 1000 && !attributes.arrayState().equals("clean"); i++) {
            rig.env.sleepNanos(20_000_000L);
        }
        assertThat(attributes.arrayState()).isEqualTo("clean");
    }

    @Test
    void a_new_bitmap_has_the_superblock_that_mdadm_writes() throws Exception {
        rig.newDisk();
        Consistency place = new Consistency(ConsistencyPolicy.BITMAP, 4096, 2048, 0);
        new BitmapArea(rig.disks.getFirst().memory(), place)
                .create("6ab4834c:c51adf54:2e5c5233:e8241466", BitmapArea.USUAL_CHUNK_SECTORS);
        MemorySegment header = Buffers.allocate(8);
        rig.disks.getFirst().memory().read(4096 + BitmapArea.HEADER_SECTOR, header);
        assertThat(HexFormat.of().formatHex(header.asSlice(0, 72).toArray(ValueLayout.JAVA_BYTE)))
                .isEqualTo("6269746d" + "04000000" + "4c83b46a54df1ac533525c2e661424e8" + "00".repeat(16)
                        + "00d00f0000000000" + "00000000" + "00000004" + "05000000" + "00".repeat(12));
    }

    @Test
    void the_resync_after_an_unclean_stop_passes_over_what_was_written_and_over_nothing_else() throws Exception {
        RunningContainer running = created();
        change(running, 5);
        ContainerRig picture = rig.snapshot();
        running.stop();
        spoil(picture, 6);
        spoil(picture, 20);
        RunningContainer again = picture.start();
        assertThat(again.container().volumes().getFirst().activity()).isInstanceOf(Activity.Resync.class);
        ContainerRig.stopIdle(again);
        assertThat(picture.rowsWithWrongParity(R5_OF_3))
                .as("only the row that nobody has written")
                .isEqualTo(1);
    }

    @Test
    void what_was_written_before_the_array_was_clean_is_forgotten_by_the_next_write() throws Exception {
        RunningContainer running = created();
        change(running, 5);
        awaitClean(running);
        change(running, 20);
        ContainerRig picture = rig.snapshot();
        running.stop();
        spoil(picture, 5);
        spoil(picture, 21);
        RunningContainer again = picture.start();
        ContainerRig.stopIdle(again);
        assertThat(picture.rowsWithWrongParity(R5_OF_3)).isEqualTo(1);
    }

    @Test
    void a_second_crash_in_the_resync_forgets_nothing() throws Exception {
        RunningContainer running = created();
        change(running, 5);
        change(running, 25);
        ContainerRig picture = rig.snapshot();
        running.stop();
        spoil(picture, 26);
        RunningContainer again = picture.start();
        again.speedLimit(100);
        picture.model[0]++;
        picture.write(again.volume("v0"), 0, 4096);
        ContainerRig second = picture.snapshot();
        again.speedLimit(0);
        ContainerRig.stopIdle(again);
        assertThat(second.rowsWithWrongParity(R5_OF_3))
                .as("the second crash came before the end of the resync")
                .isPositive();
        RunningContainer last = second.start();
        ContainerRig.stopIdle(last);
        assertThat(second.rowsWithWrongParity(R5_OF_3)).isZero();
    }

    @Test
    void a_disk_that_is_rebuilt_gets_the_bitmap_too() throws Exception {
        RunningContainer running = created();
        running.fail("SERIAL1");
        change(running, 5);
        running.remove("SERIAL1");
        running.add(rig.newDisk());
        assertThat(running.awaitIdle(IDLE_NANOS)).isTrue();
        Consistency place = running.container().volumes().getFirst().consistency();
        change(running, 9);
        List<Long> bitmaps = new ArrayList<>();
        for (int disk : new int[] {0, 3}) {
            MemorySegment area = Buffers.allocate(16);
            rig.disks.get(disk).memory().read(place.sector() + BitmapArea.HEADER_SECTOR, area);
            assertThat(BitmapArea.chunkSectors(area)).hasValue(CHUNK_SECTORS);
            bitmaps.add(area.get(ValueLayout.JAVA_LONG_UNALIGNED, 4096));
        }
        assertThat(bitmaps.getFirst()).as("something is marked").isNotZero();
        assertThat(bitmaps.getLast()).isEqualTo(bitmaps.getFirst());
        running.stop();
    }

    @Test
    void bits_are_set_in_a_reshape_too_and_none_is_forgotten_while_a_resync_is_owed() throws Exception {
        RunningContainer running = created();
        ContainerRig picture = rig.inMidReshape(running, ContainerRig.toDisks(4, rig.newDisk()));
        running.stop();
        Geometry after = Geometry.ofMd(5, 0, 4, 128);
        MemorySegment wrong = Buffers.allocate(1);
        wrong.fill((byte) 99);
        picture.disks.get(after.parityMember(0)).memory().write(0, wrong);
        RunningContainer again = picture.start();
        int far = picture.model.length - 4096;
        picture.model[far]++;
        picture.write(again.volume("v0"), far, 4096);
        picture.verify(again.volume("v0"));
        ContainerRig.stopIdle(again);
        assertThat(picture.rowsWithWrongParity(after)).isZero();
    }

    @Test
    void it_needs_redundancy() {
        rig.newDisk();
        rig.newDisk();
        rig.newDisk();
        assertThatThrownBy(() -> RunningContainer.create(rig.format, rig.members(), spec(Geometry.ofMd(0, 0, 3, 128))))
                .isInstanceOf(ProblemException.class)
                .hasMessageContaining("without redundancy");
    }

    @Test
    void bitmaps_that_differ_in_what_a_bit_means_say_nothing() throws Exception {
        RunningContainer running = created();
        change(running, 5);
        ContainerRig picture = rig.snapshot();
        running.stop();
        Volume volume = picture.recorded();
        new BitmapArea(picture.members().get(1).disk(), volume.consistency()).create(volume.uuid(), 8 * CHUNK_SECTORS);
        spoil(picture, 6);
        spoil(picture, 20);
        RunningContainer again = picture.start();
        ContainerRig.stopIdle(again);
        assertThat(picture.rowsWithWrongParity(R5_OF_3)).isZero();
        for (MemberDisk member : picture.members()) {
            MemorySegment header = Buffers.allocate(BitmapArea.HEADER_SECTORS);
            member.disk().read(volume.consistency().sector() + BitmapArea.HEADER_SECTOR, header);
            assertThat(BitmapArea.chunkSectors(header))
                    .as("they are alike from then on")
                    .hasValue(CHUNK_SECTORS);
        }
    }

    @Test
    void a_new_member_that_takes_its_bitmap_joins_beside_one_that_does_not() throws Exception {
        RunningContainer running = created();
        change(running, 5);
        Consistency place = running.container().volumes().getFirst().consistency();
        MemberDisk bad = rig.newDisk();
        MemberDisk good = rig.newDisk();
        rig.disks.get(3).fault().failWrites(new SectorRange(place.sector(), place.sector() + place.sectors()));
        running.grow(ContainerRig.toDisks(5, bad, good));
        assertThat(running.awaitIdle(IDLE_NANOS)).isTrue();
        Volume grown = running.container().volumes().getFirst();
        assertThat(grown.geometry().members()).isEqualTo(5);
        assertThat(grown.missingSlots()).as("only the one that failed").isEqualTo(1);
        assertThat(running.status().problem()).isEmpty();
        rig.verify(running.volume("v0"));
        running.stop();
    }
}
