package io.restripe.array.kernel;

import io.restripe.array.ArrayBackend.Pinged;
import io.restripe.env.Env;
import io.restripe.socket.PeerDoor;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Where mdadm asks whoever keeps a container's metadata, {@code /run/mdadm/<container>.sock}: messages of a length and so many bytes
 * between two magic numbers, little-endian (traced with mdadm 4.2, docs/kernel-backend.md). Length 0 asks it to look at what is there and
 * is answered with its version, -1 asks for all that the arrays show to be recorded and is answered with length 0. Anything longer is a
 * change of metadata in mdadm's own form: the peer is dropped, and mdadm tells that it failed.
 */
final class MdadmSocket implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger("io.restripe.kernel");
    private static final int BEGIN = 0x5a5aa5a5;
    private static final int END = 0xa5a55a5a;
    private static final int LOOK_AGAIN = 0;
    private static final int RECORD = -1;
    private static final int MOST_PEERS = 16;
    private static final String VERSION = "restripe\n\0";

    private final Pinged pinged;
    private final KernelContainer.Look first;
    private final PeerDoor door;

    /**
     * @param path where; what a dead monitor left there is removed
     * @param first what is done before every answer; when it fails the peer is dropped
     */
    MdadmSocket(Env env, Path path, Pinged pinged, KernelContainer.Look first) throws IOException {
        this.first = first;
        this.pinged = pinged;
        this.door = new PeerDoor(env, "mdadm", MOST_PEERS);
        Files.deleteIfExists(path);
        door.listen(path, this::serve);
    }

    private void serve(SocketChannel peer) throws IOException {
        DataInputStream in = new DataInputStream(Channels.newInputStream(peer));
        while (true) {
            require(in, BEGIN);
            int length = Integer.reverseBytes(in.readInt());
            if (length != LOOK_AGAIN && length != RECORD) {
                LOG.log(
                        System.Logger.Level.WARNING,
                        "mdadm sent a change of metadata of {0} bytes, which only mdmon understands; use restripe for that",
                        length);
                throw new IOException("a message of " + length + " bytes is not understood");
            }
            require(in, END);
            first.look();
            byte[] reply = new byte[0];
            if (length == LOOK_AGAIN) {
                pinged.lookAgain();
                reply = VERSION.getBytes(StandardCharsets.US_ASCII);
            }
            pinged.record();
            send(peer, reply);
        }
    }

    private static void require(DataInputStream in, int magic) throws IOException {
        int found = Integer.reverseBytes(in.readInt());
        if (found != magic) {
            throw new IOException("not a message of mdadm: %08x where %08x should be".formatted(found, magic));
        }
    }

    private static void send(SocketChannel peer, byte[] payload) throws IOException {
        ByteBuffer message =
                ByteBuffer.allocate(3 * Integer.BYTES + payload.length).order(ByteOrder.LITTLE_ENDIAN);
        message.putInt(BEGIN).putInt(payload.length).put(payload).putInt(END).flip();
        while (message.hasRemaining()) {
            peer.write(message);
        }
    }

    @Override
    public void close() {
        try {
            door.cutOff();
        } catch (IOException e) {
            LOG.log(System.Logger.Level.WARNING, "{0}", e.toString());
        }
    }
}
