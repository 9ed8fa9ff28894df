package io.restripe.assembly;

import io.restripe.codec.Ascii;
import io.restripe.codec.U32;
import io.restripe.codec.U64;
import io.restripe.disk.Buffers;
import io.restripe.disk.Disk;
import io.restripe.disk.DiskException;
import io.restripe.disk.Serials;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * The serial of a disk on the disk itself, for disks that have no other: formats such as IMSM tell disks apart by a serial that is nowhere
 * in their metadata, and an export of a server has none. It stands where the container's format keeps nothing.
 *
 * <pre>   0 magic   16 version   20 checksum   24 sectors of the disk   32 its own sector   40 serial, NUL-padded ... 511   </pre>
 *
 * Size and place are part of it, so that a copy of a disk's end inside something larger is not taken for a label.
 */
final class MemberLabel {
    /** What a label takes, zeros behind it. */
    static final long SECTORS = 8;

    private static final int LABEL_BYTES = 512;
    private static final Ascii MAGIC = new Ascii(0, 16);
    private static final U32 VERSION = new U32(16);
    private static final U32 CHECKSUM = new U32(20);
    private static final U64 DISK_SECTORS = new U64(24);
    private static final U64 OWN_SECTOR = new U64(32);
    private static final Ascii SERIAL = new Ascii(40, Serials.MAX_LENGTH);
    private static final String MAGIC_TEXT = "restripe member";

    private MemberLabel() {}

    /** The serial that a disk says it has at that sector; empty where there is no label, or one that is damaged or not for there. */
    static Optional<String> read(Disk disk, long sector) throws DiskException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment raw = Buffers.allocate(arena, SECTORS);
            disk.read(sector, raw);
            boolean whole = MAGIC.get(raw, 0).equals(MAGIC_TEXT)
                    && VERSION.get(raw, 0) == 1
                    && CHECKSUM.get(raw, 0) == checksum(raw)
                    && DISK_SECTORS.get(raw, 0) == disk.sectors()
                    && OWN_SECTOR.get(raw, 0) == sector;
            String serial = SERIAL.get(raw, 0);
            boolean good =
                    whole && !serial.isEmpty() && Serials.normalise(serial).equals(serial);
            return good ? Optional.of(serial) : Optional.empty();
        }
    }

    /** Writes a label; durable on return. */
    static void write(Disk disk, long sector, String serial) throws DiskException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment raw = Buffers.allocate(arena, SECTORS);
            MAGIC.set(raw, 0, MAGIC_TEXT);
            VERSION.set(raw, 0, 1);
            DISK_SECTORS.set(raw, 0, disk.sectors());
            OWN_SECTOR.set(raw, 0, sector);
            SERIAL.set(raw, 0, serial);
            CHECKSUM.set(raw, 0, checksum(raw));
            disk.write(sector, raw);
            disk.flush();
        }
    }

    /** CRC-32C with the checksum's own field taken as zero. */
    private static long checksum(MemorySegment raw) {
        MemorySegment copy = MemorySegment.ofArray(new byte[LABEL_BYTES]);
        MemorySegment.copy(raw, 0, copy, 0, LABEL_BYTES);
        CHECKSUM.set(copy, 0, 0);
        CRC32C crc = new CRC32C();
        crc.update(copy.asByteBuffer());
        return crc.getValue();
    }
}
