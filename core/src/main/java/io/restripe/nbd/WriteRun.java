package io.restripe.nbd;

import io.restripe.nbd.PayloadBuffers.Payload;
import io.restripe.unit.Units;
import java.nio.ByteBuffer;

/**
 * Writes of one connection that go on where the one before ended, and have come already: they are carried out as one, so that an array
 * gets whole rows of them. A row that they leave unfinished may be kept for those that come next, see {@link #keepUnfinished}. The payload
 * of its last write may come in pieces: where the run's memory ends at the end of a row, what has come is cut off, see {@link #cut}. Owned
 * by the thread that reads.
 */
final class WriteRun {
    /** Memory for a write that begins where the last one ended, if it is not longer by itself. */
    private static final int MOST_BYTES = 2 << 20;

    /** Memory for a few rows of a stream to a disk that answers from memory: what comes into it is still in the processor's cache then. */
    static final int ROWS_BYTES = 256 << 10;
    /** Where a piece gets stuck, memory for all of the rest is wanted beside it. */
    private static final int MOST_IN_ROWS = Wire.MAX_PAYLOAD_BYTES / 2;

    private Request first;
    private Request last;
    /** Of the last write, bytes that have not come yet. */
    private int arrivingBytes;
    /** Byte of the disk at which the run's memory ends. */
    private long limit;

    private boolean endsWithRow;
    private long lastEnd = -1;
    /** The run goes on where another ended. */
    private boolean sequel;
    /**
     * Most bytes of this stream, from the beginning of the first write that was not answered, that had come together: so much a client sends
     * before it waits for an answer.
     */
    private long deepestBytes;

    /** Begins a run with a write whose payload comes now. */
    void begin(Request write) {
        sequel = write.offset == lastEnd && !write.has(Wire.FLAG_FUA);
        deepestBytes = sequel ? deepestBytes : 0;
        write.runOffset = write.offset;
        write.runBytes = 0;
        first = write;
        setLast(write);
    }

    /** Adds a write, whose payload comes now. */
    void add(Request write) {
        last.next = write;
        setLast(write);
    }

    private void setLast(Request write) {
        last = write;
        arrivingBytes = write.payloadBytes();
        lastEnd = write.offset + write.length;
    }

    boolean isOpen() {
        return first != null;
    }

    /** Whether some of the last write's payload has not come yet. */
    boolean isArriving() {
        return first != null && arrivingBytes > 0;
    }

    /** Whether what is coming is enough, or goes on for long enough, to be carried out row by row. */
    boolean isWorthRows() {
        boolean enough = sequel || arrivingBytes > ROWS_BYTES;
        return enough && arrivingBytes <= MOST_IN_ROWS && !first.has(Wire.FLAG_FUA);
    }

    boolean hasMemory() {
        return first.payload != null;
    }

    /** Bytes of memory to take for a run that has none, and is not carried out row by row. */
    int memoryWanted() {
        return sequel ? Math.max(arrivingBytes, MOST_BYTES) : arrivingBytes;
    }

    /**
     * Gives the run its memory.
     *
     * @param rowBytes the run ends behind the last whole row of so many bytes that fits in; 1: where the memory ends
     */
    void use(Payload memory, long rowBytes) {
        first.payload = memory;
        limit = Units.floorToUnit(first.runOffset + memory.capacityBytes(), rowBytes);
        endsWithRow = rowBytes > 1;
    }

    /** Whether no write can be added to the run that is open: it has no room, or must be durable by itself. */
    boolean isFull() {
        return first.has(Wire.FLAG_FUA) || room() == 0;
    }

    private long room() {
        return limit - end();
    }

    private long end() {
        return first.runOffset + first.runBytes;
    }

    /** Whether the write belongs to the run that is open, and fits in or can be cut where the run ends. */
    boolean takes(Request write) {
        return goesOn(write) && (write.length <= room() || endsWithRow && write.length <= MOST_IN_ROWS);
    }

    /** Whether the write belongs to the run that is open, which may have no room for it. */
    boolean goesOn(Request write) {
        return first != null && !first.has(Wire.FLAG_FUA) && !write.has(Wire.FLAG_FUA) && write.offset == end();
    }

    /** Bytes of the open run. */
    int bytes() {
        return first.runBytes;
    }

    /** Where the rest of the payload goes, or as much of it as belongs to this run. */
    ByteBuffer roomForMore() {
        return first.payload.view(first.runBytes, (int) Math.min(arrivingBytes, room()));
    }

    /** So many bytes of the payload have come. */
    void extend(int bytes) {
        first.runBytes += bytes;
        arrivingBytes -= bytes;
    }

    /**
     * Ends the run within its last write: the rest of that begins another run, which has no memory yet.
     *
     * @param bearer what stands for the bytes that have come where no other write has any
     * @return what is to be carried out now
     */
    Request cut(Request bearer) {
        haveAll();
        Request complete = first;
        Request rest = last;
        if (complete == rest) {
            complete = bearer;
            bearer.bear(rest);
        } else {
            before(rest).next = null;
        }
        rest.divide();
        complete.straddler = rest;
        rest.payload = null;
        rest.runOffset = complete.runOffset + complete.runBytes;
        rest.runBytes = 0;
        first = rest;
        return complete;
    }

    private Request before(Request write) {
        Request before = first;
        while (before.next != write) {
            before = before.next;
        }
        return before;
    }

    /** Whether the last write is the only one. */
    boolean isOneWrite() {
        return first == last;
    }

    /**
     * Whether more of the stream is sure to come before anything of the open run is answered: its client has sent more at once before. Any
     * doubt is over when nothing has come, see {@link #endedWaiting}.
     */
    boolean isSureOfMore() {
        return sequel && !first.has(Wire.FLAG_FUA) && deepestBytes > unansweredBytes();
    }

    private long unansweredBytes() {
        return end() - first.offset;
    }

    /** The open run is all that has come. */
    void haveAll() {
        deepestBytes = Math.max(deepestBytes, unansweredBytes());
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
        kept.runOffset = cut;
        kept.runBytes = bytes;
        first = kept;
        use(memory, 1);
        return complete;
    }
}
