package io.restripe.array.engine;

import static io.restripe.array.engine.StripeTransform.slice;

import java.lang.foreign.MemorySegment;

/**
 * A band's own buffers, equal ones for each unit. Where all data will be given, memory is taken for the parity alone; that of the data
 * units comes when it is wanted all the same, because a member has failed just now.
 */
final class BandMemory implements AutoCloseable {
    private final Scratch scratch;
    private final int dataCount;
    private final int sectors;
    private final int firstHere;
    private final MemorySegment memory;
    private MemorySegment dataMemory;

    /** @param whole all data will be given */
    BandMemory(Scratch scratch, int units, int dataCount, int sectors, boolean whole) {
        this.scratch = scratch;
        this.dataCount = dataCount;
        this.sectors = sectors;
        this.firstHere = whole ? dataCount : 0;
        this.memory = scratch.take((long) (units - firstHere) * sectors);
    }

    MemorySegment of(int unit) {
        if (unit >= firstHere) {
            return of(unit, 1);
        }
        if (dataMemory == null) {
            dataMemory = scratch.take((long) dataCount * sectors);
        }
        return slice(dataMemory, (long) unit * sectors, sectors);
    }

    /** Of so many units in one piece, from the first parity unit on. */
    MemorySegment ofParity(int units) {
        return of(dataCount, units);
    }

    private MemorySegment of(int unit, int units) {
        return slice(memory, (long) (unit - firstHere) * sectors, (long) units * sectors);
    }

    @Override
    public void close() {
        scratch.give(memory);
        if (dataMemory != null) {
            scratch.give(dataMemory);
        }
    }
}
