package io.restripe.array.engine;

import io.restripe.array.Attribute;
import io.restripe.array.AttributeException;
import io.restripe.array.Errno;
import io.restripe.array.MemberAttribute;
import io.restripe.disk.Buffers;
import io.restripe.disk.DiskException;
import io.restripe.disk.DiskLayer;
import io.restripe.disk.Extent;
import io.restripe.disk.MemoryDisk;
import io.restripe.env.Env;
import io.restripe.env.Signal;
import io.restripe.env.SystemEnv;
import io.restripe.geometry.Geometry;
import io.restripe.unit.Units;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;

/** An embedded array over memory disks, and a monitor that answers at once: records nothing, releases everything. */
final class ArrayFixture implements AutoCloseable {
    static final int OFFSET = 64;
    final Env env;
    final Map<String, FaultyDisk> disks = new HashMap<>();
    final EmbeddedArray array;
    final long componentSectors;
    private final Signal monitorSignal;
    private volatile boolean monitorEnds;
    private Env.Worker monitor;

    ArrayFixture(long componentSectors, int diskCount) {
        this(new SystemEnv(), componentSectors, diskCount);
    }

    ArrayFixture(Env env, long componentSectors, int diskCount) {
        this.env = env;
        this.monitorSignal = new Signal(env);
        this.componentSectors = componentSectors;
        for (int i = 0; i < diskCount; i++) {
            disks.put("d" + i, new FaultyDisk(new MemoryDisk("d" + i, OFFSET + componentSectors + 16)));
        }
        this.array = new EmbeddedArray(env, "c/v", disks::get);
    }

    /** The system's env; a layer overrides what it changes. */
    static class EnvLayer implements Env {
        private final Env inner = new SystemEnv();

        @Override
        public long nanoTime() {
            return inner.nanoTime();
        }

        @Override
        public java.time.Instant wallTime() {
            return inner.wallTime();
        }

        @Override
        public RandomGenerator random() {
            return inner.random();
        }

        @Override
        public java.util.concurrent.locks.Lock newLock() {
            return inner.newLock();
        }

        @Override
        public Worker start(String name, Runnable body) {
            return inner.start(name, body);
        }

        @Override
        public void sleepNanos(long nanos) {
            inner.sleepNanos(nanos);
        }
    }

    /** What a user asks of a disk, for threads of users. */
    static void ask(Hook request) {
        try {
            request.run();
        } catch (DiskException e) {
            throw new IllegalStateException(e);
        }
    }

    Env.Worker writer(long sector, long sectors) {
        return env.start("writer", () -> ask(() -> array.disk().write(sector, Buffers.allocate(sectors))));
    }

    /** Waits, bounded, for the end of a thread and throws what ended it. */
    void awaitEnd(Env.Worker worker) {
        long deadline = env.nanoTime() + 20_000_000_000L;
        while (worker.isAlive()) {
            if (env.nanoTime() - deadline > 0) {
                throw new AssertionError("a thread hangs");
            }
            env.sleepNanos(1_000_000);
        }
        worker.join();
    }

    /** What happens first whenever a disk is asked; it may throw, wait, or meddle with the array. */
    interface Hook {
        void run() throws DiskException;
    }

    /** A disk that fails when told to. */
    static final class FaultyDisk extends DiskLayer {
        private final MemoryDisk memory;
        volatile Hook beforeRead = () -> {};
        volatile Hook beforeWrite = () -> {};
        volatile Hook beforeFlush = () -> {};
        /** Requests of several buffers. */
        final AtomicInteger together = new AtomicInteger();
        /** Questions what a range is. */
        final AtomicInteger looks = new AtomicInteger();

        volatile boolean failsReads;
        volatile boolean failsWrites;
        volatile boolean discards = true;
        final java.util.concurrent.atomic.AtomicLong discardedSectors = new java.util.concurrent.atomic.AtomicLong();
        final java.util.Set<Long> badSectors = java.util.concurrent.ConcurrentHashMap.newKeySet();

        FaultyDisk(MemoryDisk disk) {
            super(disk);
            memory = disk;
        }

        @Override
        public void read(long sector, MemorySegment into) throws DiskException {
            beforeRead.run();
            long end = sector + Units.sectorsOfBytesExact(into.byteSize());
            if (failsReads || badSectors.stream().anyMatch(bad -> bad >= sector && bad < end)) {
                throw new DiskException(name(), DiskException.Operation.READ, sector, end - sector, "told to fail");
            }
            inner().read(sector, into);
        }

        @Override
        public void write(long sector, MemorySegment from) throws DiskException {
            beforeWrite.run();
            if (failsWrites) {
                throw new DiskException(name(), DiskException.Operation.WRITE, sector, 0, "told to fail");
            }
            long end = sector + Units.sectorsOfBytesExact(from.byteSize());
            badSectors.removeIf(bad -> bad >= sector && bad < end);
            inner().write(sector, from);
        }

        @Override
        public Extent extent(long sector, long sectors) throws DiskException {
            looks.incrementAndGet();
            return inner().extent(sector, sectors);
        }

        @Override
        public boolean discard(long sector, long sectors) throws DiskException {
            beforeWrite.run();
            if (failsWrites) {
                throw new DiskException(name(), DiskException.Operation.WRITE, sector, sectors, "told to fail");
            }
            if (!discards) {
                return false;
            }
            discardedSectors.addAndGet(sectors);
            badSectors.removeIf(bad -> bad >= sector && bad < sector + sectors);
            return inner().discard(sector, sectors);
        }

        @Override
        public void read(long sector, List<MemorySegment> into) throws DiskException {
            together.incrementAndGet();
            super.read(sector, into);
        }

        @Override
        public void write(long sector, List<MemorySegment> from) throws DiskException {
            together.incrementAndGet();
            super.write(sector, from);
        }

        void dies() {
            failsReads = true;
            failsWrites = true;
        }

        @Override
        public void flush() throws DiskException {
            beforeFlush.run();
            if (failsWrites) {
                throw new DiskException(name(), DiskException.Operation.FLUSH, -1, 0, "told to fail");
            }
        }

        @Override
        public void close() {}
    }

    /** Configures members d0.. in their slots; a slot in {@code missing} stays empty. */
    void configure(int level, int layout, int raidDisks, int chunkSectors, Integer... missing)
            throws AttributeException {
        set(Attribute.METADATA_VERSION, "external:/c/0");
        set(Attribute.LEVEL, "raid" + level);
        set(Attribute.RAID_DISKS, raidDisks);
        set(Attribute.CHUNK_SIZE, Units.bytesOfSectors(chunkSectors));
        set(Attribute.LAYOUT, layout);
        set(Attribute.COMPONENT_SIZE, componentSectors / 2);
        set(Attribute.RESYNC_START, "none");
        for (int slot = 0; slot < raidDisks; slot++) {
            if (!Set.of(missing).contains(slot)) {
                add("d" + slot, slot);
            }
        }
    }

    void add(String member, int slot) throws AttributeException {
        array.addMember(member);
        array.write(member, MemberAttribute.OFFSET, Integer.toString(OFFSET));
        array.write(member, MemberAttribute.SIZE, Long.toString(componentSectors / 2));
        if (slot >= 0) {
            array.write(member, MemberAttribute.SLOT, Integer.toString(slot));
        }
    }

    void start() throws AttributeException {
        set(Attribute.ARRAY_STATE, "readonly");
        set(Attribute.ARRAY_STATE, "active");
        set(new Pair(Attribute.SYNC_SPEED_MAX, 100_000_000));
        set(new Pair(Attribute.SYNC_SPEED_MIN, 100_000_000)); // does not yield to users
    }

    private record Pair(Attribute attribute, Object value) {}

    private void set(Pair pair) throws AttributeException {
        try {
            set(pair.attribute(), pair.value());
        } catch (AttributeException e) {
            if (e.errno() != Errno.ENOENT) {
                throw e;
            }
        }
    }

    void set(Attribute attribute, Object value) throws AttributeException {
        array.write(attribute, value.toString());
    }

    String get(Attribute attribute) throws AttributeException {
        return array.read(attribute);
    }

    /** Starts the monitor: write-pending gets active, a failed member is recorded, unblocked and removed. */
    void monitor() {
        array.subscribe(monitorSignal::raise);
        monitor = env.start("monitor", () -> {
            Set<String> seen = new HashSet<>();
            while (!monitorEnds) {
                try {
                    pass(seen);
                } catch (AttributeException e) {
                    throw new IllegalStateException(e);
                }
                monitorSignal.await(200_000_000L);
            }
        });
    }

    private void pass(Set<String> seen) throws AttributeException {
        String state = get(Attribute.ARRAY_STATE);
        List<String> faulty = new ArrayList<>();
        for (String member : array.members()) {
            String words = unlessGone(() -> array.read(member, MemberAttribute.STATE));
            if (words.contains("faulty") && seen.add(member)) {
                faulty.add(member);
            }
        }
        if (state.equals("write-pending")) {
            set(Attribute.ARRAY_STATE, "active");
        } else if (state.equals("active-idle")) {
            unlessGone(() -> {
                set(Attribute.ARRAY_STATE, "clean");
                return "";
            });
        }
        for (String member : faulty) {
            unlessGone(() -> {
                array.write(member, MemberAttribute.STATE, "-blocked");
                return "";
            });
        }
    }

    private interface Access {
        String run() throws AttributeException;
    }

    /** The test may have removed the member meanwhile, or a write come in before clean. */
    private static String unlessGone(Access access) throws AttributeException {
        try {
            return access.run();
        } catch (AttributeException e) {
            if (e.errno() == Errno.ENODEV || e.errno() == Errno.EBUSY) {
                return "";
            }
            throw e;
        }
    }

    /** A RAID5 of chunk 128 that stands at a position between two numbers of disks, up to readonly. */
    static void halfWay(EmbeddedArray array, long componentSectors, int disks, int newDisks, long position)
            throws AttributeException {
        array.write(Attribute.METADATA_VERSION, "external:/c/0");
        array.write(Attribute.LEVEL, "raid5");
        array.write(Attribute.RAID_DISKS, Integer.toString(disks));
        array.write(Attribute.CHUNK_SIZE, "65536");
        array.write(Attribute.LAYOUT, "0");
        array.write(Attribute.COMPONENT_SIZE, Long.toString(componentSectors / 2));
        array.write(Attribute.RESYNC_START, "none");
        array.write(Attribute.RESHAPE_POSITION, Long.toString(position));
        array.write(Attribute.CHUNK_SIZE, "65536");
        array.write(Attribute.LAYOUT, "0");
        array.write(Attribute.RAID_DISKS, Integer.toString(newDisks));
        for (int slot = 0; slot < newDisks; slot++) {
            array.addMember("d" + slot);
            array.write("d" + slot, MemberAttribute.OFFSET, Integer.toString(OFFSET));
            array.write("d" + slot, MemberAttribute.SIZE, Long.toString(componentSectors / 2));
            array.write("d" + slot, MemberAttribute.STATE, "insync");
            array.write("d" + slot, MemberAttribute.SLOT, Integer.toString(slot));
            array.write("d" + slot, MemberAttribute.RECOVERY_START, "none");
        }
        array.write(Attribute.ARRAY_STATE, "readonly");
    }

    void await(Attribute attribute, String value) throws AttributeException {
        await(env, array, attribute, value);
    }

    /** Waits, bounded, for an attribute to read so. */
    static void await(Env env, EmbeddedArray array, Attribute attribute, String value) throws AttributeException {
        Signal signal = new Signal(env);
        Runnable end = array.subscribe(signal::raise);
        long deadline = env.nanoTime() + 20_000_000_000L;
        try {
            while (!array.read(attribute).equals(value)) {
                if (env.nanoTime() - deadline > 0) {
                    throw new AssertionError(attribute + " is " + array.read(attribute) + ", waited for " + value
                            + "; state " + array.read(Attribute.ARRAY_STATE) + " action "
                            + array.read(Attribute.SYNC_ACTION));
                }
                signal.await(50_000_000L);
            }
        } finally {
            end.run();
        }
    }

    MemorySegment random(RandomGenerator random, long sectors) {
        MemorySegment buffer = Buffers.allocate(sectors);
        byte[] bytes = new byte[(int) buffer.byteSize()];
        random.nextBytes(bytes);
        buffer.copyFrom(MemorySegment.ofArray(bytes));
        return buffer;
    }

    /** What the members hold where this geometry puts the array's sectors. */
    MemorySegment placed(Geometry geometry, String[] members, long sectors) {
        MemorySegment all = Buffers.allocate(sectors);
        geometry.forEachPiece(0, sectors, (slot, sector, length, offset) -> {
            MemorySegment part = StripeTransform.slice(all, offset, length);
            try {
                disks.get(members[slot]).memory.read(OFFSET + sector, part);
            } catch (DiskException e) {
                throw new IllegalStateException(e);
            }
        });
        return all;
    }

    @Override
    public void close() {
        monitorEnds = true;
        monitorSignal.raise();
        if (monitor != null) {
            monitor.join();
        }
        array.close();
    }
}
