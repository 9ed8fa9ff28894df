package io.restripe.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;

/** Takes a server's replies off the wire and puts what they bring where it belongs. Owned by the thread that reads. */
final class ClientReplies {
    private static final int MOST_ERROR_BYTES = 64 << 10;

    private final PeerInput in;
    private final Table table;

    /** The calls that wait, by the cookie of their request. */
    interface Table {
        /** The call that is under way on this connection with that cookie; an exception when there is none. */
        Call find(long cookie) throws PeerException;

        /** It is answered: 0 or the server's error. */
        void finished(Call call, int error);
    }

    ClientReplies(PeerInput in, Table table) {
        this.in = in;
        this.table = table;
    }

    /** The next reply, or chunk of one. */
    void takeNext() throws IOException {
        int magic = in.readInt();
        if (magic == Wire.SIMPLE_REPLY_MAGIC) {
            int error = in.readInt();
            Call call = table.find(in.readLong());
            if (error == 0 && call.type == Wire.CMD_READ) {
                in.readFully(call.view.clear());
            }
            table.finished(call, error);
        } else if (magic == Wire.STRUCTURED_REPLY_MAGIC) {
            takeChunk();
        } else {
            throw new PeerException("a reply begins with %08x".formatted(magic));
        }
    }

    private void takeChunk() throws IOException {
        int flags = in.readUnsignedShort();
        int type = in.readUnsignedShort();
        Call call = table.find(in.readLong());
        long length = Integer.toUnsignedLong(in.readInt());
        if (type == Wire.CHUNK_OFFSET_DATA && length > Long.BYTES) {
            in.readFully(piece(call, length - Long.BYTES));
        } else if (type == Wire.CHUNK_OFFSET_HOLE && length == Long.BYTES + Integer.BYTES) {
            takeHole(call);
        } else if ((type & Wire.CHUNK_ERROR_BIT) != 0
                && length >= Integer.BYTES + Short.BYTES
                && length <= MOST_ERROR_BYTES) {
            int error = in.readInt();
            in.skip(length - Integer.BYTES);
            call.chunkError = error == 0 ? Wire.EIO : error;
        } else if (type != Wire.CHUNK_NONE || length != 0) {
            throw new PeerException("a chunk of type " + type + " with " + length + " bytes");
        }
        if ((flags & Wire.CHUNK_DONE) != 0) {
            table.finished(call, call.chunkError == 0 ? missing(call) : call.chunkError);
        }
    }

    /** A read whose chunks do not add up to what was asked for has failed. */
    private static int missing(Call call) {
        return call.type == Wire.CMD_READ && call.receivedBytes != call.view.capacity() ? Wire.EIO : 0;
    }

    private void takeHole(Call call) throws IOException {
        long at = in.readLong();
        ByteBuffer zeros = piece(call, at, Integer.toUnsignedLong(in.readInt()));
        while (zeros.hasRemaining()) {
            zeros.put((byte) 0);
        }
    }

    private ByteBuffer piece(Call call, long bytes) throws IOException {
        return piece(call, in.readLong(), bytes);
    }

    private static ByteBuffer piece(Call call, long at, long bytes) throws PeerException {
        long from = at - call.offset;
        if (call.type != Wire.CMD_READ || from < 0 || bytes > call.view.capacity() - from) {
            throw new PeerException("a chunk with bytes that were not asked for");
        }
        call.receivedBytes += bytes;
        return call.view.clear().position(Math.toIntExact(from)).limit(Math.toIntExact(from + bytes));
    }
}
