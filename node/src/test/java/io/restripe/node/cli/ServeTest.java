package io.restripe.node.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.restripe.node.rpc.RunFolder;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Volumes as other programs use them, over NBD: nbdinfo, nbdcopy and qemu-io of the distribution. */
@Timeout(value = 180, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ServeTest extends ArrayFiles {
    private static final String CREATE = "create c0/v0 --level=5 -n3 --assume-clean --file-size=32M @a @b @c";

    @BeforeAll
    static void the_clients_are_there() {
        for (String tool : List.of("nbdinfo", "nbdcopy", "qemu-io")) {
            boolean there = Files.isExecutable(Path.of("/usr/bin", tool));
            assertThat(there || !"true".equals(System.getenv("CI")))
                    .as(tool + " is missing, and no test may be skipped under CI")
                    .isTrue();
            assumeTrue(there, tool + " is missing: apt-get install libnbd-bin qemu-utils");
        }
    }

    private Path socket() {
        return new RunFolder(run()).nbdSocket("c0");
    }

    private String uri(String volume) {
        return "nbd+unix:///" + volume + "?socket=" + socket();
    }

    /** Runs a program of the distribution and gives what it says. */
    private String client(String... words) throws Exception {
        Path out = folder.resolve("client.out");
        Process process = new ProcessBuilder(words)
                .redirectErrorStream(true)
                .redirectOutput(out.toFile())
                .start();
        boolean ended = process.waitFor(60, TimeUnit.SECONDS);
        if (!ended) {
            process.destroyForcibly();
        }
        String said = Files.readString(out, StandardCharsets.UTF_8);
        assertThat(ended).as(List.of(words) + ": " + said).isTrue();
        assertThat(process.exitValue()).as(List.of(words) + ": " + said).isZero();
        return said;
    }

    private Path file(byte[] contents, String name) throws Exception {
        return Files.write(folder.resolve(name), contents);
    }

    @Test
    void a_volume_is_an_export_that_says_what_it_is() throws Exception {
        good(CREATE);
        assertThat(good("detail c0/v0").out).contains("NBD:           " + uri("v0"));
        long size = status().volumes().getFirst().shape().sizeBytes();
        assertThat(client("nbdinfo", "--size", uri("v0")).strip()).isEqualTo(String.valueOf(size));
        assertThat(client("nbdinfo", "--list", uri("")))
                .contains("export=\"v0\"", "description: c0/v0, raid5 of 3", "can_flush: true", "can_multi_conn: true");
        good("stop c0");
        assertThat(socket()).doesNotExist();
    }

    @Test
    void what_one_client_writes_every_reader_finds_also_across_a_grow() throws Exception {
        good(CREATE);
        byte[] data = bytes(40 << 20, 1);
        client("nbdcopy", "--flush", file(data, "data").toString(), uri("v0"));
        assertSame(good("cat c0/v0 --length=40M").data, data);
        good("grow c0 -n4 --speed-limit=8192 --file-size=32M --add @d");
        client("nbdcopy", uri("v0"), folder.resolve("copy").toString());
        assertThat(Files.size(folder.resolve("copy"))).isGreaterThanOrEqualTo(data.length);
        byte[] other = bytes(20 << 20, 2);
        client("nbdcopy", "--flush", file(other, "other").toString(), uri("v0"));
        good("grow c0 --speed-limit=0 --wait");
        assertThat(Long.parseLong(client("nbdinfo", "--size", uri("v0")).strip()))
                .isEqualTo(status().volumes().getFirst().shape().sizeBytes());
        System.arraycopy(other, 0, data, 0, other.length);
        assertSame(good("cat c0/v0 --length=40M").data, data);
        good("stop c0");
        assertSame(good("cat --length=40M @a @b @c @d").data, data);
    }

    @Test
    void what_was_never_written_is_a_hole_to_clients() throws Exception {
        good(CREATE);
        client("nbdcopy", "--flush", file(bytes(4 << 20, 3), "data").toString(), uri("v0"));
        assertThat(client("nbdinfo", "--map", uri("v0"))
                        .lines()
                        .map(line -> line.strip().replaceAll(" +", " ")))
                .first()
                .isEqualTo("0 4194304 0 data");
        assertThat(client("nbdinfo", "--map", "--totals", uri("v0"))).contains("hole,zero");
        client("nbdcopy", uri("v0"), folder.resolve("copy").toString());
        assertSame(good("cat c0/v0").data, Files.readAllBytes(folder.resolve("copy")));
        good("stop c0");
    }

    @Test
    void qemu_writes_flushes_zeroes_and_reads_back() throws Exception {
        good(CREATE);
        List<String> words = new ArrayList<>(List.of("qemu-io", "-f", "raw", "--cache=none"));
        for (String command : List.of(
                "write -P 17 4096 1M",
                "write -f -P 34 600k 4k",
                "write -z 64k 64k",
                "flush",
                "read -P 34 600k 4k",
                "read -P 0 64k 64k",
                "read -P 17 512k 88k",
                "write -P 51 8M 8M",
                "discard 9M 6M",
                "read -P 0 10M 4M",
                "read -P 51 8M 1M",
                "write -z -u 8M 2M",
                "read -P 0 8M 2M")) {
            words.addAll(List.of("-c", command));
        }
        words.add(uri("v0"));
        assertThat(client(words.toArray(String[]::new))).doesNotContain("fail", "error");
        byte[] zeros = good("cat c0/v0 --offset=65536 --length=65536").data;
        assertSame(zeros, new byte[65_536]);
        assertThat(good("check c0").out).contains("everything is consistent");
    }

    @Test
    void a_read_only_container_serves_and_takes_nothing() throws Exception {
        good(CREATE);
        byte[] data = bytes(1 << 20, 3);
        good(data, "write c0/v0");
        good("stop c0");
        good("assemble c0 --read-only @a @b @c");
        assertThat(client("nbdinfo", uri("v0"))).contains("is_read_only: true");
        client("nbdcopy", uri("v0"), folder.resolve("copy").toString());
        assertThat(Files.readAllBytes(folder.resolve("copy"))).startsWith(data);
    }

    @Test
    void who_uses_a_volume_is_cut_off_only_by_force() throws Exception {
        good(CREATE);
        try (SocketChannel client = SocketChannel.open(UnixDomainSocketAddress.of(socket()))) {
            ByteBuffer greeting = ByteBuffer.allocate(8);
            while (greeting.hasRemaining()) {
                assertThat(client.read(greeting)).isPositive();
            }
            refused("stop c0", "cannot stop c0", "1 NBD client uses its volumes", "restripe stop c0 --force");
            assertThat(client("nbdinfo", "--size", uri("v0"))).isNotBlank();
            good("stop c0 --force");
        }
    }

    @Test
    void a_write_that_a_reshape_holds_does_not_keep_a_container_from_stopping() throws Exception {
        good(CREATE);
        good("grow c0 -n4 --speed-limit=1 --file-size=32M --add @d"); // a unit takes minutes
        Process copy = new ProcessBuilder(
                        "nbdcopy", file(bytes(40 << 20, 4), "data").toString(), uri("v0"))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        try {
            while (status().volumes().getFirst().state().equals("clean")) {
                Thread.onSpinWait(); // until it writes
            }
            good("stop c0 --force");
        } finally {
            copy.destroyForcibly().waitFor();
        }
        good("assemble c0 @a @b @c @d");
        good("wait c0");
        assertThat(good("check c0").out).contains("everything is consistent");
    }

    @Test
    void tcp_is_served_where_and_when_it_is_asked_for() throws Exception {
        good(CREATE);
        assertThat(good("detail c0/v0").out).doesNotContain("nbd://");
        good("stop c0");
        good("assemble c0 --listen=127.0.0.1:0 @a @b @c");
        String tcp = status().volumes().getFirst().uris().get(1);
        assertThat(tcp).matches("nbd://127\\.0\\.0\\.1:\\d+/v0");
        assertThat(client("nbdinfo", "--size", tcp)).isEqualTo(client("nbdinfo", "--size", uri("v0")));
        good("create c1/v1 --level=0 -n2 --file-size=8M @x @y");
        good("stop c1");
        String taken = tcp.substring("nbd://".length(), tcp.indexOf("/v0"));
        refused("assemble c1 --listen=" + taken + " @x @y", "cannot serve the volumes of c1 over NBD", taken);
        good("assemble c1 @x @y");
        assertThat(restripe("assemble c1 --listen=a:b:c @x").status).isEqualTo(2);
    }

    @Test
    void a_second_volume_is_served_at_once() throws Exception {
        good("create c0/v0 --level=5 -n3 --assume-clean --file-size=32M --size=8M @a @b @c");
        good("create c0/v1 --level=5 -n3 --assume-clean --size=8M");
        assertThat(client("nbdinfo", "--list", uri(""))).contains("export=\"v0\"", "export=\"v1\"");
    }
}
