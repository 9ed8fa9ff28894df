package io.restripe.nbd;

import java.nio.ByteBuffer;

/**
 * Writes of one connection that go on where the one before ended, and have come already: they are carried out as one, so that an array
 * gets whole rows of them. Nobody waits for a write that has not come. Owned by the thread that reads.
 */
final class WriteRun {
    /** Memory for a write that begins where the last one ended, if it is not longer by itself. */
    private static final int MOST_BYTES = 1 << 20;

    private Request first;
    private Request last;
    private long lastEnd = -1;

    /** Bytes of memory to take for a write that begins a run, or stands alone. */
    int memoryFor(Request write) {
        boolean sequel = write.offset == lastEnd && !write.has(Wire.FLAG_FUA);
        lastEnd = write.offset + write.length;
        return sequel ? Math.max(write.payloadBytes(), MOST_BYTES) : write.payloadBytes();
    }

    /** Begins a run with a write whose payload is there. */
    void begin(Request write) {
        write.runBytes = write.payloadBytes();
        first = write;
        last = write;
    }

    /** Whether no write can be added to the run that is open: it has no room, or must be durable by itself. */
    boolean isFull() {
        return first.has(Wire.FLAG_FUA) || room() == 0;
    }

    private long room() {
        return first.payload.capacityBytes() - first.runBytes;
    }

    /** Whether the write belongs to the run that is open. */
    boolean takes(Request write) {
        return first != null
                && !first.has(Wire.FLAG_FUA)
                && !write.has(Wire.FLAG_FUA)
                && write.offset == first.offset + first.runBytes
                && write.length <= room();
    }

    /** Where the payload of the next write of the run goes. */
    ByteBuffer room(Request write) {
        return first.payload.view(first.runBytes, write.payloadBytes());
    }

    void extend(Request write) {
        first.runBytes += write.payloadBytes();
        lastEnd = write.offset + write.length;
        last.next = write;
        last = write;
    }

    /** Ends the run: its first write, to be carried out with those behind it; null when none is open. */
    Request take() {
        Request complete = first;
        first = null;
        last = null;
        return complete;
    }
}
