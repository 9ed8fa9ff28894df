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
        receivePayload(request, error);
        if (error != 0) {
            answer(request, error, true);
        } else if (isFast(request)) {
            runHere(request);
        } else {
            replies.flush();
            workers.dispatch(request);
        }
        return true;
    }

    private Request freeRequest() throws IOException {
        Request free = workers.poll();
        if (free == null) {
            replies.flush();
            free = workers.take();
        }
        return free;
    }

    /** Gets the request the memory that it needs, and a write's payload off the wire whatever becomes of the write. */
    private void receivePayload(Request request, int error) throws IOException {
        boolean write = request.type == Wire.CMD_WRITE;
        if (error == 0 && request.carriesPayload()) {
            request.payload = freePayload(request.payloadBytes());
        }
        if (write && error == 0) {
            in.readFully(request.payload.view(request.payloadBytes()));
        } else if (write) {
            if (request.length > 2L * Wire.MAX_PAYLOAD_BYTES) {
                throw new PeerException("a write of " + request.length + " bytes");
            }
            in.skip(request.length);
        }
    }

    private Payload freePayload(int bytes) throws IOException {
        Payload free = payloads.poll(bytes);
        if (free == null) {
            replies.flush();
            free = payloads.take(bytes);
        }
        return free;
    }

    /** A write may be held as long as an array likes, while a reshape stands for ever: it never keeps what comes behind it waiting. */
    private boolean isFast(Request request) {
        return switch (request.type) {
            case Wire.CMD_READ -> reads.isFast(request.length);
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

    private void answer(Request request, int error, boolean held) throws IOException {
        try {
            replies.answer(request, error, held);
        } finally {
            Payload payload = request.payload;
            request.payload = null;
            if (payload != null) {
                payloads.give(payload);
            }
            workers.give(request);
        }
    }
}
