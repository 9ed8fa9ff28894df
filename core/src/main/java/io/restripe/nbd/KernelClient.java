package io.restripe.nbd;

import java.io.IOException;
import java.nio.channels.ByteChannel;

/**
 * The handshake for a connection that goes to the kernel's NBD client afterwards: with simple replies, the only ones it knows. Nothing is
 * read beyond the handshake, since a server says nothing until it is asked.
 *
 * @param sizeBytes of the export
 * @param flags what the server said of it
 * @param blockBytes what offsets and lengths are multiples of
 */
public record KernelClient(long sizeBytes, int flags, int blockBytes) {
    private static final int LEAST_BLOCK_BYTES = 512;

    /** Agrees with the server on the export, or throws an IOException that says why not. */
    public static KernelClient handshake(ByteChannel connection, String export) throws IOException {
        ClientHandshake.Terms terms =
                new ClientHandshake(new PeerInput(connection), connection).runWithSimpleReplies(export);
        return new KernelClient(
                terms.sizeBytes(),
                terms.flags(),
                Math.toIntExact(Math.max(LEAST_BLOCK_BYTES, terms.minimumBlockBytes())));
    }
}
