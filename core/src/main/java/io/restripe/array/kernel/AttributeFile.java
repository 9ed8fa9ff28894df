package io.restripe.array.kernel;

import io.restripe.os.Errno;
import io.restripe.os.SystemCallException;
import io.restripe.os.SystemFile;
import io.restripe.os.SystemFile.Option;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;

/**
 * One attribute of sysfs, kept open once it was used: an open takes longer than a read. An attribute goes and comes again with the level
 * of its array; the descriptor of one that has gone says ENODEV, and it is then looked for once more. Any thread.
 */
final class AttributeFile {
    /** No attribute of sysfs is longer. */
    private static final int PAGE_BYTES = 4096;

    private final Path path;
    private final AtomicReference<SystemFile> reader = new AtomicReference<>();
    private final AtomicReference<SystemFile> writer = new AtomicReference<>();
    private volatile boolean closed;

    AttributeFile(Path path) {
        this.path = path;
    }

    /** Its text, without the newline, of what was there under this name when it was first read. */
    String readFirst() throws SystemCallException {
        return text(opened(reader, EnumSet.noneOf(Option.class), () -> true));
    }

    /**
     * Its text, without the newline. The attribute may have left and come back meanwhile, as with a change of level.
     *
     * @param stillMeant asked whenever it has been opened: a name may have come to mean another array
     */
    String read(BooleanSupplier stillMeant) throws SystemCallException {
        try {
            return text(opened(reader, EnumSet.noneOf(Option.class), stillMeant));
        } catch (SystemCallException e) {
            forget(reader, e);
            return text(opened(reader, EnumSet.noneOf(Option.class), stillMeant));
        }
    }

    /** Writes it on the descriptor that is kept, where whoever else writes so waits for it and it for them. */
    void writeOnKept(String value, BooleanSupplier stillMeant) throws SystemCallException {
        try {
            put(opened(writer, EnumSet.of(Option.WRITE_ONLY), stillMeant), value);
        } catch (SystemCallException e) {
            forget(writer, e);
            put(opened(writer, EnumSet.of(Option.WRITE_ONLY), stillMeant), value);
        }
    }

    private SystemCallException anothers() {
        return new SystemCallException(path + " is another array's by now", Errno.ENODEV);
    }

    /**
     * Writes it on a descriptor of its own. The kernel serves the writes of one descriptor one after the other, so one that blocks would
     * keep all others waiting that use the same.
     *
     * @param stillMeant asked between open and write: a name may have come to mean another array
     */
    void write(String value, BooleanSupplier stillMeant) throws SystemCallException {
        try (SystemFile own = SystemFile.open(path, EnumSet.of(Option.WRITE_ONLY))) {
            if (!stillMeant.getAsBoolean()) {
                throw anothers();
            }
            put(own, value);
        }
    }

    private SystemFile opened(AtomicReference<SystemFile> place, EnumSet<Option> options, BooleanSupplier stillMeant)
            throws SystemCallException {
        SystemFile known = place.get();
        if (known != null) {
            return known;
        }
        SystemFile fresh = SystemFile.open(path, options);
        if (!stillMeant.getAsBoolean()) {
            fresh.close();
            throw anothers();
        }
        if (!closed && place.compareAndSet(null, fresh)) {
            return fresh;
        }
        fresh.close();
        SystemFile other = place.get();
        if (other == null) {
            throw new SystemCallException(path + " after close", Errno.EBADF);
        }
        return other;
    }

    /** Closes a descriptor that means nothing any more; any other failure is the caller's. */
    private void forget(AtomicReference<SystemFile> place, SystemCallException why) throws SystemCallException {
        boolean stale = why.errno() == Errno.ENODEV || why.errno() == Errno.EBADF;
        SystemFile old = stale && !closed ? place.getAndSet(null) : null;
        if (old == null) {
            throw why;
        }
        old.close();
    }

    static String text(SystemFile file) throws SystemCallException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment page = arena.allocate(PAGE_BYTES);
            long length = file.read(0, page);
            byte[] bytes = page.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE);
            return new String(bytes, StandardCharsets.UTF_8).strip();
        }
    }

    private static void put(SystemFile file, String value) throws SystemCallException {
        try (Arena arena = Arena.ofConfined()) {
            byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
            MemorySegment raw = arena.allocate(bytes.length);
            raw.copyFrom(MemorySegment.ofArray(bytes));
            long written = file.write(0, raw);
            if (written != bytes.length) {
                throw new SystemCallException(
                        "write(" + file + ", \"" + value + "\") took " + written + " bytes of it", Errno.EIO);
            }
        }
    }

    void close() {
        closed = true;
        for (AtomicReference<SystemFile> place : List.of(reader, writer)) {
            SystemFile open = place.getAndSet(null);
            if (open != null) {
                open.close();
            }
        }
    }
}
