package io.restripe.metadata.imsm;

import java.lang.foreign.MemorySegment;
import java.util.List;

/** The record that a disk without volumes carries (docs/imsm.md, 2.9): an MPB of one sector that names only itself. */
final class SpareRecord {
    private static final String VERSION = "1.0.00";

    private SpareRecord() {}

    static byte[] encode(SpareDisk spare, Blocks blocks) {
        Mpb plain = new Mpb(
                new MpbHeader(MpbCodec.freshHead(), VERSION, 0, 1, Attributes.VERIFY_CHECKSUM, 0, 0, 0),
                List.of(DiskEntry.fresh(spare.serial(), spare.totalSectors(), DiskEntry.SPARE)),
                List.of(),
                Raw.zeros(0),
                List.of());
        MpbHeader header = plain.header();
        Mpb sized = plain.withHeader(header.withAttributes(VERSION, Attributes.normalised(plain, blocks)));
        byte[] bytes = MpbCodec.encode(sized, blocks);
        long sum = Checksum.of(MemorySegment.ofArray(bytes), bytes.length);
        MpbHeader named = sized.header();
        return MpbCodec.encode(
                sized.withHeader(new MpbHeader(named.raw(), VERSION, sum, 1, named.attributes(), 0, 0, 0)), blocks);
    }
}
