package io.restripe.disk;

import io.restripe.unit.Units;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * A pool of equal, page-aligned native buffers, so that nothing is allocated per stripe and every request can go to a file
 * directly. Owned by one actor, which alone takes and gives; the buffers themselves may be used by any thread.
 */
public final class Buffers implements AutoCloseable {
    /** Alignment that every device takes for direct I/O, and the size of a page of memory. */
    public static final int PAGE_BYTES = 4096;

    /** A thread that owns no memory. Never started. */
    private static final Thread NOBODY = Thread.ofPlatform().unstarted(() -> {});

    private final Arena arena = Arena.ofShared();
    private final Deque<MemorySegment> idle = new ArrayDeque<>();
    private final long bufferBytes;
    private final int limit;
    private int allocated;

    /**
     * A pool that allocates as it is asked, up to a limit.
     *
     * @param bufferSectors size of each buffer
     * @param limit most buffers that may be out at once
     */
    public Buffers(long bufferSectors, int limit) {
        this.bufferBytes = Units.bytesOfSectors(bufferSectors);
        this.limit = limit;
    }

    /** A page-aligned buffer of zeros that is freed some time after nobody refers to it any more. */
    public static MemorySegment allocate(long sectors) {
        return allocate(Arena.ofAuto(), sectors);
    }

    /** A page-aligned buffer of zeros that lives as long as the arena. */
    public static MemorySegment allocate(Arena arena, long sectors) {
        return arena.allocate(Units.bytesOfSectors(sectors), PAGE_BYTES);
    }

    /**
     * The same native memory for every thread, whoever owns the given segment. One that any thread may use is returned as it is, for that
     * one keeps its memory. Else it is a view that does not: the owner closes nothing until nobody uses it any more. It is for requests
     * that return when their helpers are done.
     */
    public static MemorySegment forAnyThread(MemorySegment buffer) {
        if (!buffer.isNative()) {
            throw new IllegalArgumentException("a request needs native memory, not an array");
        }
        if (buffer.isAccessibleBy(NOBODY)) {
            return buffer;
        }
        return MemorySegment.ofAddress(buffer.address()).reinterpret(buffer.byteSize());
    }

    /** Whether requests with this buffer can go to a device without being copied first. */
    public static boolean isAligned(MemorySegment buffer) {
        return buffer.isNative() && buffer.address() % PAGE_BYTES == 0;
    }

    /** A buffer with unknown contents. More than the limit at once is the caller's bug. */
    public MemorySegment take() {
        MemorySegment free = idle.pollLast();
        if (free != null) {
            return free;
        }
        if (allocated == limit) {
            throw new IllegalStateException("all " + limit + " buffers are out");
        }
        allocated++;
        return arena.allocate(bufferBytes, PAGE_BYTES);
    }

    /** Puts back a whole buffer that {@link #take} handed out. */
    public void give(MemorySegment buffer) {
        if (buffer.byteSize() != bufferBytes || idle.size() == allocated) {
            throw new IllegalArgumentException("not a buffer of this pool: " + buffer);
        }
        idle.addLast(buffer);
    }

    /** Buffers that are out now. */
    public int out() {
        return allocated - idle.size();
    }

    /** Frees every buffer, also those that are out. */
    @Override
    public void close() {
        arena.close();
    }
}
