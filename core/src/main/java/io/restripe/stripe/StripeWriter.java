package io.restripe.stripe;

import io.restripe.geometry.Geometry;
import io.restripe.parity.Parity;
import io.restripe.unit.Units;
import java.lang.foreign.MemorySegment;

/** Lays array data out as whole rows of a geometry, parity included: the images that members hold, without writing them. */
public final class StripeWriter {
    private final Geometry geometry;

    /** @param geometry a striped or parity level */
    public StripeWriter(Geometry geometry) {
        this.geometry = geometry;
    }

    /**
     * Fills the images of rows {@code firstRow} on.
     *
     * @param firstRow the row at which {@code data} starts
     * @param data whole rows of array data
     * @param images one a slot, of rows * chunk sectors each; null where nobody wants the image
     */
    public void encode(long firstRow, MemorySegment data, MemorySegment[] images) {
        long rowBytes = Units.bytesOfSectors(geometry.rowSectors());
        long rows = data.byteSize() / rowBytes;
        if (rows * rowBytes != data.byteSize()) {
            throw new IllegalArgumentException(data.byteSize() + " bytes are not whole rows of " + rowBytes);
        }
        for (long i = 0; i < rows; i++) {
            encodeRow(firstRow + i, i, data.asSlice(i * rowBytes, rowBytes), images);
        }
    }

    private void encodeRow(long row, long index, MemorySegment rowData, MemorySegment[] images) {
        long chunkBytes = Units.bytesOfSectors(geometry.chunkSectors());
        int dataCount = geometry.dataMembers();
        MemorySegment[] data = new MemorySegment[dataCount];
        int[] powers = new int[dataCount];
        for (int i = 0; i < dataCount; i++) {
            data[i] = rowData.asSlice(i * chunkBytes, chunkBytes);
            MemorySegment image = images[geometry.memberOfData(row, i)];
            if (image != null) {
                MemorySegment.copy(data[i], 0, image, index * chunkBytes, chunkBytes);
            }
            if (geometry.parityMembers() == 2) {
                powers[i] = geometry.qPower(row, i);
            }
        }
        MemorySegment p = chunkOf(images, geometry.parityMember(row), index, chunkBytes);
        MemorySegment q = chunkOf(images, geometry.qMember(row), index, chunkBytes);
        if (q != null) {
            MemorySegment scratch =
                    p != null ? p : java.lang.foreign.Arena.ofAuto().allocate(chunkBytes, 64);
            Parity.pq(scratch, q, data, powers);
        } else if (p != null) {
            Parity.xor(p, data);
        }
    }

    private static MemorySegment chunkOf(MemorySegment[] images, int slot, long index, long chunkBytes) {
        return slot < 0 || images[slot] == null ? null : images[slot].asSlice(index * chunkBytes, chunkBytes);
    }
}
