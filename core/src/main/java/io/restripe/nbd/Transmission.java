package io.restripe.nbd;

import io.restripe.disk.Pace;
import io.restripe.env.Env;
import io.restripe.nbd.PayloadBuffers.Payload;
import java.io.IOException;

/**
 * A connection after its handshake: reads requests, has them carried out, answers. One thread reads; requests of a disk that has to
 * wait are carried out by others, up to a bound, and answered in the order in which they end. Where it carries out a read itself and gets
 * stuck, another thread goes on reading.
 */
final class Transmission {
    private static final System.Logger LOG = System.getLogger("io.restripe.nbd");

    private final Env env;
    private final PeerChannel channel;
    private final PeerInput in;
    private final RequestRunner runner;
    private final ReplyWriter replies;
    private final PayloadBuffers payloads;
    private final Workers workers;
    private final Pace reads = new Pace();
    private final Pace writes = new Pace();
    private final WriteRun run = new WriteRun();
    private final StandIn standIn;

    Transmission(Env env, NbdLimits limits, PeerChannel channel, PeerInput in, Agreement agreement) {
        this.env = env;
        this.channel = channel;
        this.in = in;
        this.runner = new RequestRunner(agreement);
        this.replies = new ReplyWriter(env, channel, agreement.structuredReplies());
        this.payloads = new PayloadBuffers(env, limits.payloadBytes());
        this.workers = new Workers(env, "request of an NBD client", limits.requests(), this::runDispatched);
        this.standIn = new StandIn(env, this::readAll);
        in.beforeWaiting(replies::flush);
    }

    /**
     * Serves until the client takes its leave: every request before that has been answered then.
     *
     * @throws IOException when it left without, or does not keep to the protocol; no request is at the disk any more
     */
    void serve() throws IOException {
        boolean farewell = false;
        try {
            standIn.read();
            farewell = true;
        } finally {
            if (!farewell) {
                channel.close(); // or those that answer could wait for a peer that does not read
            }
            workers.finish();
            payloads.close();
        }
    }

    /** By the thread that reads, whichever that is. */
    private void readAll() throws IOException {
        reads.beginSlowly();
        writes.beginSlowly();
        replies.flush(); // what was held when another thread got stuck
        while (serveNext()) {}
        replies.flush();
    }

    private boolean serveNext() throws IOException {
        in.require(Wire.REQUEST_BYTES);
        Request request = freeRequest();
        request.readHeader(in);
        if (request.type == Wire.CMD_DISC) {
            return false;
        }
        int error = runner.check(request);
        if (request.type == Wire.CMD_WRITE && error == 0) {
            receiveWrite(request);
            return true;
        }
        dispatchRun();
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

    /** Only between two requests: where this thread gets stuck another one goes on reading. */
    private void carryOut(Request request) throws IOException {
        if (isFast(request)) {
            runHere(request);
        } else {
            dispatch(request);
        }
    }

    private void dispatch(Request request) throws IOException {
        replies.flush();
        workers.dispatch(request);
    }

    /** The run of writes that is open, if one is, is carried out by others. */
    private void dispatchRun() throws IOException {
        Request complete = run.take();
        if (complete != null) {
            dispatch(complete);
        }
    }

    /** It waits for the next one only while that has come already. */
    private void receiveWrite(Request request) throws IOException {
        if (run.takes(request)) {
            in.readFully(run.room(request));
            run.extend(request);
        } else {
            dispatchRun();
            request.payload = freePayload(run.memoryFor(request));
            in.readFully(request.payload.view(request.payloadBytes()));
            run.begin(request);
        }
        if (run.isFull() || !in.hasBuffered(Wire.REQUEST_BYTES)) {
            carryOut(run.take());
        }
    }

    private Request freeRequest() throws IOException {
        Request free = workers.poll();
        if (free == null) {
            dispatchRun(); // it may hold all that there are
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
            case Wire.CMD_TRIM, Wire.CMD_BLOCK_STATUS -> true;
            default -> false;
        };
    }

    private void runHere(Request request) throws IOException {
        long ticket = standIn.enter();
        int error = run(request);
        boolean reader = standIn.leave(ticket);
        answer(request, error, reader);
        if (!reader) {
            throw new StandIn.ReplacedException();
        }
    }

    private int run(Request request) {
        long begun = env.nanoTime();
        int error = runner.run(request);
        if (request.type == Wire.CMD_READ) {
            reads.took(env.nanoTime() - begun, request.length);
        } else if (request.type == Wire.CMD_WRITE && !request.has(Wire.FLAG_FUA)) {
            writes.took(env.nanoTime() - begun, request.runBytes);
        }
        return error;
    }

    private void runDispatched(Request request) {
        try {
            answer(request, run(request), false);
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, "an answer does not reach its client: {0}", e.getMessage());
            hangUp();
        }
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
        Request next = request;
        try {
            while (next != null) {
                Request answered = next;
                next = answered.next; // read now: given back, it is the reader's again
                answerOne(answered, error, held || next != null);
            }
        } finally {
            while (next != null) {
                Request left = next;
                next = left.next;
                giveBack(left);
            }
        }
    }

    private void answerOne(Request request, int error, boolean held) throws IOException {
        try {
            replies.answer(request, error, held);
        } finally {
            giveBack(request);
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
