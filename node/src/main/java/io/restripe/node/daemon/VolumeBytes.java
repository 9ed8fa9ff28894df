package io.restripe.node.daemon;

import io.restripe.disk.Disk;
import io.restripe.disk.DiskException;
import io.restripe.env.Env;
import io.restripe.unit.Units;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.locks.Lock;

/**
 * A volume by bytes instead of sectors. Reads round outwards; a write that begins or ends inside a sector reads that sector first, and
 * such writes exclude each other, so that two neighbours in one sector both survive. Any thread may call.
 */
public final class VolumeBytes {
    private final Disk disk;
    private final Lock edges;
    private final int unitBytes;

    public VolumeBytes(Env env, Disk disk) {
        this.disk = disk;
        this.edges = env.newLock();
        this.unitBytes = disk.logicalSectorBytes();
    }

    /** Whether this is a view of that very disk. */
    boolean current(Disk other) {
        return disk == other;
    }

    /** Capacity. */
    public long sizeBytes() {
        return Units.bytesOfSectors(disk.sectors());
    }

    /** What a buffer needs beyond the bytes asked for, so that both ends can be rounded outwards. */
    public int slackBytes() {
        return 2 * unitBytes;
    }

    /**
     * Reads so many bytes.
     *
     * @param scratch native memory of at least {@code length} plus {@link #slackBytes}
     * @return the bytes, a slice of scratch
     */
    public MemorySegment read(long offsetBytes, long length, MemorySegment scratch) throws DiskException {
        long start = Units.floorToUnit(offsetBytes, unitBytes);
        long end = Units.ceilToUnit(offsetBytes + length, unitBytes);
        disk.read(Units.sectorsOfBytesExact(start), scratch.asSlice(0, end - start));
        return scratch.asSlice(offsetBytes - start, length);
    }

    /** The slice of {@code scratch} into which the caller puts the bytes before it calls {@link #write} with the same arguments. */
    public MemorySegment place(long offsetBytes, long length, MemorySegment scratch) {
        return scratch.asSlice(offsetBytes % unitBytes, length);
    }

    /** Writes the bytes that lie in {@link #place}; not durable before {@link #flush}. */
    public void write(long offsetBytes, long length, MemorySegment scratch) throws DiskException {
        long start = Units.floorToUnit(offsetBytes, unitBytes);
        long end = Units.ceilToUnit(offsetBytes + length, unitBytes);
        MemorySegment whole = scratch.asSlice(0, end - start);
        int head = (int) (offsetBytes - start);
        int tail = (int) (end - offsetBytes - length);
        if (head == 0 && tail == 0) {
            disk.write(Units.sectorsOfBytesExact(start), whole);
            return;
        }
        edges.lock();
        try (var arena = java.lang.foreign.Arena.ofShared()) {
            MemorySegment unit = arena.allocate(unitBytes, unitBytes);
            if (head > 0) {
                disk.read(Units.sectorsOfBytesExact(start), unit);
                MemorySegment.copy(unit, 0, whole, 0, head);
            }
            if (tail > 0) {
                disk.read(Units.sectorsOfBytesExact(end - unitBytes), unit);
                MemorySegment.copy(unit, unitBytes - tail, whole, whole.byteSize() - tail, tail);
            }
            disk.write(Units.sectorsOfBytesExact(start), whole);
        } finally {
            edges.unlock();
        }
    }

    /** On return every write that returned before is durable. */
    public void flush() throws DiskException {
        disk.flush();
    }
}
