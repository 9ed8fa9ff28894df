package io.restripe.array.engine;

import io.restripe.env.Env;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;

/**
 * Locks on rows: whoever reads or writes parity, or writes copies, of a row holds it. Several rows are taken in ascending order of
 * their keys, so nobody waits in a circle. Any thread.
 */
final class StripeLocks {
    private static final int SHARDS = 16;
    private final Shard[] shards = new Shard[SHARDS];

    StripeLocks(Env env) {
        for (int i = 0; i < SHARDS; i++) {
            shards[i] = new Shard(env.newLock());
        }
    }

    void lock(long key) {
        shard(key).take(key);
    }

    void unlock(long key) {
        shard(key).give(key);
    }

    private Shard shard(long key) {
        return shards[(int) ((key >>> 1) % SHARDS)];
    }

    private static final class Shard {
        private final Lock lock;
        private final Condition freed;
        private final Set<Long> held = new HashSet<>();
        private int waiting;

        Shard(Lock lock) {
            this.lock = lock;
            this.freed = lock.newCondition();
        }

        void take(long key) {
            lock.lock();
            try {
                while (!held.add(key)) {
                    waiting++;
                    freed.awaitUninterruptibly();
                    waiting--;
                }
            } finally {
                lock.unlock();
            }
        }

        void give(long key) {
            lock.lock();
            try {
                held.remove(key);
                if (waiting > 0) {
                    freed.signalAll();
                }
            } finally {
                lock.unlock();
            }
        }
    }
}
