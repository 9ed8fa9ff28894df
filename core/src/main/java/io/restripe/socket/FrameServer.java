package io.restripe.socket;

import io.restripe.env.Env;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;

/**
 * Answers frames on a Unix-domain socket that only its owner may open. One thread a connection; a peer that sends something else is
 * dropped and harms nobody. {@link #close} ends all connections and removes the socket file.
 */
public final class FrameServer implements AutoCloseable {
    /** What to answer. An IOException drops the peer. Called by many threads. */
    @FunctionalInterface
    public interface Handler {
        byte[] answer(byte[] frame) throws IOException;
    }

    /** Far more than there are actors; a bound all the same. */
    private static final int MOST_PEERS = 256;

    private final Handler handler;
    private final PeerDoor door;

    /** @param path where; must not exist */
    public FrameServer(Env env, Path path, Handler handler) throws IOException {
        this.handler = handler;
        this.door = new PeerDoor(env, "a peer of " + path.getFileName(), MOST_PEERS);
        door.listen(path, this::serve);
    }

    private void serve(SocketChannel peer) throws IOException {
        DataInputStream in = new DataInputStream(Channels.newInputStream(peer));
        DataOutputStream out = new DataOutputStream(new BufferedOutputStream(Channels.newOutputStream(peer)));
        while (true) {
            Frame.send(out, handler.answer(Frame.receive(in)));
        }
    }

    @Override
    public void close() throws IOException {
        door.cutOff();
    }
}
