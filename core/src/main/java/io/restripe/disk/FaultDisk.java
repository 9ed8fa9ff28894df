package io.restripe.disk;

import io.restripe.disk.DiskException.Operation;
import io.restripe.unit.SectorRange;
import io.restripe.unit.Units;
import java.lang.foreign.MemorySegment;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A disk that fails by rule. A request that a rule meets does not reach the disk below. Any
 * thread may call; a rule is in force for requests that begin after it was added.
 */
public final class FaultDisk extends DiskLayer {
    private final List<Rule> rules = new CopyOnWriteArrayList<>();
    private final List<Rule> once = new CopyOnWriteArrayList<>();
    private final AtomicLong requests = new AtomicLong();

    public FaultDisk(Disk inner) {
        super(inner);
    }

    /**
     * When to fail: all parts must be met.
     *
     * @param operations which requests
     * @param range reads and writes must touch it; null: wherever they are
     * @param fromRequest number of the first request that may fail; reads, writes, discards and flushes count together, from 0
     */
    public record Rule(Set<Operation> operations, SectorRange range, long fromRequest) {
        public Rule {
            operations = Set.copyOf(operations);
        }

        private boolean meets(Operation operation, long sector, long lengthSectors, long request) {
            boolean touched = range == null
                    || operation == Operation.FLUSH
                    || (lengthSectors > 0 && range.start() < sector + lengthSectors && sector < range.end());
            return operations.contains(operation) && request >= fromRequest && touched;
        }
    }

    /** Adds a rule. */
    public FaultDisk with(Rule rule) {
        rules.add(rule);
        return this;
    }

    /** The next request of the kind that touches the range fails, and no other; what was to be written is not. */
    public FaultDisk failOnce(Operation operation, SectorRange range) {
        once.add(new Rule(EnumSet.of(operation), range, 0));
        return this;
    }

    /** Reads that touch the range fail. */
    public FaultDisk failReads(SectorRange range) {
        return with(new Rule(EnumSet.of(Operation.READ), range, 0));
    }

    /** Writes that touch the range fail. */
    public FaultDisk failWrites(SectorRange range) {
        return with(new Rule(EnumSet.of(Operation.WRITE), range, 0));
    }

    /** Flushes fail. */
    public FaultDisk failFlushes() {
        return with(new Rule(EnumSet.of(Operation.FLUSH), null, 0));
    }

    /** Everything fails from the n-th request on, counted from 0. */
    public FaultDisk dieAtRequest(long request) {
        return with(new Rule(EnumSet.of(Operation.READ, Operation.WRITE, Operation.FLUSH), null, request));
    }

    /** Everything fails from now on. */
    public FaultDisk die() {
        return dieAtRequest(0);
    }

    /** Nothing fails any more. */
    public void heal() {
        rules.clear();
        once.clear();
    }

    /** Requests so far, failed ones included. */
    public long requests() {
        return requests.get();
    }

    @Override
    public void read(long sector, MemorySegment into) throws DiskException {
        failByRule(Operation.READ, sector, Units.sectorsOfBytesFloor(into.byteSize()));
        inner().read(sector, into);
    }

    @Override
    public void write(long sector, MemorySegment from) throws DiskException {
        failByRule(Operation.WRITE, sector, Units.sectorsOfBytesFloor(from.byteSize()));
        inner().write(sector, from);
    }

    /** A write, to the rules. */
    @Override
    public boolean discard(long sector, long sectors) throws DiskException {
        failByRule(Operation.WRITE, sector, sectors);
        return inner().discard(sector, sectors);
    }

    @Override
    public void flush() throws DiskException {
        failByRule(Operation.FLUSH, -1, 0);
        inner().flush();
    }

    private void failByRule(Operation operation, long sector, long lengthSectors) throws DiskException {
        long request = requests.getAndIncrement();
        for (Rule rule : rules) {
            if (rule.meets(operation, sector, lengthSectors, request)) {
                throw failure(operation, sector, lengthSectors);
            }
        }
        for (Rule rule : List.copyOf(once)) {
            if (rule.meets(operation, sector, lengthSectors, request) && once.remove(rule)) {
                throw failure(operation, sector, lengthSectors);
            }
        }
    }

    private DiskException failure(Operation operation, long sector, long lengthSectors) {
        return new DiskException(
                name(), operation, sector, lengthSectors, "input/output error (EIO), made by a fault rule");
    }
}
