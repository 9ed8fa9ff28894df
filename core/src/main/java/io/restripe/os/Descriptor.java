package io.restripe.os;

import java.io.Closeable;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * An open descriptor of something that is read and written without positions: a control device or a socket. Any thread may call; whoever
 * closes it makes sure that no call is under way, since its number may mean something else a moment later.
 */
public final class Descriptor implements ByteChannel, Closeable {
    private static final int O_RDWR = 2;
    private static final int O_CLOEXEC = 0x80000;
    private static final int AF_UNIX = 1;
    private static final int SOCK_STREAM = 1;
    private static final int SOCK_CLOEXEC = 0x80000;
    private static final int MOST_PATH_BYTES = 107;
    private static final long SYS_PIDFD_OPEN = 434;
    private static final long SYS_PIDFD_GETFD = 438;

    private final String name;
    private final int number;
    private final AtomicBoolean closed = new AtomicBoolean();

    Descriptor(String name, int number) {
        this.name = name;
        this.number = number;
    }

    /** Opens a device for reading and writing. */
    public static Descriptor open(Path device) throws SystemCallException {
        try (Arena arena = Arena.ofConfined()) {
            int result = (int) Libc.OPEN.invokeExact(
                    Libc.errnoState(), arena.allocateFrom(device.toString()), O_RDWR | O_CLOEXEC, 0);
            return made(device.toString(), result, "open(\"" + device + "\")");
        } catch (Throwable t) {
            throw orImpossible(t);
        }
    }

    /** A stream socket that is connected to the Unix-domain socket of that path. */
    public static Descriptor connect(Path socket) throws SystemCallException {
        byte[] path = socket.toString().getBytes(java.nio.charset.StandardCharsets.UTF_8);
        String call = "connect(\"" + socket + "\")";
        if (path.length > MOST_PATH_BYTES) {
            throw new SystemCallException(call, Errno.ENAMETOOLONG.number());
        }
        Descriptor made = socket(socket.toString(), AF_UNIX, SOCK_STREAM, 0);
        try (Arena arena = Arena.ofConfined()) {
            // struct sockaddr_un: family (16 bits), path.
            MemorySegment address = arena.allocate(Short.BYTES + MOST_PATH_BYTES + 1L, Short.BYTES);
            address.set(java.lang.foreign.ValueLayout.JAVA_SHORT, 0, (short) AF_UNIX);
            MemorySegment.copy(MemorySegment.ofArray(path), 0, address, Short.BYTES, path.length);
            int result =
                    (int) Libc.CONNECT.invokeExact(Libc.errnoState(), made.number, address, (int) address.byteSize());
            if (result != 0) {
                throw new SystemCallException(call, Libc.errno());
            }
            return made;
        } catch (Throwable t) {
            made.close();
            throw orImpossible(t);
        }
    }

    static Descriptor socket(String name, int family, int type, int protocol) throws SystemCallException {
        try {
            int result = (int) Libc.SOCKET.invokeExact(Libc.errnoState(), family, type | SOCK_CLOEXEC, protocol);
            return made(name, result, "socket(" + family + ", " + type + ", " + protocol + ")");
        } catch (Throwable t) {
            throw orImpossible(t);
        }
    }

    /**
     * Another process' descriptor, from now on open here too: {@code pidfd_getfd}, Linux 5.6. Needs the right to trace that process.
     *
     * @param theirs its number there
     */
    public static Descriptor ofProcess(long pid, int theirs, String name) throws SystemCallException {
        try (Descriptor process =
                made("process " + pid, (int) syscall(SYS_PIDFD_OPEN, pid, 0, 0), "pidfd_open(" + pid + ")")) {
            return made(
                    name,
                    (int) syscall(SYS_PIDFD_GETFD, process.number, theirs, 0),
                    "pidfd_getfd(" + pid + ", " + theirs + ")");
        }
    }

    private static long syscall(long function, long a, long b, long c) throws SystemCallException {
        try {
            return (long) Libc.SYSCALL.invokeExact(Libc.errnoState(), function, a, b, c);
        } catch (Throwable t) {
            throw orImpossible(t);
        }
    }

    private static Descriptor made(String name, int result, String call) throws SystemCallException {
        if (result < 0) {
            throw new SystemCallException(call, Libc.errno());
        }
        return new Descriptor(name, result);
    }

    int number() {
        return number;
    }

    /**
     * Reads what comes next.
     *
     * @return bytes read; 0: the end
     */
    public long read(MemorySegment into) throws SystemCallException {
        return transfer("read", Libc.READ, into);
    }

    /** Writes; fewer bytes than asked is possible where the other side is a stream. */
    public long write(MemorySegment from) throws SystemCallException {
        return transfer("write", Libc.WRITE, from);
    }

    @Override
    public int read(ByteBuffer into) throws SystemCallException {
        if (!into.hasRemaining()) {
            return 0;
        }
        int count = (int) read(MemorySegment.ofBuffer(direct(into)));
        into.position(into.position() + count);
        return count == 0 ? -1 : count;
    }

    @Override
    public int write(ByteBuffer from) throws SystemCallException {
        int count;
        if (from.isDirect()) {
            count = (int) write(MemorySegment.ofBuffer(from));
        } else {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment copy = arena.allocate(from.remaining());
                copy.copyFrom(MemorySegment.ofBuffer(from));
                count = (int) write(copy);
            }
        }
        from.position(from.position() + count);
        return count;
    }

    private static ByteBuffer direct(ByteBuffer buffer) {
        if (!buffer.isDirect()) {
            throw new IllegalArgumentException("a descriptor reads into native memory, not into an array");
        }
        return buffer;
    }

    private long transfer(String function, MethodHandle handle, MemorySegment buffer) throws SystemCallException {
        try {
            while (true) {
                long result = (long) handle.invokeExact(Libc.errnoState(), number, buffer, buffer.byteSize());
                if (result >= 0) {
                    return result;
                }
                int errno = Libc.errno();
                if (errno != Errno.EINTR.number()) {
                    throw new SystemCallException(function + "(" + name + ", " + buffer.byteSize() + " bytes)", errno);
                }
            }
        } catch (Throwable t) {
            throw orImpossible(t);
        }
    }

    /** An ioctl whose argument is a structure, or null. */
    int control(String request, long code, MemorySegment argument) throws SystemCallException {
        try {
            int result = (int) Libc.IOCTL.invokeExact(Libc.errnoState(), number, code, argument);
            return checked(result, request);
        } catch (Throwable t) {
            throw orImpossible(t);
        }
    }

    /** An ioctl whose argument is a number. */
    int control(String request, long code, long argument) throws SystemCallException {
        try {
            int result = (int) Libc.IOCTL_NUMBER.invokeExact(Libc.errnoState(), number, code, argument);
            return checked(result, request);
        } catch (Throwable t) {
            throw orImpossible(t);
        }
    }

    private int checked(int result, String request) throws SystemCallException {
        if (result < 0) {
            throw new SystemCallException("ioctl(" + name + ", " + request + ")", Libc.errno());
        }
        return result;
    }

    @Override
    public boolean isOpen() {
        return !closed.get();
    }

    /** A second close does nothing. */
    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            try {
                // Linux frees the number in any case, so that there is nothing to be done about a failure.
                int _ = (int) Libc.CLOSE.invokeExact(Libc.errnoState(), number);
            } catch (Throwable t) {
                throw SystemFile.impossible(t);
            }
        }
    }

    @Override
    public String toString() {
        return name;
    }

    static SystemCallException orImpossible(Throwable t) {
        if (t instanceof SystemCallException failed) {
            return failed;
        }
        throw SystemFile.impossible(t);
    }
}
