package io.restripe.assembly;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.restripe.disk.Buffers;
import io.restripe.disk.MemoryDisk;
import io.restripe.disk.OffsetDisk;
import io.restripe.env.SystemEnv;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.MetadataFormat;
import io.restripe.metadata.imsm.ImsmFormat;
import io.restripe.rule.ProblemException;
import io.restripe.unit.SectorRange;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.api.Test;

class MemberLabelTest {
    private static final long SECTORS = 8192;

    private final MetadataFormat format = new ImsmFormat(new SystemEnv());
    private final MemoryDisk disk = new MemoryDisk("m0", SECTORS);
    private final long place = format.unusedSector(disk).orElseThrow();

    @Test
    void a_label_says_its_serial() throws Exception {
        assertThat(MemberLabel.read(disk, place)).isEmpty();
        MemberLabel.write(disk, place, "RS0123456789AB");
        assertThat(MemberLabel.read(disk, place)).contains("RS0123456789AB");
        MemberLabel.write(disk, place, "S");
        assertThat(MemberLabel.read(disk, place)).contains("S");
    }

    @Test
    void any_flipped_bit_makes_it_none() throws Exception {
        MemberLabel.write(disk, place, "RS0123456789AB");
        MemorySegment raw = Buffers.allocate(1);
        disk.read(place, raw);
        for (int bit = 0; bit < 8 * raw.byteSize(); bit++) {
            flip(raw, bit);
            disk.write(place, raw);
            assertThat(MemberLabel.read(disk, place)).as("bit " + bit).isEmpty();
            flip(raw, bit);
        }
        disk.write(place, raw);
        assertThat(MemberLabel.read(disk, place)).isPresent();
    }

    private static void flip(MemorySegment raw, int bit) {
        int at = bit / 8;
        raw.set(ValueLayout.JAVA_BYTE, at, (byte) (raw.get(ValueLayout.JAVA_BYTE, at) ^ 1 << bit % 8));
    }

    @Test
    void a_label_somewhere_else_or_on_a_disk_of_another_size_is_none() throws Exception {
        MemberLabel.write(disk, place, "S");
        MemorySegment raw = Buffers.allocate(MemberLabel.SECTORS);
        disk.read(place, raw);
        disk.write(place - 64, raw);
        assertThat(MemberLabel.read(disk, place - 64)).isEmpty();
        MemoryDisk larger = new MemoryDisk("m1", 2 * SECTORS);
        larger.write(place, raw);
        assertThat(MemberLabel.read(larger, place)).isEmpty();
    }

    @Test
    void its_place_is_behind_the_copy_area_and_in_front_of_the_metadata() {
        assertThat(place).isEqualTo(SECTORS - 160);
        assertThat(format.unusedSector(new MemoryDisk("m1", SECTORS, 4096))).hasValue(SECTORS - 160);
        assertThat(format.unusedSector(new MemoryDisk("m1", 2210))).isEmpty();
    }

    private static MemberDisk member(String name, String serial, io.restripe.disk.Disk disk) {
        return new MemberDisk(name, serial, disk);
    }

    @Test
    void labels_are_taken_back_unless_their_disks_are_kept() throws Exception {
        MemoryDisk second = new MemoryDisk("m1", SECTORS);
        MemorySegment old = Buffers.allocate(MemberLabel.SECTORS);
        old.fill((byte) 9);
        second.write(place, old);
        MemberDisk one = member("m0", "S1", disk);
        MemberDisk two = member("m1", "S2", second);
        Labelling labelling = Labelling.write(format, List.of(one, two), List.of());
        assertThat(MemberLabel.read(disk, place)).contains("S1");
        assertThat(MemberLabel.read(second, place)).contains("S2");
        labelling.keep(one);
        labelling.undo();
        assertThat(MemberLabel.read(disk, place)).contains("S1");
        MemorySegment found = Buffers.allocate(MemberLabel.SECTORS);
        second.read(place, found);
        assertThat(found.mismatch(old)).isEqualTo(-1);
    }

    @Test
    void one_disk_under_two_names_is_noticed_and_left_as_it_was() throws Exception {
        MemberDisk one = member("first", "S1", disk);
        MemberDisk again = member("again", "S2", new OffsetDisk(disk, new SectorRange(0, SECTORS)));
        assertThatThrownBy(() -> Labelling.write(format, List.of(one, again), List.of()))
                .isInstanceOf(ProblemException.class)
                .hasMessageContaining("same disk");
        assertThatThrownBy(() -> Labelling.write(format, List.of(one), List.of(again)))
                .isInstanceOf(ProblemException.class)
                .hasMessageContaining("it is the same disk as again");
        MemorySegment found = Buffers.allocate(MemberLabel.SECTORS);
        disk.read(place, found);
        assertThat(found.toArray(ValueLayout.JAVA_BYTE)).containsOnly(0);
    }

    @Test
    void a_disk_that_is_too_small_is_refused() {
        MemberDisk small = member("small", "S1", new MemoryDisk("m1", 2210));
        assertThatThrownBy(() -> Labelling.write(format, List.of(small), List.of()))
                .isInstanceOf(ProblemException.class)
                .hasMessageContaining("too small");
    }
}
