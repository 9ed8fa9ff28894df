package io.restripe.disk;

import io.restripe.unit.Units;
import java.io.Closeable;
import java.lang.foreign.MemorySegment;

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

    /** Fills {@code into} with what was last written at {@code sector} and behind it. */
    void read(long sector, MemorySegment into) throws DiskException;

    /** Writes {@code from}. On return a read gives it back; whether it survives a power cut is for {@link #flush} to say. */
    void write(long sector, MemorySegment from) throws DiskException;

    /** On return, every write that returned before this call began survives a power cut. */
    void flush() throws DiskException;

    /** Releases it. Does not flush. A second close does nothing. */
    @Override
    void close();
}
