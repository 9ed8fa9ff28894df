package io.restripe.os;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

/**
 * The kernel's NBD client, told over generic netlink what to do: its devices live on without the process that made them, and get another
 * connection when theirs is lost. Stateless; needs root. Source: Linux's include/uapi/linux/nbd-netlink.h, genetlink.h and netlink.h.
 *
 * <pre>
 * message:    0 length  4 type(u16)  6 flags(u16)  8 sequence  12 port  16 command(u8)  17 version(u8)  20 attributes
 * attribute:  0 length(u16)  2 type(u16)  4 value, padded to 4 bytes
 * </pre>
 */
public final class NbdNetlink {
    private static final int AF_NETLINK = 16;
    private static final int SOCK_RAW = 3;
    private static final int NETLINK_GENERIC = 16;
    private static final short TYPE_ERROR = 2;
    private static final short TYPE_CONTROL = 16;
    private static final short REQUEST_AND_ACKNOWLEDGE = 1 | 4;
    private static final int HEADERS_BYTES = 20;
    private static final int MESSAGE_BYTES = 16;
    private static final int MOST_BYTES = 8192;

    private static final int CONTROL_GET_FAMILY = 3;
    private static final int CONTROL_FAMILY_ID = 1;
    private static final int CONTROL_FAMILY_NAME = 2;

    private static final int CONNECT = 1;
    private static final int DISCONNECT = 2;
    private static final int RECONFIGURE = 3;
    private static final int INDEX = 1;
    private static final int SIZE_BYTES = 2;
    private static final int BLOCK_SIZE_BYTES = 3;
    private static final int SERVER_FLAGS = 5;
    private static final int SOCKETS = 7;
    private static final int DEAD_CONNECTION_SECONDS = 8;
    private static final int SOCKET_ITEM = 1;
    private static final int SOCKET_DESCRIPTOR = 1;
    private static final int NESTED = 0x8000;
    /** Ten years: a device waits for its next connection until somebody disconnects it. */
    private static final long LONG_SECONDS = 10L * 365 * 86_400;

    private NbdNetlink() {}

    /**
     * A new device over a connection on which the handshake is done; without structured replies, of which the kernel knows nothing.
     *
     * @param serverFlags what the server said of the export
     * @return the number of the device
     */
    public static int connect(Descriptor socket, long sizeBytes, int blockBytes, int serverFlags)
            throws SystemCallException {
        int[] index = {-1};
        run(
                "NBD_CMD_CONNECT",
                CONNECT,
                attributes -> {
                    put64(attributes, SIZE_BYTES, sizeBytes);
                    put64(attributes, BLOCK_SIZE_BYTES, blockBytes);
                    put64(attributes, SERVER_FLAGS, serverFlags);
                    put64(attributes, DEAD_CONNECTION_SECONDS, LONG_SECONDS);
                    putSocket(attributes, socket);
                },
                index);
        if (index[0] < 0) {
            throw new SystemCallException("NBD_CMD_CONNECT without a device in the answer", Errno.EINVAL.number());
        }
        return index[0];
    }

    /** Another connection for a device whose own is lost; ENOSPC when it is not lost. */
    public static void reconnect(int index, Descriptor socket) throws SystemCallException {
        run(
                "NBD_CMD_RECONFIGURE",
                RECONFIGURE,
                attributes -> {
                    put32(attributes, INDEX, index);
                    put64(attributes, DEAD_CONNECTION_SECONDS, LONG_SECONDS);
                    putSocket(attributes, socket);
                },
                null);
    }

    /** The device gets another size, also while it is in use. */
    public static void resize(int index, long sizeBytes) throws SystemCallException {
        run(
                "NBD_CMD_RECONFIGURE",
                RECONFIGURE,
                attributes -> {
                    put32(attributes, INDEX, index);
                    put64(attributes, SIZE_BYTES, sizeBytes);
                },
                null);
    }

    /** Ends the connection, whoever uses the device. */
    public static void disconnect(int index) throws SystemCallException {
        run("NBD_CMD_DISCONNECT", DISCONNECT, attributes -> put32(attributes, INDEX, index), null);
    }

    private static void putSocket(ByteBuffer attributes, Descriptor socket) {
        int all = begin(attributes, SOCKETS | NESTED);
        int item = begin(attributes, SOCKET_ITEM | NESTED);
        put32(attributes, SOCKET_DESCRIPTOR, socket.number());
        end(attributes, item);
        end(attributes, all);
    }

    private static int begin(ByteBuffer attributes, int type) {
        int at = attributes.position();
        attributes.putShort((short) 0).putShort((short) type);
        return at;
    }

    private static void end(ByteBuffer attributes, int at) {
        attributes.putShort(at, (short) (attributes.position() - at));
        while (attributes.position() % Integer.BYTES != 0) {
            attributes.put((byte) 0);
        }
    }

    private static void put32(ByteBuffer attributes, int type, int value) {
        int at = begin(attributes, type);
        attributes.putInt(value);
        end(attributes, at);
    }

    private static void put64(ByteBuffer attributes, int type, long value) {
        int at = begin(attributes, type);
        attributes.putLong(value);
        end(attributes, at);
    }

    private static void run(String name, int command, Consumer<ByteBuffer> attributes, int[] index)
            throws SystemCallException {
        try (Descriptor netlink = Descriptor.socket("netlink", AF_NETLINK, SOCK_RAW, NETLINK_GENERIC);
                Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(MOST_BYTES, Long.BYTES);
            int[] family = {-1};
            Consumer<ByteBuffer> nbd = control -> {
                int at = begin(control, CONTROL_FAMILY_NAME);
                control.put("nbd\0".getBytes(StandardCharsets.US_ASCII));
                end(control, at);
            };
            send(netlink, memory, TYPE_CONTROL, CONTROL_GET_FAMILY, nbd);
            await(netlink, memory, "CTRL_CMD_GETFAMILY nbd", CONTROL_FAMILY_ID, family);
            send(netlink, memory, (short) family[0], command, attributes);
            await(netlink, memory, name, INDEX, index == null ? new int[1] : index);
        }
    }

    private static void send(
            Descriptor netlink, MemorySegment memory, short type, int command, Consumer<ByteBuffer> attributes)
            throws SystemCallException {
        ByteBuffer message = memory.asByteBuffer().order(ByteOrder.nativeOrder());
        message.putInt(0)
                .putShort(type)
                .putShort(REQUEST_AND_ACKNOWLEDGE)
                .putInt(1)
                .putInt(0);
        message.put((byte) command).put((byte) 1).putShort((short) 0);
        attributes.accept(message);
        message.putInt(0, message.position());
        netlink.write(memory.asSlice(0, message.position()));
    }

    /** Reads up to the acknowledgement; keeps the value of one attribute, of 16 or 32 bits. */
    private static void await(Descriptor netlink, MemorySegment memory, String name, int wanted, int[] value)
            throws SystemCallException {
        while (true) {
            int received = (int) netlink.read(memory);
            for (int at = 0; at + MESSAGE_BYTES <= received; ) {
                int length = memory.get(ValueLayout.JAVA_INT, at);
                if (length < MESSAGE_BYTES || length > received - at) {
                    throw new SystemCallException(name + ": an answer that is cut off", Errno.EINVAL.number());
                }
                if (memory.get(ValueLayout.JAVA_SHORT, at + 4L) == TYPE_ERROR) {
                    int error = -memory.get(ValueLayout.JAVA_INT, at + (long) MESSAGE_BYTES);
                    if (error != 0) {
                        throw new SystemCallException(name, error);
                    }
                    return;
                }
                find(memory, at + HEADERS_BYTES, at + length, wanted, value);
                at += (length + Integer.BYTES - 1) & -Integer.BYTES;
            }
        }
    }

    private static void find(MemorySegment memory, int from, int end, int wanted, int[] value) {
        int at = from;
        while (at + Integer.BYTES <= end) {
            int length = Short.toUnsignedInt(memory.get(ValueLayout.JAVA_SHORT, at));
            if (length < Integer.BYTES) {
                return;
            }
            if (memory.get(ValueLayout.JAVA_SHORT, at + 2L) == wanted) {
                value[0] = length >= 2 * Integer.BYTES
                        ? memory.get(ValueLayout.JAVA_INT, at + 4L)
                        : Short.toUnsignedInt(memory.get(ValueLayout.JAVA_SHORT, at + 4L));
            }
            at += (length + Integer.BYTES - 1) & -Integer.BYTES;
        }
    }
}
