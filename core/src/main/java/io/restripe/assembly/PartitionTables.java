package io.restripe.assembly;

import io.restripe.assembly.ForeignData.Finding;
import io.restripe.unit.Units;
import java.util.List;

/**
 * MBR and GPT. A boot mark alone is no table: file systems put one into their boot sectors too, so an MBR counts only when its four
 * entries make sense. Stateless.
 *
 * <pre> MBR:  446 entry * 4  510 mark(u16);   entry:  0 status(u8)  4 type(u8)  8 start(u32)  12 sectors(u32)
 * GPT:  "EFI PART" in the device's sector 1 and in its last one </pre>
 * Source: the UEFI specification, chapter 5.
 */
final class PartitionTables {
    static final int BOOT_MARK_AT = 510;

    private static final int BOOT_MARK = 0xAA55;
    private static final int ENTRIES_AT = 446;
    private static final int ENTRY_BYTES = 16;
    private static final int ENTRIES = 4;
    private static final int ACTIVE = 0x80;
    private static final int PROTECTIVE = 0xEE;

    private PartitionTables() {}

    static void probe(DiskEnds disk, int deviceSectorBytes, List<Finding> found) {
        for (int unit : new int[] {Units.SECTOR_BYTES, Units.SECTOR_BYTES * 8}) {
            probeGpt(disk, unit, found);
        }
        probeMbr(disk, deviceSectorBytes, found);
    }

    private static void probeGpt(DiskEnds disk, int unitBytes, List<Finding> found) {
        long backup = disk.sizeBytes() - unitBytes;
        for (long at : new long[] {unitBytes, backup}) {
            if (disk.has(at, "EFI PART")) {
                found.add(new Finding(at == backup ? "GPT partition table, backup" : "GPT partition table", at));
            }
        }
    }

    private static void probeMbr(DiskEnds disk, int deviceSectorBytes, List<Finding> found) {
        if (disk.u16(BOOT_MARK_AT) != BOOT_MARK) {
            return;
        }
        int used = 0;
        boolean protective = false;
        for (int i = 0; i < ENTRIES; i++) {
            long at = ENTRIES_AT + (long) i * ENTRY_BYTES;
            int status = disk.u8(at);
            int type = disk.u8(at + 4);
            long start = disk.u32(at + 8);
            if (status != 0 && status != ACTIVE) {
                return;
            }
            if (type != 0) {
                // The end may lie past a disk that is smaller than the one the table was made for; the start may not be
                // 0.
                boolean inside = start > 0 && start * deviceSectorBytes < disk.sizeBytes();
                if (!inside || disk.u32(at + 12) == 0) {
                    return;
                }
                used++;
                protective |= type == PROTECTIVE;
            }
        }
        if (used > 0) {
            found.add(new Finding(
                    protective ? "protective MBR of a GPT" : "MBR partition table (" + used + " in use)",
                    BOOT_MARK_AT));
        }
    }
}
