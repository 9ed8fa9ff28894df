package io.restripe.nbd;

import io.restripe.env.Env;
import io.restripe.unit.Units;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;

/**
 * An export while it is served: counts the requests that are at its disk, and lets no more in once it is withdrawn. Any thread may call.
 *
 * <p>Invariant: {@link #state} is the number of requests inside, plus {@link #WITHDRAWN} from the moment on when it was withdrawn.
 */
final class ServedExport {
    private static final long WITHDRAWN = 1L << 32;

    private final Export export;
    private final AtomicLong state = new AtomicLong();
    private final Lock lock;
    private final Condition emptied;

    ServedExport(Env env, Export export) {
        this.export = export;
        this.lock = env.newLock();
        this.emptied = lock.newCondition();
    }

    Export export() {
        return export;
    }

    /** Size in bytes at this moment, in whole blocks of the smallest size. */
    long sizeBytes() {
        return Units.floorToUnit(Units.bytesOfSectors(export.disk().sectors()), minimumBlockBytes());
    }

    /** What offsets and lengths must be multiples of. */
    int minimumBlockBytes() {
        return export.disk().logicalSectorBytes();
    }

    /** What clients do best to use. */
    int preferredBlockBytes() {
        return Math.max(4096, minimumBlockBytes());
    }

    /** What is written best in whole multiples, at multiples; 1 when that makes no difference. It may change. */
    long rowBytes() {
        long sectors = export.disk().optimalSectors();
        return sectors > 1 ? Units.bytesOfSectors(sectors) : 1;
    }

    /** The export's flags as sent to a client. */
    int transmissionFlags(boolean structuredReplies) {
        return Wire.HAS_FLAGS
                | Wire.SEND_FLUSH
                | Wire.SEND_FUA
                | Wire.SEND_TRIM
                | Wire.SEND_WRITE_ZEROES
                | Wire.SEND_FAST_ZERO
                | Wire.CAN_MULTI_CONN
                | (export.readOnly() ? Wire.READ_ONLY : 0)
                | (structuredReplies ? Wire.SEND_DF : 0);
    }

    /** Lets a request to the disk; false: the export is withdrawn. Each true is followed by one {@link #leave}. */
    boolean enter() {
        if (state.incrementAndGet() < WITHDRAWN) {
            return true;
        }
        leave();
        return false;
    }

    void leave() {
        if (state.decrementAndGet() == WITHDRAWN) {
            lock.lock();
            try {
                emptied.signalAll();
            } finally {
                lock.unlock();
            }
        }
    }

    boolean isWithdrawn() {
        return state.get() >= WITHDRAWN;
    }

    /** Lets no more requests in and returns when none is at the disk any more. Once only. */
    void withdraw() {
        state.addAndGet(WITHDRAWN);
        lock.lock();
        try {
            while (state.get() != WITHDRAWN) {
                emptied.awaitUninterruptibly();
            }
        } finally {
            lock.unlock();
        }
    }
}
