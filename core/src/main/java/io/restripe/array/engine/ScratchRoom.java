package io.restripe.array.engine;

import io.restripe.env.Env;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;

/**
 * How much scratch memory users' requests may have at once: however many come together and however wide the array is, the memory of the
 * process is not used up in the middle of a row. Who wants it waits, first come, first served, and holds no lock of a row meanwhile; so those
 * who have room can always finish. A request that wants more than there is has it alone.
 */
final class ScratchRoom {
    /** Sectors: 32 MiB, of each of the volumes of a container. */
    static final long USUAL_SECTORS = 32L << 11;

    private final Lock lock;
    private final Condition left;
    private final Deque<Object> waiting = new ArrayDeque<>();
    private final long limitSectors;
    private long takenSectors;

    ScratchRoom(Env env, long limitSectors) {
        this.lock = env.newLock();
        this.left = lock.newCondition();
        this.limitSectors = limitSectors;
    }

    long limitSectors() {
        return limitSectors;
    }

    /** How many wait now. */
    int waiting() {
        lock.lock();
        try {
            return waiting.size();
        } finally {
            lock.unlock();
        }
    }

    /** Waits until there is room for so many sectors, and takes it; {@link #leave} gives it back. */
    void enter(long sectors) {
        lock.lock();
        try {
            if (!waiting.isEmpty() || !fits(sectors)) {
                await(sectors);
            }
            takenSectors += sectors;
        } finally {
            lock.unlock();
        }
    }

    private void await(long sectors) {
        Object me = new Object();
        waiting.addLast(me);
        while (waiting.getFirst() != me || !fits(sectors)) {
            left.awaitUninterruptibly();
        }
        waiting.removeFirst();
        left.signalAll(); // the next one may fit as well
    }

    private boolean fits(long sectors) {
        return takenSectors == 0 || takenSectors + sectors <= limitSectors;
    }

    /** @param sectors as many as were taken */
    void leave(long sectors) {
        lock.lock();
        try {
            takenSectors -= sectors;
            if (!waiting.isEmpty()) {
                left.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }
}
