package io.restripe.os;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.channels.SocketChannel;
import java.util.Optional;

/**
 * Tells without waiting whether a socket has something to be read, which the JDK cannot tell of one that it reads and writes in blocking
 * mode. Owned by one thread at a time. Not needed for anything but speed: where the JDK does not give the number of a socket's descriptor
 * there is none.
 *
 * <p>The number stays the channel's: once that is closed, a look may see another file of the same number. Its answer is wrong then, and
 * nothing else happens, since nothing is read here; a read of the channel says that it is closed.
 */
public final class ReadableLook {
    private static final Optional<MethodHandle> NUMBER = numberOfChannels();

    private final MemorySegment set = PollSet.allocate(Arena.ofAuto(), 1);

    private ReadableLook(int descriptor) {
        PollSet.put(set, 0, descriptor, PollSet.POLLIN);
    }

    /**
     * Looks at an open channel.
     *
     * @return empty where the JDK was not started with {@code --add-exports=java.base/sun.nio.ch=ALL-UNNAMED}
     */
    public static Optional<ReadableLook> of(SocketChannel socket) {
        return NUMBER.map(number -> {
            try {
                return new ReadableLook((int) number.invoke(socket));
            } catch (Throwable t) {
                throw SystemFile.impossible(t);
            }
        });
    }

    /** Whether a read would return at once: with bytes, with the end, or with an error. False also when the system cannot tell. */
    public boolean isReadable() {
        try {
            int ready = (int) Libc.POLL.invokeExact(Libc.errnoState(), set, 1L, 0);
            return ready > 0 && PollSet.happened(set, 0) != 0;
        } catch (Throwable t) {
            throw SystemFile.impossible(t);
        }
    }

    private static Optional<MethodHandle> numberOfChannels() {
        try {
            Class<?> withNumber = Class.forName("sun.nio.ch.SelChImpl");
            MethodHandle number =
                    MethodHandles.lookup().findVirtual(withNumber, "getFDVal", MethodType.methodType(int.class));
            return Optional.of(number.asType(MethodType.methodType(int.class, SocketChannel.class)));
        } catch (ReflectiveOperationException e) {
            return Optional.empty();
        }
    }
}
