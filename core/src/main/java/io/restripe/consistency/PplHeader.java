package io.restripe.consistency;

import io.restripe.codec.U32;
import io.restripe.codec.U64;
import io.restripe.geometry.Geometry;
import io.restripe.unit.Units;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.zip.CRC32C;

/**
 * What stands before the partial parity of writes that were logged together (docs/imsm.md, 2.11; the kernel's documentation of raid5-ppl).
 *
 * <pre>
 *   0 reserved[512] 0xff  512 signature u32  516 mark u32  520 generation u64  528 entries u32  532 checksum u32
 * 536 entries of 24 bytes: 0 array sector u64  8 parity bytes u32  12 data bytes u32  16 parity slot u32  20 checksum u32
 * </pre>
 *
 * <p>The mark is ours, in what is padding and 0 to md: members * 2^24 + sectors of a chunk. During a reshape it tells by which geometry the rows
 * are meant.
 *
 * @param mark the geometry of all entries; as md writes it, it is {@link Mark#NONE}
 * @param signature see {@link Consistency}
 * @param generation rises from one to the next, over all members
 */
public record PplHeader(Mark mark, long signature, long generation, List<PplEntry> entries) {
    /** As much of a geometry as tells the two of a reshape apart. */
    public record Mark(long chunkSectors, long members) {
        /** Whoever wrote it had one geometry only. */
        public static final Mark NONE = new Mark(0, 0);

        public static Mark of(Geometry geometry) {
            return new Mark(geometry.chunkSectors(), geometry.members());
        }
    }

    public static final int SECTORS = 8;
    public static final int MOST_ENTRIES = 148;

    private static final int BYTES = 4096;
    private static final int RESERVED_BYTES = 512;
    private static final U32 SIGNATURE = new U32(512);
    private static final U32 MARK = new U32(516);
    private static final int MEMBERS_SHIFT = 24;
    private static final U64 GENERATION = new U64(520);
    private static final U32 COUNT = new U32(528);
    private static final U32 CHECKSUM = new U32(532);
    private static final int ENTRIES = 536;
    private static final int ENTRY_BYTES = 24;
    private static final U64 ARRAY_SECTOR = new U64(0);
    private static final U32 PARITY_BYTES = new U32(8);
    private static final U32 DATA_BYTES = new U32(12);
    private static final U32 PARITY_SLOT = new U32(16);
    private static final U32 ENTRY_CHECKSUM = new U32(20);

    public PplHeader {
        entries = List.copyOf(entries);
        if (entries.size() > MOST_ENTRIES) {
            throw new IllegalArgumentException(entries.size() + " entries in one header of a partial parity log");
        }
    }

    /** Its own sectors and those of the partial parity behind it. */
    public long sectors() {
        long sectors = SECTORS;
        for (PplEntry entry : entries) {
            sectors += entry.paritySectors();
        }
        return sectors;
    }

    /** CRC-32C as entries and headers have it. */
    public static long checksum(MemorySegment bytes) {
        CRC32C sum = new CRC32C();
        sum.update(bytes.asByteBuffer());
        return sum.getValue();
    }

    /** Fills the first {@link #SECTORS} sectors. */
    public void encode(MemorySegment into) {
        MemorySegment header = into.asSlice(0, BYTES);
        header.fill((byte) 0);
        header.asSlice(0, RESERVED_BYTES).fill((byte) 0xff);
        SIGNATURE.set(header, 0, signature);
        MARK.set(header, 0, mark.members() << MEMBERS_SHIFT | mark.chunkSectors());
        GENERATION.set(header, 0, generation);
        COUNT.set(header, 0, entries.size());
        long at = ENTRIES;
        for (PplEntry entry : entries) {
            ARRAY_SECTOR.set(header, at, entry.arraySector());
            PARITY_BYTES.set(header, at, Units.bytesOfSectors(entry.paritySectors()));
            DATA_BYTES.set(header, at, Units.bytesOfSectors(entry.dataSectors()));
            PARITY_SLOT.set(header, at, entry.paritySlot());
            ENTRY_CHECKSUM.set(header, at, entry.checksum());
            at += ENTRY_BYTES;
        }
        CHECKSUM.set(header, 0, checksum(header));
    }

    /** Of the header that these bytes begin with; empty when they do not. */
    public static OptionalLong signatureOf(MemorySegment raw) {
        return decode(raw).map(header -> OptionalLong.of(header.signature())).orElse(OptionalLong.empty());
    }

    /** Empty when these are not the bytes of a header, or were not written whole. */
    static Optional<PplHeader> decode(MemorySegment raw) {
        MemorySegment header = MemorySegment.ofArray(new byte[BYTES]);
        header.copyFrom(raw.asSlice(0, BYTES));
        long stored = CHECKSUM.get(header, 0);
        CHECKSUM.set(header, 0, 0);
        long count = COUNT.get(header, 0);
        if (checksum(header) != stored || count > MOST_ENTRIES) {
            return Optional.empty();
        }
        List<PplEntry> entries = new ArrayList<>();
        for (long at = ENTRIES; at < ENTRIES + count * ENTRY_BYTES; at += ENTRY_BYTES) {
            long parity = PARITY_BYTES.get(header, at);
            long data = DATA_BYTES.get(header, at);
            long slot = PARITY_SLOT.get(header, at);
            boolean whole = parity % Units.SECTOR_BYTES == 0 && data % Units.SECTOR_BYTES == 0 && data > 0;
            if (!whole || slot > Byte.MAX_VALUE * 2 + 1 || ARRAY_SECTOR.get(header, at) < 0) {
                return Optional.empty();
            }
            entries.add(new PplEntry(
                    ARRAY_SECTOR.get(header, at),
                    (int) Units.sectorsOfBytesExact(parity),
                    (int) Units.sectorsOfBytesExact(data),
                    (int) slot,
                    ENTRY_CHECKSUM.get(header, at)));
        }
        long marked = MARK.get(header, 0);
        Mark mark = new Mark(marked & ((1L << MEMBERS_SHIFT) - 1), marked >> MEMBERS_SHIFT);
        return Optional.of(new PplHeader(mark, SIGNATURE.get(header, 0), GENERATION.get(header, 0), entries));
    }
}
