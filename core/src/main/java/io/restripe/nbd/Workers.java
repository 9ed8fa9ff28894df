package io.restripe.nbd;

import io.restripe.env.Conditions;
import io.restripe.env.Env;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.function.Consumer;

/**
 * The requests of one connection that are under way, and the threads that carry them out beside the one that reads. There are as many
 * requests as may be under way, used again and again; threads start when there is work for one more, and end when they had none for a
 * while. One thread takes and dispatches, any thread gives back.
 */
final class Workers {
    private static final long IDLE_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final Env env;
    private final String name;
    private final int bound;
    private final Consumer<Request> body;
    private final Lock lock;
    private final Condition workCame;
    private final Condition requestGiven;
    private final Condition threadEnded;
    private final Deque<Request> free;
    private final Deque<Request> waiting;
    private int threads;
    private int idleThreads;
    private boolean finishing;

    /**
     * @param bound most requests under way, and most threads
     * @param body carries out a request and gives it back
     */
    Workers(Env env, String name, int bound, Consumer<Request> body) {
        this.env = env;
        this.name = name;
        this.bound = bound;
        this.body = body;
        this.lock = env.newLock();
        this.workCame = lock.newCondition();
        this.requestGiven = lock.newCondition();
        this.threadEnded = lock.newCondition();
        this.free = new ArrayDeque<>(bound);
        this.waiting = new ArrayDeque<>(bound);
        for (int i = 0; i < bound; i++) {
            free.addLast(new Request());
        }
    }

    /** An unused request, or null where one had to be waited for. */
    Request poll() {
        lock.lock();
        try {
            return free.pollLast();
        } finally {
            lock.unlock();
        }
    }

    /** An unused request; waits until there is one. */
    Request take() {
        lock.lock();
        try {
            while (free.isEmpty()) {
                requestGiven.awaitUninterruptibly();
            }
            return free.removeLast();
        } finally {
            lock.unlock();
        }
    }

    /** Puts back a request that was answered. */
    void give(Request request) {
        lock.lock();
        try {
            free.addLast(request);
            requestGiven.signal();
        } finally {
            lock.unlock();
        }
    }

    /** Has another thread carry out the request. An OutOfMemoryError when there is none and none is to be had: it is the caller's again. */
    void dispatch(Request request) {
        lock.lock();
        try {
            waiting.addLast(request);
            if (waiting.size() <= idleThreads) {
                workCame.signal();
            } else if (threads < bound) {
                startThread();
            }
        } finally {
            lock.unlock();
        }
    }

    private void startThread() {
        try {
            env.start(name, this::work); // waits for the lock
            threads++;
        } catch (OutOfMemoryError e) {
            if (threads == 0) {
                waiting.removeLast();
                throw e;
            } // else those that there are do it
        }
    }

    private void work() {
        try {
            for (Request next = next(); next != null; next = next()) {
                body.accept(next);
            }
        } finally {
            lock.lock();
            try {
                threads--;
                threadEnded.signalAll();
            } finally {
                lock.unlock();
            }
        }
    }

    /** Work; null when there is none any more. */
    private Request next() {
        lock.lock();
        try {
            long deadline = env.nanoTime() + IDLE_NANOS;
            idleThreads++;
            while (waiting.isEmpty() && !finishing && deadline - env.nanoTime() > 0) {
                Conditions.awaitNanos(workCame, deadline - env.nanoTime());
            }
            idleThreads--;
            return waiting.pollFirst();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits until all that was dispatched is done and every thread has ended. Nothing may be dispatched from now on.
     *
     * @param nanos how long at the most
     * @return whether that is so now
     */
    boolean finish(long nanos) {
        lock.lock();
        try {
            finishing = true;
            workCame.signalAll();
            long deadline = env.nanoTime() + nanos;
            while (threads > 0 && deadline - env.nanoTime() > 0) {
                Conditions.awaitNanos(threadEnded, deadline - env.nanoTime());
            }
            return threads == 0;
        } finally {
            lock.unlock();
        }
    }
}
