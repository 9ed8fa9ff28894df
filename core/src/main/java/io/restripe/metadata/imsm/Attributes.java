package io.restripe.metadata.imsm;

import java.util.List;

/** The attribute bits of the header and what they mean (docs/imsm.md, 1.2). */
final class Attributes {
    static final long RAID0 = 0x1;
    static final long RAID1 = 0x2;
    static final long RAID10 = 0x4;
    static final long RAID5 = 0x10;
    static final long LARGE_STRIPS = 0x40;
    static final long RAID10_MANY_DISKS = 0x80;
    static final long LARGE_DISKS = 0x0400_0000L;
    static final long BAD_BLOCK_LOG = 0x0800_0000L;
    static final long LARGE_VOLUMES = 0x2000_0000L;
    static final long NEVER_USE = 0x4000_0000L;
    static final long VERIFY_CHECKSUM = 0x8000_0000L;

    private static final long LEVELS = RAID0 | RAID1 | RAID10 | RAID5;
    private static final long SUPPORTED = LEVELS
            | LARGE_STRIPS
            | RAID10_MANY_DISKS
            | LARGE_DISKS
            | BAD_BLOCK_LOG
            | LARGE_VOLUMES
            | NEVER_USE
            | VERIFY_CHECKSUM;
    /** What a disk, an address or a size must exceed to need the upper halves. */
    private static final long LOW_HALF = 0xffff_ffffL;

    private Attributes() {}

    /** Bits that nobody told us the meaning of: such metadata is read, and never written. */
    static long unsupported(long attributes) {
        return attributes & ~SUPPORTED;
    }

    /** The attributes as they must be for this content: those about sizes and the log follow from it, all others stay. */
    static long normalised(Mpb mpb, Blocks blocks) {
        long result = mpb.header().attributes() | VERIFY_CHECKSUM;
        if (needsLargeDisks(mpb, blocks)) {
            result |= LARGE_DISKS;
        }
        if (mpb.volumes().stream().anyMatch(v -> blocks.toBlocks(v.sizeSectors()) > LOW_HALF)) {
            result |= LARGE_VOLUMES;
        }
        return mpb.badBlocks().isEmpty() ? result & ~BAD_BLOCK_LOG : result | BAD_BLOCK_LOG;
    }

    private static boolean needsLargeDisks(Mpb mpb, Blocks blocks) {
        return mpb.disks().stream().anyMatch(d -> blocks.toBlocks(d.totalSectors()) > LOW_HALF)
                || mpb.volumes().stream().anyMatch(v -> v.map0().stripes() > LOW_HALF);
    }

    /** The bits of the levels in use, for metadata of version 1.3.00. */
    static long withLevels(long attributes, List<VolumeEntry> volumes) {
        long result = attributes & ~(LEVELS | RAID10_MANY_DISKS);
        for (VolumeEntry volume : volumes) {
            MapEntry map = volume.map0();
            result |= switch (map.storedLevel()) {
                case 0 -> RAID0;
                case 5 -> RAID5;
                default -> map.members() == 2 ? RAID1 : RAID10;
            };
        }
        return result;
    }
}
