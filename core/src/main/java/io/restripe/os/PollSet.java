package io.restripe.os;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * What {@code poll} is asked for. Stateless. Source: poll(2), Linux's include/uapi/asm-generic/poll.h.
 *
 * <pre> struct pollfd: 0 descriptor  4 events(u16)  6 happened(u16)</pre>
 */
final class PollSet {
    static final short POLLIN = 0x1;
    static final short POLLPRI = 0x2;

    private static final int POLLFD_BYTES = 8;

    private PollSet() {}

    /** Room for so many descriptors; put must set each. */
    static MemorySegment allocate(Arena arena, int descriptors) {
        return arena.allocate((long) POLLFD_BYTES * descriptors, POLLFD_BYTES);
    }

    static void put(MemorySegment set, int index, int descriptor, short events) {
        long at = (long) POLLFD_BYTES * index;
        set.set(ValueLayout.JAVA_INT, at, descriptor);
        set.set(ValueLayout.JAVA_SHORT, at + 4, events);
    }

    /** What the last {@code poll} found; 0: nothing. */
    static short happened(MemorySegment set, int index) {
        return set.get(ValueLayout.JAVA_SHORT, (long) POLLFD_BYTES * index + 6);
    }
}
