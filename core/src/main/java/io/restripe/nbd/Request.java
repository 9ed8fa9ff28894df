package io.restripe.nbd;

import io.restripe.nbd.PayloadBuffers.Payload;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicInteger;

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
    /** Where what is carried out with this write begins, in bytes: behind {@link #offset} when the beginning has been already. */
    long runOffset;
    /** In bytes, of this write and of all that are carried out with it. */
    int runBytes;
    /** A write whose beginning is carried out with this one's run, and its end with another; null where there is none. */
    Request straddler;

    /** Of a block status: how much of the range, from its beginning, is alike, in bytes. */
    long alikeBytes;
    /** Of a block status: it reads as zeros and takes no space. */
    boolean isHole;

    /** Nobody asked for it: it carries bytes of the straddler, and is not answered. */
    boolean isBearer;

    private final AtomicInteger parts = new AtomicInteger();
    private volatile int error;

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
        straddler = null;
        isBearer = false;
        error = 0;
        parts.setPlain(1);
    }

    /** Makes it stand for the bytes of a run that is a part of one write. */
    void bear(Request write) {
        flags = 0;
        type = Wire.CMD_WRITE;
        offset = write.runOffset;
        length = write.runBytes;
        payload = write.payload;
        next = null;
        runOffset = write.runOffset;
        runBytes = write.runBytes;
        isBearer = true;
    }

    /** It is carried out in one more part. */
    void divide() {
        parts.incrementAndGet();
    }

    /**
     * A part of it is done, with an error number or 0.
     *
     * @return whether that was the last one: then {@link #error()} is how it ended. The last one alone may use it from then on
     */
    boolean partIsDone(int how) {
        if (how != 0) {
            error = how;
        }
        return parts.decrementAndGet() == 0;
    }

    /** An error number, 0 when all went well. */
    int error() {
        return error;
    }

    boolean has(int flag) {
        return (flags & flag) != 0;
    }

    /** Whether it may change the disk. */
    boolean changes() {
        return type == Wire.CMD_WRITE || type == Wire.CMD_TRIM || type == Wire.CMD_WRITE_ZEROES;
    }

    boolean carriesPayload() {
        return type == Wire.CMD_READ || type == Wire.CMD_WRITE;
    }

    /** Length in bytes of a request whose length was checked to fit a payload. */
    int payloadBytes() {
        return Math.toIntExact(length);
    }
}
