package io.restripe.array.engine;

import io.restripe.disk.Buffers;
import io.restripe.env.Env;
import io.restripe.unit.Units;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.locks.Lock;

/**
 * Aligned buffers that are used again: a free list for each power of two. Any thread. What is kept idle is bounded; the rest is
 * freed when nobody refers to it any more.
 */
final class Scratch {
    private static final int CLASSES = 20;
    private static final long IDLE_LIMIT_SECTORS = 16L * 1024 * Units.SECTORS_PER_KIB;
    private final Lock lock;
    private final Deque<MemorySegment>[] idle;
    private long idleSectors;
    private long outSectors;
    private long mostOutSectors;

    @SuppressWarnings({"unchecked", "rawtypes"})
    Scratch(Env env) {
        this.lock = env.newLock();
        this.idle = new Deque[CLASSES];
        for (int i = 0; i < CLASSES; i++) {
            idle[i] = new ArrayDeque<>();
        }
    }

    /** A buffer of at least so many sectors, contents unknown. Give back the same segment. */
    MemorySegment take(long sectors) {
        int size = sizeClass(sectors);
        lock.lock();
        try {
            outSectors += 1L << size;
            mostOutSectors = Math.max(mostOutSectors, outSectors);
            MemorySegment free = size < CLASSES ? idle[size].pollLast() : null;
            if (free != null) {
                idleSectors -= 1L << size;
                return free;
            }
        } finally {
            lock.unlock();
        }
        return Buffers.allocate(1L << size);
    }

    void give(MemorySegment buffer) {
        int size = sizeClass(Units.sectorsOfBytesExact(buffer.byteSize()));
        lock.lock();
        try {
            outSectors -= 1L << size;
            if (size < CLASSES && idleSectors + (1L << size) <= IDLE_LIMIT_SECTORS) {
                idle[size].addLast(buffer);
                idleSectors += 1L << size;
            }
        } finally {
            lock.unlock();
        }
    }

    /** What was out at once, at the most, so far. */
    long mostOutSectors() {
        lock.lock();
        try {
            return mostOutSectors;
        } finally {
            lock.unlock();
        }
    }

    private static int sizeClass(long sectors) {
        return sectors <= 1 ? 0 : Long.SIZE - Long.numberOfLeadingZeros(sectors - 1);
    }
}
