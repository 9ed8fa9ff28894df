package io.restripe.nbd;

import io.restripe.nbd.PayloadBuffers.Payload;
import java.nio.ByteBuffer;

/**
 * Writes of one connection that go on where the one before ended, and have come already: they are carried out as one, so that an array
 * gets whole rows of them. A row that they leave unfinished may be kept for those that come next, see {@link #keepUnfinished}. Owned by
 * the thread that reads.
 */
final class WriteRun {
    /** Memory for a write that begins where the last one ended, if it is not longer by itself. */
    private static final int MOST_BYTES = 2 << 20;

    private Request first;
    private Request last;
    private long lastEnd = -1;
    /** The run goes on where another ended. */
    private boolean sequel;
    /** Most bytes of this stream that had come and were not carried out yet: so much a client sends before it waits for an answer. */
    private int deepestBytes;

    /** Bytes of memory to take for a write that begins a run, or stands alone. */
    int memoryFor(Request write) {
        sequel = write.offset == lastEnd && !write.has(Wire.FLAG_FUA);
        lastEnd = write.offset + write.length;
        deepestBytes = sequel ? deepestBytes : 0;
        return sequel ? Math.max(write.payloadBytes(), MOST_BYTES) : write.payloadBytes();
    }

    /** Begins a run with a write whose payload is there. */
    void begin(Request write) {
        write.runOffset = write.offset;
        write.runBytes = write.payloadBytes();
        first = write;
        last = write;
    }

    boolean isOpen() {
        return first != null;
    }

    /** Whether no write can be added to the run that is open: it has no room, or must be durable by itself. */
    boolean isFull() {
        return first.has(Wire.FLAG_FUA) || room() == 0;
    }

    private long room() {
        return first.payload.capacityBytes() - first.runBytes;
    }

    private long end() {
        return first.runOffset + first.runBytes;
    }

    /** Whether the write belongs to the run that is open, and fits in. */
    boolean takes(Request write) {
        return goesOn(write) && write.length <= room();
    }

    /** Whether the write belongs to the run that is open, which may have no room for it. */
    boolean goesOn(Request write) {
        return first != null && !first.has(Wire.FLAG_FUA) && !write.has(Wire.FLAG_FUA) && write.offset == end();
    }

    /** Bytes of the open run. */
    int bytes() {
        return first.runBytes;
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

    /**
     * Whether more of the stream is sure to come before anything of the open run is answered: its client has sent more at once before. Any
     * doubt is over when nothing has come, see {@link #endedWaiting}.
     */
    boolean isSureOfMore() {
        return sequel && !first.has(Wire.FLAG_FUA) && deepestBytes > first.runBytes;
    }

    /** The open run is all that has come. */
    void haveAll() {
        deepestBytes = Math.max(deepestBytes, first.runBytes);
    }

    /** It has been carried out because nothing came. */
    void endedWaiting() {
        deepestBytes = 0;
    }

    /** Ends the run: its first write, to be carried out with those behind it; null when none is open. */
    Request take() {
        Request complete = first;
        first = null;
        last = null;
        return complete;
    }

    /** Opens a run again that was taken away as it stood. */
    void reopen(Request taken) {
        first = taken;
        last = taken;
        while (last.next != null) {
            last = last.next;
        }
    }

    /**
     * Bytes at the end of the open run that are better carried out with what comes next: those behind the last whole row of a stream. 0
     * when there are none. All of it when no write of the run ends before them and more is sure to come; else 0 then too, for the client
     * may be waiting for just this one's answer.
     *
     * @param rowBytes what the disk writes best in whole; 0 or 1: anything
     */
    int unfinishedBytes(long rowBytes) {
        if (rowBytes <= 1 || !sequel || first.has(Wire.FLAG_FUA)) {
            return 0;
        }
        long unfinished = end() % rowBytes;
        if (unfinished == 0 || unfinished >= MOST_BYTES) {
            return 0;
        }
        if (first.offset + first.length > end() - unfinished) {
            return isSureOfMore() ? first.runBytes : 0;
        }
        return unfinished < first.runBytes ? (int) unfinished : 0;
    }

    /** Memory for what is kept and comes behind it. */
    int memoryForKept() {
        return MOST_BYTES;
    }

    /**
     * Cuts the open run before its last so many bytes. They stay open, in memory of their own, with all writes that end among them; one of
     * which may begin before.
     *
     * @return what is to be carried out now
     */
    Request keepUnfinished(int bytes, Payload memory) {
        Request complete = first;
        long cut = end() - bytes;
        Request lastComplete = complete;
        while (lastComplete.next.offset + lastComplete.next.length <= cut) {
            lastComplete = lastComplete.next;
        }
        Request kept = lastComplete.next;
        lastComplete.next = null;
        memory.view(bytes).put(complete.payload.view(complete.runBytes - bytes, bytes));
        complete.runBytes -= bytes;
        if (kept.offset < cut) {
            kept.divide();
            complete.straddler = kept;
        }
        kept.payload = memory;
        kept.runOffset = cut;
        kept.runBytes = bytes;
        first = kept;
        return complete;
    }
}
