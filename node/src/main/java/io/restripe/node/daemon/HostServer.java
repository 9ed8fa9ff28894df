package io.restripe.node.daemon;

import io.restripe.env.Env;
import io.restripe.env.Signal;
import io.restripe.node.rpc.RunFolder;
import io.restripe.node.rpc.Wire;
import io.restripe.rule.Problem;
import io.restripe.rule.ProblemException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * Answers requests about one running container on its Unix-domain socket until it is stopped: a thread that accepts and one for each
 * connection. The socket lies in a folder that only its owner may enter.
 */
final class HostServer {
    private static final System.Logger LOG = System.getLogger("io.restripe.node.daemon");
    private static final int MOST_CONNECTIONS = 64;
    private static final long LOOK_NANOS = TimeUnit.SECONDS.toNanos(2);

    private final Env env;
    private final HostedContainer container;
    private final VolumeExports exports;
    private final Attachments attachments;
    private final ServerSocketChannel listener;
    private final Signal finished;
    private final Map<String, VolumeBytes> volumes = new ConcurrentHashMap<>();
    private final Set<Conversation> conversations = ConcurrentHashMap.newKeySet();

    private HostServer(
            Env env,
            HostedContainer container,
            VolumeExports exports,
            Attachments attachments,
            ServerSocketChannel listener) {
        this.env = env;
        this.container = container;
        this.exports = exports;
        this.attachments = attachments;
        this.listener = listener;
        this.finished = new Signal(env);
    }

    /** Listens from now on. */
    static HostServer open(
            Env env, RunFolder run, HostedContainer container, VolumeExports exports, Attachments attachments)
            throws ProblemException {
        Path socket = run.socket(container.name());
        try {
            ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
            listener.bind(UnixDomainSocketAddress.of(socket));
            Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-------"));
            HostServer server = new HostServer(env, container, exports, attachments, listener);
            env.start("accept " + container.name(), server::accept);
            return server;
        } catch (IOException e) {
            throw new ProblemException(
                    new Problem(
                            "cannot answer requests for " + container.name(),
                            socket.toString(),
                            String.valueOf(e.getMessage()),
                            "Set RESTRIPE_RUN to a folder of yours with a short path (a socket's path has at most 107 bytes)"),
                    e);
        }
    }

    private void accept() {
        try {
            while (true) {
                SocketChannel channel = listener.accept();
                Conversation conversation = new Conversation(this, container, new Wire(channel));
                if (conversations.size() >= MOST_CONNECTIONS) {
                    channel.close(); // the client reports a closed connection; the array is not disturbed
                    continue;
                }
                conversations.add(conversation);
                env.start("request", conversation);
            }
        } catch (java.nio.channels.ClosedChannelException e) {
            finished.raise(); // closed by finish(): the usual end
        } catch (IOException e) {
            LOG.log(System.Logger.Level.ERROR, "no further requests can be accepted", e);
            finished.raise();
        }
    }

    VolumeExports exports() {
        return exports;
    }

    Attachments attachments() {
        return attachments;
    }

    /** The container's status, with what is told of it beyond the container itself. */
    Map<String, Object> status() {
        return attachments.told(exports.told(container.status())).toMap();
    }

    VolumeBytes bytes(String volume) throws ProblemException {
        VolumeBytes known = volumes.get(volume);
        if (known != null && known.current(container.volume(volume))) {
            return known;
        }
        VolumeBytes fresh = new VolumeBytes(env, container.volume(volume));
        volumes.put(volume, fresh);
        return fresh;
    }

    void ended(Conversation conversation) {
        conversations.remove(conversation);
    }

    /** Takes no further requests; {@link #awaitFinish} returns. */
    void finish() {
        try {
            listener.close();
        } catch (IOException e) {
            LOG.log(System.Logger.Level.WARNING, "closing the socket", e);
        }
        finished.raise();
    }

    /** Returns when the container has been stopped: by a request, or its arrays by somebody who asked the kernel. */
    void awaitFinish() throws ProblemException {
        while (!finished.await(LOOK_NANOS)) {
            container.lookAround();
            if (container.gone() && !container.stopping()) {
                LOG.log(System.Logger.Level.INFO, "{0}: its arrays were stopped by somebody else", container.name());
                container.stop();
                finish();
            }
        }
    }
}
