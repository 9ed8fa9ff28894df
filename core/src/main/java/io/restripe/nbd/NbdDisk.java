package io.restripe.nbd;

import io.restripe.disk.Buffers;
import io.restripe.disk.Disk;
import io.restripe.disk.DiskException;
import io.restripe.disk.DiskException.Operation;
import io.restripe.disk.Requests;
import io.restripe.env.Env;
import io.restripe.unit.Units;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;

/**
 * An export of an NBD server as a disk. Any number of threads may call: their requests are under way together on one connection.
 *
 * <p>When the connection breaks it is made again, and what was under way is sent again; callers only see that it takes longer. When
 * that does not succeed in the time of the options, or the export is no longer what it was, everything fails from then on.
 *
 * <p>A flush covers what was acknowledged before, also on an earlier connection, as long as the server's machine stayed up. A server
 * whose machine lost power between two connections may have lost writes that it acknowledged and that nobody had flushed, and the
 * protocol has no way to tell: to whom that matters, no reconnecting is a choice (0 nanoseconds).
 */
public final class NbdDisk implements Disk {
    /**
     * How to use an export.
     *
     * @param readOnly writes are refused here; needed for exports that are read-only or cannot be flushed
     * @param reconnectNanos how long a broken connection may take to be made again, and the first one to be made; 0: it is not made
     *     again
     */
    public record Options(boolean readOnly, long reconnectNanos) {
        /** For reading and writing, 30 seconds. */
        public static final Options USUAL = new Options(false, TimeUnit.SECONDS.toNanos(30));
    }

    private final String name;
    private final Options options;
    private final NbdLink link;
    private final ClientHandshake.Terms terms;
    private final Lock lock;
    /** Calls under way by cookie. Guarded by the lock, like all below. */
    private final Map<Long, Call> calls = new LinkedHashMap<>();

    private long lastCookie;

    private NbdDisk(Env env, NbdAddress address, Options options) throws DiskException {
        this.name = address.toString();
        this.options = options;
        this.lock = env.newLock();
        this.link = new NbdLink(env, address, options, lock, calls);
        this.terms = link.open();
    }

    /**
     * Connects.
     *
     * @throws DiskException when there is no such server or export, or it cannot be what a disk must be
     */
    public static NbdDisk open(Env env, NbdAddress address, Options options) throws DiskException {
        return new NbdDisk(env, address, options);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public long sectors() {
        long unit = Units.sectorsOfBytesExact(logicalSectorBytes());
        return Units.floorToUnit(Units.sectorsOfBytesFloor(terms.sizeBytes()), unit);
    }

    @Override
    public int logicalSectorBytes() {
        return terms.minimumBlockBytes() <= Units.SECTOR_BYTES ? Units.SECTOR_BYTES : Buffers.PAGE_BYTES;
    }

    @Override
    public void read(long sector, MemorySegment into) throws DiskException {
        transfer(Operation.READ, sector, into);
    }

    @Override
    public void write(long sector, MemorySegment from) throws DiskException {
        if (options.readOnly()) {
            throw new DiskException(
                    name, Operation.WRITE, sector, Units.sectorsOfBytesFloor(from.byteSize()), "opened read-only");
        }
        transfer(Operation.WRITE, sector, from);
    }

    private void transfer(Operation operation, long sector, MemorySegment buffer) throws DiskException {
        Requests.check(this, operation, sector, buffer);
        MemorySegment whole = Buffers.forAnyThread(buffer);
        int type = operation == Operation.READ ? Wire.CMD_READ : Wire.CMD_WRITE;
        long most = Units.floorToUnit(terms.maximumPayloadBytes(), logicalSectorBytes());
        for (long done = 0; done < whole.byteSize(); ) {
            long bytes = Math.min(most, whole.byteSize() - done);
            ByteBuffer piece = whole.asSlice(done, bytes).asByteBuffer();
            try {
                call(type, Math.addExact(Units.bytesOfSectors(sector), done), piece);
            } catch (IOException e) {
                long lengthSectors = Units.sectorsOfBytesFloor(whole.byteSize());
                throw new DiskException(name, operation, sector, lengthSectors, e.getMessage(), e);
            }
            done += bytes;
        }
    }

    @Override
    public void flush() throws DiskException {
        if (options.readOnly()) {
            return;
        }
        try {
            call(Wire.CMD_FLUSH, 0, null);
        } catch (IOException e) {
            throw new DiskException(name, Operation.FLUSH, -1, 0, e.getMessage(), e);
        }
    }

    private void call(int type, long offset, ByteBuffer view) throws IOException {
        lock.lock();
        try {
            Condition changed = lock.newCondition();
            Call call = new Call(type, offset, view, ++lastCookie, changed);
            calls.put(call.cookie, call);
            try {
                link.carryOut(call);
            } finally {
                calls.remove(call.cookie);
            }
            if (call.error != 0) {
                throw new IOException("the server says: " + Wire.errorText(call.error));
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        link.close();
    }

    @Override
    public String toString() {
        return "NbdDisk[" + name + ", " + sectors() + " sectors]";
    }
}
