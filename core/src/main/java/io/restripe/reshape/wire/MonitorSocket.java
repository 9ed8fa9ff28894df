package io.restripe.reshape.wire;

import io.restripe.env.Env;
import io.restripe.reshape.MonitorLink;
import io.restripe.reshape.Reply;
import io.restripe.socket.FrameServer;
import java.io.IOException;
import java.nio.file.Path;

/** Answers managers on a Unix-domain socket, on behalf of a monitor. {@link #close} ends it and removes the socket file. */
public final class MonitorSocket implements AutoCloseable {
    private final MonitorLink monitor;
    private final FrameServer server;

    /** @param path where; must not exist */
    public MonitorSocket(Env env, MonitorLink monitor, Path path) throws IOException {
        this.monitor = monitor;
        this.server = new FrameServer(env, path, this::answer);
    }

    private byte[] answer(byte[] frame) throws IOException {
        return Frames.encode(answerOf(frame));
    }

    private Frames.Answer answerOf(byte[] frame) {
        try {
            Reply reply = monitor.call(Frames.decodeRequest(frame));
            return new Frames.Answer.Given(reply);
        } catch (IOException e) {
            return new Frames.Answer.Failed(String.valueOf(e.getMessage()));
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
