package io.restripe.nbd;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;

/** A client that says exactly what a test wants it to, byte by byte, with the numbers written out as the specification has them. */
final class RawClient implements AutoCloseable {
    final SocketChannel channel;
    final DataInputStream in;
    final DataOutputStream out;

    RawClient(Path socket) throws IOException {
        this(UnixDomainSocketAddress.of(socket));
    }

    RawClient(SocketAddress address) throws IOException {
        channel = SocketChannel.open(address);
        in = new DataInputStream(Channels.newInputStream(channel));
        out = new DataOutputStream(Channels.newOutputStream(channel));
    }

    /** What came back for an option. */
    record OptionReply(int option, int type, byte[] data) {}

    /** A chunk of a structured reply. */
    record Chunk(int flags, int type, long cookie, byte[] data) {}

    interface Body {
        void write(DataOutputStream to) throws IOException;
    }

    static byte[] bytes(Body body) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            body.write(new DataOutputStream(bytes));
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        return bytes.toByteArray();
    }

    /** Greets: takes the server's greeting and sends the client's flags. */
    RawClient greet(int flags) throws IOException {
        assertThat(in.readLong()).isEqualTo(0x4e42444d41474943L);
        assertThat(in.readLong()).isEqualTo(0x49484156454F5054L);
        assertThat(in.readUnsignedShort()).isEqualTo(3);
        out.writeInt(flags);
        return this;
    }

    static byte[] optionBytes(int option, byte[] data) {
        return bytes(to -> {
            to.writeLong(0x49484156454F5054L);
            to.writeInt(option);
            to.writeInt(data.length);
            to.write(data);
        });
    }

    void option(int option, byte[] data) throws IOException {
        out.write(optionBytes(option, data));
    }

    OptionReply optionReply() throws IOException {
        assertThat(in.readLong()).isEqualTo(0x3e889045565a9L);
        int option = in.readInt();
        int type = in.readInt();
        return new OptionReply(option, type, in.readNBytes(in.readInt()));
    }

    /** Sends an option and takes its one reply's type. */
    int ask(int option, byte[] data) throws IOException {
        option(option, data);
        OptionReply reply = optionReply();
        assertThat(reply.option()).isEqualTo(option);
        return reply.type();
    }

    /** Data of INFO and GO. */
    static byte[] infoData(String export, int... asked) {
        return bytes(to -> {
            byte[] name = export.getBytes(UTF_8);
            to.writeInt(name.length);
            to.write(name);
            to.writeShort(asked.length);
            for (int one : asked) {
                to.writeShort(one);
            }
        });
    }

    /** Data of LIST_META_CONTEXT and SET_META_CONTEXT. */
    static byte[] metaData(String export, String... queries) {
        return bytes(to -> {
            byte[] name = export.getBytes(UTF_8);
            to.writeInt(name.length);
            to.write(name);
            to.writeInt(queries.length);
            for (String query : queries) {
                to.writeInt(query.length());
                to.write(query.getBytes(UTF_8));
            }
        });
    }

    /** GO, up to the acknowledgement. */
    RawClient go(String export) throws IOException {
        option(7, infoData(export));
        OptionReply reply = optionReply();
        while (reply.type() == 3) {
            reply = optionReply();
        }
        assertThat(reply.type()).isEqualTo(1);
        return this;
    }

    static byte[] requestBytes(int flags, int type, long cookie, long offset, int length) {
        return bytes(to -> {
            to.writeInt(0x25609513);
            to.writeShort(flags);
            to.writeShort(type);
            to.writeLong(cookie);
            to.writeLong(offset);
            to.writeInt(length);
        });
    }

    void request(int flags, int type, long cookie, long offset, int length) throws IOException {
        out.write(requestBytes(flags, type, cookie, offset, length));
    }

    /** The error of the simple reply that must come now, to that cookie. */
    int simpleReply(long cookie) throws IOException {
        assertThat(in.readInt()).isEqualTo(0x67446698);
        int error = in.readInt();
        assertThat(in.readLong()).isEqualTo(cookie);
        return error;
    }

    Chunk chunk() throws IOException {
        assertThat(in.readInt()).isEqualTo(0x668e33ef);
        int flags = in.readUnsignedShort();
        int type = in.readUnsignedShort();
        long cookie = in.readLong();
        return new Chunk(flags, type, cookie, in.readNBytes(in.readInt()));
    }

    /** Sends one request without payload and takes its error. */
    int error(int flags, int type, long offset, int length) throws IOException {
        request(flags, type, 99, offset, length);
        return simpleReply(99);
    }

    /** Whether the server has ended the connection; waits until it says something. */
    boolean isDropped() {
        try {
            return in.read() < 0;
        } catch (IOException e) {
            return true; // reset: what was sent had not been read
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
