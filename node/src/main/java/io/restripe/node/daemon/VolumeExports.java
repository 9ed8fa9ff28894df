package io.restripe.node.daemon;

import io.restripe.env.Env;
import io.restripe.nbd.Export;
import io.restripe.nbd.NbdAddress;
import io.restripe.nbd.NbdServer;
import io.restripe.nbd.TlsFolder;
import io.restripe.node.rpc.ContainerStatus;
import io.restripe.node.rpc.VolumeStatus;
import io.restripe.rule.Problem;
import io.restripe.rule.ProblemException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.Lock;

/**
 * The volumes of a running container as NBD exports, named like the volumes: on a Unix-domain socket in the run folder that only its owner
 * may open, and on TCP, encrypted or not, when somebody asked for it. Any thread may call.
 */
final class VolumeExports implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger("io.restripe.node.daemon");

    private static final long FAREWELL_NANOS = 500_000_000L;
    private static final long FAREWELL_LOOK_NANOS = 5_000_000L;

    private final Env env;
    private final HostedContainer container;
    private final Path socket;
    private final Optional<TcpService> listen;
    private final Lock lock;
    private final Set<String> exported = new HashSet<>();
    /** Where it listens; the address of a volume is that with its name. */
    private final List<NbdAddress> places = new ArrayList<>();

    /** Null while nothing is offered. */
    private NbdServer server;

    private VolumeExports(Env env, HostedContainer container, Path socket, Optional<TcpService> listen) {
        this.env = env;
        this.container = container;
        this.socket = socket;
        this.listen = listen;
        this.lock = env.newLock();
    }

    /** Listens from now on. */
    static VolumeExports open(Env env, HostedContainer container, Path socket, Optional<TcpService> listen)
            throws ProblemException {
        VolumeExports exports = new VolumeExports(env, container, socket, listen);
        exports.open();
        return exports;
    }

    /** Offers the volumes, again after {@link #close}. */
    void open() throws ProblemException {
        lock.lock();
        try {
            NbdServer opened = new NbdServer(env);
            boolean done = false;
            try {
                server = opened;
                exported.clear();
                places.clear();
                offerNew();
                listen(opened);
                done = true;
            } finally {
                if (!done) {
                    close();
                }
            }
        } finally {
            lock.unlock();
        }
    }

    private void listen(NbdServer opened) throws ProblemException {
        try {
            opened.listen(socket);
            places.add(new NbdAddress(null, 0, socket.toString(), ""));
        } catch (IOException e) {
            throw cannotListen(socket.toString(), e, "Set RESTRIPE_RUN to a folder of yours with a short path");
        }
        if (listen.isPresent()) {
            listen(opened, listen.get());
        }
    }

    private void listen(NbdServer opened, TcpService wanted) throws ProblemException {
        Optional<TlsFolder> tls = Optional.empty();
        try {
            if (wanted.tls().isPresent()) {
                tls = Optional.of(TlsFolder.ofServer(wanted.tls().get(), wanted.verifyClients()));
            }
        } catch (IOException e) {
            throw cannotListen(
                    wanted.tls().get().toString(),
                    e,
                    "Put server-cert.pem, server-key.pem and, to verify clients, ca-cert.pem into the folder of --tls");
        }
        try {
            InetSocketAddress address = wanted.address().socketAddress();
            if (address.isUnresolved()) {
                throw new IOException(
                        "nobody knows the host " + wanted.address().host());
            }
            InetSocketAddress bound = tls.isPresent() ? opened.listen(address, tls.get()) : opened.listen(address);
            places.add(new NbdAddress(
                    bound.getAddress().getHostAddress(),
                    bound.getPort(),
                    null,
                    "",
                    tls.isPresent() ? NbdAddress.Tls.USUAL : null));
        } catch (IOException e) {
            throw cannotListen(wanted.address().toString(), e, "Choose another address: --listen=HOST:PORT");
        }
    }

    private ProblemException cannotListen(String where, IOException e, String remedy) {
        return new ProblemException(
                new Problem(
                        "cannot serve the volumes of " + container.name() + " over NBD",
                        where,
                        String.valueOf(e.getMessage()),
                        remedy),
                e);
    }

    /** Offers volumes that have come since. */
    void refresh() throws ProblemException {
        lock.lock();
        try {
            offerNew();
        } finally {
            lock.unlock();
        }
    }

    private void offerNew() throws ProblemException {
        ContainerStatus status = container.status();
        for (VolumeStatus volume : status.volumes()) {
            if (server != null && exported.add(volume.name())) {
                server.add(new Export(
                        volume.name(),
                        status.name() + "/" + volume.name() + ", "
                                + volume.shape().level() + " of "
                                + volume.shape().raidDevices(),
                        container.volume(volume.name()),
                        status.readOnly()));
            }
        }
    }

    /** Clients that are connected. */
    int clients() {
        lock.lock();
        try {
            return server == null ? 0 : server.connections();
        } finally {
            lock.unlock();
        }
    }

    /** Clients that are connected and stay: one that took its leave just now is gone a moment later. */
    int clientsThatStay() {
        long start = env.nanoTime();
        int clients = clients();
        while (clients > 0 && env.nanoTime() - start < FAREWELL_NANOS) {
            env.sleepNanos(FAREWELL_LOOK_NANOS);
            clients = clients();
        }
        return clients;
    }

    /** The status, telling by which URIs each volume can be reached. */
    ContainerStatus told(ContainerStatus status) {
        lock.lock();
        try {
            return status.withVolumes(status.volumes().stream()
                    .map(volume -> volume.withUris(places.stream()
                            .map(place -> place.withExport(volume.name()).toString())
                            .toList()))
                    .toList());
        } finally {
            lock.unlock();
        }
    }

    /**
     * Ends all connections. Requests that are at a volume are not waited for: a reshape may hold one for long, and what lets go of it is the
     * stop of the array, after which nothing reaches a member any more.
     */
    @Override
    public void close() {
        lock.lock();
        try {
            if (server != null) {
                server.cutOff();
            }
        } catch (IOException e) {
            LOG.log(System.Logger.Level.WARNING, "closing the NBD sockets", e);
        } finally {
            server = null;
            places.clear();
            lock.unlock();
        }
    }
}
