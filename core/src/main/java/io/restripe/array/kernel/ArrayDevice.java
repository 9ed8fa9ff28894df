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
import io.restripe.os.SystemFile;
import io.restripe.os.SystemFile.Option;
import io.restripe.unit.Units;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.OptionalLong;
import java.util.concurrent.locks.Lock;

/**
 * The kernel's array as a disk: its block device, past the page cache. Opened when it is first asked, and again when its size has
 * changed; md refuses to stop an array that anybody has open, so {@link #close} only lets go of it. Any thread.
 */
final class ArrayDevice implements Disk {
    private static final Path DEVICES = Path.of("/dev");
    private static final Path OWN_NODES = Path.of("/run/restripe-nodes");

    /** Of a block device's {@code stat}, from 0 (Linux, Documentation/block/stat.rst). */
    private static final int WRITES_FIELD = 4;

    /** docs/md-control.md, section 7. */
    private static final long SET_DISK_FAULTY = 0x929;

    private final MdFolder folder;
    private final Lock lock;
    private Opened open;

    /** The device and those whose requests are under way there. Once it is let go the last of them closes it. Guarded by the lock. */
    private static final class Opened {
        private final FileDisk disk;
        private int users;
        private boolean letGo;

        Opened(FileDisk disk) {
            this.disk = disk;
        }

        void closeIfUnused() {
            if (letGo && users == 0) {
                disk.close();
            }
        }
    }

    ArrayDevice(Env env, MdFolder folder) {
        this.folder = folder;
        this.lock = env.newLock();
    }

    @Override
    public String name() {
        return DEVICES.resolve(folder.kernelName()).toString();
    }

    /** Of the block device, by sysfs. */
    private String told(String attribute) throws IOException {
        return Files.readString(MdObjects.BLOCK.resolve(folder.kernelName()).resolve(attribute))
                .strip();
    }

    /** What the kernel says at the moment; 0 when the array has gone. */
    @Override
    public long sectors() {
        try {
            return Long.parseLong(told("size"));
        } catch (IOException | NumberFormatException e) {
            return 0;
        }
    }

    @Override
    public int logicalSectorBytes() {
        try {
            return Integer.parseInt(told("queue/logical_block_size"));
        } catch (IOException | NumberFormatException e) {
            return Units.SECTOR_BYTES; // it has gone
        }
    }

    /** As the block layer counts them, of everybody; md counts a write when it is done. */
    OptionalLong writesDone() {
        try {
            String[] fields = told("stat").split("\\s+", -1);
            return fields.length > WRITES_FIELD
                    ? OptionalLong.of(Long.parseLong(fields[WRITES_FIELD]))
                    : OptionalLong.empty();
        } catch (IOException | NumberFormatException e) {
            return OptionalLong.empty();
        }
    }

    @Override
    public void read(long sector, MemorySegment into) throws DiskException {
        Opened used = enter(Operation.READ, sector, into.byteSize());
        try {
            used.disk.read(sector, into);
        } finally {
            leave(used);
        }
    }

    @Override
    public void write(long sector, MemorySegment from) throws DiskException {
        Opened used = enter(Operation.WRITE, sector, from.byteSize());
        try {
            used.disk.write(sector, from);
        } finally {
            leave(used);
        }
    }

    @Override
    public boolean discard(long sector, long sectors) throws DiskException {
        Opened used = enter(Operation.WRITE, sector, Units.bytesOfSectors(sectors));
        try {
            return used.disk.discard(sector, sectors);
        } finally {
            leave(used);
        }
    }

    /** Also what was written before the device was last let go, or through another host: who asks may have had its answer from that. */
    @Override
    public void flush() throws DiskException {
        Opened used = enter(Operation.FLUSH, 0, 0);
        try {
            used.disk.flush();
        } finally {
            leave(used);
        }
    }

    /** The device, which stays open until {@link #leave}. */
    private Opened enter(Operation operation, long sector, long bytes) throws DiskException {
        lock.lock();
        try {
            if (open != null && open.disk.sectors() != sectors()) {
                letGo();
            }
            if (open == null) {
                open = new Opened(FileDisk.open(node(), FileDisk.Access.BESIDE_OWNER));
                requireThere();
            }
            open.users++;
            return open;
        } catch (SystemCallException e) {
            throw new DiskException(
                    name(), operation, sector, Units.sectorsOfBytesExact(bytes), String.valueOf(e.getMessage()), e);
        } finally {
            lock.unlock();
        }
    }

    /** Called with the lock held and the device open, which cannot go as long as it is: its name may have been another array's already. */
    private void requireThere() throws SystemCallException {
        if (!folder.isThere()) {
            letGo();
            throw new SystemCallException("the array has gone", Errno.ENODEV);
        }
    }

    private void leave(Opened used) {
        lock.lock();
        try {
            used.users--;
            used.closeIfUnused();
        } finally {
            lock.unlock();
        }
    }

    /** Called with the lock held. */
    private void letGo() {
        Opened gone = open;
        open = null;
        if (gone != null) {
            gone.letGo = true;
            gone.closeIfUnused();
        }
    }

    /** Declares a member faulty, by its device number: md does this without the array's configuration mutex. */
    void fail(long member) throws SystemCallException {
        try (SystemFile device = SystemFile.open(node(), EnumSet.noneOf(Option.class))) {
            device.control("SET_DISK_FAULTY", SET_DISK_FAULTY, member);
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
            letGo();
            what.run();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        lock.lock();
        try {
            letGo();
        } finally {
            lock.unlock();
        }
    }
}
