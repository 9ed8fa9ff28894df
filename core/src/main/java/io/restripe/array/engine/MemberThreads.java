package io.restripe.array.engine;

import io.restripe.env.Env;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.function.Consumer;

/**
 * Threads that work off batches of requests beside those who ask, who work too and wait for the rest: so a batch never waits for a free
 * thread, and one request never changes threads. Any thread may ask.
 */
final class MemberThreads implements AutoCloseable {
    private static final int MOST_WORKERS = 12;

    private final Env env;
    private final String name;
    private final Lock lock;
    private final Condition queued;
    private final Condition finished;
    private final Deque<Batch> queue = new ArrayDeque<>();
    private final List<Env.Worker> workers = new ArrayList<>();
    private int idleWorkers;
    private boolean closed;

    MemberThreads(Env env, String name) {
        this.env = env;
        this.name = name;
        this.lock = env.newLock();
        this.queued = lock.newCondition();
        this.finished = lock.newCondition();
    }

    /**
     * Performs all of them, with so many threads beside the asker, and returns when the last is done.
     *
     * @param performer performs one; throws nothing
     */
    void run(List<MemberRequest> requests, int helpers, Consumer<MemberRequest> performer) {
        Batch batch = begin(new Batch(List.copyOf(requests), performer), helpers);
        work(batch);
        batch.await();
    }

    /** Requests under way together. All fields are guarded by the lock. */
    private final class Batch {
        private final List<MemberRequest> requests;
        private final Consumer<MemberRequest> performer;
        private int begun;
        private int ended;

        private Batch(List<MemberRequest> requests, Consumer<MemberRequest> performer) {
            this.requests = requests;
            this.performer = performer;
        }

        void await() {
            lock.lock();
            try {
                while (ended < requests.size()) {
                    finished.awaitUninterruptibly();
                }
            } finally {
                lock.unlock();
            }
        }
    }

    private Batch begin(Batch batch, int helpers) {
        lock.lock();
        try {
            if (!closed && !batch.requests.isEmpty()) {
                startWorkers(Math.min(helpers, MOST_WORKERS));
                queue.addLast(batch);
                for (int i = 0; i < helpers; i++) {
                    queued.signal();
                }
            }
        } finally {
            lock.unlock();
        }
        return batch;
    }

    private void startWorkers(int wanted) {
        try {
            while (idleWorkers < wanted && workers.size() < wanted) {
                workers.add(env.start(name + "-" + workers.size(), this::serve));
                idleWorkers++;
            }
        } catch (OutOfMemoryError e) {
            // The system has no more threads for us: those that are there, and the asker, do it all.
            System.getLogger("io.restripe.array").log(System.Logger.Level.WARNING, "{0}: {1}", name, e.getMessage());
        }
    }

    private void serve() {
        while (true) {
            Batch batch;
            lock.lock();
            try {
                while (queue.isEmpty() && !closed) {
                    queued.awaitUninterruptibly();
                }
                if (queue.isEmpty()) {
                    return;
                }
                batch = queue.peekFirst();
                idleWorkers--;
            } finally {
                lock.unlock();
            }
            work(batch);
            lock.lock();
            try {
                idleWorkers++;
            } finally {
                lock.unlock();
            }
        }
    }

    private void work(Batch batch) {
        while (true) {
            MemberRequest next;
            lock.lock();
            try {
                if (batch.begun == batch.requests.size()) {
                    return;
                }
                next = batch.requests.get(batch.begun++);
                if (batch.begun == batch.requests.size()) {
                    queue.remove(batch);
                }
            } finally {
                lock.unlock();
            }
            try {
                batch.performer.accept(next);
            } finally {
                ended(batch);
            }
        }
    }

    private void ended(Batch batch) {
        lock.lock();
        try {
            batch.ended++;
            if (batch.ended == batch.requests.size()) {
                finished.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Ends the threads once what is queued has been done. */
    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            queued.signalAll();
        } finally {
            lock.unlock();
        }
        for (Env.Worker worker : workers) {
            worker.join();
        }
    }
}
