package io.restripe.nbd;

import io.restripe.nbd.PayloadBuffers.Payload;
import java.io.IOException;

/** One request of a client while it is under way. Used again for the next one: nothing is allocated per request. */
final class Request {
    int flags;
    int type;
    long cookie;
    /** In bytes, unsigned on the wire: negative when 2^63 or more. */
    long offset;
    /** In bytes, unsigned 32 bits. */
    long length;
    /** What a write brings or a read takes back; null where there is none. */
    Payload payload;
    /** A write that goes on where this one ends and is carried out together with it; its payload lies behind this one's. */
    Request next;
    /** In bytes, of this write and of all that are carried out with it. */
    int runBytes;

    /** Takes the next request off the wire; the payload of a write stays there. */
    void readHeader(PeerInput in) throws IOException {
        in.require(Wire.REQUEST_BYTES);
        int magic = in.readInt();
        if (magic != Wire.REQUEST_MAGIC) {
            throw new PeerException("a request begins with %08x, expected %08x".formatted(magic, Wire.REQUEST_MAGIC));
        }
        flags = in.readUnsignedShort();
        type = in.readUnsignedShort();
        cookie = in.readLong();
        offset = in.readLong();
        length = Integer.toUnsignedLong(in.readInt());
        payload = null;
        next = null;
        runBytes = 0;
    }

    boolean has(int flag) {
        return (flags & flag) != 0;
    }

    boolean carriesPayload() {
        return type == Wire.CMD_READ || type == Wire.CMD_WRITE;
    }

    /** Length in bytes of a request whose length was checked to fit a payload. */
    int payloadBytes() {
        return Math.toIntExact(length);
    }
}
