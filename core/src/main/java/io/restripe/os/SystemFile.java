package io.restripe.os;

import java.io.Closeable;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.ref.Reference;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/**
 * An open file or block device. Any thread may call anything; a close takes effect when the calls that are under way have
 * returned, so that no request can reach a descriptor that already means another file.
 *
 * <p>Buffers are native memory. Nothing is retried or completed here except calls that a signal interrupted: reads and writes may
 * be short, as the system's are.
 */
public final class SystemFile implements Closeable {
    /** The kernel takes no more in one call (Linux: UIO_MAXIOV). */
    public static final int MOST_BUFFERS = 1024;

    /** How to open. */
    public enum Option {
        /** For writing too; without it only for reading. */
        WRITE,
        /** For writing and not for reading: what the system offers to writers only. */
        WRITE_ONLY,
        /** Past the page cache. */
        DIRECT,
        /** A block device only: fail with EBUSY while anybody (a mount, md, another such open) claims it, and claim it. */
        CLAIM,
        /** Make a new file, readable and writable by the owner only; fail with EEXIST when there is one. */
        CREATE_NEW
    }

    private static final int O_WRONLY = 1;
    private static final int O_RDWR = 2;
    private static final int O_CREAT = 0x40;
    private static final int O_EXCL = 0x80;
    private static final int O_CLOEXEC = 0x80000;
    private static final int O_DIRECT = System.getProperty("os.arch").equals("aarch64") ? 0x10000 : 0x4000;
    private static final int OWNER_ONLY = 0x180;

    private static final int F_OFD_SETLK = 37;
    private static final short F_RDLCK = 0;
    private static final short F_WRLCK = 1;
    private static final int FLOCK_BYTES = 32;

    private static final int FALLOC_KEEP_SIZE = 1;
    private static final int FALLOC_PUNCH_HOLE = 2;
    private static final int FALLOC_ZERO_RANGE = 16;
    private static final long BLKGETSIZE64 = 0x80081272L;
    private static final long BLKSSZGET = 0x1268;
    private static final long BLKPBSZGET = 0x127B;
    private static final long BLKROGET = 0x125E;

    private final String path;
    private final int descriptor;
    private final CallsUnderWay calls;

    private SystemFile(String path, int descriptor) {
        this.path = path;
        this.descriptor = descriptor;
        this.calls = new CallsUnderWay(path, descriptor);
    }

    /** Opens what the path leads to, through symbolic links; not inherited by child processes. */
    public static SystemFile open(Path path, Set<Option> options) throws SystemCallException {
        int flags = O_CLOEXEC;
        flags |= options.contains(Option.WRITE) ? O_RDWR : 0;
        flags |= options.contains(Option.WRITE_ONLY) ? O_WRONLY : 0;
        flags |= options.contains(Option.DIRECT) ? O_DIRECT : 0;
        flags |= options.contains(Option.CLAIM) ? O_EXCL : 0;
        flags |= options.contains(Option.CREATE_NEW) ? O_CREAT | O_EXCL : 0;
        String call = "open(\"" + path + "\", " + options + ")";
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment name = arena.allocateFrom(path.toString());
            int result;
            do {
                result = (int) Libc.OPEN.invokeExact(Libc.errnoState(), name, flags, OWNER_ONLY);
            } while (result < 0 && interruptedOrThrow(call));
            SystemFile file = new SystemFile(path.toString(), result);
            if (options.contains(Option.CLAIM) && options.contains(Option.WRITE)) {
                file.closeIfReadOnlyDevice(call);
            }
            return file;
        } catch (Throwable t) {
            throw orImpossible(t);
        }
    }

    /** The system lets a device that refuses every write be opened for writing, so the refusal is made here. */
    private void closeIfReadOnlyDevice(String call) throws SystemCallException {
        try {
            if (deviceIsReadOnly()) {
                throw new SystemCallException(call, Errno.EROFS.number());
            }
        } catch (SystemCallException e) {
            close();
            throw e;
        }
    }

    /** What it is. */
    public FileStatus status() throws SystemCallException {
        return withNumber("statx", FileStatus::of);
    }

    /**
     * Reads at a position.
     *
     * @return bytes read: fewer than asked is possible, 0 means the end of the file
     */
    public long read(long byteOffset, MemorySegment into) throws SystemCallException {
        return transfer("pread", Libc.PREAD, byteOffset, into);
    }

    /**
     * Writes at a position. Durable only after {@link #syncData}.
     *
     * @return bytes written: fewer than asked is possible
     */
    public long write(long byteOffset, MemorySegment from) throws SystemCallException {
        return transfer("pwrite", Libc.PWRITE, byteOffset, from);
    }

    /**
     * Reads at a position into several buffers, at most {@link #MOST_BUFFERS}, one behind the other.
     *
     * @return bytes read: fewer than asked is possible
     */
    public long read(long byteOffset, List<MemorySegment> into) throws SystemCallException {
        return transfer("preadv", Libc.PREADV, byteOffset, into);
    }

    /**
     * Writes several buffers, at most {@link #MOST_BUFFERS}, one behind the other at a position. Durable only after {@link #syncData}.
     *
     * @return bytes written: fewer than asked is possible
     */
    public long write(long byteOffset, List<MemorySegment> from) throws SystemCallException {
        return transfer("pwritev", Libc.PWRITEV, byteOffset, from);
    }

    /** On return what was written, and what is needed to find it again, survives a power cut. */
    public void syncData() throws SystemCallException {
        onDescriptor("fdatasync", Libc.FDATASYNC);
    }

    /** As {@link #syncData}, with all that is known about the file. */
    public void syncAll() throws SystemCallException {
        onDescriptor("fsync", Libc.FSYNC);
    }

    /** Sets a file's length; what is added reads as zeros. */
    public void truncate(long bytes) throws SystemCallException {
        calls.begin("ftruncate");
        try {
            int result;
            do {
                result = (int) Libc.FTRUNCATE.invokeExact(Libc.errnoState(), descriptor, bytes);
            } while (result != 0 && interruptedOrThrow(call("ftruncate", bytes)));
        } catch (Throwable t) {
            throw orImpossible(t);
        } finally {
            calls.end();
        }
    }

    /** Makes sure that there is space for a range, without changing contents or length. */
    public void allocate(long byteOffset, long lengthBytes) throws SystemCallException {
        fallocate(FALLOC_KEEP_SIZE, byteOffset, lengthBytes);
    }

    /** Makes a range read as zeros and keeps its space, without writing. */
    public void zeroRange(long byteOffset, long lengthBytes) throws SystemCallException {
        fallocate(FALLOC_KEEP_SIZE | FALLOC_ZERO_RANGE, byteOffset, lengthBytes);
    }

    /**
     * Gives the space of a range back; it then reads as zeros. Of a block device too: the kernel has it zeroed by the device itself, giving up
     * the space where it can, or answers EOPNOTSUPP (Linux 4.9 and newer); it never falls back to writing.
     */
    public void punch(long byteOffset, long lengthBytes) throws SystemCallException {
        fallocate(FALLOC_KEEP_SIZE | FALLOC_PUNCH_HOLE, byteOffset, lengthBytes);
    }

    /**
     * Locks the whole file for this open and all its users, until it is closed. Other opens are kept out, in this process too; only
     * readers may share.
     *
     * @param exclusive needs an open for writing; else the lock is shared
     * @return false when another open holds a lock that does not allow it
     */
    public boolean tryLock(boolean exclusive) throws SystemCallException {
        calls.begin("fcntl");
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment flock = arena.allocate(FLOCK_BYTES, Long.BYTES);
            flock.set(ValueLayout.JAVA_SHORT, 0, exclusive ? F_WRLCK : F_RDLCK);
            int result = (int) Libc.FCNTL.invokeExact(Libc.errnoState(), descriptor, F_OFD_SETLK, flock);
            if (result == 0) {
                return true;
            }
            Errno errno = Errno.of(Libc.errno());
            if (errno == Errno.EAGAIN || errno == Errno.EACCES) {
                return false;
            }
            throw new SystemCallException(call("fcntl", exclusive ? "F_WRLCK" : "F_RDLCK"), Libc.errno());
        } catch (Throwable t) {
            throw orImpossible(t);
        } finally {
            calls.end();
        }
    }

    /** Size of a block device. */
    public long deviceBytes() throws SystemCallException {
        return query("BLKGETSIZE64", BLKGETSIZE64);
    }

    /** The unit in which a block device addresses. */
    public int deviceLogicalSectorBytes() throws SystemCallException {
        return Math.toIntExact(query("BLKSSZGET", BLKSSZGET));
    }

    /** The unit in which a block device stores; smaller writes cost it a read. */
    public int devicePhysicalSectorBytes() throws SystemCallException {
        return Math.toIntExact(query("BLKPBSZGET", BLKPBSZGET));
    }

    /** Whether a block device refuses writes. */
    public boolean deviceIsReadOnly() throws SystemCallException {
        return query("BLKROGET", BLKROGET) != 0;
    }

    /** A request of a device driver whose argument is a number, 0 where it takes none. */
    public void control(String name, long request, long argument) throws SystemCallException {
        calls.begin("ioctl");
        try {
            int result;
            do {
                result = (int) Libc.IOCTL_NUMBER.invokeExact(Libc.errnoState(), descriptor, request, argument);
            } while (result != 0 && interruptedOrThrow(call("ioctl", name)));
        } catch (Throwable t) {
            throw orImpossible(t);
        } finally {
            calls.end();
        }
    }

    /** What is done with a descriptor's number. */
    interface OnNumber<T> {
        T run(int number) throws SystemCallException;
    }

    /** Does something with the descriptor's number, which stays this file's meanwhile. */
    <T> T withNumber(String name, OnNumber<T> what) throws SystemCallException {
        calls.begin(name);
        try {
            return what.run(descriptor);
        } finally {
            calls.end();
        }
    }

    /** For {@link Poller}, whose user keeps the file open meanwhile. */
    int descriptor() {
        return descriptor;
    }

    /** Gives up the descriptor, and with it locks and claims. Does not flush. A second close does nothing. */
    @Override
    public void close() {
        calls.close();
    }

    @Override
    public String toString() {
        return path;
    }

    private long transfer(String name, MethodHandle function, long byteOffset, MemorySegment buffer)
            throws SystemCallException {
        calls.begin(name);
        try {
            long result;
            do {
                result = (long)
                        function.invokeExact(Libc.errnoState(), descriptor, buffer, buffer.byteSize(), byteOffset);
            } while (result < 0 && interruptedOrThrow(call(name, buffer.byteSize() + " bytes at byte " + byteOffset)));
            return result;
        } catch (Throwable t) {
            throw orImpossible(t);
        } finally {
            calls.end();
        }
    }

    private long transfer(String name, MethodHandle function, long byteOffset, List<MemorySegment> buffers)
            throws SystemCallException {
        calls.begin(name);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment pieces = Libc.iovec(arena, buffers);
            long result;
            do {
                result = (long) function.invokeExact(Libc.errnoState(), descriptor, pieces, buffers.size(), byteOffset);
            } while (result < 0 && interruptedOrThrow(call(name, buffers.size() + " buffers at byte " + byteOffset)));
            return result;
        } catch (Throwable t) {
            throw orImpossible(t);
        } finally {
            Reference.reachabilityFence(buffers); // their addresses alone keep nothing
            calls.end();
        }
    }

    private void onDescriptor(String name, MethodHandle function) throws SystemCallException {
        calls.begin(name);
        try {
            int result;
            do {
                result = (int) function.invokeExact(Libc.errnoState(), descriptor);
            } while (result != 0 && interruptedOrThrow(name + "(" + path + ")"));
        } catch (Throwable t) {
            throw orImpossible(t);
        } finally {
            calls.end();
        }
    }

    private void fallocate(int mode, long byteOffset, long lengthBytes) throws SystemCallException {
        calls.begin("fallocate");
        try {
            int result;
            do {
                result = (int) Libc.FALLOCATE.invokeExact(Libc.errnoState(), descriptor, mode, byteOffset, lengthBytes);
            } while (result != 0
                    && interruptedOrThrow(
                            call("fallocate", "mode " + mode + ", " + lengthBytes + " bytes at byte " + byteOffset)));
        } catch (Throwable t) {
            throw orImpossible(t);
        } finally {
            calls.end();
        }
    }

    private long query(String name, long request) throws SystemCallException {
        calls.begin("ioctl");
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment answer = arena.allocate(Long.BYTES, Long.BYTES);
            int result = (int) Libc.IOCTL.invokeExact(Libc.errnoState(), descriptor, request, answer);
            if (result != 0) {
                throw new SystemCallException(call("ioctl", name), Libc.errno());
            }
            // Those that answer with an int leave the upper half 0: right on little-endian machines, as all of ours
            // are.
            return answer.get(ValueLayout.JAVA_LONG, 0);
        } catch (Throwable t) {
            throw orImpossible(t);
        } finally {
            calls.end();
        }
    }

    private String call(String name, Object arguments) {
        return name + "(" + path + ", " + arguments + ")";
    }

    /** After a failed call: true when a signal interrupted it, so that it must be made again. */
    private static boolean interruptedOrThrow(String call) throws SystemCallException {
        int number = Libc.errno();
        if (Errno.of(number) != Errno.EINTR) {
            throw new SystemCallException(call, number);
        }
        return true;
    }

    private static SystemCallException orImpossible(Throwable t) {
        if (t instanceof SystemCallException failed) {
            return failed;
        }
        throw impossible(t);
    }

    /** For what a method handle declares and a C function cannot do. */
    static IllegalStateException impossible(Throwable t) {
        if (t instanceof RuntimeException e) {
            throw e;
        }
        if (t instanceof Error e) {
            throw e;
        }
        return new IllegalStateException("a native call threw", t);
    }
}
