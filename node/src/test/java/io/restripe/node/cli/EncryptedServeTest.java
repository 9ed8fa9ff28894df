package io.restripe.node.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Encrypted NBD with clients and servers of others: nbdinfo, nbdcopy, qemu-img, qemu-nbd and nbdkit, all by GnuTLS. */
@Timeout(value = 180, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class EncryptedServeTest extends ArrayFiles {
    private static final String CREATE = "create c0/v0 --level=5 -n3 --assume-clean --file-size=32M @a @b @c";

    @TempDir
    static Path shared;

    /** An authority, a server's certificate for localhost and 127.0.0.1, a client's; the same without the client's; another authority. */
    private static Path ours;

    private static Path nobody;
    private static Path others;

    @BeforeAll
    static void certificates() throws Exception {
        Nbdkit.require();
        ours = certificates("ours");
        others = certificates("others");
        nobody = Files.createDirectories(shared.resolve("nobody"));
        Files.copy(ours.resolve("ca-cert.pem"), nobody.resolve("ca-cert.pem"));
    }

    private static Path certificates(String name) throws Exception {
        Path made = Files.createDirectories(shared.resolve(name));
        String key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
        openssl(
                made,
                "req -x509 " + key + " -days 2 -subj /CN=authority -addext basicConstraints=critical,CA:TRUE"
                        + " -keyout ca-key.pem -out ca-cert.pem");
        for (String whose : List.of("server", "client")) {
            Files.writeString(
                    made.resolve(whose + ".ext"),
                    "subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=" + whose + "Auth\n");
            openssl(
                    made,
                    "req " + key + " -subj /CN=" + whose + " -keyout " + whose + "-key.pem -out " + whose + ".csr");
            openssl(
                    made,
                    "x509 -req -in " + whose + ".csr -CA ca-cert.pem -CAkey ca-key.pem -CAcreateserial -days 2"
                            + " -extfile " + whose + ".ext -out " + whose + "-cert.pem");
        }
        return made;
    }

    private static void openssl(Path where, String line) throws Exception {
        Path said = where.resolve("openssl.log");
        Process process = new ProcessBuilder(("openssl " + line).split(" "))
                .directory(where.toFile())
                .redirectErrorStream(true)
                .redirectOutput(said.toFile())
                .start();
        assertThat(process.waitFor()).as(line + ": " + Files.readString(said)).isZero();
    }

    private record Said(int status, String text) {}

    private Said client(String... words) throws Exception {
        Path out = folder.resolve("client.out");
        Process process = new ProcessBuilder(words)
                .redirectErrorStream(true)
                .redirectOutput(out.toFile())
                .start();
        boolean ended = process.waitFor(60, TimeUnit.SECONDS);
        process.destroyForcibly().waitFor();
        String said = Files.readString(out, StandardCharsets.UTF_8);
        assertThat(ended).as(List.of(words) + ": " + said).isTrue();
        return new Said(process.exitValue(), said);
    }

    private String works(String... words) throws Exception {
        Said said = client(words);
        assertThat(said.status()).as(List.of(words) + ": " + said.text()).isZero();
        return said.text();
    }

    private void fails(String... words) throws Exception {
        Said said = client(words);
        assertThat(said.status()).as(List.of(words) + ": " + said.text()).isNotZero();
        assertThat(said.text()).isNotBlank();
    }

    /** Starts the volume on TCP, encrypted, and gives its URI. */
    private String serve(String options) {
        good(CREATE);
        good("stop c0");
        good("assemble c0 --listen=127.0.0.1:0 --tls=" + ours + options + " @a @b @c");
        String uri = status().volumes().getFirst().uris().get(1);
        assertThat(uri).matches("nbds://127\\.0\\.0\\.1:\\d+/v0");
        return uri;
    }

    @Test
    void clients_of_others_with_a_certificate_use_a_volume_and_those_without_are_refused() throws Exception {
        String uri = serve(" --tls-verify-clients");
        String good = uri + "?tls-certificates=" + ours;
        assertThat(works("nbdinfo", "--size", good).strip())
                .isEqualTo(String.valueOf(status().volumes().getFirst().shape().sizeBytes()));
        byte[] data = bytes(8 << 20, 1);
        Path file = Files.write(folder.resolve("data"), data);
        works("nbdcopy", "--flush", file.toString(), good);
        fails("nbdinfo", uri + "?tls-certificates=" + nobody);
        fails("nbdinfo", uri + "?tls-certificates=" + others);
        fails("nbdinfo", uri.replace("nbds:", "nbd:"));
        fails("qemu-img", "info", uri.replace("nbds:", "nbd:"));
        assertThat(restripe("examine " + uri.replace("nbds:", "nbd:")).err).contains("encrypted connections only");
        assertThat(restripe("examine " + uri + "?tls-certificates=" + nobody).err)
                .contains("certificate");
        assertSame(good("cat c0/v0 --length=8M").data, data);
        String port = uri.substring(uri.lastIndexOf(':') + 1, uri.lastIndexOf('/'));
        works(
                "qemu-img",
                "convert",
                "--object",
                "tls-creds-x509,id=t,endpoint=client,verify-peer=yes,dir=" + ours,
                "--image-opts",
                "driver=nbd,host=127.0.0.1,export=v0,tls-creds=t,port=" + port,
                "-O",
                "raw",
                folder.resolve("copy").toString());
        assertThat(Files.readAllBytes(folder.resolve("copy"))).startsWith(data);
    }

    @Test
    void without_verifying_clients_any_that_trusts_the_authority_is_served() throws Exception {
        String uri = serve("");
        works("nbdinfo", uri + "?tls-certificates=" + nobody);
        fails("nbdinfo", uri + "?tls-certificates=" + others);
        fails("nbdinfo", uri.replace("nbds:", "nbd:"));
        good("stop c0");
        refused("assemble c0 --listen=127.0.0.1:0 --tls=" + nobody + " @a @b @c", "server-cert.pem", "no such file");
        assertThat(restripe("assemble c0 --tls=" + ours + " @a @b @c").status).isEqualTo(2);
        assertThat(restripe("assemble c0 --listen=127.0.0.1 --tls-verify-clients @a @b @c").status)
                .isEqualTo(2);
    }

    @Test
    void members_on_encrypted_servers_of_others() throws Exception {
        newFile("a");
        newFile("b");
        List<String> tls = List.of("--tls=require", "--tls-certificates=" + ours, "--tls-verify-peer");
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        Process qemu = new ProcessBuilder(
                        "qemu-nbd",
                        "--object",
                        "tls-creds-x509,id=t,endpoint=server,verify-peer=yes,dir=" + ours,
                        "--tls-creds=t",
                        "--persistent",
                        "--shared=0",
                        "--format=raw",
                        "--bind=127.0.0.1",
                        "--port=" + port,
                        folder.resolve("b.img").toString())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("qemu.log").toFile())
                .start();
        try (Nbdkit kit =
                Nbdkit.serving(folder.resolve("a.img"), folder.resolve("a.sock"), tls.toArray(String[]::new))) {
            awaitListening(qemu, port);
            String socket = kit.uri().replace("nbd+unix:", "nbds+unix:") + "&tls-certificates=";
            String tcp = "nbds://localhost:" + port + "/?tls-certificates=";
            refused("create c0/v0 --level=1 -n2 " + socket + nobody + " " + tcp + ours, "cannot open member");
            refused("create c0/v0 --level=1 -n2 " + socket + ours + " " + tcp + others, "cannot open member", "PKIX");
            refused("create c0/v0 --level=1 -n2 " + kit.uri() + " " + tcp + ours, "encrypted connections only");
            List<String> members = new ArrayList<>(List.of(socket + ours, tcp + ours));
            good("create c0/v0 --level=1 -n2 --assume-clean " + String.join(" ", members));
            byte[] data = bytes(8 << 20, 2);
            good(data, "write c0/v0");
            assertSame(good("cat c0/v0 --length=8M").data, data);
            good("stop c0");
            assertSame(good("cat --length=8M " + String.join(" ", members)).data, data);
        } finally {
            qemu.destroyForcibly().waitFor();
        }
        assertThat(good("check @a @b").out).contains("everything is consistent");
    }

    private void awaitListening(Process server, int port) throws Exception {
        while (true) {
            assertThat(server.isAlive())
                    .as(Files.readString(folder.resolve("qemu.log")))
                    .isTrue();
            try (Socket probe = new Socket(InetAddress.getLoopbackAddress(), port)) {
                assertThat(probe.isConnected()).isTrue();
                return;
            } catch (java.io.IOException e) {
                server.waitFor(5, TimeUnit.MILLISECONDS);
            }
        }
    }
}
