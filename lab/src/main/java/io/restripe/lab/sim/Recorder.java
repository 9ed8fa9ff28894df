package io.restripe.lab.sim;

import io.restripe.disk.MemoryDisk;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes down every write and flush of every disk of a machine in one order, with the data, and the marks of the program between them.
 * Belongs to the simulation: one thread at a time.
 */
public final class Recorder {
    private final List<Trace.Event> events = new ArrayList<>();
    private List<MemoryDisk> initial = List.of();

    void begin(List<MemoryDisk> disks) {
        initial = disks;
        events.clear();
    }

    void wrote(int disk, DiskWrite write) {
        events.add(new Trace.Write(disk, write));
    }

    /** @return what {@link #flushEnded} wants back */
    int flushBegan(int disk) {
        events.add(new Trace.FlushBegan(disk));
        return events.size() - 1;
    }

    void flushEnded(int disk, int began) {
        events.add(new Trace.FlushEnded(disk, began));
    }

    /**
     * Something the program did at this point.
     *
     * @param tightens whether from here on less is right than before (a flush was acknowledged), so that states that were checked
     *     before must be checked again
     */
    public void mark(Object what, boolean tightens) {
        events.add(new Trace.Mark(what, tightens));
    }

    /** Everything so far. */
    public Trace trace() {
        return new Trace(initial, List.copyOf(events));
    }
}
