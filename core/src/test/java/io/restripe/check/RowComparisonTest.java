package io.restripe.check;

import static org.assertj.core.api.Assertions.assertThat;

import io.restripe.disk.Disk;
import io.restripe.disk.MemoryDisk;
import io.restripe.geometry.Geometry;
import io.restripe.stripe.Members;
import io.restripe.stripe.StripeWriter;
import io.restripe.unit.Units;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Which chunk of a RAID6 is wrong, where P and Q tell. */
class RowComparisonTest {
    private static final int CHUNK = 16;
    private static final int ROWS = 10;
    private final Geometry geometry = Geometry.ofMd(6, 2, 5, CHUNK);
    private final List<Disk> disks = new ArrayList<>();

    @BeforeEach
    void write_rows() throws Exception {
        try (Arena arena = Arena.ofConfined()) {
            byte[] random = new byte[Units.bufferBytesOfSectors(ROWS * geometry.rowSectors())];
            new Random(8123).nextBytes(random);
            MemorySegment data = arena.allocate(random.length, 64);
            data.copyFrom(MemorySegment.ofArray(random));
            MemorySegment[] images = new MemorySegment[geometry.members()];
            for (int slot = 0; slot < images.length; slot++) {
                images[slot] = arena.allocate(Units.bytesOfSectors((long) ROWS * CHUNK), 64);
            }
            new StripeWriter(geometry).encode(0, data, images);
            for (int slot = 0; slot < images.length; slot++) {
                MemoryDisk disk = new MemoryDisk("disk" + slot, 1000);
                disk.write(8, images[slot]);
                disks.add(disk);
            }
        }
    }

    private void flip(int slot, long row) throws Exception {
        flip(slot, row, 0x21);
    }

    private void flip(int slot, long row, int bits) throws Exception {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment one = arena.allocate(Units.SECTOR_BYTES, 64);
            disks.get(slot).read(8 + row * CHUNK, one);
            one.set(ValueLayout.JAVA_BYTE, 99, (byte) (one.get(ValueLayout.JAVA_BYTE, 99) ^ bits));
            disks.get(slot).write(8 + row * CHUNK, one);
        }
    }

    private List<RowRange> wrong() {
        RowComparison comparison = new RowComparison(geometry, new Members(disks, 8));
        comparison.compare(0, (long) ROWS * CHUNK, at -> {});
        return comparison.wrong();
    }

    @Test
    void right_rows_agree() {
        assertThat(wrong()).isEmpty();
    }

    @Test
    void one_wrong_chunk_shows_itself_wherever_it_is() throws Exception {
        long row = 7;
        for (int slot = 0; slot < geometry.members(); slot++) {
            flip(slot, row);
            String name = slot == geometry.parityMember(row)
                    ? "P is wrong, on slot " + slot
                    : slot == geometry.qMember(row)
                            ? "Q is wrong, on slot " + slot
                            : "the data chunk on slot " + slot + " is wrong";
            assertThat(wrong()).containsExactly(new RowRange(row * CHUNK, (row + 1) * CHUNK, name));
            flip(slot, row);
        }
    }

    @Test
    void two_wrong_chunks_do_not_pass_for_one() throws Exception {
        flip(geometry.memberOfData(3, 0), 3);
        flip(geometry.memberOfData(3, 2), 3, 0x40);
        assertThat(wrong())
                .singleElement()
                .satisfies(r -> assertThat(r.culprit()).contains("more than one"));
    }
}
