package io.restripe.lab.sim;

import io.restripe.disk.Disk;
import io.restripe.disk.DiskException;
import io.restripe.disk.DiskException.Operation;
import io.restripe.disk.MemoryDisk;
import io.restripe.disk.Requests;
import io.restripe.disk.Zeros;
import io.restripe.unit.SectorRange;
import io.restripe.unit.Units;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * A disk that forgets. Writes go to a volatile cache; a flush makes those durable that had returned before it began; a power cut keeps
 * or loses every sector written since, each by itself. (Reordering of writes that overlap is part of that: each sector ends up with any
 * of the values it was given, or the durable one.) It can also fail, in ranges or as a whole, and be slow.
 *
 * <p>Used by one simulated thread at a time; hands over before and after every write and flush, and before every read.
 */
public final class SimDisk implements Disk {
    private final SimMachine machine;
    private final int index;
    private final String name;
    private final MemoryDisk current;
    private final MemoryDisk durable;
    private final List<DiskWrite> unflushed = new ArrayList<>();
    private final List<Fault> faults = new ArrayList<>();
    private boolean dead;
    private long delayNanos;

    private static final class Fault {
        final Operation operation;
        final SectorRange range;
        final boolean healedByWrite;
        long skip;
        long times;

        Fault(Operation operation, SectorRange range, long skip, long times, boolean healedByWrite) {
            this.operation = operation;
            this.range = range;
            this.skip = skip;
            this.times = times;
            this.healedByWrite = healedByWrite;
        }
    }

    SimDisk(SimMachine machine, int index, String name, MemoryDisk contents) {
        this.machine = machine;
        this.index = index;
        this.name = name;
        this.current = contents.snapshot(name);
        this.durable = contents.snapshot(name);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public long sectors() {
        return current.sectors();
    }

    @Override
    public int logicalSectorBytes() {
        return current.logicalSectorBytes();
    }

    int index() {
        return index;
    }

    /** What a read would give now, as a disk of its own. */
    public MemoryDisk contents() {
        return current.snapshot();
    }

    /** Writes that a power cut may still take away. */
    public int unflushedWrites() {
        return unflushed.size();
    }

    /**
     * Requests of this kind that touch the range fail, but for the first {@code skip}, and only {@code times} of them. The range of a
     * flush does not count.
     */
    public void fail(Operation operation, SectorRange range, long skip, long times) {
        faults.add(new Fault(operation, range, skip, times, false));
    }

    /** Reads of these sectors fail until they are written over. */
    public void mediaError(SectorRange range) {
        for (long sector = range.start(); sector < range.end(); sector++) {
            faults.add(new Fault(Operation.READ, new SectorRange(sector, sector + 1), 0, Long.MAX_VALUE, true));
        }
    }

    /** Every request fails from now on. */
    public void die() {
        dead = true;
    }

    /** Every request takes at least so long. */
    public void slow(long nanos) {
        delayNanos = nanos;
    }

    @Override
    public void read(long sector, MemorySegment into) throws DiskException {
        begin(Op.READ, Operation.READ, sector, into.byteSize());
        current.read(sector, into);
    }

    @Override
    public void write(long sector, MemorySegment from) throws DiskException {
        begin(Op.WRITE, Operation.WRITE, sector, from.byteSize());
        current.write(sector, from);
        if (!faults.isEmpty()) {
            SectorRange written = new SectorRange(sector, sector + Units.sectorsOfBytesExact(from.byteSize()));
            faults.removeIf(f -> f.healedByWrite && f.range.overlaps(written));
        }
        if (machine.hasCaches() || machine.recorder() != null) {
            remember(new DiskWrite(machine.nextWrite(), sector, from.toArray(ValueLayout.JAVA_BYTE)));
        }
        machine.env().scheduler().step(Op.WRITTEN, index);
    }

    /** A write of zeros: what power and faults do to the one they do to the other. */
    @Override
    public boolean discard(long sector, long sectors) throws DiskException {
        Requests.checkDiscard(this, sector, sectors);
        Zeros.write(this, sector, sectors);
        return true;
    }

    private void remember(DiskWrite write) {
        if (machine.hasCaches()) {
            unflushed.add(write);
        }
        if (machine.recorder() != null) {
            machine.recorder().wrote(index, write);
        }
    }

    @Override
    public void flush() throws DiskException {
        begin(Op.FLUSH, Operation.FLUSH, -1, 0);
        Recorder recorder = machine.recorder();
        int began = recorder == null ? 0 : recorder.flushBegan(index);
        long last = unflushed.isEmpty() ? 0 : unflushed.getLast().number();
        machine.env().scheduler().step(Op.FLUSHED, index);
        int done = 0;
        while (done < unflushed.size() && unflushed.get(done).number() <= last) {
            DiskWrite write = unflushed.get(done++);
            write.applyTo(durable, 0, write.sectors());
        }
        unflushed.subList(0, done).clear();
        if (recorder != null) {
            recorder.flushEnded(index, began);
        }
    }

    private void begin(Op op, Operation operation, long sector, long bytes) throws DiskException {
        machine.before(this, op);
        if (delayNanos > 0) {
            machine.env().sleepNanos(delayNanos);
        }
        long length = Units.sectorsOfBytesFloor(bytes);
        if (machine.isPowerless()) {
            throw new DiskException(name, operation, sector, length, "the power is off");
        }
        if (dead) {
            throw new DiskException(name, operation, sector, length, "the disk is dead (simulated)");
        }
        if (!faults.isEmpty() && isFaulty(operation, sector, length)) {
            throw new DiskException(name, operation, sector, length, "Input/output error (simulated)");
        }
    }

    private boolean isFaulty(Operation operation, long sector, long length) {
        for (Fault fault : faults) {
            boolean touches =
                    sector < 0 || length > 0 && fault.range.overlaps(new SectorRange(sector, sector + length));
            if (fault.operation == operation && touches) {
                if (fault.skip > 0) {
                    fault.skip--;
                } else if (fault.times > 0) {
                    fault.times--;
                    return true;
                }
            }
        }
        return false;
    }

    /** What is left on it when the power fails now: each unflushed write is kept, lost or torn, by itself. */
    public MemoryDisk powerCut(RandomGenerator fate) {
        MemoryDisk image = (machine.hasCaches() ? durable : current).snapshot();
        for (DiskWrite write : unflushed) {
            switch (fate.nextInt(3)) {
                case 0 -> write.applyTo(image, 0, write.sectors());
                case 1 -> write.applyTo(image, tear(write.sectors(), fate));
                default -> {}
            }
        }
        return image;
    }

    /** Some of so many sectors: a front part, a back part, or any. */
    static BitSet tear(int sectors, RandomGenerator fate) {
        BitSet kept = new BitSet(sectors);
        int at = fate.nextInt(sectors + 1);
        switch (fate.nextInt(3)) {
            case 0 -> kept.set(0, at);
            case 1 -> kept.set(at, sectors);
            default -> {
                for (int i = 0; i < sectors; i++) {
                    kept.set(i, fate.nextBoolean());
                }
            }
        }
        return kept;
    }

    @Override
    public void close() {
        // Whatever runs after a simulated restart opens it again.
    }
}
