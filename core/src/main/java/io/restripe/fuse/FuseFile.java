package io.restripe.fuse;

import io.restripe.disk.Disk;
import io.restripe.disk.DiskException;
import io.restripe.disk.Zeros;
import io.restripe.os.Errno;
import io.restripe.unit.Units;

/**
 * A disk as the only file of a file system: a request's bytes go in, the answer's bytes come out. Any thread may call, each with a buffer of
 * its own. A request that is not whole, or asks for what is not there, is answered with an error and reaches no disk.
 *
 * <p>READ and WRITE go to whole sectors of the disk. FSYNC is {@link Disk#flush}: when it is answered, every WRITE that was answered before
 * it came survives a power cut. FALLOCATE makes a range read as zeros: a hole, which is what a loop
 * device makes of a discard, is one of the disk where it gives up ranges at all.
 */
final class FuseFile {
    private static final System.Logger LOG = System.getLogger("io.restripe.fuse");
    /** Requests that the kernel may have under way on its own account, such as those of a loop device. */
    static final int MOST_BACKGROUND = 48;

    private static final int ATTRIBUTES_BYTES = 88;
    private static final int OPEN_BYTES = 16;
    private static final int INIT_BYTES = 64;
    private static final int STATFS_BYTES = 80;
    private static final int OLD_INIT_BYTES = 16;
    private static final int REGULAR_FILE = 0x8000;
    private static final int OWNER_READS = 0x100;
    private static final int OWNER_WRITES = 0x80;
    private static final int BLOCK_BYTES = 4096;
    /** The file's handle; nothing is kept for an open. */
    private static final int HANDLE = 1;

    private static final int FALLOCATE_BYTES = 32;
    private static final int SETATTR_BYTES = 88;

    private final Disk disk;
    private final boolean readOnly;
    private volatile boolean initialized;
    private volatile boolean resends;

    FuseFile(Disk disk, boolean readOnly) {
        this.disk = disk;
        this.readOnly = readOnly;
    }

    /** Whether the kernel has agreed to speak. */
    boolean initialized() {
        return initialized;
    }

    /** Whether the kernel gives unanswered requests again when it is asked to. */
    boolean resends() {
        return resends;
    }

    /** Size in bytes now: whole sectors of the disk. */
    long sizeBytes() {
        return Units.floorToUnit(Units.bytesOfSectors(disk.sectors()), disk.logicalSectorBytes());
    }

    /**
     * Carries out the request in the buffer.
     *
     * @param received bytes of it
     * @return bytes of the answer; 0: there is none to be sent
     */
    int answer(FuseBuffer buffer, int received) {
        if (received < Protocol.IN_HEADER_BYTES) {
            LOG.log(System.Logger.Level.DEBUG, "a FUSE request of {0} bytes has no whole header", received);
            return 0;
        }
        long unique = buffer.i64(FuseBuffer.REQUEST + 8);
        int opcode = buffer.i32(FuseBuffer.REQUEST + 4);
        if (opcode == Protocol.FORGET || opcode == Protocol.BATCH_FORGET) {
            return 0; // they have no answer
        }
        int result;
        if (buffer.u32(FuseBuffer.REQUEST) != received) {
            result = refused(Errno.EIO);
        } else {
            result = run(buffer, opcode, received - Protocol.IN_HEADER_BYTES);
        }
        int bytes = Protocol.OUT_HEADER_BYTES + Math.max(0, result);
        buffer.set32(FuseBuffer.ANSWER, bytes);
        buffer.set32(FuseBuffer.ANSWER + 4, Math.min(0, result));
        buffer.set64(FuseBuffer.ANSWER + 8, unique);
        return bytes;
    }

    /** Whether the answer in the buffer is an error. */
    static boolean failed(FuseBuffer buffer) {
        return buffer.i32(FuseBuffer.ANSWER + 4) != 0;
    }

    private static int refused(Errno errno) {
        return -errno.number();
    }

    /** Bytes of the answer's body, or an error number below 0. */
    private int run(FuseBuffer buffer, int opcode, int bodyBytes) {
        try {
            return dispatch(buffer, opcode, bodyBytes);
        } catch (DiskException e) {
            LOG.log(System.Logger.Level.WARNING, "a request to an attached device: {0}", e.getMessage());
            return refused(Errno.EIO);
        } catch (RuntimeException | Error e) {
            LOG.log(System.Logger.Level.ERROR, "a request to an attached device broke", e);
            return refused(Errno.EIO);
        }
    }

    private int dispatch(FuseBuffer buffer, int opcode, int bodyBytes) throws DiskException {
        if (opcode == Protocol.INIT) {
            return init(buffer, bodyBytes);
        }
        if (opcode == Protocol.DESTROY) {
            return 0;
        }
        if (!initialized && !resends) {
            return refused(Errno.EIO);
        }
        if (buffer.i64(FuseBuffer.REQUEST + 16) != Protocol.ROOT) {
            return refused(Errno.ENOENT);
        }
        return switch (opcode) {
            case Protocol.READ -> read(buffer, bodyBytes);
            case Protocol.WRITE -> write(buffer, bodyBytes);
            case Protocol.FSYNC -> flush();
            case Protocol.FALLOCATE -> zero(buffer, bodyBytes);
            case Protocol.GETATTR -> attributes(buffer);
            case Protocol.SETATTR -> setAttributes(buffer, bodyBytes);
            case Protocol.OPEN -> open(buffer, bodyBytes);
            case Protocol.STATFS -> statistics(buffer);
            case Protocol.RELEASE, Protocol.FLUSH -> 0; // of a handle for which nothing is kept
            default -> refused(Errno.ENOSYS);
        };
    }

    private int init(FuseBuffer buffer, int bodyBytes) {
        if (bodyBytes < OLD_INIT_BYTES) {
            return refused(Errno.EINVAL);
        }
        int major = buffer.i32(FuseBuffer.BODY);
        int minor = buffer.i32(FuseBuffer.BODY + 4);
        int readAhead = buffer.i32(FuseBuffer.BODY + 8);
        long offered = buffer.u32(FuseBuffer.BODY + 12);
        if ((offered & Protocol.INIT_EXT) != 0 && bodyBytes >= OLD_INIT_BYTES + Integer.BYTES) {
            offered |= buffer.u32(FuseBuffer.BODY + 16) << Integer.SIZE;
        }
        if (major < Protocol.MAJOR || major == Protocol.MAJOR && minor < Protocol.OLDEST_MINOR) {
            LOG.log(
                    System.Logger.Level.ERROR,
                    "the kernel speaks FUSE " + major + "." + minor + ", and " + Protocol.MAJOR + "."
                            + Protocol.OLDEST_MINOR + " (Linux 4.20) is needed");
            return refused(Errno.EIO);
        }
        buffer.clearPayload(INIT_BYTES);
        buffer.set32(FuseBuffer.PAYLOAD, Protocol.MAJOR);
        if (major > Protocol.MAJOR) {
            return INIT_BYTES; // it asks again in our words
        }
        long wanted = offered
                & (Protocol.INIT_ASYNC_READ
                        | Protocol.INIT_BIG_WRITES
                        | Protocol.INIT_ASYNC_DIO
                        | Protocol.INIT_MAX_PAGES
                        | Protocol.INIT_EXT
                        | Protocol.INIT_HAS_RESEND);
        buffer.set32(FuseBuffer.PAYLOAD + 4, Math.min(minor, Protocol.NEWEST_MINOR));
        buffer.set32(FuseBuffer.PAYLOAD + 8, readAhead);
        buffer.set32(FuseBuffer.PAYLOAD + 12, (int) wanted);
        buffer.set16(FuseBuffer.PAYLOAD + 16, MOST_BACKGROUND);
        buffer.set16(FuseBuffer.PAYLOAD + 18, MOST_BACKGROUND);
        buffer.set32(FuseBuffer.PAYLOAD + 20, FuseBuffer.MOST_PAYLOAD_BYTES);
        buffer.set32(FuseBuffer.PAYLOAD + 24, 1);
        buffer.set16(FuseBuffer.PAYLOAD + 28, FuseBuffer.MOST_PAYLOAD_BYTES / BLOCK_BYTES);
        buffer.set32(FuseBuffer.PAYLOAD + 32, (int) (wanted >>> Integer.SIZE));
        resends = (wanted & Protocol.INIT_HAS_RESEND) != 0;
        initialized = true;
        return INIT_BYTES;
    }

    /** A connection that another process had agreed on, and that resends. */
    void takeOver() {
        resends = true;
        initialized = true;
    }

    private int attributes(FuseBuffer buffer) {
        long size = sizeBytes();
        int bytes = 16 + ATTRIBUTES_BYTES;
        buffer.clearPayload(bytes); // valid for no time: the size is asked for whenever somebody wants to know it
        int at = FuseBuffer.PAYLOAD + 16;
        buffer.set64(at, Protocol.ROOT);
        buffer.set64(at + 8, size);
        buffer.set64(at + 16, Units.sectorsOfBytesFloor(size));
        buffer.set32(at + 60, REGULAR_FILE | OWNER_READS | (readOnly ? 0 : OWNER_WRITES));
        buffer.set32(at + 64, 1);
        buffer.set32(at + 80, BLOCK_BYTES);
        return bytes;
    }

    /** The file is as long as the disk: no other length can be set, and nothing else. */
    private int setAttributes(FuseBuffer buffer, int bodyBytes) {
        if (bodyBytes < SETATTR_BYTES) {
            return refused(Errno.EINVAL);
        }
        int which = buffer.i32(FuseBuffer.BODY);
        if ((which & Protocol.SET_SIZE) == 0
                || (which & Protocol.SET_OWNER_AND_MODE) != 0
                || buffer.i64(FuseBuffer.BODY + 16) != sizeBytes()) {
            return refused(Errno.EPERM);
        }
        return attributes(buffer);
    }

    private int open(FuseBuffer buffer, int bodyBytes) {
        if (bodyBytes < 2 * Integer.BYTES) {
            return refused(Errno.EINVAL);
        }
        if (readOnly && (buffer.i32(FuseBuffer.BODY) & Protocol.O_ACCMODE) != 0) {
            return refused(Errno.EROFS);
        }
        buffer.clearPayload(OPEN_BYTES);
        buffer.set64(FuseBuffer.PAYLOAD, HANDLE);
        buffer.set32(FuseBuffer.PAYLOAD + 8, Protocol.OPEN_DIRECT_IO | Protocol.OPEN_PARALLEL_DIRECT_WRITES);
        return OPEN_BYTES;
    }

    private int statistics(FuseBuffer buffer) {
        buffer.clearPayload(STATFS_BYTES);
        buffer.set64(FuseBuffer.PAYLOAD, sizeBytes() / BLOCK_BYTES);
        buffer.set64(FuseBuffer.PAYLOAD + 24, 1);
        buffer.set32(FuseBuffer.PAYLOAD + 40, BLOCK_BYTES);
        buffer.set32(FuseBuffer.PAYLOAD + 44, 255);
        buffer.set32(FuseBuffer.PAYLOAD + 48, BLOCK_BYTES);
        return STATFS_BYTES;
    }

    private int read(FuseBuffer buffer, int bodyBytes) throws DiskException {
        if (bodyBytes < Protocol.TRANSFER_BYTES) {
            return refused(Errno.EINVAL);
        }
        long offset = buffer.i64(FuseBuffer.BODY + 8);
        long wanted = buffer.u32(FuseBuffer.BODY + 16);
        if (wanted > FuseBuffer.MOST_PAYLOAD_BYTES || offset < 0) {
            return refused(Errno.EINVAL);
        }
        int bytes = (int) Math.min(wanted, Math.max(0, sizeBytes() - offset)); // a file ends where it ends
        if (!wholeSectors(offset, bytes)) {
            return refused(Errno.EINVAL);
        }
        if (bytes > 0) {
            disk.read(Units.sectorsOfBytesExact(offset), buffer.payload(bytes));
        }
        return bytes;
    }

    private int write(FuseBuffer buffer, int bodyBytes) throws DiskException {
        if (bodyBytes < Protocol.TRANSFER_BYTES) {
            return refused(Errno.EINVAL);
        }
        long offset = buffer.i64(FuseBuffer.BODY + 8);
        long bytes = buffer.u32(FuseBuffer.BODY + 16);
        if (bytes != bodyBytes - Protocol.TRANSFER_BYTES || bytes > FuseBuffer.MOST_PAYLOAD_BYTES) {
            return refused(Errno.EINVAL);
        }
        int refusal = refusedChange(offset, bytes);
        if (refusal != 0) {
            return refusal;
        }
        if (bytes > 0) {
            disk.write(Units.sectorsOfBytesExact(offset), buffer.payload((int) bytes));
        }
        buffer.set32(FuseBuffer.PAYLOAD, (int) bytes);
        buffer.set32(FuseBuffer.PAYLOAD + 4, 0);
        return 2 * Integer.BYTES;
    }

    /** Why this range is not to be written; 0 when it may be. */
    private int refusedChange(long offset, long bytes) {
        if (readOnly) {
            return refused(Errno.EROFS);
        }
        if (offset < 0 || bytes < 0 || !wholeSectors(offset, bytes)) {
            return refused(Errno.EINVAL);
        }
        return offset > sizeBytes() - bytes ? refused(Errno.ENOSPC) : 0;
    }

    private int zero(FuseBuffer buffer, int bodyBytes) throws DiskException {
        if (bodyBytes < FALLOCATE_BYTES) {
            return refused(Errno.EINVAL);
        }
        long offset = buffer.i64(FuseBuffer.BODY + 8);
        long bytes = buffer.i64(FuseBuffer.BODY + 16);
        int mode = buffer.i32(FuseBuffer.BODY + 24);
        int zeroing = mode & ~Protocol.KEEP_SIZE;
        if (zeroing != Protocol.PUNCH_HOLE && zeroing != Protocol.ZERO_RANGE) {
            return refused(Errno.EOPNOTSUPP);
        }
        int refusal = refusedChange(offset, bytes);
        if (refusal != 0) {
            return refusal;
        }
        long sector = Units.sectorsOfBytesExact(offset);
        long sectors = Units.sectorsOfBytesExact(bytes);
        if (zeroing == Protocol.PUNCH_HOLE) {
            if (!disk.discard(sector, 0)) {
                return refused(Errno.EOPNOTSUPP); // the kernel writes zeros where it needs them
            }
            Zeros.make(disk, sector, sectors);
        } else {
            Zeros.write(disk, sector, sectors);
        }
        return 0;
    }

    private boolean wholeSectors(long offset, long bytes) {
        int unit = disk.logicalSectorBytes();
        return offset % unit == 0 && bytes % unit == 0;
    }

    private int flush() throws DiskException {
        disk.flush();
        return 0;
    }
}
