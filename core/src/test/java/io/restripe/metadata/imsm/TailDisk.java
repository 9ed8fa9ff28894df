package io.restripe.metadata.imsm;

import io.restripe.disk.Disk;
import io.restripe.disk.DiskException;
import io.restripe.disk.DiskException.Operation;
import io.restripe.unit.Units;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * The last bytes of a disk that may be terabytes large; what lies before reads as zeros and must not be written. Keeps a log of writes
 * and flushes, shared between disks when a test wants their order, and fails when it is told to.
 */
final class TailDisk implements Disk {
    private final String name;
    private final long sectors;
    private final int logicalSectorBytes;
    private final byte[] tail;
    private final List<String> log;
    private int writesUntilFailure = Integer.MAX_VALUE;

    TailDisk(String name, long sectors, int logicalSectorBytes, byte[] tail, List<String> log) {
        this.name = name;
        this.sectors = sectors;
        this.logicalSectorBytes = logicalSectorBytes;
        this.tail = tail;
        this.log = log;
    }

    TailDisk(String name, long sectors, int logicalSectorBytes) {
        this(name, sectors, logicalSectorBytes, new byte[Units.bufferBytesOfSectors(2210)], new ArrayList<>());
    }

    /** The write after so many more fails, and all after it. */
    void failAfterWrites(int count) {
        writesUntilFailure = count;
    }

    byte[] tail() {
        return tail;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public long sectors() {
        return sectors;
    }

    @Override
    public int logicalSectorBytes() {
        return logicalSectorBytes;
    }

    private long start() {
        return sectors - Units.sectorsOfBytesExact(tail.length);
    }

    private int offset(long sector) {
        return Units.bufferBytesOfSectors(sector - start());
    }

    @Override
    public void read(long sector, MemorySegment into) throws DiskException {
        check(Operation.READ, sector, into.byteSize());
        into.fill((byte) 0);
        if (sector >= start()) {
            MemorySegment.copy(tail, offset(sector), into, ValueLayout.JAVA_BYTE, 0, Math.toIntExact(into.byteSize()));
        }
    }

    @Override
    public void write(long sector, MemorySegment from) throws DiskException {
        check(Operation.WRITE, sector, from.byteSize());
        long length = Units.sectorsOfBytesExact(from.byteSize());
        if (writesUntilFailure-- <= 0) {
            throw new DiskException(name, Operation.WRITE, sector, length, "the test says so");
        }
        log.add(name + " write " + (sector - sectors) + "+" + length);
        MemorySegment.copy(from, 0, MemorySegment.ofArray(tail), offset(sector), from.byteSize());
    }

    @Override
    public void flush() {
        log.add(name + " flush");
    }

    @Override
    public void close() {}

    private void check(Operation operation, long sector, long bytes) throws DiskException {
        long length = Units.sectorsOfBytesExact(bytes);
        if (sector < 0 || sector + length > sectors) {
            throw new DiskException(name, operation, sector, length, "beyond the end at " + sectors);
        }
    }
}
