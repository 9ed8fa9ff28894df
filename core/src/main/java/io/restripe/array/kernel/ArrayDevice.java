package io.restripe.array.kernel;

import io.restripe.disk.Disk;
import io.restripe.disk.DiskException;
import io.restripe.disk.DiskException.Operation;
import io.restripe.disk.FileDisk;
import io.restripe.env.Env;
import io.restripe.os.DeviceNode;
import io.restripe.os.Errno;
import io.restripe.os.FileStatus;
import io.restripe.os.SystemCallException;
import io.restripe.unit.Units;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.locks.Lock;

/**
 * The kernel's array as a disk: its block device, past the page cache. Opened when it is first asked, and again when its size has
 * changed; md refuses to stop an array that anybody has open, so {@link #close} only lets go of it. Any thread.
 */
final class ArrayDevice implements Disk {
    private static final Path DEVICES = Path.of("/dev");
    private static final Path OWN_NODES = Path.of("/run/restripe-nodes");

    private final MdFolder folder;
    private final Lock lock;
    private FileDisk open;

    ArrayDevice(Env env, MdFolder folder) {
        this.folder = folder;
        this.lock = env.newLock();
    }

    @Override
    public String name() {
        return DEVICES.resolve(folder.kernelName()).toString();
    }

    /** What the kernel says at the moment; 0 when the array has gone. */
    @Override
    public long sectors() {
        try {
            return Long.parseLong(Files.readString(
                            MdObjects.BLOCK.resolve(folder.kernelName()).resolve("size"))
                    .strip());
        } catch (IOException | NumberFormatException e) {
            return 0;
        }
    }

    @Override
    public void read(long sector, MemorySegment into) throws DiskException {
        device(Operation.READ, sector, into.byteSize()).read(sector, into);
    }

    @Override
    public void write(long sector, MemorySegment from) throws DiskException {
        device(Operation.WRITE, sector, from.byteSize()).write(sector, from);
    }

    /** Nothing was written through here when it is not open. */
    @Override
    public void flush() throws DiskException {
        FileDisk now;
        lock.lock();
        try {
            now = open;
        } finally {
            lock.unlock();
        }
        if (now != null) {
            now.flush();
        }
    }

    private FileDisk device(Operation operation, long sector, long bytes) throws DiskException {
        lock.lock();
        try {
            if (open != null && open.sectors() != sectors()) {
                open.close();
                open = null;
            }
            if (open == null) {
                open = FileDisk.open(node(), FileDisk.Access.BESIDE_OWNER);
            }
            return open;
        } catch (SystemCallException e) {
            throw new DiskException(
                    name(), operation, sector, Units.sectorsOfBytesExact(bytes), String.valueOf(e.getMessage()), e);
        } finally {
            lock.unlock();
        }
    }

    /** The node that the system made; where it makes none, one of our own. */
    private Path node() throws SystemCallException {
        int minor = MdObjects.minor(folder.kernelName());
        for (Path path : new Path[] {DEVICES.resolve(folder.kernelName()), OWN_NODES.resolve(folder.kernelName())}) {
            if (isNode(path, minor)) {
                return path;
            }
        }
        Path own = OWN_NODES.resolve(folder.kernelName());
        try {
            Files.createDirectories(OWN_NODES);
            Files.deleteIfExists(own);
        } catch (IOException e) {
            throw new SystemCallException("make " + own + ": " + e, Errno.EIO);
        }
        DeviceNode.makeBlock(own, MdObjects.MD_MAJOR, minor);
        return own;
    }

    private static boolean isNode(Path path, int minor) {
        try {
            FileStatus status = FileStatus.of(path);
            return status.kind() == FileStatus.Kind.BLOCK_DEVICE
                    && status.identity().major() == MdObjects.MD_MAJOR
                    && status.identity().minor() == minor;
        } catch (SystemCallException e) {
            return false; // there is none
        }
    }

    /** Something that must not meet a request. */
    interface Alone {
        void run() throws SystemCallException;
    }

    /** Lets go of the device and keeps new requests waiting meanwhile; those under way keep it open until they return. */
    void whileClosed(Alone what) throws SystemCallException {
        lock.lock();
        try {
            close();
            what.run();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        lock.lock();
        try {
            if (open != null) {
                open.close();
                open = null;
            }
        } finally {
            lock.unlock();
        }
    }
}
