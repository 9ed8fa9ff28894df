package io.restripe.reshape;

import io.restripe.env.Env;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;

/** Requests on their way to the monitor thread and answers on their way back. Any thread asks, one answers. */
final class RequestQueue {
    private static final System.Logger LOG = System.getLogger("io.restripe.monitor");
    private static final long ANSWER_NANOS = 60_000_000_000L;
    private final Env env;
    private final Lock lock;
    private final Condition answered;
    private final ArrayDeque<Pending> queue = new ArrayDeque<>();
    private boolean stopping;

    private static final class Pending {
        private final Request request;
        private Reply reply;
        private IOException failure;
        private boolean done;

        Pending(Request request) {
            this.request = request;
        }
    }

    RequestQueue(Env env) {
        this.env = env;
        this.lock = env.newLock();
        this.answered = lock.newCondition();
    }

    /** Asks and waits for the answer, at most a minute. Given up before the monitor has taken it up, a request never takes effect. */
    Reply call(Request request, Runnable wake) throws IOException {
        Pending pending = new Pending(request);
        lock.lock();
        try {
            if (stopping) {
                throw new IOException("the monitor is stopping");
            }
            queue.add(pending);
        } finally {
            lock.unlock();
        }
        wake.run();
        return await(pending);
    }

    private Reply await(Pending pending) throws IOException {
        long deadline = env.nanoTime() + ANSWER_NANOS;
        lock.lock();
        try {
            while (!pending.done) {
                long left = deadline - env.nanoTime();
                if (left <= 0) {
                    throw new IOException("the monitor did not answer within " + ANSWER_NANOS / 1_000_000_000L + " s"
                            + withdrawn(pending));
                }
                try {
                    left = answered.awaitNanos(left);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    throw new IOException("interrupted while waiting for the monitor" + withdrawn(pending), e);
                }
            }
            if (pending.failure != null) {
                throw new IOException(pending.failure.getMessage(), pending.failure);
            }
            return pending.reply;
        } finally {
            lock.unlock();
        }
    }

    /** Nobody waits for it any more: while it is still in the queue it leaves it. Called with the lock held. */
    private String withdrawn(Pending pending) {
        return queue.remove(pending) ? "; the request is withdrawn" : "; it may still do as asked";
    }

    /** What the monitor thread makes of a request. */
    interface Handler {
        Reply handle(Request request) throws IOException;
    }

    /** Answers the oldest request, if there is one; then true. */
    boolean answerNext(Handler handler) {
        Pending pending = next();
        if (pending == null) {
            return false;
        }
        try {
            finish(pending, handler.handle(pending.request), null);
        } catch (IOException e) {
            finish(pending, null, e);
        } catch (RuntimeException e) {
            LOG.log(System.Logger.Level.ERROR, pending.request.toString(), e);
            finish(pending, null, new IOException("the monitor broke down over it: " + e, e));
        } catch (Error e) {
            finish(pending, null, new IOException("the monitor broke down: " + e, e));
            throw e;
        }
        return true;
    }

    /** From now on nobody may ask; what was asked is still answered. */
    void refuseMore() {
        lock.lock();
        try {
            stopping = true;
        } finally {
            lock.unlock();
        }
    }

    boolean isStopping() {
        lock.lock();
        try {
            return stopping;
        } finally {
            lock.unlock();
        }
    }

    /** The monitor thread is gone: whoever waits is told so. */
    void close() {
        refuseMore();
        for (Pending pending = next(); pending != null; pending = next()) {
            finish(pending, null, new IOException("the monitor has stopped"));
        }
    }

    private Pending next() {
        lock.lock();
        try {
            return queue.poll();
        } finally {
            lock.unlock();
        }
    }

    private void finish(Pending pending, Reply reply, IOException failure) {
        lock.lock();
        try {
            pending.reply = reply;
            pending.failure = failure;
            pending.done = true;
            answered.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
