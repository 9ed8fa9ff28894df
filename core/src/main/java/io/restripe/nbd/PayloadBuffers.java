package io.restripe.nbd;

import io.restripe.disk.Buffers;
import io.restripe.env.Env;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;

/**
 * Page-aligned memory for the payloads of one connection, never more than its limit in all. Buffers come in powers of two and are used
 * again; idle ones of another size are freed where a larger one is wanted. One thread takes, any thread gives.
 */
final class PayloadBuffers implements AutoCloseable {
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

    private final Lock lock;
    private final Condition given;
    private final long limitBytes;
    private final List<Deque<Payload>> idle = new ArrayList<>();
    private long allocatedBytes;

    /** @param limitBytes at least what is ever taken at once */
    PayloadBuffers(Env env, long limitBytes) {
        this.lock = env.newLock();
        this.given = lock.newCondition();
        this.limitBytes = limitBytes;
        for (int i = 0; i <= sizeClass(Wire.MAX_PAYLOAD_BYTES); i++) {
            idle.add(new ArrayDeque<>());
        }
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
        lock.lock();
        try {
            Payload taken = takeNow(sizeClass(bytes));
            while (taken == null) {
                given.awaitUninterruptibly();
                taken = takeNow(sizeClass(bytes));
            }
            return taken;
        } finally {
            lock.unlock();
        }
    }

    private Payload takeNow(int sizeClass) {
        Payload taken = idle.get(sizeClass).pollLast();
        if (taken != null) {
            return taken;
        }
        for (int other = idle.size() - 1; other >= 0 && !fits(sizeClass); other--) {
            freeIdle(other, sizeClass);
        }
        if (!fits(sizeClass)) {
            return null;
        }
        allocatedBytes += bytes(sizeClass);
        return new Payload(sizeClass);
    }

    private boolean fits(int sizeClass) {
        return allocatedBytes + bytes(sizeClass) <= limitBytes;
    }

    private void freeIdle(int other, int wanted) {
        while (!fits(wanted) && !idle.get(other).isEmpty()) {
            idle.get(other).removeLast().arena.close();
            allocatedBytes -= bytes(other);
        }
    }

    void give(Payload payload) {
        lock.lock();
        try {
            idle.get(payload.sizeClass).addLast(payload);
            given.signal();
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
            for (Deque<Payload> ofOneSize : idle) {
                while (!ofOneSize.isEmpty()) {
                    Payload payload = ofOneSize.removeLast();
                    allocatedBytes -= bytes(payload.sizeClass);
                    payload.arena.close();
                }
            }
        } finally {
            lock.unlock();
        }
    }
}
