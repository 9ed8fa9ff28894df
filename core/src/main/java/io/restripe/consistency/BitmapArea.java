package io.restripe.consistency;

import io.restripe.codec.U32;
import io.restripe.codec.U64;
import io.restripe.disk.Buffers;
import io.restripe.disk.Disk;
import io.restripe.disk.DiskException;
import io.restripe.unit.Units;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.OptionalLong;

/**
 * The write-intent bitmap of one member (docs/imsm.md, 2.11): md's bitmap superblock, and behind it a bit for each chunk of the members, set
 * while what lies there may not be equal. Every member has the same.
 *
 * <pre>
 *  0 "bitm"  4 version u32  8 uuid[16]  24 events u64  32 events cleared u64  40 sync size u64  48 state u32  52 chunk bytes u32
 * 56 daemon sleep u32  60 write behind u32  64 sectors reserved u32
 * </pre>
 *
 * @param disk the whole disk
 */
public record BitmapArea(Disk disk, Consistency consistency) {
    /** What a new one has, in sectors of a member. */
    public static final long USUAL_CHUNK_SECTORS = 64L * 1024 * Units.SECTORS_PER_KIB;

    /** Of the whole area, superblock and bits. */
    public static final long AREA_SECTORS = 1024 * Units.SECTORS_PER_KIB;

    /** Behind the start of the area. */
    public static final long HEADER_SECTOR = 16;

    public static final long BITS_SECTOR = 24;
    public static final long HEADER_SECTORS = BITS_SECTOR - HEADER_SECTOR;

    private static final U32 MAGIC = new U32(0);
    private static final long BITM = 0x6d746962;
    private static final U32 VERSION = new U32(4);
    private static final int UUID = 8;
    private static final int UUID_WORDS = 4;
    private static final U64 SYNC_SIZE = new U64(40);
    private static final U32 CHUNK_BYTES = new U32(52);
    private static final U32 DAEMON_SLEEP = new U32(56);
    private static final long USUAL_VERSION = 4;
    private static final long USUAL_SLEEP_SECONDS = 5;

    /**
     * Makes one in which every bit is set. Durable on return.
     *
     * @param uuid of the volume, as it is printed: four words with colons between
     * @param chunkSectors a power of two, at least 8
     */
    public void create(String uuid, long chunkSectors) throws DiskException {
        try (Arena arena = Arena.ofShared()) {
            MemorySegment area = Buffers.allocate(arena, consistency.sectors());
            long bits = Units.bytesOfSectors(BITS_SECTOR);
            area.asSlice(bits).fill((byte) 0xff);
            MemorySegment header = area.asSlice(Units.bytesOfSectors(HEADER_SECTOR));
            MAGIC.set(header, 0, BITM);
            VERSION.set(header, 0, USUAL_VERSION);
            String[] words = uuid.split(":");
            for (int i = 0; i < UUID_WORDS; i++) {
                new U32(UUID + i * Integer.BYTES).set(header, 0, Long.parseLong(words[i], 16));
            }
            SYNC_SIZE.set(header, 0, area.byteSize() - bits);
            CHUNK_BYTES.set(header, 0, Units.bytesOfSectors(chunkSectors));
            DAEMON_SLEEP.set(header, 0, USUAL_SLEEP_SECONDS);
            disk.write(consistency.sector(), area);
            disk.flush();
        }
    }

    /** Whether the area has a bit for every chunk of what is counted. */
    public static boolean hasRoom(long countedSectors, long chunkSectors) {
        long bits = Units.ceilDiv(countedSectors, chunkSectors);
        return Units.ceilDiv(bits, Byte.SIZE) <= Units.bytesOfSectors(AREA_SECTORS - BITS_SECTOR);
    }

    /** Sectors of a member that one bit stands for; empty when these are not the bytes of such a superblock. */
    public static OptionalLong chunkSectors(MemorySegment header) {
        long bytes = CHUNK_BYTES.get(header, 0);
        boolean known = MAGIC.get(header, 0) == BITM
                && VERSION.get(header, 0) == USUAL_VERSION
                && Long.bitCount(bytes) == 1
                && bytes >= Buffers.PAGE_BYTES;
        return known ? OptionalLong.of(Units.sectorsOfBytesExact(bytes)) : OptionalLong.empty();
    }
}
