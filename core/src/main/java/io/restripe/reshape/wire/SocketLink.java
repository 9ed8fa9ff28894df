package io.restripe.reshape.wire;

import io.restripe.env.Env;
import io.restripe.reshape.MonitorLink;
import io.restripe.reshape.Reply;
import io.restripe.reshape.Request;
import io.restripe.socket.FrameClient;
import java.io.IOException;
import java.nio.file.Path;

/** A manager's connection to a monitor's socket. */
public final class SocketLink implements MonitorLink, AutoCloseable {
    private final FrameClient client;

    public SocketLink(Env env, Path path) {
        this.client = new FrameClient(env, path);
    }

    @Override
    public Reply call(Request request) throws IOException {
        return switch (Frames.decodeAnswer(client.call(Frames.encode(request)))) {
            case Frames.Answer.Given given -> given.reply();
            case Frames.Answer.Failed failed -> throw new IOException("the monitor failed: " + failed.why());
        };
    }

    @Override
    public void close() throws IOException {
        client.close();
    }
}
