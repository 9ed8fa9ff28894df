package io.restripe.disk;

import io.restripe.unit.Units;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.LongAdder;

/** Counts what a disk does. Failed requests count as errors and as nothing else. */
public final class StatsDisk extends DiskLayer {
    private final LongAdder reads = new LongAdder();
    private final LongAdder readSectors = new LongAdder();
    private final LongAdder writes = new LongAdder();
    private final LongAdder writtenSectors = new LongAdder();
    private final LongAdder discardedSectors = new LongAdder();
    private final LongAdder flushes = new LongAdder();
    private final LongAdder errors = new LongAdder();

    /** What a disk has done; taken while it works, the numbers need not be of one moment. A discard that made no zeros counts nowhere. */
    public record Stats(
            long reads,
            long readSectors,
            long writes,
            long writtenSectors,
            long discardedSectors,
            long flushes,
            long errors) {}

    public StatsDisk(Disk inner) {
        super(inner);
    }

    /** The numbers so far. */
    public Stats stats() {
        return new Stats(
                reads.sum(),
                readSectors.sum(),
                writes.sum(),
                writtenSectors.sum(),
                discardedSectors.sum(),
                flushes.sum(),
                errors.sum());
    }

    @Override
    public void read(long sector, MemorySegment into) throws DiskException {
        counted(() -> inner().read(sector, into));
        reads.increment();
        readSectors.add(Units.sectorsOfBytesFloor(into.byteSize()));
    }

    @Override
    public void write(long sector, MemorySegment from) throws DiskException {
        counted(() -> inner().write(sector, from));
        writes.increment();
        writtenSectors.add(Units.sectorsOfBytesFloor(from.byteSize()));
    }

    @Override
    public boolean discard(long sector, long sectors) throws DiskException {
        boolean[] zeros = {false};
        counted(() -> zeros[0] = inner().discard(sector, sectors));
        discardedSectors.add(zeros[0] ? sectors : 0);
        return zeros[0];
    }

    @Override
    public void flush() throws DiskException {
        counted(inner()::flush);
        flushes.increment();
    }

    private interface Request {
        void run() throws DiskException;
    }

    private void counted(Request request) throws DiskException {
        try {
            request.run();
        } catch (DiskException e) {
            errors.increment();
            throw e;
        }
    }
}
