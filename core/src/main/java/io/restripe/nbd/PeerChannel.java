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
    /** Fills the first buffer and, where that costs nothing, the second with what comes behind it. As {@link #read(ByteBuffer)} else. */
    default long read(ByteBuffer first, ByteBuffer behind) throws IOException {
        return read(first);
    }

    /** Sends nothing more, for good; what the peer sends still comes. */
    void shutdownOutput() throws IOException;

    /** Is told of each read of a channel, by the thread that reads. */
    interface Attention {
        Attention NONE = new Attention() {};

        /** The thread will read, and sleep until there is something. */
        default void beforeRead() {}

        /** Something has come. */
        default void afterRead() {}
    }

    /** A socket as it is. */
    static PeerChannel plain(SocketChannel socket) {
        return plain(socket, Attention.NONE);
    }

    /** The same, with something done before a thread sleeps for the peer. */
    static PeerChannel plain(SocketChannel socket, Attention attention) {
        return new Plain(socket, attention);
    }

    /** A socket as it is. */
    record Plain(SocketChannel socket, Attention attention) implements PeerChannel {
        @Override
        public int read(ByteBuffer into) throws IOException {
            attention.beforeRead();
            int received = socket.read(into);
            attention.afterRead();
            return received;
        }

        @Override
        public long read(ByteBuffer first, ByteBuffer behind) throws IOException {
            attention.beforeRead();
            long received = socket.read(new ByteBuffer[] {first, behind});
            attention.afterRead();
            return received;
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
        public void shutdownOutput() throws IOException {
            socket.shutdownOutput();
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
}
