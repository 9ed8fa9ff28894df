package io.restripe.nbd;

import java.io.IOException;
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

    /** In bytes: of what it brings or fills, or of the range that becomes zeros. */
    final long length;

    final int flags;
    final long cookie;
    final Condition changed;
    /** When it began, in the env's time. */
    final long begun;
    /** The copy of a write; null for all else. */
    UnflushedWrites.Entry copy;
    /** Number of a flush. */
    long flush;
    /** Number of the connection on which it was sent last; 0: on none yet. */
    long sentOn;

    boolean finished;
    int error;
    /** What an error chunk said, before the reply's last. */
    int chunkError;

    long receivedBytes;

    Call(int type, long offset, ByteBuffer view, long cookie, Condition changed, long begun) {
        this(type, 0, offset, view == null ? NOTHING : view, -1, cookie, changed, begun);
    }

    private Call(
            int type,
            int flags,
            long offset,
            ByteBuffer view,
            long zeroBytes,
            long cookie,
            Condition changed,
            long begun) {
        this.type = type;
        this.flags = flags;
        this.offset = offset;
        this.view = view;
        this.length = zeroBytes < 0 ? view.capacity() : zeroBytes;
        this.cookie = cookie;
        this.changed = changed;
        this.begun = begun;
    }

    /** A request that makes a range zeros. */
    static Call zeros(int flags, long offset, long bytes, long cookie, Condition changed, long begun) {
        return new Call(Wire.CMD_WRITE_ZEROES, flags, offset, NOTHING, bytes, cookie, changed, begun);
    }

    /** Whether it changes the disk. */
    boolean writes() {
        return type == Wire.CMD_WRITE || type == Wire.CMD_WRITE_ZEROES || type == Wire.CMD_TRIM;
    }

    /** A reply that a lost connection began counts for nothing. */
    void sendOn(long connection) {
        sentOn = connection;
        chunkError = 0;
        receivedBytes = 0;
    }

    /** Sends the whole request. Nobody else may send meanwhile. */
    void sendTo(PeerChannel channel) throws IOException {
        // One and the same buffer in both places would be sent twice.
        ByteBuffer[] parts = {
            header(), type == Wire.CMD_WRITE ? view.duplicate().clear() : NOTHING
        };
        while (parts[0].hasRemaining() || parts[1].hasRemaining()) {
            channel.write(parts);
        }
    }

    private ByteBuffer header() {
        return ByteBuffer.allocate(Wire.REQUEST_BYTES)
                .putInt(Wire.REQUEST_MAGIC)
                .putShort((short) flags)
                .putShort((short) type)
                .putLong(cookie)
                .putLong(offset)
                .putInt((int) length)
                .flip();
    }
}
