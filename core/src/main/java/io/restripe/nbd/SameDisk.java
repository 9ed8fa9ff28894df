package io.restripe.nbd;

import io.restripe.nbd.ClientHandshake.Terms;
import io.restripe.nbd.Connector.Connection;
import io.restripe.nbd.UnflushedWrites.Entry;
import io.restripe.unit.Units;
import java.io.IOException;
import java.util.Collection;
import java.util.concurrent.locks.Lock;

/** What a client's disk must still be after its connection was made again, and still hold. Any thread; guarded by the link's lock. */
final class SameDisk {
    private final Lock lock;
    private final UnflushedWrites unflushed;
    private Terms terms;
    /** What the disk must still say of itself; null: it is not asked. */
    private Revival.Mark mark;

    SameDisk(Lock lock, UnflushedWrites unflushed) {
        this.lock = lock;
        this.unflushed = unflushed;
    }

    /** The first connection was made on these terms. Called with the lock. */
    void begins(Terms agreed) {
        terms = agreed;
    }

    /** From now on a disk that does not bear this mark is another one. */
    void expect(Revival.Mark wanted) {
        lock.lock();
        try {
            mark = wanted;
        } finally {
            lock.unlock();
        }
    }

    /** Sees to it that a new connection leads to the same disk, with everything on it that was acknowledged. */
    void revive(Connection made) throws IOException {
        if (!made.terms().equals(terms)) {
            long had = Units.sectorsOfBytesFloor(terms.sizeBytes());
            long has = Units.sectorsOfBytesFloor(made.terms().sizeBytes());
            throw new Revival.OtherDiskException("the export changed while the connection was broken"
                    + (had == has ? "" : ": it had " + had + " sectors and has " + has));
        }
        Revival.Mark wanted;
        Collection<Entry> lost;
        long flush;
        lock.lock();
        try {
            wanted = mark;
            lost = unflushed.acknowledged();
            flush = unflushed.flushBegins();
        } finally {
            lock.unlock();
        }
        Revival revival = new Revival(made);
        if (wanted != null) {
            revival.expect(wanted);
        }
        revival.replay(unflushed, lost);
        lock.lock();
        try {
            unflushed.flushed(flush);
        } finally {
            lock.unlock();
        }
    }
}
