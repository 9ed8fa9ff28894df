package io.restripe.assembly;

import io.restripe.assembly.ForeignData.Finding;
import io.restripe.unit.Units;
import java.util.List;

/**
 * Metadata of other RAIDs: md's own superblocks, DDF's anchor, and vendors whose signature is a distinctive text near the end of
 * the disk. Stateless. Sources: the kernel's description of md superblocks (md.4); SNIA's DDF specification, section 5.
 */
final class RaidSignatures {
    private static final int MD_MAGIC = 0xA92B4EFC;
    private static final long KIB = 1024;
    private static final long MD_090_RESERVED = 64 * KIB;
    private static final long MD_12_AT = 4 * KIB;
    private static final long MD_10_DISTANCE = 8 * KIB;
    private static final long MD_10_ALIGNMENT = 4 * KIB;

    /** 0xDE11DE11, stored with the high byte first. */
    private static final String DDF_MAGIC = "\u00DE\u0011\u00DE\u0011";

    private record Vendor(String name, String bytes) {}

    private static final List<Vendor> VENDORS = List.of(
            new Vendor("Promise RAID metadata", "Promise Technology, Inc."),
            new Vendor("NVIDIA RAID metadata", "NVIDIA  "),
            new Vendor("LSI MegaRAID metadata", "$XIDE$"));

    /** Vendors keep their metadata within the last 256 sectors. */
    private static final int VENDOR_SECTORS = 256;

    private RaidSignatures() {}

    static void probe(DiskEnds disk, List<Finding> found) {
        probeMd(disk, found);
        for (int unit : new int[] {Units.SECTOR_BYTES, Units.SECTOR_BYTES * 8}) {
            long anchor = disk.sizeBytes() - unit;
            if (disk.has(anchor, DDF_MAGIC)) {
                found.add(new Finding("DDF RAID metadata", anchor));
            }
        }
        for (int i = 1; i <= VENDOR_SECTORS; i++) {
            long at = disk.sizeBytes() - Units.bytesOfSectors(i);
            for (Vendor vendor : VENDORS) {
                if (disk.has(at, vendor.bytes)) {
                    found.add(new Finding(vendor.name, at));
                }
            }
        }
    }

    /**
     * 1.0: at least 8 KiB and less than 12 KiB from the end, at a multiple of 4 KiB. 1.1: at the start. 1.2: 4 KiB from the start. 0.90:
     * the last 64 KiB that are aligned to 64 KiB and whole.
     */
    private static void probeMd(DiskEnds disk, List<Finding> found) {
        long size = disk.sizeBytes();
        md(disk, 0, 1, "1.1", found);
        md(disk, MD_12_AT, 1, "1.2", found);
        md(disk, Units.floorToUnit(Math.max(0, size - MD_10_DISTANCE), MD_10_ALIGNMENT), 1, "1.0", found);
        md(disk, size - size % MD_090_RESERVED - MD_090_RESERVED, 0, "0.90", found);
    }

    private static void md(DiskEnds disk, long at, int major, String version, List<Finding> found) {
        boolean magic = disk.bits32(at) == MD_MAGIC || disk.bits32(at) == Integer.reverseBytes(MD_MAGIC);
        int there = disk.bits32(at + 4);
        if (magic && (there == major || there == Integer.reverseBytes(major))) {
            found.add(new Finding("Linux md superblock " + version, at));
        }
    }
}
