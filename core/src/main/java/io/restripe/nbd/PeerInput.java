package io.restripe.nbd;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;

/**
 * Buffered big-endian input from a peer. Takes whatever the socket holds in one call, so that requests that came together are read
 * together. Owned by one thread. Every method throws EOFException when the peer ended the connection.
 */
final class PeerInput {
    private static final int BUFFER_BYTES = 64 << 10;

    /** What is done before the thread may have to wait for the peer. */
    @FunctionalInterface
    interface BeforeWaiting {
        void run() throws IOException;
    }

    private final ReadableByteChannel channel;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES).flip();
    private BeforeWaiting beforeWaiting = () -> {};

    PeerInput(ReadableByteChannel channel) {
        this.channel = channel;
    }

    void beforeWaiting(BeforeWaiting hook) {
        beforeWaiting = hook;
    }

    /** Returns when so many bytes can be read without waiting; at most 64 KiB. */
    void require(int bytes) throws IOException {
        if (buffer.remaining() >= bytes) {
            return;
        }
        buffer.compact();
        try {
            while (buffer.position() < bytes) {
                receive(buffer);
            }
        } finally {
            buffer.flip();
        }
    }

    /** Whether bytes have come that nobody has taken yet. */
    boolean hasBuffered() {
        return buffer.hasRemaining();
    }

    /** Whether the next so many bytes can be read without asking the peer. */
    boolean hasBuffered(int bytes) {
        return buffer.remaining() >= bytes;
    }

    private void receive(ByteBuffer into) throws IOException {
        beforeWaiting.run();
        requireSome(channel.read(into));
    }

    /** With what comes behind it, while nothing is buffered. */
    private void receiveDirectly(ByteBuffer into) throws IOException {
        if (channel instanceof PeerChannel peer) {
            beforeWaiting.run();
            buffer.clear();
            try {
                requireSome(peer.read(into, buffer));
            } finally {
                buffer.flip();
            }
        } else {
            receive(into);
        }
    }

    private static void requireSome(long received) throws EOFException {
        if (received < 0) {
            throw new EOFException("the peer ended the connection");
        }
    }

    int readUnsignedShort() throws IOException {
        require(Short.BYTES);
        return Short.toUnsignedInt(buffer.getShort());
    }

    int readInt() throws IOException {
        require(Integer.BYTES);
        return buffer.getInt();
    }

    long readLong() throws IOException {
        require(Long.BYTES);
        return buffer.getLong();
    }

    /** The next so many bytes. The caller has bounded the number. */
    byte[] readBytes(int bytes) throws IOException {
        byte[] read = new byte[bytes];
        readFully(ByteBuffer.wrap(read));
        return read;
    }

    /** Fills what remains of a buffer; past this input's own buffer where that is empty. */
    void readFully(ByteBuffer into) throws IOException {
        int buffered = Math.min(buffer.remaining(), into.remaining());
        into.put(into.position(), buffer, buffer.position(), buffered);
        into.position(into.position() + buffered);
        buffer.position(buffer.position() + buffered);
        while (into.hasRemaining()) {
            receiveDirectly(into);
        }
    }

    /** Drops bytes. */
    void skip(long bytes) throws IOException {
        long left = bytes;
        while (left > 0) {
            require(1);
            int dropped = Math.toIntExact(Math.min(left, buffer.remaining()));
            buffer.position(buffer.position() + dropped);
            left -= dropped;
        }
    }
}
