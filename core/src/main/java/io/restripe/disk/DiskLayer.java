package io.restripe.disk;

import java.lang.foreign.MemorySegment;

/**
 * Hands everything to the disk below but discards, which it does not do: a layer overrides what it changes, and passes a discard on where
 * it knows what that means to it. Closing a layer closes the disk below.
 */
public abstract class DiskLayer implements Disk {
    private final Disk inner;

    protected DiskLayer(Disk inner) {
        this.inner = inner;
    }

    /** The disk below. */
    protected final Disk inner() {
        return inner;
    }

    @Override
    public String name() {
        return inner.name();
    }

    @Override
    public long sectors() {
        return inner.sectors();
    }

    @Override
    public int logicalSectorBytes() {
        return inner.logicalSectorBytes();
    }

    @Override
    public void read(long sector, MemorySegment into) throws DiskException {
        inner.read(sector, into);
    }

    @Override
    public void write(long sector, MemorySegment from) throws DiskException {
        inner.write(sector, from);
    }

    @Override
    public void flush() throws DiskException {
        inner.flush();
    }

    @Override
    public void close() {
        inner.close();
    }

    @Override
    public String toString() {
        return getClass().getSimpleName() + "(" + inner + ")";
    }
}
