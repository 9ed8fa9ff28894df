package io.restripe.nbd;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The server's half of the fixed newstyle handshake, on one connection: options are answered until an export is agreed on. */
final class ServerHandshake {
    /** Longest data of an option. What is needed is a name and a few queries. */
    private static final int MOST_OPTION_BYTES = 64 << 10;

    private static final int REPLY_HEADER_BYTES = 20;
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    /** Makes the connection an encrypted one. */
    interface Encryption {
        PeerChannel encrypt() throws IOException;
    }

    private PeerInput in;
    private PeerChannel out;
    private final ExportTable exports;
    /** Empty: this connection is in the clear, and stays so. */
    private final Optional<Encryption> encryption;

    private boolean encrypted;
    private boolean zeroes;
    private boolean structuredReplies;
    /** The export whose allocation context was chosen; null: none was. */
    private ServedExport contextOf;

    private Agreement agreed;
    private boolean aborted;

    /** @param encryption what every client must ask for before anything else; empty: nobody need nor can */
    ServerHandshake(PeerChannel channel, ExportTable exports, Optional<Encryption> encryption) {
        this.in = new PeerInput(channel);
        this.out = channel;
        this.exports = exports;
        this.encryption = encryption;
    }

    /** What requests come through: the channel that it was given, or the encrypted one over it. */
    PeerChannel channel() {
        return out;
    }

    PeerInput input() {
        return in;
    }

    /**
     * Negotiates.
     *
     * @return what was agreed, or null when the client wants nothing (more)
     * @throws PeerException when it does not keep to the protocol
     */
    Agreement run() throws IOException {
        send(ByteBuffer.allocate(18)
                .putLong(Wire.NBD_MAGIC)
                .putLong(Wire.OPTION_MAGIC)
                .putShort((short) (Wire.FIXED_NEWSTYLE | Wire.NO_ZEROES)));
        int flags = in.readInt();
        if ((flags & ~(Wire.FIXED_NEWSTYLE | Wire.NO_ZEROES)) != 0 || (flags & Wire.FIXED_NEWSTYLE) == 0) {
            throw new PeerException("handshake flags %#x".formatted(flags));
        }
        zeroes = (flags & Wire.NO_ZEROES) == 0;
        while (agreed == null && !aborted) {
            option();
        }
        return agreed;
    }

    private void option() throws IOException {
        long magic = in.readLong();
        int option = in.readInt();
        long length = Integer.toUnsignedLong(in.readInt());
        if (magic != Wire.OPTION_MAGIC) {
            throw new PeerException("an option begins with %016x".formatted(magic));
        }
        if (length > MOST_OPTION_BYTES) {
            throw new PeerException("option " + option + " has " + length + " bytes of data");
        }
        ByteBuffer data = ByteBuffer.wrap(in.readBytes(Math.toIntExact(length)));
        if (encryption.isPresent() && !encrypted && option != Wire.OPT_ABORT) {
            beforeEncryption(option, data);
            return;
        }
        switch (option) {
            case Wire.OPT_EXPORT_NAME -> exportName(data);
            case Wire.OPT_ABORT -> {
                reply(option, Wire.REP_ACK, NOTHING);
                aborted = true;
            }
            case Wire.OPT_LIST -> list(data);
            case Wire.OPT_STARTTLS ->
                refuse(
                        option,
                        encrypted ? Wire.REP_ERR_INVALID : Wire.REP_ERR_UNSUP,
                        encrypted ? "it is encrypted already" : "no encryption is set up here");
            case Wire.OPT_INFO, Wire.OPT_GO -> info(option, data);
            case Wire.OPT_STRUCTURED_REPLY -> structured(data);
            case Wire.OPT_LIST_META_CONTEXT, Wire.OPT_SET_META_CONTEXT -> metaContext(option, data);
            default -> refuse(option, Wire.REP_ERR_UNSUP, "this server does not know option " + option);
        }
    }

    /** Nothing is told to a client that does not encrypt, and nothing that it said before counts afterwards. */
    private void beforeEncryption(int option, ByteBuffer data) throws IOException {
        if (option == Wire.OPT_EXPORT_NAME) {
            throw new PeerException("asks for an export in the clear, in a way that cannot be answered");
        }
        if (option != Wire.OPT_STARTTLS) {
            refuse(option, Wire.REP_ERR_TLS_REQD, "this server takes encrypted connections only");
            return;
        }
        if (data.hasRemaining()) {
            refuse(option, Wire.REP_ERR_INVALID, "STARTTLS has no data");
            return;
        }
        if (in.hasBuffered()) {
            throw new PeerException("bytes in the clear behind the wish to encrypt");
        }
        reply(option, Wire.REP_ACK, NOTHING);
        out = encryption.orElseThrow().encrypt();
        in = new PeerInput(out);
        encrypted = true;
    }

    private void exportName(ByteBuffer data) throws IOException {
        ServedExport export = exports.find(UTF_8.decode(data).toString());
        if (export == null) {
            throw new PeerException("asks for an export that there is not, in a way that cannot be answered");
        }
        int size = Long.BYTES + Short.BYTES + (zeroes ? Wire.EXPORT_NAME_ZEROES : 0);
        ByteBuffer answer = ByteBuffer.allocate(size)
                .putLong(export.sizeBytes())
                .putShort((short) export.transmissionFlags(structuredReplies));
        send(answer.position(size));
        agree(export);
    }

    private void agree(ServedExport export) {
        agreed = new Agreement(export, structuredReplies, contextOf == export);
    }

    private void list(ByteBuffer data) throws IOException {
        if (data.hasRemaining()) {
            refuse(Wire.OPT_LIST, Wire.REP_ERR_INVALID, "LIST has no data");
            return;
        }
        for (Export export : exports.all()) {
            byte[] name = export.name().getBytes(UTF_8);
            byte[] description = export.description().getBytes(UTF_8);
            reply(
                    Wire.OPT_LIST,
                    Wire.REP_SERVER,
                    ByteBuffer.allocate(Integer.BYTES + name.length + description.length)
                            .putInt(name.length)
                            .put(name)
                            .put(description)
                            .flip());
        }
        reply(Wire.OPT_LIST, Wire.REP_ACK, NOTHING);
    }

    private void info(int option, ByteBuffer data) throws IOException {
        String name = string(data);
        if (name == null
                || data.remaining() < Short.BYTES
                || data.remaining()
                        != Short.BYTES + Short.BYTES * Short.toUnsignedInt(data.getShort(data.position()))) {
            refuse(option, Wire.REP_ERR_INVALID, "the lengths in the data of this option do not fit together");
            return;
        }
        ServedExport export = exports.find(name);
        if (export == null) {
            refuse(option, Wire.REP_ERR_UNKNOWN, "there is no export of this name");
            return;
        }
        infoReplies(option, data, export);
        reply(option, Wire.REP_ACK, NOTHING);
        if (option == Wire.OPT_GO) {
            agree(export);
        }
    }

    /** Size and block sizes go to every client, asked for or not; what else was asked for follows. */
    private void infoReplies(int option, ByteBuffer data, ServedExport export) throws IOException {
        reply(
                option,
                Wire.REP_INFO,
                ByteBuffer.allocate(12)
                        .putShort((short) Wire.INFO_EXPORT)
                        .putLong(export.sizeBytes())
                        .putShort((short) export.transmissionFlags(structuredReplies))
                        .flip());
        reply(
                option,
                Wire.REP_INFO,
                ByteBuffer.allocate(14)
                        .putShort((short) Wire.INFO_BLOCK_SIZE)
                        .putInt(export.minimumBlockBytes())
                        .putInt(export.preferredBlockBytes())
                        .putInt(Wire.MAX_PAYLOAD_BYTES)
                        .flip());
        boolean name = false;
        boolean description = false;
        data.getShort();
        while (data.hasRemaining()) {
            int asked = Short.toUnsignedInt(data.getShort());
            name |= asked == Wire.INFO_NAME;
            description |= asked == Wire.INFO_DESCRIPTION;
        }
        if (name) {
            infoText(option, Wire.INFO_NAME, export.export().name());
        }
        if (description && !export.export().description().isEmpty()) {
            infoText(option, Wire.INFO_DESCRIPTION, export.export().description());
        }
    }

    private void infoText(int option, int type, String text) throws IOException {
        byte[] bytes = text.getBytes(UTF_8);
        ByteBuffer info = ByteBuffer.allocate(Short.BYTES + bytes.length);
        reply(option, Wire.REP_INFO, info.putShort((short) type).put(bytes).flip());
    }

    private void structured(ByteBuffer data) throws IOException {
        if (data.hasRemaining()) {
            refuse(Wire.OPT_STRUCTURED_REPLY, Wire.REP_ERR_INVALID, "STRUCTURED_REPLY has no data");
            return;
        }
        structuredReplies = true;
        reply(Wire.OPT_STRUCTURED_REPLY, Wire.REP_ACK, NOTHING);
    }

    private void metaContext(int option, ByteBuffer data) throws IOException {
        boolean set = option == Wire.OPT_SET_META_CONTEXT;
        if (set) {
            contextOf = null;
        }
        String name = string(data);
        List<String> queries = name == null ? null : strings(data);
        if (queries == null || (set && !structuredReplies)) {
            String why = queries == null ? "the lengths do not fit together" : "structured replies come first";
            refuse(option, Wire.REP_ERR_INVALID, why);
            return;
        }
        ServedExport export = exports.find(name);
        if (export == null) {
            refuse(option, Wire.REP_ERR_UNKNOWN, "there is no export of this name");
            return;
        }
        boolean everything = !set && (queries.isEmpty() || queries.contains("base:"));
        if (everything || queries.contains(Wire.BASE_ALLOCATION)) {
            byte[] context = Wire.BASE_ALLOCATION.getBytes(UTF_8);
            ByteBuffer found = ByteBuffer.allocate(Integer.BYTES + context.length);
            reply(
                    option,
                    Wire.REP_META_CONTEXT,
                    found.putInt(Wire.BASE_ALLOCATION_ID).put(context).flip());
            contextOf = set ? export : contextOf;
        }
        reply(option, Wire.REP_ACK, NOTHING);
    }

    /** A string behind its 32-bit length; null when the data ends before it does. */
    private static String string(ByteBuffer data) {
        if (data.remaining() < Integer.BYTES) {
            return null;
        }
        int length = data.getInt();
        if (length < 0 || length > data.remaining()) {
            return null;
        }
        ByteBuffer bytes = data.slice(data.position(), length);
        data.position(data.position() + length);
        return UTF_8.decode(bytes).toString();
    }

    /** Strings behind their 32-bit number, and nothing behind them; null when the data is something else. */
    private static List<String> strings(ByteBuffer data) {
        if (data.remaining() < Integer.BYTES) {
            return null;
        }
        long count = Integer.toUnsignedLong(data.getInt());
        List<String> strings = new ArrayList<>();
        while (strings.size() < count) {
            String next = string(data);
            if (next == null) {
                return null;
            }
            strings.add(next);
        }
        return data.hasRemaining() ? null : strings;
    }

    private void refuse(int option, int error, String why) throws IOException {
        reply(option, error, ByteBuffer.wrap(why.getBytes(UTF_8)));
    }

    private void reply(int option, int type, ByteBuffer data) throws IOException {
        send(ByteBuffer.allocate(REPLY_HEADER_BYTES + data.remaining())
                .putLong(Wire.OPTION_REPLY_MAGIC)
                .putInt(option)
                .putInt(type)
                .putInt(data.remaining())
                .put(data.duplicate()));
    }

    /** Sends a buffer that was just filled. */
    private void send(ByteBuffer filled) throws IOException {
        filled.flip();
        while (filled.hasRemaining()) {
            out.write(filled);
        }
    }
}
