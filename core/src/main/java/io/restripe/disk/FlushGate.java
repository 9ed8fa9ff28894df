package io.restripe.disk;

import java.io.IOException;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Lets syncs of one file through one at a time, joins those that wait, and stays shut after the first that failed. Any thread
 * may call.
 *
 * <p>One at a time, because the system reports a lost write to one sync of an open file only: two syncs under way together could
 * have the one succeed whose writes were lost. Syncs that wait are joined: a sync that began after a caller came and succeeded
 * covers all that the caller had written.
 */
final class FlushGate {
    private final ReentrantLock lock = new ReentrantLock();
    private volatile long begun;
    /** Number of the latest sync that succeeded. Guarded by the lock. */
    private long succeeded;

    private volatile String failure;

    /** The system's call. */
    interface Sync {
        void sync() throws IOException;
    }

    /** Returns when a sync that began after this call has succeeded. */
    void flush(Sync call) throws IOException {
        long begunBefore = begun;
        lock.lock();
        try {
            if (failure != null) {
                throw new IOException(failure);
            }
            if (succeeded > begunBefore) {
                return;
            }
            long mine = begun + 1;
            begun = mine;
            sync(call);
            succeeded = mine;
        } finally {
            lock.unlock();
        }
    }

    private void sync(Sync call) throws IOException {
        try {
            call.sync();
        } catch (IOException e) {
            failure = "an earlier flush failed, so what was written before may be lost: " + e.getMessage();
            throw e;
        }
    }

    /** Callers that wait their turn, roughly. */
    int waiting() {
        return lock.getQueueLength();
    }

    /** Why nothing written to this file can be trusted any more; null while all is well. */
    String failure() {
        return failure;
    }
}
