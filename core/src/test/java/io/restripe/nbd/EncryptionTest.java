package io.restripe.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.restripe.disk.Buffers;
import io.restripe.disk.Disk;
import io.restripe.disk.DiskContract;
import io.restripe.disk.DiskException;
import io.restripe.disk.MemoryDisk;
import io.restripe.env.Env;
import io.restripe.env.SystemEnv;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.Security;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Encrypted connections: who gets one, who is told what is wrong, and that bytes come through. */
@Timeout(60)
class EncryptionTest {
    @TempDir
    static Path shared;

    @TempDir
    Path folder;

    private static Path ours;
    private static Path others;
    private static Path nobody;

    private final Env env = new SystemEnv();
    private NbdServer server;

    @BeforeAll
    static void certificates() throws Exception {
        // Keys are renewed many times within a test, and not once in 128 GiB.
        Security.setProperty("jdk.tls.keyLimits", "AES/GCM/NoPadding KeyUpdate 2^18");
        ours = Certificates.make(shared.resolve("ours"));
        others = Certificates.make(shared.resolve("others"), "DNS:elsewhere");
        nobody = Certificates.without(ours, shared.resolve("nobody"), "client-cert.pem", "client-key.pem");
    }

    @BeforeEach
    void serve() {
        server = new NbdServer(env);
        server.add(new Export("disk", "", new MemoryDisk("m0", DiskContract.SECTORS), false));
    }

    @AfterEach
    void end() throws Exception {
        server.close();
    }

    private NbdAddress tcp(Path certificates, boolean verifyClients, Path client) throws Exception {
        InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        int port = server.listen(any, TlsFolder.ofServer(certificates, verifyClients))
                .getPort();
        return new NbdAddress("127.0.0.1", port, null, "disk", new NbdAddress.Tls(client.toString(), null));
    }

    private NbdDisk open(NbdAddress address) throws DiskException {
        return NbdDisk.open(env, address, NbdDisk.Options.USUAL);
    }

    private void assertRefused(NbdAddress address, String... why) {
        assertThatThrownBy(() -> open(address))
                .isInstanceOf(DiskException.class)
                .hasMessageContainingAll(why);
    }

    @Nested
    class ContractOverTcp extends DiskContract {
        @Override
        protected Disk newDisk() throws Exception {
            return open(tcp(ours, true, ours));
        }
    }

    @Nested
    class ContractOverAUnixSocket extends DiskContract {
        @Override
        protected Disk newDisk() throws Exception {
            Path socket = folder.resolve("tls.sock");
            server.listen(socket, TlsFolder.ofServer(ours, false));
            return open(NbdAddress.parse("nbds+unix:///disk?socket=" + socket + "&tls-certificates=" + nobody));
        }
    }

    @Test
    void many_requests_of_every_size_at_once_come_through() throws Exception {
        NbdAddress address = tcp(ours, true, ours).withExport("large");
        server.add(new Export("large", "", new MemoryDisk("m1", 4 << 14), false));
        try (NbdDisk disk = open(address)) {
            List<Env.Worker> workers = new ArrayList<>();
            for (int w = 0; w < 4; w++) {
                int mine = w;
                workers.add(env.start("worker", () -> roundTrips(disk, (long) mine << 14, mine)));
            }
            workers.forEach(Env.Worker::join);
        }
    }

    private static void roundTrips(Disk disk, long from, int seed) {
        Random random = new Random(seed);
        try {
            for (int i = 0; i < 60; i++) {
                int sectors = 1 + random.nextInt(1 << 1 + random.nextInt(13));
                long at = from + random.nextInt((1 << 14) - sectors + 1);
                byte[] bytes = new byte[sectors * 512];
                random.nextBytes(bytes);
                MemorySegment buffer = Buffers.allocate(sectors);
                MemorySegment.copy(bytes, 0, buffer, ValueLayout.JAVA_BYTE, 0, bytes.length);
                disk.write(at, buffer);
                MemorySegment read = Buffers.allocate(sectors);
                disk.read(at, read);
                assertThat(read.mismatch(buffer)).isEqualTo(-1);
            }
        } catch (DiskException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void who_cannot_show_a_certificate_that_counts_is_refused_and_harms_nobody() throws Exception {
        NbdAddress address = tcp(ours, true, ours);
        try (NbdDisk disk = open(address)) {
            assertRefused(with(address, nobody, null), "certificate");
            Path mixed = Certificates.without(others, folder.resolve("mixed"), "ca-cert.pem");
            Files.copy(ours.resolve("ca-cert.pem"), mixed.resolve("ca-cert.pem"));
            assertThatThrownBy(() -> open(with(address, mixed, null))).isInstanceOf(DiskException.class);
            disk.write(0, Buffers.allocate(8));
            disk.flush();
        }
        assertRefused(
                new NbdAddress("127.0.0.1", address.port(), null, "disk"), "nbds://", "encrypted connections only");
    }

    private static NbdAddress with(NbdAddress address, Path certificates, String hostname) {
        return new NbdAddress(
                address.host(), address.port(), null, "disk", new NbdAddress.Tls(certificates.toString(), hostname));
    }

    @Test
    void a_server_must_be_who_it_is_taken_for() throws Exception {
        NbdAddress address = tcp(ours, false, ours);
        assertRefused(with(address, others, null), "PKIX");
        assertRefused(with(address, ours, "elsewhere"), "elsewhere");
        open(with(address, ours, "localhost")).close();
        assertRefused(new NbdAddress("127.0.0.1", address.port(), null, "disk", NbdAddress.Tls.USUAL), "PKIX");
        NbdAddress elsewhere = tcp(others, false, others);
        assertRefused(elsewhere, "127.0.0.1");
        open(with(elsewhere, others, "elsewhere")).close();
    }

    @Test
    void a_server_that_does_not_encrypt_is_not_spoken_to_in_the_clear() throws Exception {
        int port = server.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .getPort();
        NbdAddress plain = new NbdAddress("127.0.0.1", port, null, "disk");
        open(plain).close();
        assertRefused(with(plain, ours, null), "does not encrypt");
    }

    @Test
    void before_encryption_nothing_is_told_and_nothing_that_was_said_counts() throws Exception {
        NbdAddress address = tcp(ours, false, nobody);
        InetSocketAddress socket = new InetSocketAddress(InetAddress.getLoopbackAddress(), address.port());
        int tlsRequired = 0x80000005;
        try (RawClient client = new RawClient(socket).greet(3)) {
            assertThat(client.ask(3, new byte[0])).isEqualTo(tlsRequired);
            assertThat(client.ask(7, RawClient.infoData("disk"))).isEqualTo(tlsRequired);
            assertThat(client.ask(8, new byte[0])).isEqualTo(tlsRequired);
            assertThat(client.ask(5, new byte[1])).isEqualTo(0x80000003);
            client.option(1, "disk".getBytes(java.nio.charset.StandardCharsets.UTF_8));
            assertThat(client.isDropped()).isTrue();
        }
        try (RawClient client = new RawClient(socket).greet(3)) {
            // What follows in the clear must not be taken for part of the encrypted connection.
            client.out.write(RawClient.bytes(to -> {
                to.write(RawClient.optionBytes(5, new byte[0]));
                to.write(RawClient.optionBytes(7, RawClient.infoData("disk")));
            }));
            assertThat(client.isDropped()).isTrue();
        }
        try (RawClient client = new RawClient(socket).greet(3)) {
            assertThat(client.ask(5, new byte[0])).isEqualTo(1);
            client.out.write(new byte[4096]);
            while (client.in.read() >= 0) {} // an alert, and the end
        } catch (IOException e) {
            // or a reset, when not all that was sent had been read
        }
        open(address).close();
    }

    @Test
    void who_begins_to_encrypt_and_says_nothing_more_is_hung_up_on() throws Exception {
        NbdServer impatient = new NbdServer(env, NbdLimits.USUAL.withHandshakeNanos(300_000_000));
        try (impatient) {
            impatient.listen(folder.resolve("i.sock"), TlsFolder.ofServer(ours, false));
            List<RawClient> mute = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                RawClient client = new RawClient(folder.resolve("i.sock")).greet(3);
                client.option(5, new byte[0]);
                client.optionReply();
                mute.add(client);
            }
            for (RawClient client : mute) {
                assertThat(client.isDropped()).isTrue();
                client.close();
            }
        }
    }

    @Test
    void files_that_cannot_be_used_are_told_by_name() throws Exception {
        assertThatThrownBy(() -> TlsFolder.ofServer(folder, false))
                .hasMessageContaining("server-cert.pem")
                .hasMessageContaining("no such file");
        Path bad = Certificates.without(ours, folder.resolve("bad"), "server-key.pem", "ca-cert.pem");
        Certificates.openssl(bad, "rsa -traditional -in " + ours.resolve("server-key.pem") + " -out server-key.pem");
        assertThatThrownBy(() -> TlsFolder.ofServer(bad, false))
                .hasMessageContaining("server-key.pem")
                .hasMessageContaining("openssl pkcs8 -topk8");
        Files.copy(
                ours.resolve("client-key.pem"),
                bad.resolve("server-key.pem"),
                java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        Files.writeString(bad.resolve("ca-cert.pem"), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
        assertThatThrownBy(() -> TlsFolder.ofServer(bad, true)).hasMessageContaining("ca-cert.pem");
        Files.writeString(bad.resolve("server-key.pem"), "nothing");
        assertThatThrownBy(() -> TlsFolder.ofServer(bad, false)).hasMessageContaining("no private key in it");
    }

    @Test
    void keys_of_every_usual_kind_are_read() throws Exception {
        for (String kind : List.of(
                "-algorithm RSA -pkeyopt rsa_keygen_bits:2048",
                "-algorithm EC -pkeyopt ec_paramgen_curve:prime256v1",
                "-algorithm ED25519")) {
            Certificates.openssl(folder, "genpkey " + kind + " -out key.pem");
            assertThat(Pem.key(folder.resolve("key.pem")).getFormat()).isEqualTo("PKCS#8");
        }
    }
}
