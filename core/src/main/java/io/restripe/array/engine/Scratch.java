package io.restripe.array.engine;

import io.restripe.disk.Buffers;
import io.restripe.env.Env;
import io.restripe.unit.Units;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.locks.Lock;

/**
 * Aligned buffers that are used again: free lists of sizes that are a quarter of a power of two apart. Any thread. What is kept idle is
 * bounded: what comes back stays, unless it is huge, and what nobody has taken for longest is dropped for it. What is dropped is free
 * memory only after a full collection, so what one piece of work takes again and again, such as the windows of a reshape, must not go
 * while sizes that others took lie idle.
 */
final class Scratch {
    private static final int STEPS = 4;
    private static final int CLASSES = 20 * STEPS;
    /** So much may lie idle whatever is out. */
    static final long IDLE_SECTORS = 16L * 1024 * Units.SECTORS_PER_KIB;
    /** So much may be idle and out. */
    static final long KEPT_SECTORS = 2 * IDLE_SECTORS;

    private final Lock lock;
    private final Deque<MemorySegment>[] idle;
    /** When one of the class was taken last; a moment is how many had been taken by then. */
    private final long[] lastTaken = new long[CLASSES];

    private long taken;
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
        long size = rounded(sectors);
        MemorySegment free = poll(size);
        if (free != null) {
            return free;
        }
        boolean made = false;
        try {
            MemorySegment buffer = Buffers.allocate(size);
            made = true;
            return buffer;
        } finally {
            if (!made) {
                forget(size);
            }
        }
    }

    private MemorySegment poll(long size) {
        lock.lock();
        try {
            wentOut(size);
            MemorySegment free = null;
            if (isKept(size)) {
                int sizeClass = sizeClass(size);
                lastTaken[sizeClass] = ++taken;
                free = idle[sizeClass].pollLast();
                idleSectors -= free == null ? 0 : size;
            }
            dropIdle();
            return free;
        } finally {
            lock.unlock();
        }
    }

    void give(MemorySegment buffer) {
        long size = Units.sectorsOfBytesExact(buffer.byteSize());
        lock.lock();
        try {
            wentOut(-size);
            if (isKept(size)) {
                idle[sizeClass(size)].addLast(buffer);
                idleSectors += size;
                dropIdle();
            }
        } finally {
            lock.unlock();
        }
    }

    private void forget(long size) {
        lock.lock();
        try {
            wentOut(-size);
        } finally {
            lock.unlock();
        }
    }

    /** A huge one would take the place of all others. */
    private static boolean isKept(long size) {
        return size <= IDLE_SECTORS;
    }

    /** Called with the lock. */
    private void wentOut(long size) {
        outSectors += size;
        mostOutSectors = Math.max(mostOutSectors, outSectors);
    }

    /** Called with the lock. */
    private void dropIdle() {
        while (idleSectors > IDLE_SECTORS && outSectors + idleSectors > KEPT_SECTORS) {
            dropOne();
        }
    }

    private void dropOne() {
        int oldest = -1;
        for (int i = 0; i < CLASSES; i++) {
            if (!idle[i].isEmpty() && (oldest < 0 || lastTaken[i] < lastTaken[oldest])) {
                oldest = i;
            }
        }
        idleSectors -= Units.sectorsOfBytesExact(idle[oldest].pollFirst().byteSize());
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

    /** What is kept now. */
    long idleSectors() {
        lock.lock();
        try {
            return idleSectors;
        } finally {
            lock.unlock();
        }
    }

    /** Up to the next step. */
    private static long rounded(long sectors) {
        return Units.ceilToUnit(Math.max(1, sectors), step(sectors));
    }

    private static long step(long sectors) {
        return Math.max(1, Long.highestOneBit(Math.max(1, sectors - 1)) / STEPS);
    }

    /** Of a rounded size: one to four sectors, then four sizes up to each power of two. */
    private static int sizeClass(long rounded) {
        long step = step(rounded);
        return STEPS * Long.numberOfTrailingZeros(step) + Math.toIntExact(rounded / step) - 1;
    }
}
