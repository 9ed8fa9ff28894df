package io.restripe.metadata.imsm;

import io.restripe.disk.Disk;
import io.restripe.disk.DiskException;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.MetadataException;
import io.restripe.unit.Units;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * Where the metadata lies on a disk (docs/imsm.md, chapter 1), counted in the disk's own sectors from its end:
 *
 * <pre>   ... | MPB 1 | MPB 2 | ... | MPB n-1 | MPB 0 (anchor) | migration record |   end of the disk   </pre>
 */
final class Placement {
    /** Sectors of 512 bytes behind the copy area of the smallest member: what record and MPB may use. */
    private static final long TAIL_SECTORS = 161;

    /**
     * From the end of a disk: behind the copy area, which ends before the tail of the smallest member, and far in front of the largest MPB
     * that two volumes of 255 disks with a full log of bad blocks make, some 20 KiB (docs/imsm.md, chapter 1).
     */
    private static final long UNUSED_SECTORS_FROM_END = 160;

    private static final long BUFFER_ALIGNMENT = 4096;

    private Placement() {}

    static Blocks blocks(Disk disk) {
        return new Blocks(disk.logicalSectorBytes());
    }

    /** The most bytes an MPB may have. */
    static long maxMpbBytes(Blocks blocks) {
        long blocksInTail = TAIL_SECTORS / blocks.sectorsPerBlock();
        return (blocksInTail - 1) * blocks.sectorBytes();
    }

    /** Size of a disk as metadata speaks of it: whole blocks. */
    static long usableSectors(Disk disk) {
        return Units.floorToUnit(disk.sectors(), blocks(disk).sectorsPerBlock());
    }

    /** What an MPB and the migration record behind it take at the end of every disk. */
    static long metadataSectors(Mpb mpb, Blocks blocks) {
        return blocks.toSectors(Units.ceilDiv(MpbCodec.bytes(mpb, blocks), blocks.sectorBytes()) + 1);
    }

    /** The size of sectors at whose place from the end there is an anchor, whatever the disk's own is; the smaller of two. */
    static OptionalInt sectorBytes(Disk disk) throws DiskException {
        for (Blocks blocks : List.of(Blocks.SMALL, Blocks.LARGE)) {
            long block = blocks.sectorsPerBlock();
            long end = Units.floorToUnit(disk.sectors(), block);
            if (blocks.sectorBytes() >= disk.logicalSectorBytes() && end >= 2 * block) {
                try (Arena arena = Arena.ofConfined()) {
                    MemorySegment anchor = arena.allocate(blocks.sectorBytes(), BUFFER_ALIGNMENT);
                    disk.read(end - 2 * block, anchor);
                    if (MpbCodec.hasSignature(anchor) || MpbCodec.resemblesSignature(anchor)) {
                        return OptionalInt.of(blocks.sectorBytes());
                    }
                }
            }
        }
        return OptionalInt.empty();
    }

    /** The MPB's bytes; empty when the disk does not carry the signature. The size is checked, the checksum not yet. */
    static Optional<Region> readMpb(MemberDisk member) throws DiskException, MetadataException {
        Disk disk = member.disk();
        Blocks blocks = blocks(disk);
        long block = blocks.sectorsPerBlock();
        long end = usableSectors(disk);
        if (end < 2 * block) {
            return Optional.empty();
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment anchor = arena.allocate(blocks.sectorBytes(), BUFFER_ALIGNMENT);
            disk.read(end - 2 * block, anchor);
            if (!MpbCodec.hasSignature(anchor)) {
                if (MpbCodec.resemblesSignature(anchor)) {
                    throw MpbCodec.noSignature(new Region(member.name(), anchor, blocks));
                }
                return Optional.empty();
            }
            int size = MpbCodec.announcedBytes(new Region(member.name(), anchor, blocks));
            long count = Units.ceilDiv(size, blocks.sectorBytes());
            if ((count + 1) * block > end) {
                throw new MetadataException(
                        member.name(), "MPB header", 0x24, "size " + size + " bytes on a disk of " + end + " sectors");
            }
            MemorySegment mpb = MemorySegment.ofArray(new byte[size]);
            int inAnchor = Math.min(size, blocks.sectorBytes());
            MemorySegment.copy(anchor, 0, mpb, 0, inAnchor);
            if (count > 1) {
                MemorySegment rest = arena.allocate((count - 1) * blocks.sectorBytes(), BUFFER_ALIGNMENT);
                disk.read(end - (count + 1) * block, rest);
                MemorySegment.copy(rest, 0, mpb, inAnchor, size - inAnchor);
            }
            return Optional.of(new Region(member.name(), mpb, blocks));
        }
    }

    /** The sector of the anchor; negative on a disk that has no room for one. */
    static long anchorSector(Disk disk) {
        return usableSectors(disk) - 2L * blocks(disk).sectorsPerBlock();
    }

    /** The first of 8 sectors that stay unused; empty on a disk that is no larger than what metadata takes. */
    static OptionalLong unusedSector(Disk disk) {
        long sector = usableSectors(disk) - UNUSED_SECTORS_FROM_END;
        return usableSectors(disk) > VolumeCreation.METADATA_SECTORS ? OptionalLong.of(sector) : OptionalLong.empty();
    }

    /** The last sector's bytes. */
    static Region readRecord(MemberDisk member) throws DiskException {
        Blocks blocks = blocks(member.disk());
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment sector = arena.allocate(blocks.sectorBytes(), BUFFER_ALIGNMENT);
            member.disk().read(usableSectors(member.disk()) - blocks.sectorsPerBlock(), sector);
            return new Region(member.name(), MemorySegment.ofArray(sector.toArray(ValueLayout.JAVA_BYTE)), blocks);
        }
    }

    /** Writes an MPB: its later sectors, flush, then the anchor that makes them valid, flush. */
    static void writeMpb(Disk disk, byte[] mpb) throws DiskException {
        Blocks blocks = blocks(disk);
        long block = blocks.sectorsPerBlock();
        long end = usableSectors(disk);
        long count = Units.ceilDiv(mpb.length, blocks.sectorBytes());
        if (mpb.length > maxMpbBytes(blocks) || (count + 1) * block > end) {
            throw new IllegalArgumentException(
                    "an MPB of " + mpb.length + " bytes has no room at the end of " + disk.name());
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment all = arena.allocate(count * blocks.sectorBytes(), BUFFER_ALIGNMENT);
            MemorySegment.copy(mpb, 0, all, ValueLayout.JAVA_BYTE, 0, mpb.length);
            if (count > 1) {
                disk.write(end - (count + 1) * block, all.asSlice(blocks.sectorBytes()));
                disk.flush();
            }
            disk.write(end - 2 * block, all.asSlice(0, blocks.sectorBytes()));
            disk.flush();
        }
    }

    /** Writes the record sector, zeros behind the record, and flushes. */
    static void writeRecord(Disk disk, byte[] record) throws DiskException {
        Blocks blocks = blocks(disk);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment sector = arena.allocate(blocks.sectorBytes(), BUFFER_ALIGNMENT);
            MemorySegment.copy(record, 0, sector, ValueLayout.JAVA_BYTE, 0, record.length);
            disk.write(usableSectors(disk) - blocks.sectorsPerBlock(), sector);
            disk.flush();
        }
    }

    /** Zeroes the record sector and flushes. */
    static void clearRecord(Disk disk) throws DiskException {
        writeRecord(disk, new byte[0]);
    }

    /** Zeroes the anchor, which ends the metadata's life, then the record sector; flushed. */
    static void wipe(Disk disk) throws DiskException {
        Blocks blocks = blocks(disk);
        long end = usableSectors(disk);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment both = arena.allocate(2L * blocks.sectorBytes(), BUFFER_ALIGNMENT);
            disk.write(end - 2L * blocks.sectorsPerBlock(), both);
            disk.flush();
        }
    }
}
