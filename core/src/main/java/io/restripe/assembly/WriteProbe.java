package io.restripe.assembly;

import io.restripe.disk.Buffers;
import io.restripe.disk.Disk;
import io.restripe.disk.DiskException;
import io.restripe.unit.Units;
import java.lang.foreign.MemorySegment;

/** Finds out whether a disk takes writes, by giving its last sector the bytes that are there. */
final class WriteProbe {
    private WriteProbe() {}

    /** @throws DiskException when it does not */
    static void of(Disk disk) throws DiskException {
        long block = Units.sectorsOfBytesExact(disk.logicalSectorBytes());
        long last = Units.floorToUnit(disk.sectors(), block) - block;
        MemorySegment sector = Buffers.allocate(block);
        disk.read(last, sector);
        disk.write(last, sector);
        disk.flush();
    }
}
