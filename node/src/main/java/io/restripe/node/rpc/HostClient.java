package io.restripe.node.rpc;

import io.restripe.rule.Problem;
import io.restripe.rule.ProblemException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.util.Map;
import java.util.Optional;

/**
 * The command's end of a connection to a container's host. Every call is answered: with a value, or with the host's Problem as a
 * ProblemException. One thread at a time.
 */
public final class HostClient implements Closeable {
    /** Frames sent and not acknowledged yet. */
    private static final int WINDOW = 4;

    private final RunFolder run;
    private final String container;
    private final Wire wire;
    private ByteBuffer block;

    private HostClient(RunFolder run, String container, Wire wire) {
        this.run = run;
        this.container = container;
        this.wire = wire;
    }

    /** Connects to a running container. */
    public static HostClient connect(RunFolder run, String container) throws ProblemException {
        try {
            return new HostClient(run, container, new Wire(run.connect(container)));
        } catch (IOException e) {
            throw new ProblemException(notRunning(run, container, e), e);
        }
    }

    private static Problem notRunning(RunFolder run, String container, IOException e) throws ProblemException {
        String where = run.folder(container).toString();
        if (run.alive(container)) {
            return new Problem(
                    "cannot talk to " + container,
                    where,
                    "its host process holds the lock but does not answer (" + e.getMessage() + ")",
                    "It may be starting or stopping: try again. Its log: " + run.log(container));
        }
        if (run.pid(container).isPresent()) {
            return new Problem(
                    container + " is not running",
                    where,
                    "its host process " + run.pid(container).getAsLong() + " ended without stopping it",
                    "Start it again, nothing is lost: restripe assemble " + container + " MEMBER... Its last words: "
                            + run.log(container));
        }
        String known = Files.isDirectory(run.root()) ? "no container of that name" : "no container at all";
        return new Problem(
                container + " is not running",
                run.root().toString(),
                known + " is running here",
                "Start it: restripe assemble " + container + " MEMBER..., or see what runs: restripe status");
    }

    /** Asks, and gives the answer's value. */
    public Map<String, Object> call(String verb, Map<String, Object> arguments) throws ProblemException {
        try {
            ask(verb, arguments);
            return answer();
        } catch (IOException e) {
            throw broken(e);
        }
    }

    /**
     * Stops the container and its host process.
     *
     * @return what could not be recorded of that; empty when it was a clean stop
     */
    public Optional<Problem> stop(boolean force) throws ProblemException {
        return Json.inner(call("stop", Json.map("force", force)), "unrecorded").map(Json::problemOf);
    }

    public ContainerStatus status() throws ProblemException {
        return ContainerStatus.ofMap(call("status", Map.of()));
    }

    /**
     * Copies contents of a volume, in order, with bounded memory.
     *
     * @param lengthBytes -1: to the end
     * @return bytes copied
     */
    public long read(String volume, long offsetBytes, long lengthBytes, WritableByteChannel into)
            throws ProblemException, IOException {
        ByteBuffer buffer = block();
        long copied = 0;
        try {
            ask("read", Json.map("volume", volume, "offset", offsetBytes, "length", lengthBytes));
            answer();
        } catch (IOException e) {
            throw broken(e);
        }
        while (true) {
            try {
                int length = wire.receiveLength();
                if (length == 0) {
                    answer();
                    return copied;
                }
                wire.receiveBytes(buffer.clear().limit(length));
            } catch (IOException e) {
                throw broken(e);
            }
            copied += buffer.flip().remaining();
            while (buffer.hasRemaining()) {
                into.write(buffer); // an IOException from here is the caller's: its pipe was closed
            }
        }
    }

    /**
     * Writes into a volume until {@code from} ends, then flushes it; on return the bytes are durable.
     *
     * @param lengthBytes at most so many; -1: until {@code from} ends
     * @return bytes written
     */
    public long write(String volume, long offsetBytes, long lengthBytes, ReadableByteChannel from)
            throws ProblemException, IOException {
        long room;
        try {
            ask("write", Json.map("volume", volume, "offset", offsetBytes));
            room = Json.number(answer(), "room");
        } catch (IOException e) {
            throw broken(e);
        }
        Sender sender = new Sender();
        ByteBuffer buffer = block();
        long wanted = lengthBytes < 0 ? Long.MAX_VALUE : lengthBytes;
        long sent = 0;
        while (sent < wanted && readBlock(from, buffer, Math.min(wanted - sent, Wire.FRAME_BYTES))) {
            if (buffer.remaining() > room - sent) {
                buffer.limit((int) (room - sent));
                sender.send(buffer);
                sender.finish();
                throw full(volume, offsetBytes, room);
            }
            sent += buffer.remaining();
            sender.send(buffer);
        }
        sender.finish();
        return sent;
    }

    private ByteBuffer block() {
        if (block == null) {
            block = ByteBuffer.allocateDirect(Wire.FRAME_BYTES);
        }
        return block;
    }

    private static boolean readBlock(ReadableByteChannel from, ByteBuffer buffer, long limit) throws IOException {
        buffer.clear().limit((int) limit);
        while (buffer.hasRemaining()) {
            if (from.read(buffer) < 0) {
                break;
            }
        }
        return buffer.flip().hasRemaining();
    }

    /** Keeps the window of unacknowledged frames. */
    private final class Sender {
        private int outstanding;

        void send(ByteBuffer frame) throws ProblemException {
            if (!frame.hasRemaining()) {
                return;
            }
            try {
                if (outstanding == WINDOW) {
                    acknowledged();
                }
                wire.sendFrame(frame);
                outstanding++;
            } catch (IOException e) {
                throw broken(e);
            }
        }

        void finish() throws ProblemException {
            try {
                while (outstanding > 0) {
                    acknowledged();
                }
                wire.sendEnd();
                answer();
            } catch (IOException e) {
                throw broken(e);
            }
        }

        private void acknowledged() throws IOException, ProblemException {
            try {
                answer();
                outstanding--;
            } catch (ProblemException e) {
                wire.sendEnd(); // the host reads on to the end and writes no more
                throw e;
            }
        }
    }

    private static ProblemException full(String volume, long offsetBytes, long room) {
        return new ProblemException(new Problem(
                "cannot write all of the input to " + volume,
                "byte " + (offsetBytes + room),
                "the volume ends there: " + room + " bytes were written and flushed, the input has more",
                "Write less, or grow the array first"));
    }

    private void ask(String verb, Map<String, Object> arguments) throws IOException {
        Map<String, Object> request = Json.map("verb", verb);
        request.putAll(arguments);
        wire.send(request);
    }

    private Map<String, Object> answer() throws IOException, ProblemException {
        Map<String, Object> message =
                wire.receive().orElseThrow(() -> new java.io.EOFException("the host process closed the connection"));
        if (Json.inner(message, "error").isPresent()) {
            throw new ProblemException(
                    Json.problemOf(Json.inner(message, "error").get()));
        }
        return Json.inner(message, "ok").orElseThrow(() -> new IOException("neither ok nor error: " + message));
    }

    private ProblemException broken(IOException e) {
        return new ProblemException(
                new Problem(
                        "lost the host process of " + container,
                        run.folder(container).toString(),
                        e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage(),
                        "See whether it still runs: restripe status. Its log: " + run.log(container)),
                e);
    }

    @Override
    public void close() {
        try {
            wire.close();
        } catch (IOException e) {
            // Everything asked for was answered before; an error of the close changes nothing.
        }
    }
}
