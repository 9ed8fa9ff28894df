package io.restripe.os;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * Keeps a descriptor open until the last call on it has returned: another file could get its number otherwise, and the call with it. Any
 * thread.
 */
final class CallsUnderWay {
    private static final int CLOSED = Integer.MIN_VALUE;

    private final String path;
    private final int descriptor;
    /** Calls under way, and {@link #CLOSED} once close was called. */
    private final AtomicInteger calls = new AtomicInteger();

    CallsUnderWay(String path, int descriptor) {
        this.path = path;
        this.descriptor = descriptor;
    }

    /** A call of this name begins; {@link #end} follows. */
    void begin(String name) throws SystemCallException {
        int now;
        do {
            now = calls.get();
            if (now < 0) {
                throw new SystemCallException(name + "(" + path + ") after close", Errno.EBADF.number());
            }
        } while (!calls.compareAndSet(now, now + 1));
    }

    void end() {
        if (calls.decrementAndGet() == CLOSED) {
            release();
        }
    }

    /** No call begins any more. A second close does nothing. */
    void close() {
        int before = calls.getAndUpdate(n -> n | CLOSED);
        if (before == 0) {
            release();
        }
    }

    private void release() {
        try {
            // Nothing can be done about a close that fails: whoever needs durability has synced before, and Linux frees
            // the descriptor in any case, so that a second attempt could hit another file.
            int _ = (int) Libc.CLOSE.invokeExact(Libc.errnoState(), descriptor);
        } catch (Throwable t) {
            throw SystemFile.impossible(t);
        }
    }
}
