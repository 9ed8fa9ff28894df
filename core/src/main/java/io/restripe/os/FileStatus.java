package io.restripe.os;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;

/**
 * What the system says of a file: Linux's {@code statx}, whose structure is the same on every architecture.
 *
 * <pre> 0 mask  28 mode(u16)  32 inode(u64)  40 size(u64)  48 blocks of 512 bytes(u64)  128 rdev major, minor  136 dev major, minor
 * 152 direct I/O: alignment of memory  156 of offsets  ... 256 </pre>
 *
 * @param kind what it is
 * @param identity equal for two paths exactly when they lead to the same file, or the same device
 * @param sizeBytes length of a regular file; 0 for devices
 * @param allocatedBytes space that it takes up; less than its length when it is sparse
 * @param directMemoryBytes alignment that direct I/O needs of buffers; 0 when unknown or impossible
 * @param directOffsetBytes alignment that direct I/O needs of offsets and lengths; 0 when unknown or impossible
 */
public record FileStatus(
        Kind kind,
        Identity identity,
        long sizeBytes,
        long allocatedBytes,
        int directMemoryBytes,
        int directOffsetBytes) {
    private static final int STRUCTURE_BYTES = 256;
    private static final long BLOCK_BYTES = 512;
    private static final int AT_FDCWD = -100;
    private static final int AT_EMPTY_PATH = 0x1000;
    private static final int BASIC_STATS = 0x7FF;
    private static final int DIO_ALIGN = 0x2000;
    private static final int TYPE_MASK = 0xF000;
    private static final int TYPE_PIPE = 0x1000;
    private static final int TYPE_SOCKET = 0xC000;
    private static final int TYPE_BLOCK = 0x6000;
    private static final int TYPE_REGULAR = 0x8000;

    /** What a path leads to. */
    public enum Kind {
        REGULAR,
        BLOCK_DEVICE,
        /** Or socket: somebody reads at the other end. */
        PIPE,
        OTHER
    }

    /**
     * A device's number, or a file's number on its device's.
     *
     * @param inode -1 for a block device: then major and minor are its own
     */
    public record Identity(int major, int minor, long inode) {}

    /** Of what the path leads to, through symbolic links. */
    public static FileStatus of(Path path) throws SystemCallException {
        return of(AT_FDCWD, path.toString(), 0);
    }

    static FileStatus of(int descriptor) throws SystemCallException {
        return of(descriptor, "", AT_EMPTY_PATH);
    }

    private static FileStatus of(int folder, String path, int flags) throws SystemCallException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment raw = arena.allocate(STRUCTURE_BYTES, Long.BYTES);
            int result;
            try {
                result = (int) Libc.STATX.invokeExact(
                        Libc.errnoState(), folder, arena.allocateFrom(path), flags, BASIC_STATS | DIO_ALIGN, raw);
            } catch (Throwable t) {
                throw SystemFile.impossible(t);
            }
            if (result != 0) {
                throw new SystemCallException("statx(" + folder + ", \"" + path + "\")", Libc.errno());
            }
            return decode(raw);
        }
    }

    private static FileStatus decode(MemorySegment raw) {
        boolean aligned = (u32(raw, 0) & DIO_ALIGN) != 0;
        Kind kind = switch (raw.get(ValueLayout.JAVA_SHORT, 28) & TYPE_MASK) {
            case TYPE_REGULAR -> Kind.REGULAR;
            case TYPE_BLOCK -> Kind.BLOCK_DEVICE;
            case TYPE_PIPE, TYPE_SOCKET -> Kind.PIPE;
            default -> Kind.OTHER;
        };
        Identity identity = kind == Kind.BLOCK_DEVICE
                ? new Identity(u32(raw, 128), u32(raw, 132), -1)
                : new Identity(u32(raw, 136), u32(raw, 140), raw.get(ValueLayout.JAVA_LONG, 32));
        return new FileStatus(
                kind,
                identity,
                raw.get(ValueLayout.JAVA_LONG, 40),
                BLOCK_BYTES * raw.get(ValueLayout.JAVA_LONG, 48),
                aligned ? u32(raw, 152) : 0,
                aligned ? u32(raw, 156) : 0);
    }

    private static int u32(MemorySegment raw, long offset) {
        return raw.get(ValueLayout.JAVA_INT, offset);
    }
}
