package io.restripe.disk;

import io.restripe.env.Env;
import io.restripe.unit.SectorRange;
import io.restripe.unit.Units;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;

/**
 * Reads ahead for whoever reads one piece after another and waits for each: an array's members then work together for requests that are
 * smaller than its rows. Who has several requests under way, or asks for much at once, needs none of it and goes past it; so does everybody
 * where the disk answers as memory does. What was read ahead is given out once it was asked for, and forgotten when it is written.
 *
 * <p>All who write the disk must do so through this layer. Any thread may call; one thread of its own reads.
 */
public final class ReadAheadDisk extends DiskLayer {
    private static final int STREAMS = 4;
    private static final int AHEAD_SECTORS = 1024 * Units.SECTORS_PER_KIB;
    /** Larger reads keep all members busy by themselves. */
    private static final long LARGEST_SECTORS = 256L * Units.SECTORS_PER_KIB;
    /** Reads in a row before anything is read that nobody asked for. */
    private static final int READS_OF_A_STREAM = 3;

    private final Env env;
    private final Lock lock;
    private final Condition changed;
    private final AtomicInteger reading = new AtomicInteger();
    private final Pace pace = new Pace();
    private final ReadStream[] streams = new ReadStream[STREAMS];
    private final Deque<ReadStream.Piece> wanted = new ArrayDeque<>();
    private long reads;
    private Env.Worker thread;
    private boolean closed;
    /** Something has been read ahead. Set before the first such read begins. */
    private volatile boolean used;

    public ReadAheadDisk(Env env, Disk inner) {
        super(inner);
        this.env = env;
        this.lock = env.newLock();
        this.changed = lock.newCondition();
        for (int i = 0; i < STREAMS; i++) {
            streams[i] = new ReadStream();
        }
    }

    @Override
    public long optimalSectors() {
        return inner().optimalSectors();
    }

    @Override
    public Extent extent(long sector, long sectors) throws DiskException {
        return inner().extent(sector, sectors);
    }

    @Override
    public void read(long sector, MemorySegment into) throws DiskException {
        long sectors = Units.sectorsOfBytesFloor(into.byteSize());
        boolean alone = reading.getAndIncrement() == 0;
        try {
            boolean helps = alone && sectors <= LARGEST_SECTORS && !pace.isFast() && isWhole(sector, into.byteSize());
            ReadStream.Piece piece = helps ? ahead(sector, sectors) : null;
            if (piece == null) {
                long began = env.nanoTime();
                inner().read(sector, into);
                pace.took(env.nanoTime() - began, into.byteSize());
            } else {
                giveOut(piece, sector, into);
            }
        } finally {
            reading.decrementAndGet();
        }
    }

    /** Whether it is whole sectors of the device; else the disk below says what is wrong. */
    private boolean isWhole(long sector, long bytes) {
        int unit = inner().logicalSectorBytes();
        return bytes > 0 && bytes % unit == 0 && sector >= 0 && sector % Units.sectorsOfBytesExact(unit) == 0;
    }

    /** What holds these sectors, to be given back after use; null when they must be read. Plans what comes next. */
    private ReadStream.Piece ahead(long sector, long sectors) {
        long size = inner().sectors(); // without the lock: the disk may have locks of its own
        lock.lock();
        try {
            ReadStream stream = streamAt(sector);
            stream.goesOn(sector, sectors, ++reads);
            if (stream.readsInARow() >= READS_OF_A_STREAM && !closed) {
                for (ReadStream.Piece piece = stream.plan(size, AHEAD_SECTORS);
                        piece != null;
                        piece = stream.plan(size, AHEAD_SECTORS)) {
                    used = true;
                    boolean started = false;
                    try {
                        startThread();
                        started = true;
                    } finally {
                        if (!started) {
                            piece.filled(false); // whoever asks for it reads it then
                        }
                    }
                    wanted.addLast(piece);
                }
            }
            while (stream.waitsFor(sector, sectors)) {
                changed.awaitUninterruptibly();
            }
            return stream.take(sector, sectors);
        } finally {
            lock.unlock();
        }
    }

    private ReadStream streamAt(long sector) {
        ReadStream oldest = streams[0];
        for (ReadStream stream : streams) {
            if (stream.isAt(sector)) {
                return stream;
            }
            oldest = stream.lastRead() < oldest.lastRead() ? stream : oldest;
        }
        return oldest;
    }

    private void startThread() {
        if (thread == null) {
            thread = env.start("read-ahead of " + name(), this::readAhead);
        }
        changed.signalAll(); // the lock is held until the piece is there
    }

    private void giveOut(ReadStream.Piece piece, long sector, MemorySegment into) {
        long from = Units.bytesOfSectors(sector - piece.start());
        MemorySegment.copy(piece.memory(), from, into, 0, into.byteSize());
        lock.lock();
        try {
            piece.give();
        } finally {
            lock.unlock();
        }
    }

    private void readAhead() {
        for (ReadStream.Piece piece = nextWanted(); piece != null; piece = nextWanted()) {
            boolean read = false;
            try {
                inner().read(piece.start(), piece.target());
                read = true;
            } catch (DiskException | RuntimeException | Error e) {
                // Whoever asks for it reads it then, and is told.
                System.getLogger("io.restripe.disk")
                        .log(System.Logger.Level.DEBUG, "reading ahead: {0}", e.getMessage());
            } finally {
                lock.lock();
                try {
                    piece.filled(read);
                    changed.signalAll();
                } finally {
                    lock.unlock();
                }
            }
        }
    }

    /** Null at the end; what is still wanted then was not read. */
    private ReadStream.Piece nextWanted() {
        lock.lock();
        try {
            while (wanted.isEmpty() && !closed) {
                changed.awaitUninterruptibly();
            }
            if (closed) {
                wanted.forEach(piece -> piece.filled(false));
                wanted.clear();
                changed.signalAll();
                return null;
            }
            return wanted.removeFirst();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void write(long sector, MemorySegment from) throws DiskException {
        SectorRange range = rangeOf(sector, Units.sectorsOfBytesFloor(from.byteSize()));
        forget(range);
        try {
            inner().write(sector, from);
        } finally {
            forget(range); // what was read meanwhile may be of before
        }
    }

    @Override
    public boolean discard(long sector, long sectors) throws DiskException {
        SectorRange range = rangeOf(sector, sectors);
        forget(range);
        try {
            return inner().discard(sector, sectors);
        } finally {
            forget(range);
        }
    }

    private static SectorRange rangeOf(long sector, long sectors) {
        boolean sensible = sector >= 0 && sectors >= 0 && sector <= Long.MAX_VALUE - sectors;
        return sensible ? new SectorRange(sector, sector + sectors) : new SectorRange(0, 0);
    }

    private void forget(SectorRange range) {
        if (!used) {
            return; // and whoever reads ahead from now on reads what has been written by now
        }
        lock.lock();
        try {
            for (ReadStream stream : streams) {
                stream.forget(range);
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Reads nothing ahead from now on, and closes the disk below. */
    @Override
    public void close() {
        Env.Worker started;
        lock.lock();
        try {
            closed = true;
            changed.signalAll();
            started = thread;
        } finally {
            lock.unlock();
        }
        if (started != null) {
            started.join();
        }
        super.close();
    }
}
