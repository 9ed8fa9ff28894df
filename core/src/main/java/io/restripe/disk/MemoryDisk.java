package io.restripe.disk;

import io.restripe.disk.DiskException.Operation;
import io.restripe.unit.Units;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * A disk in this process's memory. Sparse: what was never written reads as zeros and costs nothing. Cheap to copy: a snapshot
 * shares all pages with its origin until one of the two writes.
 *
 * <p>Any thread may call. Closing does nothing, so that whatever runs after a simulated restart may open it again; flush does
 * nothing either, because nothing here outlives the process.
 *
 * <p>Invariant: a page is changed in place only by the disk whose {@link #owner} token it carries; anybody else replaces it by a
 * copy of its own first.
 */
public final class MemoryDisk implements Disk {
    private static final int PAGE_BYTES = 16_384;

    private final String name;
    private final long sectors;
    private final int logicalSectorBytes;
    private final AtomicReferenceArray<Page> pages;
    /** Requests hold the read lock, a snapshot the write lock: a snapshot is taken between requests. */
    private final ReadWriteLock snapshots = new ReentrantReadWriteLock();

    /** Changes with every snapshot, which makes all pages that were this disk's own shared. Guarded by {@link #snapshots}. */
    private Owner owner = new Owner();

    /** A token: nothing but its identity counts. */
    private static final class Owner {}

    private static final class Page {
        final Owner owner;
        final byte[] bytes;

        Page(Owner owner, byte[] bytes) {
            this.owner = owner;
            this.bytes = bytes;
        }
    }

    /** A disk of zeros with sectors of 512 bytes. */
    public MemoryDisk(String name, long sectors) {
        this(name, sectors, Units.SECTOR_BYTES);
    }

    /**
     * A disk of zeros.
     *
     * @param sectors its size in sectors of 512 bytes, a multiple of the device's own
     * @param logicalSectorBytes the device's own sector: 512 or 4096 bytes
     */
    public MemoryDisk(String name, long sectors, int logicalSectorBytes) {
        long bytes = Units.bytesOfSectors(sectors);
        if (sectors < 0 || bytes % logicalSectorBytes != 0) {
            throw new IllegalArgumentException(
                    name + ": " + sectors + " sectors are not whole sectors of " + logicalSectorBytes + " bytes");
        }
        this.name = name;
        this.sectors = sectors;
        this.logicalSectorBytes = logicalSectorBytes;
        this.pages = new AtomicReferenceArray<>(Math.toIntExact(Units.ceilDiv(bytes, PAGE_BYTES)));
    }

    private MemoryDisk(MemoryDisk origin, String name) {
        this(name, origin.sectors, origin.logicalSectorBytes);
        for (int i = 0; i < pages.length(); i++) {
            pages.setPlain(i, origin.pages.getPlain(i));
        }
    }

    /** A disk of the same name with the contents of this moment; the two go separate ways from here. */
    public MemoryDisk snapshot() {
        return snapshot(name);
    }

    /** A disk of another name with the contents of this moment. */
    public MemoryDisk snapshot(String newName) {
        Lock all = snapshots.writeLock();
        all.lock();
        try {
            owner = new Owner();
            return new MemoryDisk(this, newName);
        } finally {
            all.unlock();
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

    @Override
    public void read(long sector, MemorySegment into) throws DiskException {
        Requests.check(this, Operation.READ, sector, into);
        Lock one = snapshots.readLock();
        one.lock();
        try {
            forEachPiece(Units.bytesOfSectors(sector), into, this::readPiece);
        } finally {
            one.unlock();
        }
    }

    @Override
    public void write(long sector, MemorySegment from) throws DiskException {
        Requests.check(this, Operation.WRITE, sector, from);
        Lock one = snapshots.readLock();
        one.lock();
        try {
            forEachPiece(Units.bytesOfSectors(sector), from, this::writePiece);
        } finally {
            one.unlock();
        }
    }

    /** Whole pages are given back. */
    @Override
    public boolean discard(long sector, long sectors) throws DiskException {
        Requests.checkDiscard(this, sector, sectors);
        Lock one = snapshots.readLock();
        one.lock();
        try {
            long end = Units.bytesOfSectors(sector + sectors);
            for (long at = Units.bytesOfSectors(sector); at < end; ) {
                int page = Math.toIntExact(at / PAGE_BYTES);
                int from = Math.toIntExact(at % PAGE_BYTES);
                int bytes = Math.toIntExact(Math.min(PAGE_BYTES - from, end - at));
                clear(page, from, bytes);
                at += bytes;
            }
            return true;
        } finally {
            one.unlock();
        }
    }

    /** By pages. */
    @Override
    public Extent extent(long sector, long sectors) throws DiskException {
        Requests.checkRange(this, Operation.READ, sector, sectors);
        long from = Units.bytesOfSectors(sector);
        long end = from + Units.bytesOfSectors(sectors);
        int page = Math.toIntExact(from / PAGE_BYTES);
        boolean hole = pages.get(page) == null;
        do {
            page++;
        } while ((long) page * PAGE_BYTES < end && (pages.get(page) == null) == hole);
        return new Extent(Units.sectorsOfBytesExact(Math.min(end, (long) page * PAGE_BYTES) - from), hole);
    }

    private void clear(int page, int from, int bytes) {
        if (bytes == PAGE_BYTES) {
            pages.set(page, null);
        } else if (pages.get(page) != null) {
            Arrays.fill(ownPage(page, false).bytes, from, from + bytes, (byte) 0);
        }
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}

    /** Bytes of memory that the contents take, pages shared with snapshots included. */
    public long residentBytes() {
        long resident = 0;
        for (int i = 0; i < pages.length(); i++) {
            resident += pages.get(i) == null ? 0 : PAGE_BYTES;
        }
        return resident;
    }

    private interface PieceVisitor {
        void piece(int page, int pageOffset, MemorySegment buffer, long bufferOffset, int bytes);
    }

    private static void forEachPiece(long startByte, MemorySegment buffer, PieceVisitor visitor) {
        long done = 0;
        while (done < buffer.byteSize()) {
            int page = Math.toIntExact((startByte + done) / PAGE_BYTES);
            int pageOffset = Math.toIntExact((startByte + done) % PAGE_BYTES);
            int bytes = Math.toIntExact(Math.min(PAGE_BYTES - pageOffset, buffer.byteSize() - done));
            visitor.piece(page, pageOffset, buffer, done, bytes);
            done += bytes;
        }
    }

    private void readPiece(int page, int pageOffset, MemorySegment into, long intoOffset, int bytes) {
        Page found = pages.get(page);
        if (found == null) {
            into.asSlice(intoOffset, bytes).fill((byte) 0);
        } else {
            MemorySegment.copy(found.bytes, pageOffset, into, ValueLayout.JAVA_BYTE, intoOffset, bytes);
        }
    }

    private void writePiece(int page, int pageOffset, MemorySegment from, long fromOffset, int bytes) {
        byte[] own = ownPage(page, bytes == PAGE_BYTES).bytes;
        MemorySegment.copy(from, ValueLayout.JAVA_BYTE, fromOffset, own, pageOffset, bytes);
    }

    /**
     * The page, made this disk's own. Of two threads that replace it at once, both go on with what one of them made.
     *
     * @param whole all of it is about to be overwritten: what it held does not matter
     */
    private Page ownPage(int page, boolean whole) {
        Page found = pages.get(page);
        while (found == null || found.owner != owner) {
            Page own = new Page(owner, found == null || whole ? new byte[PAGE_BYTES] : found.bytes.clone());
            found = pages.compareAndSet(page, found, own) ? own : pages.get(page);
        }
        return found;
    }

    @Override
    public String toString() {
        return "MemoryDisk[" + name + ", " + sectors + " sectors]";
    }
}
