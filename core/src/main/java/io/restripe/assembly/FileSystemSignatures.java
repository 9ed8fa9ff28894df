package io.restripe.assembly;

import io.restripe.assembly.ForeignData.Finding;
import io.restripe.unit.Units;
import java.util.List;

/**
 * File systems, swap, encryption and volume managers, by the signature that each documents for its superblock. Stateless.
 *
 * <p>Sources: the kernel's documentation of ext4, xfs and btrfs disk structures; the FAT and NTFS boot sector as their vendor
 * published it; the LUKS on-disk format; the OpenZFS on-disk format; LVM2's label as its manual pages tell.
 */
final class FileSystemSignatures {
    private static final long KIB = 1024;

    private static final long EXT_SUPERBLOCK = KIB;
    private static final int EXT_MAGIC = 0xEF53;
    private static final int EXT_LARGEST_LOG_BLOCK = 6;
    private static final int EXT_HAS_JOURNAL = 0x4;
    /** Extents, 64 bit, flexible block groups: any of them makes it ext4. */
    private static final int EXT4_INCOMPATIBLE = 0x40 | 0x80 | 0x200;

    private static final long ZFS_LABEL = 256 * KIB;
    private static final long ZFS_UBERBLOCKS = 128 * KIB;
    private static final long ZFS_MAGIC = 0x00BAB10CL;

    private static final int BOOT_MARK = 0xAA55;

    /** A signature at a fixed place. */
    private record Fixed(String what, long atByte, String bytes) {}

    private static final List<Fixed> FIXED = List.of(
            new Fixed("XFS file system", 0, "XFSB"),
            new Fixed("Btrfs file system", 64 * KIB + 64, "_BHRfS_M"),
            new Fixed("F2FS file system", KIB, "\u0010 \u00F5\u00F2"),
            new Fixed("ISO 9660 file system", 32 * KIB + 1, "CD001"),
            new Fixed("NTFS file system", 3, "NTFS    "),
            new Fixed("exFAT file system", 3, "EXFAT   "),
            new Fixed("LUKS encryption", 0, "LUKS\u00BA\u00BE"),
            new Fixed("LUKS encryption, second header", 16 * KIB, "SKUL\u00BA\u00BE"),
            new Fixed("BitLocker encryption", 3, "-FVE-FS-"));

    private static final List<Long> SWAP_PAGE_BYTES = List.of(4 * KIB, 8 * KIB, 16 * KIB, 64 * KIB);
    private static final int SWAP_MARK_BYTES = 10;
    private static final int LVM_LABEL_SECTORS = 4;

    private FileSystemSignatures() {}

    static void probe(DiskEnds disk, List<Finding> found) {
        for (Fixed signature : FIXED) {
            if (disk.has(signature.atByte, signature.bytes)) {
                found.add(new Finding(signature.what, signature.atByte));
            }
        }
        probeExt(disk, found);
        probeFat(disk, found);
        probeSwap(disk, found);
        probeLvm(disk, found);
        probeZfs(disk, found);
    }

    /** <pre> 4 blocks(lo)  24 log2(block / 1 KiB)  56 magic(u16)  92 compatible  96 incompatible features </pre> */
    private static void probeExt(DiskEnds disk, List<Finding> found) {
        long at = EXT_SUPERBLOCK;
        boolean sane = disk.u32(at + 4) > 0 && disk.u32(at + 24) <= EXT_LARGEST_LOG_BLOCK;
        if (disk.u16(at + 56) != EXT_MAGIC || !sane) {
            return;
        }
        String version = "ext2";
        if ((disk.bits32(at + 96) & EXT4_INCOMPATIBLE) != 0) {
            version = "ext4";
        } else if ((disk.bits32(at + 92) & EXT_HAS_JOURNAL) != 0) {
            version = "ext3";
        }
        found.add(new Finding(version + " file system", at + 56));
    }

    private static void probeFat(DiskEnds disk, List<Finding> found) {
        if (disk.u16(PartitionTables.BOOT_MARK_AT) != BOOT_MARK) {
            return;
        }
        if (disk.has(82, "FAT32   ")) {
            found.add(new Finding("FAT file system", 82));
        } else if (disk.has(54, "FAT12   ") || disk.has(54, "FAT16   ") || disk.has(54, "FAT     ")) {
            found.add(new Finding("FAT file system", 54));
        }
    }

    /** The mark ends the first page, whatever the page size of the machine that made it. */
    private static void probeSwap(DiskEnds disk, List<Finding> found) {
        for (long pageBytes : SWAP_PAGE_BYTES) {
            long at = pageBytes - SWAP_MARK_BYTES;
            if (disk.has(at, "SWAPSPACE2") || disk.has(at, "SWAP-SPACE")) {
                found.add(new Finding("swap space", at));
            } else if (disk.has(at, "S1SUSPEND") || disk.has(at, "LINHIB0001")) {
                found.add(new Finding("swap space with a suspended system", at));
            }
        }
    }

    /** The label is in one of the first four sectors. */
    private static void probeLvm(DiskEnds disk, List<Finding> found) {
        for (int sector = 0; sector < LVM_LABEL_SECTORS; sector++) {
            long at = Units.bytesOfSectors(sector);
            if (disk.has(at, "LABELONE") && disk.has(at + 24, "LVM2 001")) {
                found.add(new Finding("LVM physical volume", at));
            }
        }
    }

    /** Four labels of 256 KiB, two at either end; the second half of each holds uberblocks, at 1 KiB or a multiple. */
    private static void probeZfs(DiskEnds disk, List<Finding> found) {
        long end = disk.sizeBytes() - disk.sizeBytes() % ZFS_LABEL;
        for (long label : new long[] {0, ZFS_LABEL, end - 2 * ZFS_LABEL, end - ZFS_LABEL}) {
            for (long at = label + ZFS_UBERBLOCKS; at < label + ZFS_LABEL; at += KIB) {
                long magic = disk.bits64(at);
                if (magic == ZFS_MAGIC || magic == Long.reverseBytes(ZFS_MAGIC)) {
                    found.add(new Finding("ZFS label", at));
                    return;
                }
            }
        }
    }
}
