package io.restripe.node.daemon;

import io.restripe.disk.Disk;
import io.restripe.disk.ReadAheadDisk;
import io.restripe.env.Env;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.Lock;

/**
 * The volumes of a container as all of this process's users have them: with one read-ahead each, through which they all write. Any thread
 * may call.
 */
final class VolumeDisks implements AutoCloseable {
    private record Ahead(Disk inner, ReadAheadDisk disk) {}

    private final Env env;
    private final boolean kernels;
    private final Lock lock;
    private final Map<String, Ahead> byName = new HashMap<>();
    private boolean closed;

    /** @param kernels they are the kernel's block devices: others write them, and the kernel reads ahead */
    VolumeDisks(Env env, boolean kernels) {
        this.env = env;
        this.kernels = kernels;
        this.lock = env.newLock();
    }

    /** The same object for the same volume as long as its contents come from there. */
    @SuppressWarnings("ReferenceEquality") // a disk is itself
    Disk of(String volume, Disk contents) {
        lock.lock();
        try {
            if (kernels || closed) {
                return contents;
            }
            Ahead known = byName.get(volume);
            if (known == null || known.inner() != contents) {
                if (known != null) {
                    known.disk().close();
                }
                known = new Ahead(contents, new ReadAheadDisk(env, contents));
                byName.put(volume, known);
            }
            return known.disk();
        } finally {
            lock.unlock();
        }
    }

    /** Nothing is read ahead from now on. Call when the arrays have stopped, so that no read waits for them. */
    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            byName.values().forEach(known -> known.disk().close());
            byName.clear();
        } finally {
            lock.unlock();
        }
    }
}
