package io.restripe.disk;

import io.restripe.disk.DiskException.Operation;
import io.restripe.env.Env;
import io.restripe.unit.Units;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.BitSet;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.locks.Lock;
import java.util.random.RandomGenerator;

/**
 * A disk with a volatile write cache, as real ones have: writes stay in this process's memory, are read back from there, and
 * reach the disk below at a flush, or earlier by chance and in no order. A process that is killed thereby loses writes that it
 * never flushed, some of them and some not, which a file alone would keep in the system's page cache.
 *
 * <p>Any thread may call; requests take turns. Closing loses what was not flushed, like a power cut.
 *
 * <p>Invariant: of a sector that is dirty the cache has the newest contents; of all others the disk below has.
 */
public final class VolatileCacheDisk extends DiskLayer {
    private static final int PAGE_SECTORS = 64;
    private static final int PAGE_BYTES = Units.bufferBytesOfSectors(PAGE_SECTORS);

    private final Lock lock;
    private final RandomGenerator fate;
    private final double leakChance;
    private final int capacityPages;
    /** Guarded by the lock, as all below. */
    private final TreeMap<Long, Page> dirty = new TreeMap<>();

    private final MemorySegment run = Buffers.allocate(PAGE_SECTORS);

    private static final class Page {
        final byte[] contents = new byte[PAGE_BYTES];
        final BitSet dirtySectors = new BitSet(PAGE_SECTORS);
    }

    /**
     * A cache over a disk.
     *
     * @param fate decides what reaches the disk before a flush
     * @param leakChance from 0 to 1: how likely each write makes some cached piece reach the disk early
     * @param capacitySectors most that the cache holds; beyond that, pieces chosen by {@code fate} leave it early
     */
    public VolatileCacheDisk(Disk inner, Env env, RandomGenerator fate, double leakChance, long capacitySectors) {
        super(inner);
        this.lock = env.newLock();
        this.fate = fate;
        this.leakChance = leakChance;
        this.capacityPages = Math.toIntExact(Math.max(1, capacitySectors / PAGE_SECTORS));
    }

    @Override
    public void read(long sector, MemorySegment into) throws DiskException {
        Requests.check(this, Operation.READ, sector, into);
        lock.lock();
        try {
            inner().read(sector, into);
            long end = sector + Units.sectorsOfBytesExact(into.byteSize());
            long firstPage = Units.floorToUnit(sector, PAGE_SECTORS);
            for (Map.Entry<Long, Page> e : dirty.subMap(firstPage, end).entrySet()) {
                overlay(e.getKey(), e.getValue(), sector, end, into);
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void write(long sector, MemorySegment from) throws DiskException {
        Requests.check(this, Operation.WRITE, sector, from);
        lock.lock();
        try {
            long end = sector + Units.sectorsOfBytesExact(from.byteSize());
            for (long at = sector; at < end; ) {
                long page = Units.floorToUnit(at, PAGE_SECTORS);
                long until = Math.min(end, page + PAGE_SECTORS);
                keep(page, at, until, from.asSlice(Units.bytesOfSectors(at - sector)));
                at = until;
            }
            leak();
        } finally {
            lock.unlock();
        }
    }

    /** Zeros in the cache, as unsafe as a write there; the disk below gets them written. */
    @Override
    public boolean discard(long sector, long sectors) throws DiskException {
        Requests.checkDiscard(this, sector, sectors);
        Zeros.write(this, sector, sectors);
        return true;
    }

    @Override
    public void flush() throws DiskException {
        lock.lock();
        try {
            while (!dirty.isEmpty()) {
                long page = dirty.firstKey();
                writeBack(page, dirty.get(page));
                dirty.remove(page);
            }
            inner().flush();
        } finally {
            lock.unlock();
        }
    }

    /** Sectors that a power cut would lose now. */
    public long dirtySectors() {
        lock.lock();
        try {
            return dirty.values().stream()
                    .mapToLong(p -> p.dirtySectors.cardinality())
                    .sum();
        } finally {
            lock.unlock();
        }
    }

    private static void overlay(long pageSector, Page page, long sector, long end, MemorySegment into) {
        for (int i = page.dirtySectors.nextSetBit(0); i >= 0; i = page.dirtySectors.nextSetBit(i + 1)) {
            long at = pageSector + i;
            if (at >= sector && at < end) {
                int from = Units.bufferBytesOfSectors(i);
                long to = Units.bytesOfSectors(at - sector);
                MemorySegment.copy(page.contents, from, into, ValueLayout.JAVA_BYTE, to, Units.SECTOR_BYTES);
            }
        }
    }

    private void keep(long pageSector, long start, long end, MemorySegment from) {
        Page page = dirty.computeIfAbsent(pageSector, _ -> new Page());
        int first = Math.toIntExact(start - pageSector);
        int count = Math.toIntExact(end - start);
        page.dirtySectors.set(first, first + count);
        MemorySegment.copy(
                from,
                ValueLayout.JAVA_BYTE,
                0,
                page.contents,
                Units.bufferBytesOfSectors(first),
                Units.bufferBytesOfSectors(count));
    }

    private void leak() throws DiskException {
        boolean unlucky = fate.nextDouble() < leakChance;
        while (!dirty.isEmpty() && (unlucky || dirty.size() > capacityPages)) {
            unlucky = false;
            long near = fate.nextLong(sectors());
            Map.Entry<Long, Page> victim = dirty.floorEntry(near) == null ? dirty.firstEntry() : dirty.floorEntry(near);
            writeBack(victim.getKey(), victim.getValue());
            dirty.remove(victim.getKey());
        }
    }

    /** Writes each run of dirty sectors. A failure leaves the page dirty: what was written twice has the same contents. */
    private void writeBack(long pageSector, Page page) throws DiskException {
        BitSet set = page.dirtySectors;
        for (int start = set.nextSetBit(0); start >= 0; ) {
            int end = set.nextClearBit(start);
            int bytes = Units.bufferBytesOfSectors(end - (long) start);
            MemorySegment.copy(page.contents, Units.bufferBytesOfSectors(start), run, ValueLayout.JAVA_BYTE, 0, bytes);
            inner().write(pageSector + start, run.asSlice(0, bytes));
            start = set.nextSetBit(end);
        }
    }
}
