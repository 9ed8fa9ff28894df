package io.restripe.nbd;

import io.restripe.disk.Buffers;
import io.restripe.disk.Disk;
import io.restripe.disk.DiskException;
import io.restripe.disk.DiskException.Operation;
import io.restripe.disk.Requests;
import io.restripe.env.Env;
import io.restripe.nbd.UnflushedWrites.Entry;
import io.restripe.unit.Units;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.function.Supplier;

/**
 * An export of an NBD server as a disk. Any number of threads may call: their requests are under way together on one connection.
 *
 * <p>When the connection breaks it is made again, and what was under way is sent again; callers only see that it takes longer. When
 * that does not succeed in the time of the options, or the export is no longer what it was, everything fails from then on.
 *
 * <p>What was acknowledged and not yet flushed is kept here and written again on a new connection, so that a flush covers it also when
 * the server's machine lost power in between. After a flush that failed every later write and flush fails: nothing tells what was lost.
 */
public final class NbdDisk implements Disk {
    /** How the message of an error begins that the server has answered with, and not the connection. */
    public static final String ANSWERED = "the server says: ";

    /** Longest piece of a request: short enough that a slow line answers in time. */
    private static final long LONGEST_PIECE_BYTES = 4 << 20;

    /** Longest range that one request makes zeros. */
    private static final long LONGEST_ZEROS_BYTES = 64 << 20;

    private static final long USUAL_NANOS = TimeUnit.SECONDS.toNanos(30);

    /**
     * How to use an export.
     *
     * @param readOnly writes are refused here; needed for exports that are read-only or cannot be flushed
     * @param reconnectNanos how long a broken connection may take to be made again, and the first one to be made; 0: it is not made
     *     again
     * @param answerNanos how long the server may be silent while requests wait; after half of that the connection counts as broken
     */
    public record Options(boolean readOnly, long reconnectNanos, long answerNanos) {
        /** For reading and writing, 30 seconds. */
        public static final Options USUAL = new Options(false, USUAL_NANOS, USUAL_NANOS);

        public Options {
            if (reconnectNanos < 0 || answerNanos < 1) {
                throw new IllegalArgumentException("times of " + reconnectNanos + " and " + answerNanos + " ns");
            }
        }

        /** The same time for both. */
        public static Options patient(boolean readOnly, long nanos) {
            return new Options(readOnly, nanos, nanos);
        }
    }

    private final Env env;
    private final String name;
    private final Options options;
    private final NbdLink link;
    private final ClientHandshake.Terms terms;
    private final Lock lock;
    /** Calls under way by cookie. Guarded by the lock, like all below. */
    private final Map<Long, Call> calls = new LinkedHashMap<>();

    /** Sectors that the disk is known by. */
    private volatile long markStart;

    private volatile long markEnd;
    private final UnflushedWrites unflushed = new UnflushedWrites();
    private final Condition roomCame;
    private boolean makingRoom;
    private long lastCookie;
    /** Why nothing that was written can be trusted any more; null while all is well. */
    private String flushFailure;

    private NbdDisk(Env env, NbdAddress address, Options options) throws DiskException {
        this.name = address.toString();
        this.options = options;
        this.lock = env.newLock();
        this.roomCame = lock.newCondition();
        this.env = env;
        this.link = new NbdLink(env, address, options, lock, calls, unflushed);
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
        boolean changesMark = touchesMark(sector, Units.sectorsOfBytesFloor(from.byteSize()));
        if (changesMark) {
            link.sameDisk().expect(null);
        }
        transfer(Operation.WRITE, sector, from);
        if (changesMark) {
            knowBy(markStart, markEnd - markStart);
        }
    }

    private boolean touchesMark(long sector, long sectors) {
        return sector < markEnd && sector + sectors > markStart;
    }

    /**
     * A server is asked for zeros where it has them for less than the price of writing: TRIM would not do, since nothing is said of what it
     * leaves, and an array's copies and parity must agree on that. What the disk is known by stays.
     */
    @Override
    public boolean discard(long sector, long sectors) throws DiskException {
        Requests.checkDiscard(this, sector, sectors);
        if (options.readOnly()) {
            throw new DiskException(name, Operation.WRITE, sector, sectors, "opened read-only");
        }
        if (!terms.has(Wire.SEND_WRITE_ZEROES) || !terms.has(Wire.SEND_FAST_ZERO) || touchesMark(sector, sectors)) {
            return false;
        }
        boolean zeros = true;
        long most = Units.sectorsOfBytesExact(LONGEST_ZEROS_BYTES);
        for (long done = 0; done < sectors && zeros; done += most) {
            try {
                zeros = zeroPiece(
                        Units.bytesOfSectors(sector + done), Units.bytesOfSectors(Math.min(most, sectors - done)));
            } catch (IOException e) {
                throw new DiskException(name, Operation.WRITE, sector, sectors, e.getMessage(), e);
            }
        }
        return zeros;
    }

    private boolean zeroPiece(long offset, long bytes) throws IOException {
        lock.lock();
        try {
            Entry entry = room(() -> unflushed.reserveZeros(offset, bytes));
            Call call =
                    Call.zeros(Wire.FLAG_FAST_ZERO, offset, bytes, ++lastCookie, lock.newCondition(), env.nanoTime());
            carryOut(call, entry);
            return call.error == 0;
        } finally {
            lock.unlock();
        }
    }

    private void transfer(Operation operation, long sector, MemorySegment buffer) throws DiskException {
        Requests.check(this, operation, sector, buffer);
        MemorySegment whole = Buffers.forAnyThread(buffer);
        long most = Units.floorToUnit(Math.min(LONGEST_PIECE_BYTES, terms.maximumPayloadBytes()), logicalSectorBytes());
        for (long done = 0; done < whole.byteSize(); ) {
            MemorySegment piece = whole.asSlice(done, Math.min(most, whole.byteSize() - done));
            long offset = Math.addExact(Units.bytesOfSectors(sector), done);
            try {
                if (operation == Operation.READ) {
                    call(Wire.CMD_READ, offset, piece.asByteBuffer(), null);
                } else {
                    writePiece(offset, piece);
                }
            } catch (IOException e) {
                long lengthSectors = Units.sectorsOfBytesFloor(whole.byteSize());
                throw new DiskException(name, operation, sector, lengthSectors, e.getMessage(), e);
            }
            done += piece.byteSize();
        }
    }

    private void writePiece(long offset, MemorySegment piece) throws IOException {
        Entry copy;
        lock.lock();
        try {
            copy = room(() -> unflushed.reserve(offset, Math.toIntExact(piece.byteSize())));
        } finally {
            lock.unlock();
        }
        unflushed.fill(copy, piece);
        call(Wire.CMD_WRITE, offset, piece.asByteBuffer(), copy);
    }

    /** Room for the copy of a write, after a flush where there is none. Called with the lock held once. */
    private Entry room(Supplier<Entry> reservation) throws IOException {
        while (true) {
            link.requireAlive();
            requireTrust();
            Entry copy = reservation.get();
            if (copy != null) {
                return copy;
            }
            if (makingRoom) {
                roomCame.awaitUninterruptibly();
                continue;
            }
            makingRoom = true;
            try {
                carryOut(Wire.CMD_FLUSH, 0, null, null);
            } finally {
                makingRoom = false;
                roomCame.signalAll();
            }
        }
    }

    private void requireTrust() throws IOException {
        if (flushFailure != null) {
            throw new IOException("an earlier flush failed, so what was written before may be lost: " + flushFailure);
        }
    }

    @Override
    public void flush() throws DiskException {
        if (options.readOnly()) {
            return;
        }
        try {
            call(Wire.CMD_FLUSH, 0, null, null);
        } catch (IOException e) {
            throw new DiskException(name, Operation.FLUSH, -1, 0, e.getMessage(), e);
        }
    }

    private void call(int type, long offset, ByteBuffer view, Entry copy) throws IOException {
        lock.lock();
        try {
            carryOut(type, offset, view, copy);
        } finally {
            lock.unlock();
        }
    }

    /** Called with the lock held once, which it gives up meanwhile. */
    private void carryOut(int type, long offset, ByteBuffer view, Entry copy) throws IOException {
        carryOut(new Call(type, offset, view, ++lastCookie, lock.newCondition(), env.nanoTime()), copy);
    }

    /** The same. That zeros are not to be had fast is an answer, not a failure. */
    private void carryOut(Call call, Entry copy) throws IOException {
        call.copy = copy;
        try {
            if (call.type != Wire.CMD_READ) {
                requireTrust();
            }
            call.flush = call.type == Wire.CMD_FLUSH ? unflushed.flushBegins() : 0;
            calls.put(call.cookie, call);
            link.carryOut(call);
        } finally {
            calls.remove(call.cookie);
            if (copy != null && !call.finished) {
                unflushed.ended(copy, false);
            }
        }
        boolean onlySlow = call.error == Wire.ENOTSUP && call.type == Wire.CMD_WRITE_ZEROES;
        if (call.error != 0 && !onlySlow) {
            String why = ANSWERED + Wire.errorText(call.error);
            flushFailure = call.type == Wire.CMD_FLUSH && flushFailure == null ? why : flushFailure;
            throw new IOException(why);
        }
    }

    /**
     * Remembers what the disk is known by: when a connection is made again and finds something else at that place, then another disk
     * has taken this one's place, and everything fails. What this client writes there is what it is known by from then on.
     *
     * @param sector where it stands
     * @param lengthSectors how much of it
     */
    public void knowBy(long sector, long lengthSectors) throws DiskException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment bytes = Buffers.allocate(arena, lengthSectors);
            read(sector, bytes);
            markStart = sector;
            markEnd = sector + lengthSectors;
            link.sameDisk()
                    .expect(new Revival.Mark(Units.bytesOfSectors(sector), bytes.toArray(ValueLayout.JAVA_BYTE)));
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
