package io.restripe.nbd;

import io.restripe.env.Env;
import io.restripe.nbd.ClientHandshake.Terms;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;

/** Makes a client's connections to an export. Stateless but for the watch over what takes too long; any thread may call. */
final class Connector {
    private static final System.Logger LOG = System.getLogger("io.restripe.nbd");

    private static final String THIS_MACHINE = "localhost";

    private final Env env;
    private final NbdAddress address;
    private final Deadlines deadlines;

    Connector(Env env, NbdAddress address) {
        this.env = env;
        this.address = address;
        this.deadlines = new Deadlines(env);
    }

    /** A connection on which an export has been agreed on. */
    record Connection(PeerChannel channel, PeerInput in, Terms terms) {
        void hangUp() {
            Connector.hangUp(channel);
        }
    }

    /** Told of a channel before anything waits for it, so that whoever wants to end the attempt can close it. */
    interface Announced {
        void opened(SocketChannel channel) throws IOException;
    }

    /** What is done on a new connection before it is used. */
    interface Preparation {
        void prepare(Connection connection) throws IOException;
    }

    /**
     * Connects, agrees on the export and prepares.
     *
     * @throws IOException when that failed, or took longer; nothing stays open
     */
    Connection connect(long withinNanos, Announced announced, Preparation preparation) throws IOException {
        SocketAddress socket = address.socketAddress();
        boolean unix = socket instanceof UnixDomainSocketAddress;
        SocketChannel opened = unix ? SocketChannel.open(StandardProtocolFamily.UNIX) : SocketChannel.open();
        try (Deadlines.Guard guard = deadlines.guard(opened, withinNanos)) {
            announced.opened(opened);
            opened.connect(socket);
            if (!unix) {
                opened.setOption(StandardSocketOptions.TCP_NODELAY, true);
                opened.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
            }
            PeerChannel channel = PeerChannel.plain(opened);
            ClientHandshake handshake = new ClientHandshake(new PeerInput(channel), channel);
            if (address.tls() != null) {
                channel = handshake.encrypt(() -> encrypt(opened));
            }
            Terms agreed = handshake.run(address.export());
            Connection made = new Connection(channel, handshake.input(), agreed);
            preparation.prepare(made);
            if (guard.expired()) {
                throw new IOException("the server did not answer in time");
            }
            return made;
        } catch (IOException e) {
            hangUp(opened);
            throw e.getMessage() == null ? new IOException("the server did not answer in time", e) : e;
        }
    }

    /** The files are read for every connection, so that renewed ones are used. */
    private PeerChannel encrypt(SocketChannel socket) throws IOException {
        NbdAddress.Tls tls = address.tls();
        TlsFolder folder = TlsFolder.ofClient(tls.certificates() == null ? null : Path.of(tls.certificates()));
        String host = address.host() == null ? THIS_MACHINE : address.host();
        String bare = host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
        return TlsChannel.open(
                env, socket, folder.clientEngine(tls.hostname() == null ? bare : tls.hostname(), address.port()));
    }

    static void hangUp(java.nio.channels.Channel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, "closing a connection: {0}", e.getMessage());
        }
    }
}
