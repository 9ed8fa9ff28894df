package io.restripe.nbd;

import io.restripe.disk.Pace;
import io.restripe.env.Env;
import io.restripe.nbd.PayloadBuffers.Payload;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * The writes of a connection as they come: those that go on where the one before ended are carried out together, see {@link WriteRun}, and
 * the payload of a long one in pieces where that is faster. All but {@link #receivingSince} by the thread that reads, whichever that is: what
 * has come of a payload stands here, so another thread can go on with it.
 */
final class IncomingWrites {
    /** What is done with them. */
    interface Executor {
        /** Here, or by another thread where it may have to wait. */
        void carryOut(Request complete) throws IOException;

        /** By another thread. */
        void dispatch(Request complete) throws IOException;

        /** Memory for so many bytes; may wait for it. */
        Payload memory(int bytes) throws IOException;

        /** The same, or null where it had to be waited for. */
        Payload memoryAtOnce(int bytes);
    }

    private final Env env;
    private final PeerInput in;
    private final Workers workers;
    private final ServedExport served;
    private final Pace pace;
    private final Executor executor;
    private final WriteRun run = new WriteRun();
    private final LingeringRun lingering;
    /** The open run waits in {@link #lingering}, or did. */
    private boolean left;

    private boolean receivesPayload;
    /** For bytes of a write that is carried out in pieces; null: none is at hand. */
    private Request bearer;
    /** Since when the rest of a payload is waited for; 0: it is not. */
    private volatile long receivingSince;

    IncomingWrites(Env env, PeerInput in, Workers workers, ServedExport served, Pace pace, Executor executor) {
        this.env = env;
        this.in = in;
        this.workers = workers;
        this.served = served;
        this.pace = pace;
        this.executor = executor;
        this.lingering = new LingeringRun(env, workers::dispatch); // it may be held for long
    }

    /** Since when the rest of a payload is waited for, in the env's nanoseconds; 0: it is not. Any thread. */
    long receivingSince() {
        return receivingSince;
    }

    /** The run that is open must not wait for the peer for long. */
    void beforeWaiting() {
        if (run.isOpen() && !receivesPayload) {
            lingering.leave(run.take());
            left = true;
        }
    }

    /** The peer has sent something. */
    void afterWaiting() {
        if (left) {
            left = false;
            Request reclaimed = lingering.reclaim();
            if (reclaimed != null) {
                run.reopen(reclaimed);
            } else {
                run.endedWaiting();
            }
        }
    }

    /** Whether the rest of a payload comes next: {@link #receiveMore} takes it. */
    boolean isArriving() {
        return run.isArriving();
    }

    /** A write whose payload comes next. Takes at least some of that. */
    void receive(Request write) throws IOException {
        if (run.goesOn(write) && !run.takes(write)) {
            executor.dispatch(takeRows());
        }
        if (run.takes(write)) {
            run.add(write);
        } else {
            dispatchOpen();
            run.begin(write);
        }
        receiveMore();
    }

    /**
     * All of a payload, or what completes the rows for which there is memory. A complete run waits for the next write only while that has
     * come already, or is sure to come.
     */
    void receiveMore() throws IOException {
        if (!run.hasMemory()) {
            long row = comesInRows();
            run.use(executor.memory(row > 1 ? WriteRun.ROWS_BYTES : run.memoryWanted()), row);
        }
        ByteBuffer into = run.roomForMore();
        int bytes = into.remaining();
        receivePayload(into);
        run.extend(bytes);
        if (run.isArriving()) {
            executor.carryOut(cut());
        } else if (run.isFull() || !in.hasBuffered(Wire.REQUEST_BYTES)) {
            carryOutOpen();
        }
    }

    /** Bytes of the rows in which it is carried out; 1: all at once. In rows where the disk answers from memory, and so does a cache then. */
    private long comesInRows() {
        long row = served.rowBytes();
        if (row == 1 || row > WriteRun.ROWS_BYTES || !pace.isFast() || !run.isWorthRows()) {
            return 1;
        }
        if (bearer == null) {
            bearer = workers.poll();
        }
        return bearer == null ? 1 : row;
    }

    /** The request that is kept at hand, if one is, to be used otherwise; null: none is. */
    Request takeBearer() {
        Request taken = bearer;
        bearer = null;
        return taken;
    }

    private Request cut() {
        return run.cut(run.isOneWrite() ? takeBearer() : null);
    }

    private void receivePayload(ByteBuffer into) throws IOException {
        receivesPayload = true;
        if (!in.hasBuffered(into.remaining())) {
            receivingSince = env.nanoTime() | 1; // never 0
        }
        try {
            in.readFully(into);
        } finally {
            receivesPayload = false;
            receivingSince = 0;
        }
    }

    /** All of the open run, or up to the last whole row: the answers for that bring more, with which the rest is a row too. */
    private void carryOutOpen() throws IOException {
        boolean empty = run.bytes() == 0; // a write of nothing
        if (empty || run.isFull() || run.unfinishedBytes(served.rowBytes()) < run.bytes()) {
            executor.carryOut(takeRows());
        } // else it waits where the peer is waited for
    }

    private Request takeRows() {
        int unfinished = run.unfinishedBytes(served.rowBytes());
        run.haveAll();
        Payload kept = unfinished > 0 && unfinished < run.bytes() ? executor.memoryAtOnce(run.memoryForKept()) : null;
        return kept == null ? run.take() : run.keepUnfinished(unfinished, kept);
    }

    /** The run that is open, if one is, is carried out by others. */
    void dispatchOpen() throws IOException {
        Request complete = run.take();
        if (complete != null) {
            executor.dispatch(complete);
        }
    }

    /** Nothing more comes: the run that is open, with what has come of its last payload; null: none is. */
    Request abandonOpen() {
        lingering.finish();
        afterWaiting();
        return run.take();
    }
}
