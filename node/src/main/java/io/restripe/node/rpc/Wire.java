package io.restripe.node.rpc;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;

/**
 * One end of a connection. Two kinds of thing travel on it, each side knowing which comes next: a <b>message</b>, one JSON object on
 * a line; and <b>frames</b> of array data, each a length (4 bytes, big-endian, 1 to {@link #FRAME_BYTES}) and so many bytes, ended by a
 * length of 0.
 *
 * <p>Owner: one thread reads, one writes; they may be two. Memory is bounded: a longer line or frame is an error, never a buffer.
 */
public final class Wire implements Closeable {
    /** Largest frame. */
    public static final int FRAME_BYTES = 1 << 20;

    private static final int LINE_BYTES = 1 << 20;
    private static final int BUFFER_BYTES = 64 << 10;

    private final SocketChannel channel;
    private final ByteBuffer incoming = ByteBuffer.allocateDirect(BUFFER_BYTES).limit(0);
    private final ByteBuffer header = ByteBuffer.allocateDirect(Integer.BYTES);

    public Wire(SocketChannel channel) {
        this.channel = channel;
    }

    /** The next message, empty when the other side has closed. */
    public Optional<Map<String, Object>> receive() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        while (true) {
            while (incoming.hasRemaining()) {
                byte b = incoming.get();
                if (b == '\n') {
                    return Optional.of(parsed(line.toString(StandardCharsets.UTF_8)));
                }
                if (line.size() >= LINE_BYTES) {
                    throw new IOException("the other side sent a line of more than " + LINE_BYTES + " bytes");
                }
                line.write(b);
            }
            if (!fill()) {
                if (line.size() > 0) {
                    throw new EOFException("the other side closed in the middle of a message");
                }
                return Optional.empty();
            }
        }
    }

    private static Map<String, Object> parsed(String line) throws IOException {
        try {
            return Json.parse(line);
        } catch (IllegalArgumentException e) {
            throw new IOException("the other side sent what is no message: " + e.getMessage(), e);
        }
    }

    public void send(Map<String, Object> message) throws IOException {
        writeAll(ByteBuffer.wrap((Json.line(message) + "\n").getBytes(StandardCharsets.UTF_8)));
    }

    /** Sends what remains of {@code data} as one frame; it must not be empty and not longer than {@link #FRAME_BYTES}. */
    public void sendFrame(ByteBuffer data) throws IOException {
        if (!data.hasRemaining() || data.remaining() > FRAME_BYTES) {
            throw new IllegalArgumentException("frame of " + data.remaining() + " bytes");
        }
        sendLength(data.remaining());
        writeAll(data);
    }

    /** Ends a row of frames. */
    public void sendEnd() throws IOException {
        sendLength(0);
    }

    private void sendLength(int length) throws IOException {
        header.clear().putInt(length).flip();
        writeAll(header);
    }

    /** Length of the next frame, 0 for the end of the row. */
    public int receiveLength() throws IOException {
        int length = 0;
        for (int i = 0; i < Integer.BYTES; i++) {
            if (!incoming.hasRemaining() && !fill()) {
                throw new EOFException("the other side closed between frames");
            }
            length = length << Byte.SIZE | Byte.toUnsignedInt(incoming.get());
        }
        if (length < 0 || length > FRAME_BYTES) {
            throw new IOException("the other side announced a frame of " + length + " bytes; at most " + FRAME_BYTES);
        }
        return length;
    }

    /** Fills what remains of {@code into} with frame bytes. */
    public void receiveBytes(ByteBuffer into) throws IOException {
        int buffered = Math.min(incoming.remaining(), into.remaining());
        if (buffered > 0) {
            into.put(incoming.slice().limit(buffered));
            incoming.position(incoming.position() + buffered);
        }
        while (into.hasRemaining()) {
            if (channel.read(into) < 0) {
                throw new EOFException("the other side closed in the middle of a frame");
            }
        }
    }

    private boolean fill() throws IOException {
        incoming.clear();
        int read = channel.read(incoming);
        incoming.flip();
        return read >= 0;
    }

    private void writeAll(ByteBuffer data) throws IOException {
        while (data.hasRemaining()) {
            channel.write(data);
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
