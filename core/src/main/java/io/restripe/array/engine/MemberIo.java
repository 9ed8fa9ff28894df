package io.restripe.array.engine;

import io.restripe.disk.Pace;
import io.restripe.env.Env;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;

/**
 * Asks members in parallel: a batch is worked off by a small pool of threads and by the asker itself, who waits for the rest. So a
 * batch never waits for a free thread, and one request never changes threads. While members answer from memory the asker does small
 * batches alone: to wake others takes longer than the work. Any thread may ask.
 */
final class MemberIo implements AutoCloseable {
    private static final int MOST_WORKERS = 12;
    private static final int HELPERS_IN_MEMORY = 1;
    /** So many are not worth looking for those that adjoin. */
    private static final int FEW = 4;

    private final Env env;
    private final String name;
    private final Lock lock;
    private final Condition queued;
    private final Condition finished;
    private final Pace pace = new Pace();
    private final Deque<Batch> queue = new ArrayDeque<>();
    private final List<Env.Worker> workers = new ArrayList<>();
    private int idleWorkers;
    private boolean closed;

    MemberIo(Env env, String name) {
        this.env = env;
        this.name = name;
        this.lock = env.newLock();
        this.queued = lock.newCondition();
        this.finished = lock.newCondition();
    }

    /** Requests under way together. All fields are guarded by the lock. */
    final class Batch {
        private final List<MemberRequest> requests;
        private int begun;
        private int ended;

        private Batch(List<MemberRequest> requests) {
            this.requests = requests;
        }

        /** Takes part in the work and returns when every request has been performed. */
        void await() {
            work(this);
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

    /**
     * Performs all of them, those that adjoin on one member together; returns when the last is done. Failures stand in the requests; it
     * throws nothing.
     */
    void run(List<MemberRequest> asked) {
        List<MemberRequest> requests = asked.size() > FEW ? joined(asked) : asked;
        int helpers = requests.size() > 1 ? helpers(requests) : 0;
        if (helpers > 0) {
            begin(requests, helpers).await();
        } else {
            for (MemberRequest request : requests) {
                perform(request, false);
            }
        }
    }

    /** As a batch of one, which needs nobody else. */
    void run(MemberRequest request) {
        perform(request, false);
    }

    /** The first of each that go together: it stands for all of them. */
    private static List<MemberRequest> joined(List<MemberRequest> asked) {
        List<MemberRequest> firsts = new ArrayList<>(asked.size());
        for (MemberRequest request : asked) {
            boolean taken = false;
            for (int at = firsts.size() - 1; at >= 0 && !taken; at--) {
                taken = firsts.get(at).takes(request);
            }
            if (!taken) {
                firsts.add(request);
            }
        }
        return firsts;
    }

    /** Threads that work beside the asker: one a request where it waits for devices, few where it waits for memory. */
    private int helpers(List<MemberRequest> requests) {
        long bytes = 0;
        for (MemberRequest request : requests) {
            if (!request.moves()) {
                return requests.size() - 1; // a flush waits for the medium
            }
            bytes += request.bytes();
        }
        return pace.isFast(bytes) ? 0 : pace.isFast() ? HELPERS_IN_MEMORY : requests.size() - 1;
    }

    private void perform(MemberRequest request, boolean elsewhere) {
        if (!request.moves()) {
            request.perform();
            return;
        }
        long bytes = request.bytes();
        long began = env.nanoTime();
        request.perform();
        long took = env.nanoTime() - began;
        if (elsewhere) {
            pace.tookElsewhere(took, bytes);
        } else {
            pace.took(took, bytes);
        }
    }

    /** Lets the pool begin; the asker must {@link Batch#await}. */
    private Batch begin(List<MemberRequest> requests, int helpers) {
        Batch batch = new Batch(List.copyOf(requests));
        lock.lock();
        try {
            if (!closed && !requests.isEmpty()) {
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
                workers.add(env.start(name + "-io-" + workers.size(), this::serve));
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
                perform(next, true);
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
