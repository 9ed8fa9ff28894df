package io.restripe.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.GatheringByteChannel;
import java.nio.channels.SocketChannel;

/**
 * The bytes to and from a peer, in the clear or not. One thread reads while another writes; {@link #close} may be called by any thread
 * and ends both.
 */
interface PeerChannel extends ByteChannel, GatheringByteChannel {
    /** A socket as it is. */
    static PeerChannel plain(SocketChannel socket) {
        return new Plain(socket);
    }

    /** A socket as it is. */
    record Plain(SocketChannel socket) implements PeerChannel {
        @Override
        public int read(ByteBuffer into) throws IOException {
            return socket.read(into);
        }

        @Override
        public int write(ByteBuffer from) throws IOException {
            return socket.write(from);
        }

        @Override
        public long write(ByteBuffer[] from) throws IOException {
            return socket.write(from);
        }

        @Override
        public long write(ByteBuffer[] from, int offset, int length) throws IOException {
            return socket.write(from, offset, length);
        }

        @Override
        public boolean isOpen() {
            return socket.isOpen();
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }

    /** Some other channel as it is: buffers go out one after the other. */
    static PeerChannel oneByOne(ByteChannel channel) {
        return new OneByOne(channel);
    }

    /** Some other channel as it is. */
    record OneByOne(ByteChannel channel) implements PeerChannel {
        @Override
        public int read(ByteBuffer into) throws IOException {
            return channel.read(into);
        }

        @Override
        public int write(ByteBuffer from) throws IOException {
            return channel.write(from);
        }

        @Override
        public long write(ByteBuffer[] from) throws IOException {
            return write(from, 0, from.length);
        }

        @Override
        public long write(ByteBuffer[] from, int offset, int length) throws IOException {
            long written = 0;
            for (int i = offset; i < offset + length; i++) {
                written += channel.write(from[i]);
                if (from[i].hasRemaining()) {
                    return written;
                }
            }
            return written;
        }

        @Override
        public boolean isOpen() {
            return channel.isOpen();
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }
}
