package io.restripe.nbd;

/**
 * How much the peers of a server may take.
 *
 * @param connections most at once over Unix-domain sockets, and as many over TCP: peers from elsewhere keep nobody here out; one more is
 *     closed as soon as it came
 * @param handshakeNanos how long a peer may take to agree on an export
 * @param requests most under way of one connection; the rest waits in the socket
 * @param payloadBytes most memory for payloads of all connections together; at least 32 MiB, the largest payload
 * @param stallNanos a peer that does not send the rest of a payload, or does not take its answers, for so long is dropped when others wait
 *     for memory
 */
public record NbdLimits(int connections, long handshakeNanos, int requests, long payloadBytes, long stallNanos) {
    /** 64 connections of 32 requests, 64 MiB for all, 30 seconds to agree, 20 to go on. */
    public static final NbdLimits USUAL =
            new NbdLimits(64, 30_000_000_000L, 32, 2L * Wire.MAX_PAYLOAD_BYTES, 20_000_000_000L);

    public NbdLimits {
        if (connections < 1
                || handshakeNanos < 1
                || requests < 1
                || payloadBytes < Wire.MAX_PAYLOAD_BYTES
                || stallNanos < 1) {
            throw new IllegalArgumentException("limits of " + connections + " connections, " + handshakeNanos + " ns, "
                    + requests + " requests, " + payloadBytes + " bytes and " + stallNanos + " ns");
        }
    }

    /** Most memory for payloads of one connection: it leaves room for a payload of another where there is so much. */
    long payloadBytesOfOne() {
        return Math.max(Wire.MAX_PAYLOAD_BYTES, payloadBytes - Wire.MAX_PAYLOAD_BYTES);
    }

    /** The same with another bound on the handshake. */
    public NbdLimits withHandshakeNanos(long nanos) {
        return new NbdLimits(connections, nanos, requests, payloadBytes, stallNanos);
    }

    /** The same with another number of connections. */
    public NbdLimits withConnections(int most) {
        return new NbdLimits(most, handshakeNanos, requests, payloadBytes, stallNanos);
    }

    /** The same with another bound on peers that do not go on. */
    public NbdLimits withStallNanos(long nanos) {
        return new NbdLimits(connections, handshakeNanos, requests, payloadBytes, nanos);
    }
}
