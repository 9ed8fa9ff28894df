package io.restripe.nbd;

import io.restripe.disk.Buffers;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.locks.Lock;

/**
 * Page-aligned memory for the payloads of one connection, never more than its limit in all, out of the room that all connections share.
 * Buffers come in powers of two and are used again; idle ones are freed where a larger one is wanted, or another connection has to wait. One
 * thread takes, any thread gives.
 */
final class PayloadBuffers implements PayloadRoom.Holder, AutoCloseable {
    /** The connection that has the memory. */
    interface Owner {
        /** Since when its peer has kept it waiting, in the env's nanoseconds; 0: it does not. */
        long keptWaitingSince();

        /** Ends it. */
        void hangUp();
    }

    /** A piece of memory, and the same as a ByteBuffer. */
    static final class Payload {
        private final Arena arena = Arena.ofShared();
        private final int sizeClass;
        private final MemorySegment memory;
        private final ByteBuffer view;

        private Payload(int sizeClass) {
            this.sizeClass = sizeClass;
            this.memory = arena.allocate(bytes(sizeClass), Buffers.PAGE_BYTES);
            this.view = memory.asByteBuffer();
        }

        /** The first so many bytes. */
        MemorySegment memory(int bytes) {
            return bytes == memory.byteSize() ? memory : memory.asSlice(0, bytes);
        }

        /** The first so many bytes; the same object every time. */
        ByteBuffer view(int bytes) {
            return view(0, bytes);
        }

        /** So many bytes from a place on; the same object every time. */
        ByteBuffer view(int from, int bytes) {
            return view.clear().limit(from + bytes).position(from);
        }

        long capacityBytes() {
            return memory.byteSize();
        }
    }

    private final PayloadRoom room;
    private final Lock lock;
    private final long limitBytes;
    private final Owner owner;
    private final List<Deque<Payload>> idle = new ArrayList<>();
    private long allocatedBytes;
    private boolean hungUp;

    /** @param limitBytes at least what is ever taken at once */
    PayloadBuffers(PayloadRoom room, long limitBytes, Owner owner) {
        this.room = room;
        this.lock = room.lock();
        this.limitBytes = limitBytes;
        this.owner = owner;
        for (int i = 0; i <= sizeClass(Wire.MAX_PAYLOAD_BYTES); i++) {
            idle.add(new ArrayDeque<>());
        }
        room.enter(this);
    }

    private static int sizeClass(int bytes) {
        return Integer.SIZE - Integer.numberOfLeadingZeros(Math.max(0, bytes - 1) / Buffers.PAGE_BYTES);
    }

    private static long bytes(int sizeClass) {
        return (long) Buffers.PAGE_BYTES << sizeClass;
    }

    /** A buffer of at least so many bytes with unknown contents, or null where one had to be waited for. */
    Payload poll(int bytes) {
        lock.lock();
        try {
            return takeNow(sizeClass(bytes));
        } finally {
            lock.unlock();
        }
    }

    /** A buffer of at least so many bytes with unknown contents; waits until there is one. */
    Payload take(int bytes) {
        int sizeClass = sizeClass(bytes);
        lock.lock();
        try {
            Payload taken = takeNow(sizeClass);
            if (taken == null) {
                Payload[] found = new Payload[1];
                room.await(this, () -> (found[0] = takeNow(sizeClass)) != null);
                taken = found[0];
            }
            return taken;
        } finally {
            lock.unlock();
        }
    }

    private Payload takeNow(int sizeClass) {
        if (!room.isTurnOf(this)) {
            return null;
        }
        Payload taken = idle.get(sizeClass).pollLast();
        if (taken != null) {
            return taken;
        }
        for (int other = idle.size() - 1; other >= 0 && !fits(sizeClass); other--) {
            freeIdle(other, sizeClass);
        }
        if (!fits(sizeClass) || !room.tryTake(bytes(sizeClass))) {
            return null;
        }
        boolean made = false;
        try {
            Payload payload = new Payload(sizeClass);
            allocatedBytes += bytes(sizeClass);
            made = true;
            return payload;
        } finally {
            if (!made) {
                room.give(bytes(sizeClass));
            }
        }
    }

    private boolean fits(int sizeClass) {
        return allocatedBytes + bytes(sizeClass) <= limitBytes;
    }

    private void freeIdle(int other, int wanted) {
        while (!fits(wanted) && !idle.get(other).isEmpty()) {
            free(idle.get(other).removeLast());
        }
    }

    private void free(Payload payload) {
        payload.arena.close();
        allocatedBytes -= bytes(payload.sizeClass);
        room.give(bytes(payload.sizeClass));
    }

    @Override
    public void freeIdle() {
        for (Deque<Payload> ofOneSize : idle) {
            while (!ofOneSize.isEmpty()) {
                free(ofOneSize.removeLast());
            }
        }
    }

    @Override
    public boolean holdsMemory() {
        return allocatedBytes > 0;
    }

    @Override
    public long keptWaitingSince() {
        return hungUp ? 0 : owner.keptWaitingSince();
    }

    @Override
    public void hangUp() {
        hungUp = true;
        owner.hangUp();
    }

    void give(Payload payload) {
        lock.lock();
        try {
            idle.get(payload.sizeClass).addLast(payload);
            room.signal(); // who waits there frees it, if it is of no use to this connection
        } finally {
            lock.unlock();
        }
    }

    /** Memory that is held now, idle or not. */
    long allocatedBytes() {
        lock.lock();
        try {
            return allocatedBytes;
        } finally {
            lock.unlock();
        }
    }

    /** Frees what is idle. All are idle when the connection's requests have ended. */
    @Override
    public void close() {
        lock.lock();
        try {
            freeIdle();
            room.signal();
        } finally {
            lock.unlock();
        }
        room.leave(this);
    }
}
