package io.restripe.nbd;

/**
 * How much the peers of a server may take.
 *
 * @param connections most at once; one more is closed as soon as it came
 * @param handshakeNanos how long a peer may take to agree on an export
 * @param requests most under way of one connection; the rest waits in the socket
 * @param payloadBytes most memory for payloads of one connection; at least 32 MiB, the largest payload
 */
public record NbdLimits(int connections, long handshakeNanos, int requests, long payloadBytes) {
    /** 64 connections of 32 requests and 64 MiB, 30 seconds to agree. */
    public static final NbdLimits USUAL = new NbdLimits(64, 30_000_000_000L, 32, 2L * Wire.MAX_PAYLOAD_BYTES);

    public NbdLimits {
        if (connections < 1 || handshakeNanos < 1 || requests < 1 || payloadBytes < Wire.MAX_PAYLOAD_BYTES) {
            throw new IllegalArgumentException("limits of " + connections + " connections, " + handshakeNanos + " ns, "
                    + requests + " requests and " + payloadBytes + " bytes");
        }
    }

    /** The same with another bound on the handshake. */
    public NbdLimits withHandshakeNanos(long nanos) {
        return new NbdLimits(connections, nanos, requests, payloadBytes);
    }

    /** The same with another number of connections. */
    public NbdLimits withConnections(int most) {
        return new NbdLimits(most, handshakeNanos, requests, payloadBytes);
    }
}
