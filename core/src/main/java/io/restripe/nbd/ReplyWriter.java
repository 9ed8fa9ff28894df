package io.restripe.nbd;

import io.restripe.env.Env;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.GatheringByteChannel;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Lock;

/**
 * Writes a connection's replies: whatever comes together goes out in one call. Small payloads are copied behind their header, large
 * ones gathered from where they are. Any thread may answer; replies do not mix.
 */
final class ReplyWriter {
    private static final int BATCH_BYTES = 64 << 10;
    /** Up to here copying costs less than another piece to gather. */
    private static final int COPIED_BYTES = 16 << 10;
    /** Longest reply without its payload: the chunk of a block status, or an error's. */
    private static final int MOST_HEADER_BYTES = Wire.CHUNK_HEADER_BYTES + 16;

    private final Env env;
    private final GatheringByteChannel channel;
    private final boolean structured;
    private final Lock lock;
    private final AtomicInteger coming = new AtomicInteger();
    private final ByteBuffer batch = ByteBuffer.allocateDirect(BATCH_BYTES);
    private final ByteBuffer[] gathered = new ByteBuffer[2];

    private volatile boolean mute;
    /** Since when the peer is to take what is written; 0: nothing is. */
    private volatile long writingSince;

    ReplyWriter(Env env, GatheringByteChannel channel, boolean structured) {
        this.env = env;
        this.channel = channel;
        this.structured = structured;
        this.lock = env.newLock();
    }

    /**
     * Answers a request.
     *
     * @param error 0, or an error number of the protocol
     * @param held the caller goes on at once and will answer more or {@link #flush}: nothing needs to go out yet
     */
    void answer(Request request, int error, boolean held) throws IOException {
        coming.incrementAndGet();
        lock.lock();
        try {
            // Whoever waits for the lock now writes this reply together with its own.
            boolean last = coming.decrementAndGet() == 0;
            if (mute) {
                return;
            }
            append(request, error);
            if (last && !held) {
                write();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Writes no further answers. */
    void mute() {
        mute = true;
    }

    /** Since when a write has been waiting for the peer, in the env's nanoseconds; 0: none does. */
    long writingSince() {
        return writingSince;
    }

    /** Whether the peer has not taken what is written for longer than that. */
    boolean isStuckFor(long nanos) {
        long since = writingSince;
        return since != 0 && env.nanoTime() - since > nanos;
    }

    /** Writes what is held. */
    void flush() throws IOException {
        lock.lock();
        try {
            if (!mute) {
                write();
            }
        } finally {
            lock.unlock();
        }
    }

    private void append(Request request, int error) throws IOException {
        makeRoom(MOST_HEADER_BYTES);
        boolean inChunks = structured && (request.type == Wire.CMD_READ || request.type == Wire.CMD_BLOCK_STATUS);
        if (!inChunks) {
            batch.putInt(Wire.SIMPLE_REPLY_MAGIC).putInt(error).putLong(request.cookie);
        } else if (error != 0) {
            chunk(request, Wire.CHUNK_ERROR, Integer.BYTES + Short.BYTES);
            batch.putInt(error).putShort((short) 0);
        } else if (request.type == Wire.CMD_BLOCK_STATUS) {
            chunk(request, Wire.CHUNK_BLOCK_STATUS, 3 * Integer.BYTES);
            batch.putInt(Wire.BASE_ALLOCATION_ID)
                    .putInt((int) request.alikeBytes)
                    .putInt(request.isHole ? Wire.STATE_HOLE | Wire.STATE_ZERO : 0);
        } else if (request.length == 0) {
            chunk(request, Wire.CHUNK_NONE, 0);
        } else {
            chunk(request, Wire.CHUNK_OFFSET_DATA, Long.BYTES + request.payloadBytes());
            batch.putLong(request.offset);
        }
        if (error == 0 && request.type == Wire.CMD_READ && request.length > 0) {
            appendPayload(request.payload.view(request.payloadBytes()));
        }
    }

    private void chunk(Request request, int type, int bytes) {
        batch.putInt(Wire.STRUCTURED_REPLY_MAGIC)
                .putShort((short) Wire.CHUNK_DONE)
                .putShort((short) type)
                .putLong(request.cookie)
                .putInt(bytes);
    }

    private void appendPayload(ByteBuffer payload) throws IOException {
        if (payload.remaining() <= COPIED_BYTES) {
            makeRoom(payload.remaining());
            batch.put(payload);
            return;
        }
        gathered[0] = batch.flip();
        gathered[1] = payload;
        writingSince = env.nanoTime() | 1; // never 0
        while (payload.hasRemaining()) {
            channel.write(gathered);
        }
        writingSince = 0;
        batch.clear();
    }

    private void makeRoom(int bytes) throws IOException {
        if (batch.remaining() < bytes) {
            write();
        }
    }

    private void write() throws IOException {
        batch.flip();
        if (batch.hasRemaining()) {
            writingSince = env.nanoTime() | 1;
            while (batch.hasRemaining()) {
                channel.write(batch);
            }
            writingSince = 0;
        }
        batch.clear();
    }
}
