package io.restripe.metadata.imsm;

import io.restripe.unit.Units;

/**
 * The unit in which a disk's metadata counts its blocks: the disk's own sector. The model counts in sectors of 512 bytes; this is the only
 * conversion, at the border (docs/imsm.md, 1.1).
 *
 * @param sectorBytes 512 or 4096
 */
record Blocks(int sectorBytes) {
    /** No position or length may exceed this many sectors of 512 bytes (2 EiB): sums and products of checked values stay in 64 bits. */
    static final long MAX_SECTORS = 1L << 52;

    static final Blocks SMALL = new Blocks(Units.SECTOR_BYTES);
    static final Blocks LARGE = new Blocks(4096);

    Blocks {
        if (sectorBytes != Units.SECTOR_BYTES && sectorBytes != 4096) {
            throw new IllegalArgumentException("a sector of " + sectorBytes + " bytes");
        }
    }

    /** Sectors of 512 bytes in a block. */
    int sectorsPerBlock() {
        return sectorBytes / Units.SECTOR_BYTES;
    }

    long toSectors(long blocks) {
        return Math.multiplyExact(blocks, (long) sectorsPerBlock());
    }

    /** So many sectors, which must be whole blocks. */
    long toBlocks(long sectors) {
        if (sectors % sectorsPerBlock() != 0) {
            throw new IllegalArgumentException(sectors + " sectors are not whole blocks of " + sectorBytes + " bytes");
        }
        return sectors / sectorsPerBlock();
    }
}
