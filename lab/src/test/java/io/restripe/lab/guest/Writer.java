package io.restripe.lab.guest;

import io.restripe.disk.Disk;
import io.restripe.disk.DiskException;
import io.restripe.env.Env;
import io.restripe.env.SystemEnv;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;

/**
 * The user of a {@link Load}, on a thread of its own until told to stop. After every write that has returned it notes its number in a file
 * of the host's, which outlives the guest.
 */
final class Writer implements AutoCloseable {
    private final Load load;
    private final Disk volume;
    private final RandomAccessFile notes;
    private final Env.Worker worker;
    private volatile boolean stopping;
    private volatile long returned;

    Writer(Load load, Disk volume, Path file, long from) throws IOException {
        this.load = load;
        this.volume = volume;
        this.notes = new RandomAccessFile(file.toFile(), "rw");
        this.returned = from;
        this.worker = new SystemEnv().start("user", this::run);
    }

    private void run() {
        try {
            for (long write = returned + 1; !stopping; write++) {
                load.write(volume, write);
                returned = write;
                notes.seek(0);
                notes.writeLong(write);
            }
        } catch (DiskException e) {
            throw new IllegalStateException("write " + (returned + 1) + " failed", e);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Tells it to stop. On return nothing is under way; throws what went wrong with a write. Gives how many have returned. */
    long finish() {
        stopping = true;
        worker.join();
        return returned;
    }

    /** Writes that have returned, by the file; 0 when there is none. */
    static long noted(Path file) throws IOException {
        try (RandomAccessFile notes = new RandomAccessFile(file.toFile(), "rw")) {
            return notes.length() < Long.BYTES ? 0 : notes.readLong();
        }
    }

    @Override
    public void close() throws IOException {
        finish();
        notes.close();
    }
}
