package io.restripe.disk;

import io.restripe.os.Errno;
import io.restripe.os.FileHoles;
import io.restripe.os.SystemCallException;
import io.restripe.os.SystemFile;
import io.restripe.unit.Units;

/** Where one file has holes, rounded so that a hole is whole sectors of the disk. Any thread. */
final class FileExtents {
    private final SystemFile file;
    private final int unitBytes;
    /** A system that cannot tell is asked once. */
    private volatile boolean tells = true;

    FileExtents(SystemFile file, int unitBytes) {
        this.file = file;
        this.unitBytes = unitBytes;
    }

    /** How the range, whole sectors of the disk, begins. */
    Extent extent(long sector, long sectors) throws SystemCallException {
        long from = Units.bytesOfSectors(sector);
        long end = from + Units.bytesOfSectors(sectors);
        if (!tells) {
            return Extent.data(sectors);
        }
        try {
            long data = FileHoles.nextData(file, from);
            long holeEnd = data == FileHoles.NO_DATA ? end : Units.floorToUnit(Math.min(data, end), unitBytes);
            if (holeEnd > from) {
                return new Extent(Units.sectorsOfBytesExact(holeEnd - from), true);
            }
            long hole = Units.ceilToUnit(FileHoles.nextHole(file, from), unitBytes);
            return Extent.data(Units.sectorsOfBytesExact(Math.clamp(hole, from + unitBytes, end) - from));
        } catch (SystemCallException e) {
            if (e.errno() == Errno.EINVAL || e.errno() == Errno.EOPNOTSUPP || e.errno() == Errno.ENXIO) {
                tells = e.errno() == Errno.ENXIO; // which only says that the file is shorter than it was
                return Extent.data(sectors);
            }
            throw e;
        }
    }
}
