package io.restripe.fuse;

import io.restripe.env.Env;
import io.restripe.env.Signal;
import io.restripe.os.Threads;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The threads that serve a file. Each takes a request, carries it out and answers it, in a buffer of its own. A request may be held for
 * long, by a reshape or a slow disk, and no other may wait for it: whoever takes the last request that somebody waited for sees to it
 * that there is a further thread waiting. There are more threads than the kernel has requests under way, so that one is always left.
 *
 * <p>Invariant: {@link #waiting} threads are in {@link FuseLink#receive} or on the way there; 0 only while a further one is started, or
 * when there are {@link #MOST_THREADS}.
 */
final class FuseServer {
    /** Those of the background, and those that processes wait for themselves: of a device that only loop uses, a few flushes. */
    static final int MOST_THREADS = FuseFile.MOST_BACKGROUND + 16;

    private static final System.Logger LOG = System.getLogger("io.restripe.fuse");
    /** Threads that wait without anything to do; more than so many end. */
    private static final int MOST_WAITING = 8;

    private final Env env;
    private final String name;
    private final FuseFile file;
    private final List<? extends FuseLink> links;
    private final AtomicInteger waiting = new AtomicInteger();
    private final AtomicInteger threads = new AtomicInteger();
    private final AtomicInteger started = new AtomicInteger();
    private final Signal initialized;
    private final Signal ended;
    private volatile boolean announced;
    private volatile boolean leaving;

    /** @param links all lead to the same requests; more than one spare the threads waiting for each other */
    FuseServer(Env env, String name, FuseFile file, List<? extends FuseLink> links) {
        this.env = env;
        this.name = name;
        this.file = file;
        this.links = links;
        this.initialized = new Signal(env);
        this.ended = new Signal(env);
    }

    /** Serves from now on. */
    void start() {
        startThread();
    }

    /** Waits until the kernel has agreed to speak; false: it did not in this time. */
    boolean awaitInitialized(long nanos) {
        return initialized.await(nanos);
    }

    /**
     * Takes no further request, and answers those under way with success only: what fails from now on fails because the disk is taken
     * away, and is for whoever serves the connection next.
     */
    void leave() {
        leaving = true;
    }

    /** Waits until no thread is left, which is when the kernel has ended the connection; false: not in this time. */
    boolean awaitEnd(long nanos) {
        return ended.await(nanos);
    }

    private void startThread() {
        if (threads.incrementAndGet() > MOST_THREADS) {
            threads.decrementAndGet();
            return;
        }
        waiting.incrementAndGet();
        FuseLink link = links.get(Math.floorMod(started.getAndIncrement(), links.size()));
        env.start(name, () -> serve(link));
    }

    private void serve(FuseLink link) {
        Threads.servesDevice();
        try (Arena arena = Arena.ofShared()) {
            serve(link, new FuseBuffer(arena));
        } catch (IOException e) {
            LOG.log(System.Logger.Level.ERROR, "a thread of " + name + " cannot go on serving", e);
        } finally {
            if (threads.decrementAndGet() == 0) {
                ended.raise();
            }
        }
    }

    private void serve(FuseLink link, FuseBuffer buffer) throws IOException {
        do {
            int received = FuseLink.ENDED;
            try {
                received = link.receive(buffer.request());
            } finally {
                if (waiting.decrementAndGet() == 0 && received != FuseLink.ENDED) {
                    startThread();
                }
            }
            if (received == FuseLink.ENDED || leaving) {
                return;
            }
            if (received > 0) {
                answer(link, buffer, received);
            }
        } while (waitsAgain());
    }

    /** Whether the thread is to wait for a further request; it counts as waiting from then on. */
    private boolean waitsAgain() {
        int now;
        do {
            now = waiting.get();
            if (now >= MOST_WAITING) {
                return false;
            }
        } while (!waiting.compareAndSet(now, now + 1));
        return true;
    }

    private void answer(FuseLink link, FuseBuffer buffer, int received) {
        int bytes = file.answer(buffer, received);
        if (bytes == 0 || leaving && FuseFile.failed(buffer)) {
            return;
        }
        try {
            link.send(buffer.answer(bytes));
        } catch (IOException e) {
            LOG.log(System.Logger.Level.ERROR, "an answer of " + name + " was not taken", e);
        }
        if (!announced && file.initialized()) {
            announced = true;
            initialized.raise();
        }
    }
}
