package io.restripe.disk;

import io.restripe.disk.DiskException.Operation;
import io.restripe.os.Errno;
import io.restripe.os.FileStatus;
import io.restripe.os.SystemCallException;
import io.restripe.os.SystemFile;
import io.restripe.os.SystemFile.Option;
import io.restripe.unit.Units;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * A disk that is a regular file or a block device. Goes past the page cache where the file system allows it; buffers that are
 * not aligned as the device demands are copied through aligned ones. Any thread may call.
 *
 * <p>While it is open nobody else can open the same file or device for writing through this class, in this process or another;
 * readers share among themselves.
 *
 * <p>Once a flush has failed, every later write and flush fails too: after a failed sync the system may have dropped what was
 * unwritten and reported the loss that one time only, so no later success would mean anything.
 */
public final class FileDisk implements Disk {
    /** What may be done with the disk, and who else may use it meanwhile. */
    public enum Access {
        /** Opened read-only, really: the system itself refuses writes. Shared with other readers. */
        READ_ONLY,
        /** For reading and writing, alone. */
        EXCLUSIVE,
        /** For reading and writing, alone among the users of this class, beside the kernel whose arrays claim the device. */
        BESIDE_KERNEL,
        /** For reading and writing beside the process that holds it alone: for the actors that work for that process. No lock. */
        BESIDE_OWNER
    }

    /** Whether requests may wait in the system's page cache. */
    public enum Caching {
        /** Past the page cache; through it where the file system cannot. */
        DIRECT,
        /** Through the page cache. */
        PAGE_CACHE
    }

    private static final long BOUNCE_SECTORS = 2048;

    private final String name;
    private final SystemFile file;
    private final Access access;
    private final long sectors;
    private final int logicalSectorBytes;
    /** Alignment of buffers; 1 when requests go through the page cache. */
    private final int bufferAlignment;

    /** Whether what is discarded must not be given to others: all space was taken beforehand, so that no write meets a full file system. */
    private final boolean keepsSpace;

    /** Whether a range can be given up, as far as is known. */
    private volatile boolean punches = true;

    private final FlushGate gate = new FlushGate();
    private final FileExtents extents;

    private FileDisk(String name, SystemFile file, Access access, FileShape shape) {
        this.extents = new FileExtents(file, shape.logicalSectorBytes());
        this.name = name;
        this.file = file;
        this.access = access;
        this.sectors = shape.sectors();
        this.logicalSectorBytes = shape.logicalSectorBytes();
        this.bufferAlignment = shape.bufferAlignment();
        this.keepsSpace = shape.keepsSpace();
    }

    /** Opens with direct I/O where it can be had. */
    public static FileDisk open(Path path, Access access) throws DiskException {
        return open(path, access, Caching.DIRECT);
    }

    /**
     * Opens a file or block device.
     *
     * @throws DiskException when it is neither, is not whole sectors long, is in use, or the system refuses
     */
    public static FileDisk open(Path path, Access access, Caching caching) throws DiskException {
        String name = path.toString();
        try {
            FileStatus status = FileStatus.of(path);
            if (status.kind() == FileStatus.Kind.OTHER) {
                throw openFailed(name, "it is neither a regular file nor a block device", null);
            }
            SystemFile file = openFile(path, status, access, caching);
            try {
                lock(name, file, access);
                FileShape shape = FileShape.of(name, file, caching == Caching.DIRECT);
                if (caching == Caching.DIRECT && !shape.directWorks(file)) {
                    file.close();
                    return open(path, access, Caching.PAGE_CACHE);
                }
                return new FileDisk(name, file, access, shape);
            } catch (DiskException | SystemCallException e) {
                file.close();
                throw e;
            }
        } catch (SystemCallException e) {
            if (caching == Caching.DIRECT && FileShape.isRefusalOfDirect(e)) {
                return open(path, access, Caching.PAGE_CACHE);
            }
            String who = e.errno() == Errno.EBUSY ? "a mount, an array or another process uses it: " : "";
            throw openFailed(name, who + e.getMessage(), e);
        }
    }

    /** A new file of zeros that takes no space yet, made durable with its length; then opened for exclusive use. */
    public static FileDisk create(Path path, long sectors, Caching caching) throws DiskException {
        return create(path, sectors, caching, false);
    }

    /** As {@link #create}, with the space for all of it taken already: that there is too little shows now and not at a write. */
    public static FileDisk createAllocated(Path path, long sectors, Caching caching) throws DiskException {
        return create(path, sectors, caching, true);
    }

    private static FileDisk create(Path path, long sectors, Caching caching, boolean allocated) throws DiskException {
        try (SystemFile file = SystemFile.open(path, EnumSet.of(Option.WRITE, Option.CREATE_NEW))) {
            fill(file, path, sectors, allocated);
        } catch (SystemCallException e) {
            throw openFailed(path.toString(), e.getMessage(), e);
        }
        return open(path, Access.EXCLUSIVE, caching);
    }

    private static void fill(SystemFile file, Path path, long sectors, boolean allocated) throws SystemCallException {
        try {
            file.truncate(Units.bytesOfSectors(sectors));
            if (allocated) {
                file.allocate(0, Units.bytesOfSectors(sectors));
            }
            file.syncAll();
        } catch (SystemCallException e) {
            try {
                Files.deleteIfExists(path);
            } catch (IOException left) {
                e.addSuppressed(left);
            }
            throw e;
        }
    }

    private static SystemFile openFile(Path path, FileStatus status, Access access, Caching caching)
            throws SystemCallException {
        Set<Option> options = EnumSet.noneOf(Option.class);
        if (access != Access.READ_ONLY) {
            options.add(Option.WRITE);
        }
        if (access == Access.EXCLUSIVE && status.kind() == FileStatus.Kind.BLOCK_DEVICE) {
            options.add(Option.CLAIM);
        }
        if (caching == Caching.DIRECT) {
            options.add(Option.DIRECT);
        }
        return SystemFile.open(path, options);
    }

    private static void lock(String name, SystemFile file, Access access) throws DiskException, SystemCallException {
        boolean alone = access == Access.EXCLUSIVE || access == Access.BESIDE_KERNEL;
        if (access != Access.BESIDE_OWNER && !file.tryLock(alone)) {
            String why = alone ? "it is in use" : "it is in use by somebody who writes to it";
            throw openFailed(name, why + ", in this process or another", null);
        }
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public long sectors() {
        return sectors;
    }

    @Override
    public int logicalSectorBytes() {
        return logicalSectorBytes;
    }

    /** Whether requests go past the page cache. */
    public boolean direct() {
        return bufferAlignment > 1;
    }

    @Override
    public void read(long sector, MemorySegment into) throws DiskException {
        long lengthSectors = Requests.check(this, Operation.READ, sector, into);
        try {
            if (takes(into)) {
                readFully(Units.bytesOfSectors(sector), into);
                return;
            }
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment bounce = Buffers.allocate(arena, Math.min(lengthSectors, BOUNCE_SECTORS));
                for (long done = 0; done < into.byteSize(); done += bounce.byteSize()) {
                    MemorySegment piece = bounce.asSlice(0, Math.min(bounce.byteSize(), into.byteSize() - done));
                    readFully(Units.bytesOfSectors(sector) + done, piece);
                    MemorySegment.copy(piece, 0, into, done, piece.byteSize());
                }
            }
        } catch (IOException e) {
            throw new DiskException(name, Operation.READ, sector, lengthSectors, e.getMessage(), e);
        }
    }

    @Override
    public void write(long sector, MemorySegment from) throws DiskException {
        long lengthSectors = Requests.check(this, Operation.WRITE, sector, from);
        refuseWriteIfReadOnlyOrBroken(sector, lengthSectors);
        try {
            if (takes(from)) {
                writeFully(Units.bytesOfSectors(sector), from);
                return;
            }
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment bounce = Buffers.allocate(arena, Math.min(lengthSectors, BOUNCE_SECTORS));
                for (long done = 0; done < from.byteSize(); done += bounce.byteSize()) {
                    MemorySegment piece = bounce.asSlice(0, Math.min(bounce.byteSize(), from.byteSize() - done));
                    MemorySegment.copy(from, done, piece, 0, piece.byteSize());
                    writeFully(Units.bytesOfSectors(sector) + done, piece);
                }
            }
        } catch (IOException e) {
            throw new DiskException(name, Operation.WRITE, sector, lengthSectors, e.getMessage(), e);
        }
    }

    /**
     * A hole in a file; in a file that had all of its space when it was opened, and whose writes therefore cannot find the file system full,
     * a range that keeps its space; on a device the system's way to zero it without writing. Where there is no such thing, that is found out
     * once.
     */
    @Override
    public boolean discard(long sector, long sectors) throws DiskException {
        Requests.checkDiscard(this, sector, sectors);
        refuseWriteIfReadOnlyOrBroken(sector, sectors);
        if (sectors == 0 || !punches) {
            return punches;
        }
        try {
            if (keepsSpace) {
                file.zeroRange(Units.bytesOfSectors(sector), Units.bytesOfSectors(sectors));
            } else {
                file.punch(Units.bytesOfSectors(sector), Units.bytesOfSectors(sectors));
            }
            return true;
        } catch (SystemCallException e) {
            if (e.errno() == Errno.EOPNOTSUPP || e.errno() == Errno.ENOSYS || e.errno() == Errno.ENODEV) {
                punches = false;
                return false;
            }
            throw new DiskException(name, Operation.WRITE, sector, sectors, e.getMessage(), e);
        }
    }

    /** A hole of a file; of a device nothing is known. */
    @Override
    public Extent extent(long sector, long sectors) throws DiskException {
        Requests.checkRange(this, Operation.READ, sector, sectors);
        try {
            return extents.extent(sector, sectors);
        } catch (SystemCallException e) {
            throw new DiskException(name, Operation.READ, sector, sectors, e.getMessage(), e);
        }
    }

    @Override
    public void read(long sector, List<MemorySegment> into) throws DiskException {
        if (!takesAtOnce(into)) {
            Disk.super.read(sector, into);
            return;
        }
        long lengthSectors = Requests.check(this, Operation.READ, sector, into);
        try {
            long done = file.read(Units.bytesOfSectors(sector), into);
            if (done < Units.bytesOfSectors(lengthSectors)) {
                Disk.super.read(sector, into); // again, each by itself: it gets further, or says why not
            }
        } catch (IOException e) {
            throw new DiskException(name, Operation.READ, sector, lengthSectors, e.getMessage(), e);
        }
    }

    @Override
    public void write(long sector, List<MemorySegment> from) throws DiskException {
        if (!takesAtOnce(from)) {
            Disk.super.write(sector, from);
            return;
        }
        long lengthSectors = Requests.check(this, Operation.WRITE, sector, from);
        refuseWriteIfReadOnlyOrBroken(sector, lengthSectors);
        try {
            long done = file.write(Units.bytesOfSectors(sector), from);
            if (done < Units.bytesOfSectors(lengthSectors)) {
                Disk.super.write(sector, from);
            }
        } catch (IOException e) {
            throw new DiskException(name, Operation.WRITE, sector, lengthSectors, e.getMessage(), e);
        }
    }

    private boolean takesAtOnce(List<MemorySegment> buffers) {
        if (buffers.size() < 2 || buffers.size() > SystemFile.MOST_BUFFERS) {
            return false;
        }
        for (MemorySegment buffer : buffers) {
            if (!takes(buffer)) {
                return false;
            }
        }
        return true;
    }

    @Override
    public void flush() throws DiskException {
        if (access == Access.READ_ONLY) {
            return; // there is nothing that could be lost
        }
        try {
            gate.flush(file::syncData);
        } catch (IOException e) {
            throw new DiskException(name, Operation.FLUSH, -1, 0, e.getMessage(), e);
        }
    }

    @Override
    public void close() {
        file.close();
    }

    @Override
    public String toString() {
        return "FileDisk[" + name + ", " + access + (direct() ? ", direct" : ", page cache") + "]";
    }

    private boolean takes(MemorySegment buffer) {
        return buffer.isNative() && buffer.address() % bufferAlignment == 0;
    }

    private void readFully(long byteOffset, MemorySegment into) throws IOException {
        long done = 0;
        while (done < into.byteSize()) {
            long moved = file.read(byteOffset + done, done == 0 ? into : into.asSlice(done));
            if (moved == 0) {
                throw new EOFException(
                        "the file ends at byte " + (byteOffset + done) + ": it was cut short while open");
            }
            done += moved;
        }
    }

    private void writeFully(long byteOffset, MemorySegment from) throws IOException {
        long done = 0;
        while (done < from.byteSize()) {
            long moved = file.write(byteOffset + done, done == 0 ? from : from.asSlice(done));
            if (moved == 0) {
                throw new IOException(
                        "the system wrote nothing at byte " + (byteOffset + done) + " and gave no reason");
            }
            done += moved;
        }
    }

    private void refuseWriteIfReadOnlyOrBroken(long sector, long lengthSectors) throws DiskException {
        String why = access == Access.READ_ONLY ? "it was opened read-only" : gate.failure();
        if (why != null) {
            throw new DiskException(name, Operation.WRITE, sector, lengthSectors, why);
        }
    }

    static DiskException openFailed(String name, String why, Throwable cause) {
        DiskException failed = new DiskException(name, Operation.OPEN, -1, 0, why);
        if (cause != null) {
            failed.initCause(cause);
        }
        return failed;
    }
}
