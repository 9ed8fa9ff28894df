package io.restripe.os;

import java.io.Closeable;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * Waits for changes of attributes that the kernel offers as files: {@code poll} for POLLPRI, which the JDK cannot. One thread waits; any
 * may {@link #wake} it. An attribute counts as changed until it is read again from its start, and right after it was opened.
 */
public final class Poller implements Closeable {
    private static final int EFD_CLOEXEC = 0x80000;
    private static final int EFD_NONBLOCK = 0x800;
    private static final long NANOS_PER_MILLI = 1_000_000L;

    private final int wakeDescriptor;

    public Poller() throws SystemCallException {
        try {
            wakeDescriptor = (int) Libc.EVENTFD.invokeExact(Libc.errnoState(), 0, EFD_CLOEXEC | EFD_NONBLOCK);
        } catch (Throwable t) {
            throw SystemFile.impossible(t);
        }
        if (wakeDescriptor < 0) {
            throw new SystemCallException("eventfd(0)", Libc.errno());
        }
    }

    /**
     * Waits until at least one of the files has changed, somebody wakes this poller, or the time is over. The files must stay open
     * meanwhile.
     *
     * @param timeoutNanos the longest wait, rounded up to milliseconds
     * @return those that have changed; empty when woken or when the time is over
     */
    public List<SystemFile> await(List<SystemFile> files, long timeoutNanos) throws SystemCallException {
        int count = files.size() + 1;
        int millis = Math.toIntExact((timeoutNanos + NANOS_PER_MILLI - 1) / NANOS_PER_MILLI);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment set = PollSet.allocate(arena, count);
            for (int i = 0; i < files.size(); i++) {
                PollSet.put(set, i, files.get(i).descriptor(), PollSet.POLLPRI);
            }
            PollSet.put(set, files.size(), wakeDescriptor, PollSet.POLLIN);
            int result = (int) Libc.POLL.invokeExact(Libc.errnoState(), set, (long) count, millis);
            if (result < 0) {
                if (Errno.of(Libc.errno()) == Errno.EINTR) {
                    return List.of(); // as if the time was over: callers look and wait again
                }
                throw new SystemCallException("poll(" + count + " files, " + millis + " ms)", Libc.errno());
            }
            List<SystemFile> changed = new ArrayList<>();
            for (int i = 0; i < files.size(); i++) {
                if (PollSet.happened(set, i) != 0) {
                    changed.add(files.get(i));
                }
            }
            if (PollSet.happened(set, files.size()) != 0) {
                long _ = (long) Libc.READ.invokeExact(
                        Libc.errnoState(), wakeDescriptor, arena.allocate(Long.BYTES, Long.BYTES), (long) Long.BYTES);
            }
            return changed;
        } catch (SystemCallException e) {
            throw e;
        } catch (Throwable t) {
            throw SystemFile.impossible(t);
        }
    }

    /** Ends the wait that is under way, or the next one. Never blocks. */
    public void wake() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment one = arena.allocate(Long.BYTES, Long.BYTES);
            one.set(ValueLayout.JAVA_LONG, 0, 1);
            // It fails only when the counter is full, and then the poller is awake already.
            long _ = (long) Libc.WRITE.invokeExact(Libc.errnoState(), wakeDescriptor, one, (long) Long.BYTES);
        } catch (Throwable t) {
            throw SystemFile.impossible(t);
        }
    }

    /** After the last wait has returned and nobody wakes any more. */
    @Override
    public void close() {
        try {
            int _ = (int) Libc.CLOSE.invokeExact(Libc.errnoState(), wakeDescriptor);
        } catch (Throwable t) {
            throw SystemFile.impossible(t);
        }
    }
}
