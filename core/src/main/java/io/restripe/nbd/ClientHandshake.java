package io.restripe.nbd;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.restripe.disk.Buffers;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;

/** The client's half of the fixed newstyle handshake: structured replies where the server has them, then GO. */
final class ClientHandshake {
    private static final int MOST_REPLY_BYTES = 64 << 10;

    /** Makes the connection an encrypted one, once the server has agreed to it. */
    interface Encryption {
        PeerChannel encrypt() throws IOException;
    }

    private PeerInput in;
    private WritableByteChannel out;
    private boolean greeted;
    private long sizeBytes = -1;
    private int flags;
    private long minimumBlockBytes = 1;
    private long maximumPayloadBytes = Wire.MAX_PAYLOAD_BYTES;

    /**
     * What the server said of the export.
     *
     * @param flags the export's flags
     * @param minimumBlockBytes what offsets and lengths are multiples of; 1 when the server did not say
     * @param maximumPayloadBytes longest read or write
     */
    record Terms(long sizeBytes, int flags, long minimumBlockBytes, long maximumPayloadBytes) {
        boolean has(int flag) {
            return (flags & flag) != 0;
        }

        /** Why this cannot be a disk of ours; null when it can. */
        String whyUnfit(boolean readOnly) {
            if (minimumBlockBytes > Buffers.PAGE_BYTES) {
                return "its smallest block has " + minimumBlockBytes + " bytes, more than " + Buffers.PAGE_BYTES;
            }
            if (!readOnly && has(Wire.READ_ONLY)) {
                return "the export is read-only";
            }
            if (!readOnly && !has(Wire.SEND_FLUSH)) {
                return "the server cannot flush, so nothing written there would be safe; it can be opened read-only";
            }
            return null;
        }
    }

    private record Reply(int type, byte[] data) {}

    ClientHandshake(PeerInput in, WritableByteChannel out) {
        this.in = in;
        this.out = out;
    }

    /** Where replies come from: what it was given, or what is decrypted. */
    PeerInput input() {
        return in;
    }

    /** Agrees on the export, or throws an IOException that says why not. */
    Terms run(String export) throws IOException {
        greet();
        sendOption(Wire.OPT_STRUCTURED_REPLY, new byte[0]);
        reply(Wire.OPT_STRUCTURED_REPLY); // refused: then replies are simple ones
        return agree(export);
    }

    /** As {@link #run}, for a client that knows no structured replies. */
    Terms runWithSimpleReplies(String export) throws IOException {
        greet();
        return agree(export);
    }

    /** Makes it an encrypted connection, before all else, or fails. Gives back what requests go through. */
    PeerChannel encrypt(Encryption encryption) throws IOException {
        greet();
        sendOption(Wire.OPT_STARTTLS, new byte[0]);
        Reply reply = reply(Wire.OPT_STARTTLS);
        if (reply.type != Wire.REP_ACK) {
            throw new PeerException("the server does not encrypt" + detail(reply));
        }
        if (in.hasBuffered()) {
            throw new PeerException("bytes in the clear behind the agreement to encrypt");
        }
        PeerChannel encrypted = encryption.encrypt();
        out = encrypted;
        in = new PeerInput(encrypted);
        greeted = true;
        return encrypted;
    }

    private void greet() throws IOException {
        if (greeted) {
            return;
        }
        if (in.readLong() != Wire.NBD_MAGIC || in.readLong() != Wire.OPTION_MAGIC) {
            throw new PeerException("the peer does not speak the newstyle NBD protocol");
        }
        int serverFlags = in.readUnsignedShort();
        if ((serverFlags & Wire.FIXED_NEWSTYLE) == 0) {
            throw new PeerException("the server does not know the fixed newstyle handshake");
        }
        send(ByteBuffer.allocate(Integer.BYTES).putInt(serverFlags & (Wire.FIXED_NEWSTYLE | Wire.NO_ZEROES)));
    }

    private Terms agree(String export) throws IOException {
        go(export);
        return new Terms(sizeBytes, flags, minimumBlockBytes, maximumPayloadBytes);
    }

    private static String detail(Reply reply) {
        String why = new String(reply.data, UTF_8);
        return why.isBlank() ? "" : ": " + why;
    }

    private void go(String export) throws IOException {
        byte[] name = export.getBytes(UTF_8);
        byte[] data = new byte[Integer.BYTES + name.length + 2 * Short.BYTES];
        ByteBuffer.wrap(data).putInt(name.length).put(name).putShort((short) 1).putShort((short) Wire.INFO_BLOCK_SIZE);
        sendOption(Wire.OPT_GO, data);
        Reply reply = reply(Wire.OPT_GO);
        while (reply.type == Wire.REP_INFO) {
            info(ByteBuffer.wrap(reply.data));
            reply = reply(Wire.OPT_GO);
        }
        if (reply.type == Wire.REP_ERR_TLS_REQD) {
            throw new PeerException(
                    "the server takes encrypted connections only: name it by nbds:// or nbds+unix://" + detail(reply));
        }
        if (reply.type != Wire.REP_ACK) {
            throw new PeerException("the server refuses export \"" + export + "\" ("
                    + (reply.type == Wire.REP_ERR_UNKNOWN ? "unknown" : "error %#x".formatted(reply.type)) + ")"
                    + detail(reply));
        }
        if (sizeBytes < 0) {
            throw new PeerException("the server does not tell the size of the export, or one of 2^63 bytes or more");
        }
    }

    private void info(ByteBuffer info) throws IOException {
        int type = info.remaining() < Short.BYTES ? -1 : Short.toUnsignedInt(info.getShort());
        if (type == Wire.INFO_EXPORT && info.remaining() == Long.BYTES + Short.BYTES) {
            sizeBytes = info.getLong();
            flags = Short.toUnsignedInt(info.getShort());
        } else if (type == Wire.INFO_BLOCK_SIZE && info.remaining() == 3 * Integer.BYTES) {
            minimumBlockBytes = Integer.toUnsignedLong(info.getInt());
            info.getInt();
            maximumPayloadBytes = Math.min(Wire.MAX_PAYLOAD_BYTES, Integer.toUnsignedLong(info.getInt()));
            if (Long.bitCount(minimumBlockBytes) != 1 || maximumPayloadBytes < minimumBlockBytes) {
                throw new PeerException("blocks of " + minimumBlockBytes + " to " + maximumPayloadBytes + " bytes");
            }
        } else if (type == -1 || type == Wire.INFO_EXPORT || type == Wire.INFO_BLOCK_SIZE) {
            throw new PeerException("information " + type + " of another length than it has");
        }
    }

    private Reply reply(int option) throws IOException {
        long magic = in.readLong();
        int answered = in.readInt();
        int type = in.readInt();
        long length = Integer.toUnsignedLong(in.readInt());
        if (magic != Wire.OPTION_REPLY_MAGIC || answered != option || length > MOST_REPLY_BYTES) {
            throw new PeerException("the reply to option %d begins with %016x, is for option %d and has %d bytes"
                    .formatted(option, magic, answered, length));
        }
        return new Reply(type, in.readBytes(Math.toIntExact(length)));
    }

    private void sendOption(int option, byte[] data) throws IOException {
        send(ByteBuffer.allocate(Long.BYTES + 2 * Integer.BYTES + data.length)
                .putLong(Wire.OPTION_MAGIC)
                .putInt(option)
                .putInt(data.length)
                .put(data));
    }

    private void send(ByteBuffer filled) throws IOException {
        filled.flip();
        while (filled.hasRemaining()) {
            out.write(filled);
        }
    }
}
