package io.restripe.disk;

import io.restripe.unit.Units;
import java.io.Closeable;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * A row of sectors that remembers: a member, a layer over one, or an array. Every implementation may be used by many threads at
 * once; requests that overlap and are under way together take effect in no particular order. A sector is 512 bytes.
 *
 * <p>Buffers are native memory whose size is a whole number of sectors; a request goes to the whole segment or fails.
 */
public interface Disk extends Closeable {
    /** The path or other name by which messages call it. */
    String name();

    /** Size in sectors of 512 bytes, rounding down. */
    long sectors();

    /** The unit in which the device itself addresses and writes atomically: 512 or 4096 bytes. */
    default int logicalSectorBytes() {
        return Units.SECTOR_BYTES;
    }

    /**
     * Writes of whole multiples of so many sectors, at multiples, cost least: the data of one row of an array with parity. 1 when it
     * makes no difference. It may change while the disk is used, and is a hint.
     */
    default long optimalSectors() {
        return 1;
    }

    /** Fills {@code into} with what was last written at {@code sector} and behind it. */
    void read(long sector, MemorySegment into) throws DiskException;

    /** Writes {@code from}. On return a read gives it back; whether it survives a power cut is for {@link #flush} to say. */
    void write(long sector, MemorySegment from) throws DiskException;

    /**
     * Gives up what a range holds, so that it need take no space. A hint: whoever must have zeros writes them when the answer is false.
     *
     * <p>On true each sector of the range reads as zeros until it is written again. On false the disk cannot do that, or not for less
     * than the price of writing zeros, or it could for a part of the range only: each sector then reads as it did before or as zeros, and
     * goes on doing so. An error, or a power cut meanwhile, leaves each sector in one of these two states as well.
     *
     * <p>As durable as a write: {@link #flush} covers it, and it takes its place among overlapping writes as a write would. A range that is
     * not whole sectors of the device or does not lie inside the disk is refused as it is for a write, which is also the operation
     * that errors name, or answered with false and no effect.
     *
     * @param sector where it begins
     * @param sectors how long it is; 0: the answer is whether the disk gives up ranges at all, as far as it knows
     */
    default boolean discard(long sector, long sectors) throws DiskException {
        return false;
    }

    /**
     * How a range begins, without reading it. What is written meanwhile may or may not be seen. A range that does not lie inside the disk
     * is refused as a read is.
     *
     * @param sectors more than 0
     * @return at least one sector; a disk that cannot tell says that all is data
     */
    default Extent extent(long sector, long sectors) throws DiskException {
        Requests.checkRange(this, DiskException.Operation.READ, sector, sectors);
        return Extent.data(sectors);
    }

    /**
     * As {@link #read(long, MemorySegment)}, into several buffers one behind the other: one request where the disk can. When it fails any
     * of them may have been filled.
     */
    default void read(long sector, List<MemorySegment> into) throws DiskException {
        long at = sector;
        for (MemorySegment buffer : into) {
            read(at, buffer);
            at += Units.sectorsOfBytesExact(buffer.byteSize());
        }
    }

    /**
     * As {@link #write(long, MemorySegment)}, of several buffers one behind the other: one request where the disk can. When it fails any
     * of them may have been written.
     */
    default void write(long sector, List<MemorySegment> from) throws DiskException {
        long at = sector;
        for (MemorySegment buffer : from) {
            write(at, buffer);
            at += Units.sectorsOfBytesExact(buffer.byteSize());
        }
    }

    /** On return, every write and discard that returned before this call began survives a power cut. */
    void flush() throws DiskException;

    /** Releases it. Does not flush. A second close does nothing. */
    @Override
    void close();
}
