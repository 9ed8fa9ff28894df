package io.restripe.metadata.imsm;

import io.restripe.codec.Ascii;
import io.restripe.codec.SplitU64;
import io.restripe.codec.U32;
import io.restripe.metadata.MetadataException;
import java.lang.foreign.MemorySegment;

/**
 * One entry of the disk table (docs/imsm.md, 2.2).
 *
 * <pre> 0 serial[16]  16 blocks(lo)  20 scsi id  24 status  28 owner  32 blocks(hi)  36 filler[12] </pre>
 */
final class DiskEntryCodec {
    private static final Ascii SERIAL = new Ascii(0, Serials.MAX_BYTES);
    private static final SplitU64 BLOCKS = SplitU64.at(16, 32);
    private static final U32 SCSI_ID = new U32(20);
    private static final U32 STATUS = new U32(24);

    private DiskEntryCodec() {}

    static DiskEntry decode(Region region, long at, int index, boolean large) throws MetadataException {
        String structure = "disk " + index;
        MemorySegment raw = region.bytes();
        long blocks = large ? BLOCKS.get(raw, at) : BLOCKS.low().get(raw, at);
        return new DiskEntry(
                Raw.of(raw, at, DiskEntry.BYTES),
                SERIAL.get(raw, at),
                region.sectors(structure, at + BLOCKS.low().offset(), "size", blocks),
                SCSI_ID.get(raw, at),
                STATUS.get(raw, at));
    }

    static void encode(DiskEntry disk, Blocks blocks, boolean large, MemorySegment into, long at) {
        disk.raw().copyTo(into, at);
        SERIAL.set(into, at, disk.serial());
        SCSI_ID.set(into, at, disk.scsiId());
        STATUS.set(into, at, disk.status());
        setSplit(BLOCKS, into, at, blocks.toBlocks(disk.totalSectors()), large);
    }

    /** Without the attribute of large disks the upper half means nothing and stays as it is. */
    static void setSplit(SplitU64 field, MemorySegment into, long at, long value, boolean large) {
        if (large) {
            field.set(into, at, value);
        } else {
            field.low().set(into, at, value);
        }
    }
}
