package io.restripe.nbd;

import io.restripe.disk.DiskException;
import io.restripe.disk.DiskLayer;
import io.restripe.disk.MemoryDisk;
import io.restripe.unit.SectorRange;
import io.restripe.unit.Units;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/** A disk that likes whole rows, tells what it was asked to write, and fails where told to. */
final class RowDisk extends DiskLayer {
    static final int ROW_SECTORS = 24;
    static final int ROW = ROW_SECTORS * 512;

    final List<SectorRange> written = new CopyOnWriteArrayList<>();
    final AtomicInteger flushes = new AtomicInteger();
    volatile long failsAt = -1;
    /** Writes to these rows wait for the latch. */
    volatile SectorRange held = new SectorRange(0, 0);

    final CountDownLatch letGo = new CountDownLatch(1);

    RowDisk() {
        super(new MemoryDisk("m0", ServerRig.SECTORS));
    }

    @Override
    public long optimalSectors() {
        return ROW_SECTORS;
    }

    @Override
    public void write(long sector, MemorySegment from) throws DiskException {
        SectorRange range = new SectorRange(sector, sector + Units.sectorsOfBytesExact(from.byteSize()));
        written.add(range);
        if (range.overlaps(held)) {
            awaitLetGo();
        }
        if (range.start() <= failsAt && failsAt < range.end()) {
            throw new DiskException(name(), DiskException.Operation.WRITE, sector, range.length(), "told to fail");
        }
        super.write(sector, from);
    }

    @Override
    public void flush() throws DiskException {
        flushes.incrementAndGet();
        super.flush();
    }

    private void awaitLetGo() {
        try {
            letGo.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
