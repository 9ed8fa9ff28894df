package io.restripe.metadata.imsm;

import io.restripe.codec.U16;
import io.restripe.codec.U32;
import io.restripe.codec.U8;
import io.restripe.metadata.MetadataException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * The bad-block log at the end of the MPB (docs/imsm.md, 2.10).
 *
 * <pre> 0 signature  4 count  8 entries: 0 blocks-1 u8  1 disk u8  2 start(lo) u16  4 start(hi) u32 </pre>
 */
final class BadBlockCodec {
    static final int HEAD_BYTES = 8;
    static final int ENTRY_BYTES = 8;
    static final int MAX_ENTRIES = 254;
    private static final int MAX_BLOCKS = 256;
    private static final long SIGNATURE_VALUE = 0xABADB10CL;
    private static final U32 SIGNATURE = new U32(0);
    private static final U32 COUNT = new U32(4);
    private static final U8 LENGTH = new U8(0);
    private static final U8 DISK = new U8(1);
    private static final U16 START_LOW = new U16(2);
    private static final U32 START_HIGH = new U32(4);
    private static final String STRUCTURE = "bad-block log";

    private BadBlockCodec() {}

    static List<BadBlock> decode(Region region, long at, long size, List<DiskEntry> disks) throws MetadataException {
        region.need(STRUCTURE, at, HEAD_BYTES, at + size);
        MemorySegment raw = region.bytes();
        if (SIGNATURE.get(raw, at) != SIGNATURE_VALUE) {
            throw region.bad(
                    STRUCTURE,
                    at,
                    "signature " + Long.toHexString(SIGNATURE.get(raw, at)) + ", expected "
                            + Long.toHexString(SIGNATURE_VALUE));
        }
        long count = COUNT.get(raw, at);
        if (count > MAX_ENTRIES || size != HEAD_BYTES + ENTRY_BYTES * count) {
            throw region.bad(
                    STRUCTURE,
                    at + COUNT.offset(),
                    count + " entries in " + size + " bytes, expected at most " + MAX_ENTRIES
                            + " and 8 + 8 bytes each");
        }
        List<BadBlock> entries = new ArrayList<>();
        for (long entry = at + HEAD_BYTES; entry < at + size; entry += ENTRY_BYTES) {
            int disk = DISK.get(raw, entry);
            if (disk >= disks.size()) {
                throw region.bad(STRUCTURE, entry + DISK.offset(), "disk " + disk + " of a table of " + disks.size());
            }
            long start = START_LOW.get(raw, entry) | START_HIGH.get(raw, entry) << Short.SIZE;
            long length = LENGTH.get(raw, entry) + 1L;
            entries.add(new BadBlock(
                    disk,
                    region.sectors(STRUCTURE, entry + START_LOW.offset(), "start", start),
                    region.blocks().toSectors(length)));
        }
        return entries;
    }

    /** Bytes the log takes; 0 when it is empty. */
    static int bytes(List<BadBlock> log, Blocks blocks) {
        int entries = entries(log, blocks);
        return entries == 0 ? 0 : HEAD_BYTES + ENTRY_BYTES * entries;
    }

    /** How many entries it takes; no log may have more than {@link #MAX_ENTRIES}. */
    static int entries(List<BadBlock> log, Blocks blocks) {
        int entries = 0;
        for (BadBlock bad : log) {
            entries += pieces(bad, blocks);
        }
        return entries;
    }

    private static int pieces(BadBlock bad, Blocks blocks) {
        return Math.toIntExact((blockCount(bad, blocks) + MAX_BLOCKS - 1) / MAX_BLOCKS);
    }

    private static long firstBlock(BadBlock bad, Blocks blocks) {
        return bad.sector() / blocks.sectorsPerBlock();
    }

    private static long blockCount(BadBlock bad, Blocks blocks) {
        long per = blocks.sectorsPerBlock();
        return (bad.sector() + bad.sectors() + per - 1) / per - firstBlock(bad, blocks);
    }

    static void encode(List<BadBlock> log, Blocks blocks, MemorySegment into, long at) {
        int total = bytes(log, blocks);
        if (total == 0) {
            return;
        }
        SIGNATURE.set(into, at, SIGNATURE_VALUE);
        COUNT.set(into, at, (total - HEAD_BYTES) / ENTRY_BYTES);
        long entry = at + HEAD_BYTES;
        for (BadBlock bad : log) {
            long start = firstBlock(bad, blocks);
            for (long left = blockCount(bad, blocks); left > 0; left -= MAX_BLOCKS) {
                int length = (int) Math.min(left, MAX_BLOCKS);
                LENGTH.set(into, entry, length - 1);
                DISK.set(into, entry, bad.disk());
                START_LOW.set(into, entry, (int) (start & 0xffff));
                START_HIGH.set(into, entry, start >>> Short.SIZE);
                start += length;
                entry += ENTRY_BYTES;
            }
        }
    }
}
