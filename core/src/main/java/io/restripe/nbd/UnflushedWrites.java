package io.restripe.nbd;

import io.restripe.disk.Buffers;
import io.restripe.unit.Units;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Copies of the writes that a server has acknowledged and that no flush has covered yet: a server that lost power while the connection
 * was broken has lost them, and gets them again. They lie in a ring, in the order in which they began; what overlaps and was not under
 * way together is thus written again in its order.
 *
 * <p>Guarded by the disk's lock, apart from the bytes of an entry, which belong to the write's caller until it is acknowledged.
 */
final class UnflushedWrites implements AutoCloseable {
    /** Room for copies; a flush is due when it is used up. A multiple of every smallest block, so that pieces at its end are whole. */
    static final int CAPACITY_BYTES = 16 << 20;

    private enum State {
        UNDER_WAY,
        ACKNOWLEDGED,
        /** Failed, or covered by a flush. */
        DONE
    }

    /** Ranges that became zeros take no room, but are not kept without end either. */
    static final int MOST_ZEROS = 4096;

    /**
     * The copy of one write; its bytes begin at {@code from} and go on at the ring's begin where they meet its end. Or a range that was made
     * zeros, of which nothing has to be kept.
     */
    static final class Entry {
        private final long offset;
        private final long from;
        private final int bytes;
        private final long zeroBytes;
        private State state = State.UNDER_WAY;
        /** Flushes that had begun when it was acknowledged. */
        private long flushesBefore;

        private Entry(long offset, long from, int bytes, long zeroBytes) {
            this.offset = offset;
            this.from = from;
            this.bytes = bytes;
            this.zeroBytes = zeroBytes;
        }
    }

    /** Takes pieces to be written again. */
    interface Writer {
        void write(long offset, ByteBuffer piece) throws IOException;

        void zero(long offset, long bytes) throws IOException;
    }

    private final Arena arena = Arena.ofShared();
    private final Deque<Entry> entries = new ArrayDeque<>();
    /** Made with the first write: many disks are only read. */
    private MemorySegment ring;

    /** Positions count on for ever; their place in the ring is the remainder. */
    private long head;

    private long tail;
    private int zeros;
    private long flushesBegun;
    private boolean closed;

    /** Room for a copy of a write that begins now; null when a flush has to come first. */
    Entry reserve(long offset, int bytes) {
        if (bytes > CAPACITY_BYTES) {
            throw new IllegalArgumentException("a piece of " + bytes + " bytes");
        }
        if (tail - head + bytes > CAPACITY_BYTES) {
            return null;
        }
        if (ring == null) {
            ring = Buffers.allocate(arena, Units.sectorsOfBytesExact(CAPACITY_BYTES));
        }
        Entry entry = new Entry(offset, tail, bytes, 0);
        tail += bytes;
        entries.addLast(entry);
        return entry;
    }

    /** Room to remember a range that becomes zeros; null when a flush has to come first. */
    Entry reserveZeros(long offset, long bytes) {
        if (zeros == MOST_ZEROS) {
            return null;
        }
        zeros++;
        Entry entry = new Entry(offset, tail, 0, bytes);
        entries.addLast(entry);
        return entry;
    }

    /** Copies what is written. By the write's caller, without the lock. */
    void fill(Entry entry, MemorySegment written) {
        long at = entry.from % CAPACITY_BYTES;
        long first = Math.min(entry.bytes, CAPACITY_BYTES - at);
        MemorySegment.copy(written, 0, ring, at, first);
        MemorySegment.copy(written, first, ring, 0, entry.bytes - first);
    }

    /** The write is over. */
    void ended(Entry entry, boolean acknowledged) {
        entry.state = acknowledged ? State.ACKNOWLEDGED : State.DONE;
        entry.flushesBefore = flushesBegun;
        trim();
    }

    /** A flush begins; its number is for {@link #flushed}. */
    long flushBegins() {
        return ++flushesBegun;
    }

    /** That flush has succeeded: what was acknowledged before it began is durable. */
    void flushed(long number) {
        for (Entry entry : entries) {
            if (entry.state == State.ACKNOWLEDGED && entry.flushesBefore < number) {
                entry.state = State.DONE;
            }
        }
        trim();
    }

    private void trim() {
        while (!entries.isEmpty() && entries.getFirst().state == State.DONE) {
            Entry gone = entries.removeFirst();
            head += gone.bytes;
            zeros -= gone.zeroBytes > 0 ? 1 : 0;
        }
        if (closed && entries.isEmpty()) {
            free();
        }
    }

    private void free() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }

    /** Those that were acknowledged and are not known to be durable, in the order in which they began. */
    Deque<Entry> acknowledged() {
        Deque<Entry> kept = new ArrayDeque<>();
        for (Entry entry : entries) {
            if (entry.state == State.ACKNOWLEDGED) {
                kept.addLast(entry);
            }
        }
        return kept;
    }

    /** Hands over an acknowledged entry. Without the lock; the entry must not come to be covered by a flush meanwhile. */
    void replay(Entry entry, Writer writer) throws IOException {
        if (entry.zeroBytes > 0) {
            writer.zero(entry.offset, entry.zeroBytes);
            return;
        }
        long at = entry.from % CAPACITY_BYTES;
        long first = Math.min(entry.bytes, CAPACITY_BYTES - at);
        writer.write(entry.offset, ring.asSlice(at, first).asByteBuffer());
        if (first < entry.bytes) {
            writer.write(
                    entry.offset + first, ring.asSlice(0, entry.bytes - first).asByteBuffer());
        }
    }

    /** Nothing is sent again any more. The memory goes when the last write under way has ended. */
    @Override
    public void close() {
        closed = true;
        for (Entry entry : entries) {
            entry.state = entry.state == State.ACKNOWLEDGED ? State.DONE : entry.state;
        }
        trim();
    }
}
