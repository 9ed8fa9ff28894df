package io.restripe.disk;

import io.restripe.os.Errno;
import io.restripe.os.FileStatus;
import io.restripe.os.SystemCallException;
import io.restripe.os.SystemFile;
import io.restripe.unit.Units;
import java.lang.foreign.Arena;

/**
 * What an open file or block device is to a disk over it.
 *
 * @param bufferAlignment of buffers that it takes as they are, in bytes; 1 when requests go through the page cache
 * @param keepsSpace its space was taken on purpose and is not to be given back
 */
record FileShape(long sectors, int logicalSectorBytes, int bufferAlignment, boolean keepsSpace) {
    static FileShape of(String name, SystemFile file, boolean direct) throws DiskException, SystemCallException {
        FileStatus status = file.status();
        boolean device = status.kind() == FileStatus.Kind.BLOCK_DEVICE;
        long bytes = device ? file.deviceBytes() : status.sizeBytes();
        int logical = device ? file.deviceLogicalSectorBytes() : Units.SECTOR_BYTES;
        if (bytes % logical != 0) {
            String why = "its " + bytes + " bytes are not whole sectors of " + logical + " bytes";
            throw FileDisk.openFailed(name, why, null);
        }
        int memory = status.directMemoryBytes() == 0 ? Buffers.PAGE_BYTES : status.directMemoryBytes();
        boolean keepsSpace = !device && status.allocatedBytes() >= bytes;
        return new FileShape(Units.sectorsOfBytesExact(bytes), logical, direct ? memory : 1, keepsSpace);
    }

    /** Whether the file system takes direct requests of single sectors: some demand larger units, some know none at all. */
    boolean directWorks(SystemFile file) throws SystemCallException {
        if (Units.bytesOfSectors(sectors) < 2L * logicalSectorBytes) {
            return false;
        }
        try (Arena arena = Arena.ofConfined()) {
            long read = file.read(logicalSectorBytes, arena.allocate(logicalSectorBytes, Buffers.PAGE_BYTES));
            return read == logicalSectorBytes;
        } catch (SystemCallException e) {
            return !isRefusalOfDirect(e); // an unreadable sector says nothing; whoever reads it will be told
        }
    }

    static boolean isRefusalOfDirect(SystemCallException e) {
        return e.errno() == Errno.EINVAL || e.errno() == Errno.EOPNOTSUPP;
    }
}
