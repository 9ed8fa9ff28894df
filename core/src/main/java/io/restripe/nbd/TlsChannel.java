package io.restripe.nbd;

import io.restripe.env.Env;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.concurrent.locks.Lock;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLEngineResult.Status;
import javax.net.ssl.SSLException;

/**
 * A socket whose bytes are encrypted, whatever kind of socket it is. One thread reads, another may write at the same time; whoever wants
 * to end it closes the socket under both.
 */
final class TlsChannel implements PeerChannel {
    private static final int RECORDS = 4;

    private final SocketChannel socket;
    private final SSLEngine engine;
    /** Held around what is sent: records must not mix. */
    private final Lock sending;
    /** From the socket, not decrypted yet; ready to be read. */
    private final ByteBuffer encrypted;
    /** Decrypted and not taken yet; ready to be read. */
    private final ByteBuffer decrypted;
    /** Guarded by {@link #sending}. */
    private final ByteBuffer outgoing;

    private TlsChannel(Env env, SocketChannel socket, SSLEngine engine) {
        int packet = engine.getSession().getPacketBufferSize();
        this.socket = socket;
        this.engine = engine;
        this.sending = env.newLock();
        this.encrypted = ByteBuffer.allocateDirect(RECORDS * packet).flip();
        this.decrypted = ByteBuffer.allocateDirect(engine.getSession().getApplicationBufferSize())
                .flip();
        this.outgoing = ByteBuffer.allocateDirect(RECORDS * packet);
    }

    /**
     * Agrees with the peer on keys, and on who the two are as far as the engine asks.
     *
     * @throws IOException when that failed; its message says why
     */
    static TlsChannel open(Env env, SocketChannel socket, SSLEngine engine) throws IOException {
        TlsChannel channel = new TlsChannel(env, socket, engine);
        try {
            engine.beginHandshake();
            channel.handshake();
        } catch (SSLException e) {
            channel.sendLastWords();
            throw new IOException("no encrypted connection could be agreed on: " + e.getMessage(), e);
        } catch (EOFException e) {
            throw new IOException(
                    "no encrypted connection could be agreed on: the peer hung up, as one does that is not content with"
                            + " a certificate or speaks no TLS",
                    e);
        }
        return channel;
    }

    private void handshake() throws IOException {
        HandshakeStatus status = engine.getHandshakeStatus();
        while (status != HandshakeStatus.NOT_HANDSHAKING && status != HandshakeStatus.FINISHED) {
            status = switch (status) {
                case NEED_TASK -> runTasks();
                case NEED_WRAP -> sendHandshake();
                case NEED_UNWRAP, NEED_UNWRAP_AGAIN -> {
                    decrypted.clear();
                    SSLEngineResult result = unwrap(decrypted);
                    decrypted.flip();
                    yield result.getHandshakeStatus();
                }
                case NOT_HANDSHAKING, FINISHED -> status;
            };
        }
        // What a server has to send behind the handshake, such as session tickets.
        while (engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP) {
            sendHandshake();
        }
    }

    private HandshakeStatus runTasks() {
        for (Runnable task = engine.getDelegatedTask(); task != null; task = engine.getDelegatedTask()) {
            task.run();
        }
        return engine.getHandshakeStatus();
    }

    private HandshakeStatus sendHandshake() throws IOException {
        sending.lock();
        try {
            outgoing.clear();
            SSLEngineResult result = engine.wrap(ByteBuffer.allocate(0), outgoing);
            sendOutgoing();
            if (result.getStatus() == Status.CLOSED && result.bytesProduced() == 0) {
                throw new EOFException("the connection was closed");
            }
            return result.getHandshakeStatus();
        } finally {
            sending.unlock();
        }
    }

    /** The alert that tells the peer what is wrong; best effort. */
    private void sendLastWords() {
        try {
            while (engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP) {
                sendHandshake();
            }
        } catch (IOException e) {
            System.getLogger("io.restripe.nbd").log(System.Logger.Level.DEBUG, "an alert: {0}", e.getMessage());
        }
    }

    private void sendOutgoing() throws IOException {
        outgoing.flip();
        while (outgoing.hasRemaining()) {
            socket.write(outgoing);
        }
    }

    /** Decrypts the next record, which may bring nothing; waits for the socket where it is not there yet. */
    private SSLEngineResult unwrap(ByteBuffer into) throws IOException {
        while (true) {
            SSLEngineResult result = engine.unwrap(encrypted, into);
            switch (result.getStatus()) {
                case OK, CLOSED -> {
                    return result;
                }
                case BUFFER_UNDERFLOW -> {
                    encrypted.compact();
                    int got = socket.read(encrypted);
                    encrypted.flip();
                    if (got < 0) {
                        throw new EOFException("the peer ended the connection");
                    }
                }
                case BUFFER_OVERFLOW -> throw new IOException("a record larger than records are");
            }
        }
    }

    @Override
    public int read(ByteBuffer into) throws IOException {
        if (!into.hasRemaining()) {
            return 0;
        }
        int before = into.position();
        while (into.position() == before) {
            if (decrypted.hasRemaining()) {
                takeDecrypted(into);
                continue;
            }
            boolean direct = into.remaining() >= decrypted.capacity();
            SSLEngineResult result;
            try {
                result = decryptNext(into, direct);
            } catch (EOFException e) {
                return -1; // without a farewell: what was cut off is missed by whoever reads
            }
            if (result.getStatus() == Status.CLOSED) {
                return -1;
            }
            afterwards(result.getHandshakeStatus());
        }
        return into.position() - before;
    }

    private SSLEngineResult decryptNext(ByteBuffer into, boolean direct) throws IOException {
        if (direct) {
            return unwrap(into);
        }
        decrypted.clear();
        try {
            return unwrap(decrypted);
        } finally {
            decrypted.flip();
        }
    }

    private void takeDecrypted(ByteBuffer into) {
        int bytes = Math.min(into.remaining(), decrypted.remaining());
        into.put(into.position(), decrypted, decrypted.position(), bytes);
        into.position(into.position() + bytes);
        decrypted.position(decrypted.position() + bytes);
    }

    /** New keys, which a peer may ask for: the answer goes out with what is sent next, or now when nobody sends. */
    private void afterwards(HandshakeStatus status) throws IOException {
        if (status == HandshakeStatus.NEED_TASK) {
            runTasks();
        }
        if (engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP && sending.tryLock()) {
            try {
                sendHandshake();
            } finally {
                sending.unlock();
            }
        }
    }

    @Override
    public int write(ByteBuffer from) throws IOException {
        return Math.toIntExact(write(new ByteBuffer[] {from}));
    }

    @Override
    public long write(ByteBuffer[] from) throws IOException {
        return write(from, 0, from.length);
    }

    /** Sends all there is. */
    @Override
    public long write(ByteBuffer[] from, int offset, int length) throws IOException {
        int packet = engine.getSession().getPacketBufferSize();
        long sent = 0;
        sending.lock();
        try {
            while (remaining(from, offset, length)) {
                outgoing.clear();
                while (remaining(from, offset, length) && outgoing.remaining() >= packet) {
                    SSLEngineResult result = engine.wrap(from, offset, length, outgoing);
                    if (result.getStatus() != Status.OK) {
                        throw new IOException("the encrypted connection is closed");
                    }
                    sent += result.bytesConsumed();
                }
                sendOutgoing();
            }
        } finally {
            sending.unlock();
        }
        return sent;
    }

    private static boolean remaining(ByteBuffer[] from, int offset, int length) {
        for (int i = offset; i < offset + length; i++) {
            if (from[i].hasRemaining()) {
                return true;
            }
        }
        return false;
    }

    @Override
    public boolean isOpen() {
        return socket.isOpen();
    }

    @Override
    public void shutdownOutput() throws IOException {
        socket.shutdownOutput();
    }

    /** Ends the connection at once; the protocol above has its own farewell. */
    @Override
    public void close() throws IOException {
        socket.close();
    }
}
