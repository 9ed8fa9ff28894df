package io.restripe.assembly;

import io.restripe.disk.Buffers;
import io.restripe.disk.Disk;
import io.restripe.disk.DiskException;
import io.restripe.unit.Units;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * The first and the last part of a disk, in memory. Positions are bytes of the disk; what lies outside both parts, or outside the
 * disk, reads as zeros and matches nothing. Immutable.
 */
final class DiskEnds {
    /** Bytes of each part: enough for a copy of every structure that is looked for. */
    static final long END_BYTES = 1 << 20;

    private static final ValueLayout.OfShort U16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final long sizeBytes;
    private final long tailStart;
    private final MemorySegment head;
    private final MemorySegment tail;

    private DiskEnds(long sizeBytes, MemorySegment head, MemorySegment tail) {
        this.sizeBytes = sizeBytes;
        this.tailStart = sizeBytes - tail.byteSize();
        this.head = head;
        this.tail = tail;
    }

    static DiskEnds read(Disk disk) throws DiskException {
        long partSectors = Math.min(disk.sectors(), Units.sectorsOfBytesExact(END_BYTES));
        MemorySegment head = Buffers.allocate(partSectors);
        MemorySegment tail = Buffers.allocate(partSectors);
        disk.read(0, head);
        disk.read(disk.sectors() - partSectors, tail);
        return new DiskEnds(Units.bytesOfSectors(disk.sectors()), head, tail);
    }

    long sizeBytes() {
        return sizeBytes;
    }

    /** Whether these bytes are there; each character is one byte. */
    boolean has(long atByte, String bytes) {
        byte[] wanted = bytes.getBytes(StandardCharsets.ISO_8859_1);
        MemorySegment there = part(atByte, wanted.length);
        return there != null && there.mismatch(MemorySegment.ofArray(wanted)) < 0;
    }

    int u8(long atByte) {
        MemorySegment there = part(atByte, 1);
        return there == null ? 0 : Byte.toUnsignedInt(there.get(ValueLayout.JAVA_BYTE, 0));
    }

    /** Little-endian, as all below. */
    int u16(long atByte) {
        MemorySegment there = part(atByte, Short.BYTES);
        return there == null ? 0 : Short.toUnsignedInt(there.get(U16, 0));
    }

    /** The 32 bits as they are: compare with literals of the same bits. */
    int bits32(long atByte) {
        MemorySegment there = part(atByte, Integer.BYTES);
        return there == null ? 0 : there.get(U32, 0);
    }

    long u32(long atByte) {
        return Integer.toUnsignedLong(bits32(atByte));
    }

    long bits64(long atByte) {
        MemorySegment there = part(atByte, Long.BYTES);
        return there == null ? 0 : there.get(U64, 0);
    }

    private MemorySegment part(long atByte, long lengthBytes) {
        if (atByte < 0 || atByte > sizeBytes - lengthBytes) {
            return null;
        }
        if (atByte + lengthBytes <= head.byteSize()) {
            return head.asSlice(atByte, lengthBytes);
        }
        return atByte >= tailStart ? tail.asSlice(atByte - tailStart, lengthBytes) : null;
    }
}
