package io.restripe.lab.sim;

import io.restripe.disk.MemoryDisk;
import java.util.List;

/**
 * A recorded run.
 *
 * @param initial what the disks held at its beginning, all of it durable; not to be changed
 * @param events in the order they happened
 */
public record Trace(List<MemoryDisk> initial, List<Event> events) {
    public Trace {
        initial = List.copyOf(initial);
        events = List.copyOf(events);
    }

    /** One thing that happened. */
    public sealed interface Event {}

    record Write(int disk, DiskWrite write) implements Event {}

    record FlushBegan(int disk) implements Event {}

    /** What was written to this disk before event {@code began} is durable now. */
    record FlushEnded(int disk, int began) implements Event {}

    /** Said by the program, see {@link Recorder#mark}. */
    record Mark(Object what, boolean tightens) implements Event {}

    /** What the program had said in the first {@code prefix} events, in order. */
    public List<Object> marks(int prefix) {
        return events.subList(0, prefix).stream()
                .filter(Mark.class::isInstance)
                .map(e -> ((Mark) e).what())
                .toList();
    }
}
