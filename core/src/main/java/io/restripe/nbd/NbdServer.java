package io.restripe.nbd;

import io.restripe.env.Env;
import io.restripe.socket.PeerDoor;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Serves disks to NBD clients, on any number of sockets. A flush on any connection covers every write that was acknowledged on any
 * connection to the same export, so clients may use several at once. A peer that does not keep to the protocol is dropped and harms
 * nobody; what each may take is bounded by {@link NbdLimits}.
 *
 * <p>In the clear whoever reaches the socket reads and writes; a Unix-domain socket is for its owner only, a TCP address is the caller's
 * choice. On a socket with certificates every client must encrypt, and is asked who it is when the certificates say so.
 */
public final class NbdServer implements AutoCloseable {
    private final Env env;
    private final NbdLimits limits;
    private final ExportTable exports;
    private final Deadlines deadlines;
    private final PayloadRoom room;
    private final BusyPoll busyPoll;
    private final PeerDoor here;
    private final PeerDoor elsewhere;

    public NbdServer(Env env) {
        this(env, NbdLimits.USUAL);
    }

    public NbdServer(Env env, NbdLimits limits) {
        this.env = env;
        this.limits = limits;
        this.exports = new ExportTable(env);
        this.deadlines = new Deadlines(env);
        this.room = new PayloadRoom(env, limits.payloadBytes(), limits.stallNanos());
        this.busyPoll = BusyPoll.onHalfOfTheProcessors(env);
        this.here = new PeerDoor(env, "an NBD client", limits.connections());
        this.elsewhere = new PeerDoor(env, "an NBD client over TCP", limits.connections());
    }

    /**
     * Offers an export to clients that connect from now on. The only export there is also answers to the empty name.
     *
     * @throws IllegalArgumentException when the name is taken
     */
    public void add(Export export) {
        if (!exports.add(new ServedExport(env, export))) {
            throw new IllegalArgumentException("there is an export \"" + export.name() + "\" already");
        }
    }

    /**
     * Withdraws an export. On return no request of any client is at its disk any more; those that come later get ESHUTDOWN.
     *
     * @return whether there was one
     */
    public boolean remove(String name) {
        ServedExport export = exports.remove(name);
        if (export != null) {
            export.withdraw();
        }
        return export != null;
    }

    /** What is offered now. */
    public List<Export> exports() {
        return exports.all();
    }

    /** Clients that are connected now, also those that have not agreed on an export yet. */
    public int connections() {
        return here.peers() + elsewhere.peers();
    }

    /** Memory that all connections have for payloads now. */
    long payloadBytes() {
        return room.takenBytes();
    }

    /**
     * Listens on a Unix-domain socket that only its owner may open, in the clear. {@link #close} removes the file.
     *
     * @param path where; must not exist
     */
    public void listen(Path path) throws IOException {
        here.listen(path, peer -> serve(peer, Optional.empty()));
    }

    /** The same for clients that encrypt. */
    public void listen(Path path, TlsFolder tls) throws IOException {
        here.listen(path, peer -> serve(peer, Optional.of(tls)));
    }

    /**
     * Listens on TCP, in the clear.
     *
     * @param address where; port 0: any that is free
     * @return where it listens
     */
    public InetSocketAddress listen(InetSocketAddress address) throws IOException {
        return elsewhere.listen(address, peer -> serve(peer, Optional.empty()));
    }

    /** The same for clients that encrypt. */
    public InetSocketAddress listen(InetSocketAddress address, TlsFolder tls) throws IOException {
        return elsewhere.listen(address, peer -> serve(peer, Optional.of(tls)));
    }

    private void serve(SocketChannel peer, Optional<TlsFolder> tls) throws IOException {
        ServerHandshake handshake =
                new ServerHandshake(PeerChannel.plain(peer, busyPoll.attentionTo(peer)), exports, tls.map(folder ->
                        (ServerHandshake.Encryption) () -> TlsChannel.open(env, peer, folder.serverEngine())));
        Agreement agreement = agree(peer, handshake);
        if (agreement != null) {
            new Transmission(env, limits, room, handshake.channel(), handshake.input(), agreement).serve();
        }
    }

    private Agreement agree(SocketChannel peer, ServerHandshake handshake) throws IOException {
        try (Deadlines.Guard guard = deadlines.guard(peer, limits.handshakeNanos())) {
            Agreement agreement = handshake.run();
            return guard.expired() ? null : agreement;
        }
    }

    /**
     * Ends all connections, and with them what clients have not been answered yet; removes the files of the sockets. Waits for nothing:
     * requests that are at a disk are there until it lets go of them. A second time it does nothing.
     */
    public void cutOff() throws IOException {
        try {
            elsewhere.cutOff();
        } finally {
            here.cutOff();
        }
    }

    /** As {@link #cutOff}, and on return no request is at a disk any more: it waits for those that are, however long the disk takes. */
    @Override
    public void close() throws IOException {
        cutOff(); // all, before one is waited for
        try {
            elsewhere.close();
        } finally {
            here.close();
        }
    }
}
