package io.restripe.nbd;

import io.restripe.disk.Pace;
import io.restripe.env.Env;
import io.restripe.nbd.PayloadBuffers.Payload;
import java.io.EOFException;
import java.io.IOException;
import java.util.concurrent.TimeUnit;

/**
 * A connection after its handshake: reads requests, has them carried out, answers. One thread reads; requests of a disk that has to
 * wait are carried out by others, up to a bound, and answered in the order in which they end. Where it carries out a read itself and gets
 * stuck, another thread goes on reading.
 */
final class Transmission {
    private static final System.Logger LOG = System.getLogger("io.restripe.nbd");

    private static final long LOOK_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final Env env;
    private final long stallNanos;
    private final PeerChannel channel;
    private final PeerInput in;
    private final RequestRunner runner;
    private final ReplyWriter replies;
    private final PayloadBuffers payloads;
    private final Workers workers;
    private final Pace reads = new Pace();
    /** An array writes parity too, which it has to compute. */
    private final Pace writes = new Pace(2);

    private final IncomingWrites incoming;
    private final StandIn standIn;
    private final Departure departure = new Departure(this::hangUp);

    Transmission(Env env, NbdLimits limits, PayloadRoom room, PeerChannel channel, PeerInput in, Agreement agreement) {
        this.env = env;
        this.stallNanos = limits.stallNanos();
        this.channel = channel;
        this.in = in;
        this.runner = new RequestRunner(agreement);
        this.replies = new ReplyWriter(env, channel, agreement.structuredReplies());
        this.workers = new Workers(env, "request of an NBD client", limits.requests(), this::runDispatched);
        this.incoming = new IncomingWrites(env, in, workers, agreement.export(), writes, executor());
        this.payloads = new PayloadBuffers(room, limits.payloadBytesOfOne(), new PayloadBuffers.Owner() {
            @Override
            public long keptWaitingSince() {
                long receiving = incoming.receivingSince();
                return receiving == 0 ? replies.writingSince() : receiving;
            }

            @Override
            public void hangUp() {
                LOG.log(
                        System.Logger.Level.INFO,
                        "an NBD client has not gone on for long while others wait: it is dropped");
                drop();
            }
        });
        this.standIn = new StandIn(env, this::readAll);
        in.beforeWaiting(this::beforeWaiting);
    }

    /**
     * Serves until the client takes its leave: every request before that has been answered then. One that sends nothing more without it gets
     * answers to what has begun, and sees the end of the connection when no request of it is at the disk any more; what had not begun is
     * dropped. So it can send all of that again elsewhere, and nothing old comes after it.
     *
     * @throws IOException when it left without, or does not keep to the protocol; no request is at the disk any more
     */
    void serve() throws IOException {
        boolean listens = false;
        try {
            standIn.read();
            listens = true;
        } catch (EOFException e) {
            listens = true;
            throw e;
        } finally {
            if (!listens) {
                drop(); // or those that answer could wait for a peer that does not read
            }
            giveBackAll(incoming.abandonOpen());
            while (!workers.finish(LOOK_NANOS)) {
                if (replies.isStuckFor(stallNanos)) {
                    drop();
                }
            }
            payloads.close();
        }
    }

    /** Answers that are held must not wait for the peer, and neither must a run for long. */
    private void beforeWaiting() throws IOException {
        replies.flush();
        incoming.beforeWaiting();
    }

    private IncomingWrites.Executor executor() {
        return new IncomingWrites.Executor() {
            @Override
            public void carryOut(Request complete) throws IOException {
                Transmission.this.carryOut(complete);
            }

            @Override
            public void dispatch(Request complete) throws IOException {
                Transmission.this.dispatch(complete);
            }

            @Override
            public Payload memory(int bytes) throws IOException {
                return freePayload(bytes);
            }

            @Override
            public Payload memoryAtOnce(int bytes) {
                return payloads.poll(bytes);
            }
        };
    }

    /** By the thread that reads, whichever that is. */
    private void readAll() throws IOException {
        reads.beginSlowly();
        writes.beginSlowly();
        replies.flush(); // what was held when another thread got stuck
        while (serveNext()) {}
        incoming.dispatchOpen();
        replies.flush();
    }

    private boolean serveNext() throws IOException {
        if (incoming.isArriving()) {
            incoming.receiveMore();
            return true;
        }
        in.require(Wire.REQUEST_BYTES);
        incoming.afterWaiting();
        Request request = freeRequest();
        request.readHeader(in);
        if (request.type == Wire.CMD_DISC) {
            return false;
        }
        int error = runner.check(request);
        if (request.type == Wire.CMD_WRITE && error == 0) {
            incoming.receive(request);
            return true;
        }
        incoming.dispatchOpen();
        if (request.type == Wire.CMD_WRITE) {
            skipPayload(request);
        } else if (error == 0 && request.carriesPayload()) {
            request.payload = freePayload(request.payloadBytes());
        }
        if (error != 0) {
            answer(request, error, true);
        } else {
            carryOut(request);
        }
        return true;
    }

    /** The last that is done before more is read: where this thread gets stuck another one goes on reading. */
    private void carryOut(Request request) throws IOException {
        if (isFast(request)) {
            runHere(request);
        } else {
            dispatch(request);
        }
    }

    private void dispatch(Request request) throws IOException {
        boolean handedOn = false;
        try {
            replies.flush();
            workers.dispatch(request);
            handedOn = true;
        } finally {
            if (!handedOn) {
                giveBackAll(request);
            }
        }
    }

    /** Requests that are carried out together and will not be answered; null: none. */
    private void giveBackAll(Request first) {
        Request next = first;
        while (next != null) {
            Request unanswered = next;
            next = unanswered.next;
            giveBack(unanswered);
        }
    }

    private Request freeRequest() throws IOException {
        Request free = workers.poll();
        if (free == null) {
            free = incoming.takeBearer();
        }
        if (free == null) {
            incoming.dispatchOpen(); // it may hold all that there are
            replies.flush();
            free = workers.take();
        }
        return free;
    }

    private void skipPayload(Request request) throws IOException {
        if (request.length > 2L * Wire.MAX_PAYLOAD_BYTES) {
            throw new PeerException("a write of " + request.length + " bytes");
        }
        in.skip(request.length);
    }

    private Payload freePayload(int bytes) throws IOException {
        Payload free = payloads.poll(bytes);
        if (free == null) {
            replies.flush();
            free = payloads.take(bytes);
        }
        return free;
    }

    /** What may have to wait for the medium never keeps what comes behind it waiting. */
    private boolean isFast(Request request) {
        return switch (request.type) {
            case Wire.CMD_READ -> reads.isFast(request.length);
            case Wire.CMD_WRITE -> !request.has(Wire.FLAG_FUA) && writes.isFast(request.runBytes);
            case Wire.CMD_BLOCK_STATUS -> true;
            default -> false;
        };
    }

    private void runHere(Request request) throws IOException {
        long ticket = standIn.enter();
        int error = run(request, false);
        boolean reader = standIn.leave(ticket);
        answer(request, error, reader);
        if (!reader) {
            throw new StandIn.ReplacedException();
        }
    }

    private int run(Request request, boolean elsewhere) {
        long begun = env.nanoTime();
        int error = request.changes() ? departure.runWrite(request, runner) : runner.run(request);
        if (request.type == Wire.CMD_READ) {
            took(reads, env.nanoTime() - begun, request.length, elsewhere);
        } else if (request.type == Wire.CMD_WRITE && !request.has(Wire.FLAG_FUA)) {
            took(writes, env.nanoTime() - begun, request.runBytes, elsewhere);
        }
        return error;
    }

    private static void took(Pace pace, long nanos, long bytes, boolean elsewhere) {
        if (elsewhere) {
            pace.tookElsewhere(nanos, bytes);
        } else {
            pace.took(nanos, bytes);
        }
    }

    private void runDispatched(Request request) {
        try {
            answer(request, run(request, true), false);
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, "an answer does not reach its client: {0}", e.getMessage());
            hangUp();
        }
    }

    /** Ends the connection as soon as no write of it is at the disk; nobody is answered any more. */
    private void drop() {
        replies.mute();
        departure.drop();
    }

    /** Ends the connection under the reading thread, which then ends the rest. */
    private void hangUp() {
        try {
            channel.close();
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, "closing a connection: {0}", e.getMessage());
        }
    }

    /** Answers a request and those that were carried out with it, and gives back what they had. */
    private void answer(Request request, int error, boolean held) throws IOException {
        Request straddler = request.straddler;
        Request next = request;
        try {
            if (straddler != null) {
                answerOne(straddler, error, true);
            }
            while (next != null) {
                Request answered = next;
                next = answered.next; // read now: given back, it is the reader's again
                answerOne(answered, error, held || next != null);
            }
            if (straddler != null && !held) {
                replies.flush(); // the last may be half done, and have sent nothing
            }
        } finally {
            giveBackAll(next);
        }
    }

    /** Once all of it is done. */
    private void answerOne(Request request, int error, boolean held) throws IOException {
        if (request.isBearer) {
            giveBack(request);
        } else if (request.partIsDone(error)) {
            try {
                replies.answer(request, request.error(), held);
            } finally {
                giveBack(request);
            }
        }
    }

    private void giveBack(Request request) {
        Payload payload = request.payload;
        request.payload = null;
        if (payload != null) {
            payloads.give(payload);
        }
        workers.give(request);
    }
}
