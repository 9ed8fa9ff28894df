package io.restripe.nbd;

import java.nio.ByteBuffer;
import java.util.concurrent.locks.Condition;

/**
 * One request of a client's disk while its caller waits. Guarded by the disk's lock, apart from what the reply fills: that belongs to
 * the thread that reads, until the call is finished.
 */
final class Call {
    private static final ByteBuffer NOTHING = ByteBuffer.allocateDirect(0);

    final int type;
    /** In bytes. */
    final long offset;

    /** What a write brings or a read fills; all of it. */
    final ByteBuffer view;

    final long cookie;
    final Condition changed;
    /** Number of the connection on which it was sent last; 0: on none yet. */
    long sentOn;

    boolean finished;
    int error;
    /** What an error chunk said, before the reply's last. */
    int chunkError;

    long receivedBytes;

    Call(int type, long offset, ByteBuffer view, long cookie, Condition changed) {
        this.type = type;
        this.offset = offset;
        this.view = view == null ? NOTHING : view;
        this.cookie = cookie;
        this.changed = changed;
    }

    /** A reply that a lost connection began counts for nothing. */
    void sendOn(long connection) {
        sentOn = connection;
        chunkError = 0;
        receivedBytes = 0;
    }

    /** The header of its request. */
    ByteBuffer header() {
        return ByteBuffer.allocate(Wire.REQUEST_BYTES)
                .putInt(Wire.REQUEST_MAGIC)
                .putShort((short) 0)
                .putShort((short) type)
                .putLong(cookie)
                .putLong(offset)
                .putInt(view.capacity())
                .flip();
    }
}
