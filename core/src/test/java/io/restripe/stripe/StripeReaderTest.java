package io.restripe.stripe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.restripe.disk.Buffers;
import io.restripe.disk.Disk;
import io.restripe.disk.DiskException;
import io.restripe.disk.FaultDisk;
import io.restripe.disk.MemoryDisk;
import io.restripe.geometry.Geometry;
import io.restripe.unit.SectorRange;
import io.restripe.unit.Units;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StripeReaderTest {
    private static final int ROWS = 8;
    private static final int CHUNK = 16;
    private static final long OFFSET = 32;

    private final List<FaultDisk> disks = new ArrayList<>();

    /** Rows of random data on disks with a fault layer each. */
    private MemorySegment fill(Geometry geometry) throws DiskException {
        MemorySegment data = Buffers.allocate(ROWS * geometry.rowSectors());
        byte[] bytes = new byte[(int) data.byteSize()];
        new Random(1).nextBytes(bytes);
        data.copyFrom(MemorySegment.ofArray(bytes));
        MemorySegment[] images = new MemorySegment[geometry.members()];
        Arrays.setAll(images, _ -> Buffers.allocate(ROWS * (long) CHUNK));
        new StripeWriter(geometry).encode(0, data, images);
        for (int slot = 0; slot < images.length; slot++) {
            MemoryDisk disk = new MemoryDisk("d" + slot, OFFSET + ROWS * CHUNK);
            disk.write(OFFSET, images[slot]);
            disks.add(new FaultDisk(disk));
        }
        return data;
    }

    private MemorySegment read(Geometry geometry, int missing) throws DiskException {
        Disk[] bySlot = disks.toArray(Disk[]::new);
        if (missing >= 0) {
            bySlot[missing] = null;
        }
        MemorySegment into = Buffers.allocate(ROWS * geometry.rowSectors());
        new StripeReader(geometry, new Members(Arrays.asList(bySlot), OFFSET)).read(0, into);
        return into;
    }

    private void spoil(int slot, int row) {
        long sector = OFFSET + (long) row * CHUNK + 3;
        disks.get(slot).failReads(new SectorRange(sector, sector + 1));
    }

    @ParameterizedTest(name = "raid{0} x{2}, slot {3} missing")
    @CsvSource({"5,0,4,-1", "5,2,3,-1", "6,0,5,1", "6,0,5,-1"})
    void bad_sectors_of_different_members_in_different_rows_are_reconstructed(
            int level, int layout, int members, int missing) throws DiskException {
        Geometry geometry = Geometry.ofMd(level, layout, members, CHUNK);
        MemorySegment data = fill(geometry);
        for (int row = 0; row < ROWS; row++) {
            spoil(row % members, row);
        }
        assertThat(read(geometry, missing).mismatch(data)).isEqualTo(-1);
    }

    @Test
    void a_row_that_has_lost_too_much_is_an_error_and_names_what_failed() throws DiskException {
        Geometry geometry = Geometry.ofMd(5, 0, 4, CHUNK);
        MemorySegment data = fill(geometry);
        spoil(1, 5);
        spoil(2, 5);
        assertThatThrownBy(() -> read(geometry, -1))
                .isInstanceOf(DiskException.class)
                .hasMessageContaining("d2");
        MemorySegment before = Buffers.allocate(5 * geometry.rowSectors());
        new StripeReader(geometry, new Members(List.copyOf(disks), OFFSET)).read(0, before);
        assertThat(before.mismatch(data.asSlice(0, Units.bytesOfSectors(5 * geometry.rowSectors()))))
                .isEqualTo(-1);
    }
}
