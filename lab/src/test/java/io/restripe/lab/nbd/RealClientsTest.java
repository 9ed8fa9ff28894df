package io.restripe.lab.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import io.restripe.disk.Buffers;
import io.restripe.disk.FileDisk;
import io.restripe.disk.FileDisk.Access;
import io.restripe.disk.FileDisk.Caching;
import io.restripe.disk.MemoryDisk;
import io.restripe.env.SystemEnv;
import io.restripe.nbd.Export;
import io.restripe.nbd.NbdServer;
import io.restripe.unit.Units;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Clients that others wrote, against our server. */
@Timeout(300)
class RealClientsTest {
    private static final long SECTORS = 65_536;
    private static final int BYTES = Units.bufferBytesOfSectors(SECTORS);

    @TempDir
    Path folder;

    private NbdServer server;
    private Path socket;

    private final MemoryDisk memory = new MemoryDisk("m0", SECTORS);

    @BeforeEach
    void serve() throws Exception {
        socket = folder.resolve("nbd.sock");
        server = new NbdServer(new SystemEnv());
        server.add(new Export("memory", "a disk in memory", memory, false));
        server.listen(socket);
    }

    @AfterEach
    void end() throws Exception {
        server.close();
    }

    private String uri(String export) {
        return "nbd+unix:///" + export + "?socket=" + socket;
    }

    private Path noise(String name) throws Exception {
        byte[] noise = new byte[BYTES];
        new SplittableRandom(name.hashCode()).nextBytes(noise);
        return Files.write(folder.resolve(name), noise);
    }

    @Test
    void nbdinfo_sees_what_is_exported() throws Exception {
        Tool nbdinfo = Tool.found("nbdinfo", "libnbd-bin");
        server.add(new Export("fixed", "", new MemoryDisk("m1", SECTORS, 4096), true));
        String told = nbdinfo.run(folder, uri("memory")).succeeded().output();
        assertThat(told)
                .contains("newstyle-fixed without TLS, using structured packets")
                .contains("description: a disk in memory")
                .contains("export-size: " + BYTES)
                .contains("base:allocation")
                .contains("is_read_only: false")
                .contains("can_multi_conn: true")
                .contains("can_df: true")
                .contains("can_fast_zero: true")
                .contains("can_flush: true")
                .contains("can_fua: true")
                .contains("can_trim: true")
                .contains("can_zero: true")
                .contains("block_size_minimum: 512")
                .contains("block_size_preferred: 4096")
                .contains("block_size_maximum: 33554432");
        String all = nbdinfo.run(folder, "--list", uri("")).succeeded().output();
        assertThat(all)
                .contains("export=\"memory\"")
                .contains("export=\"fixed\"")
                .contains("is_read_only: true")
                .contains("block_size_minimum: 4096");
        assertThat(nbdinfo.run(folder, uri("other")).code()).isNotZero();
        memory.write(0, Buffers.allocate(2048).fill((byte) 1));
        assertThat(nbdinfo.run(folder, "--map", uri("memory"))
                        .succeeded()
                        .output()
                        .lines()
                        .map(line -> line.strip().replaceAll(" +", " ")))
                .containsExactly("0 1048576 0 data", "1048576 " + (BYTES - 1048576) + " 3 hole,zero");
    }

    @Test
    void nbdcopy_copies_there_and_back() throws Exception {
        Tool nbdcopy = Tool.found("nbdcopy", "libnbd-bin");
        Path image = noise("image");
        nbdcopy.run(folder, "--flush", image.toString(), uri("memory")).succeeded();
        Path back = folder.resolve("back");
        nbdcopy.run(folder, uri("memory"), back.toString()).succeeded();
        assertThat(Files.mismatch(image, back)).isEqualTo(-1);
    }

    @Test
    void nbdcopy_copies_between_two_exports() throws Exception {
        Tool nbdcopy = Tool.found("nbdcopy", "libnbd-bin");
        Path file = folder.resolve("disk.img");
        Path image = noise("image");
        try (FileDisk disk = FileDisk.create(file, SECTORS, Caching.DIRECT)) {
            server.add(new Export("file", "", disk, false));
            nbdcopy.run(folder, image.toString(), uri("memory")).succeeded();
            nbdcopy.run(folder, "--flush", uri("memory"), uri("file")).succeeded();
            assertThat(server.remove("file")).isTrue();
        }
        assertThat(Files.mismatch(image, file)).isEqualTo(-1);
    }

    @Test
    void qemu_img_converts_and_compares() throws Exception {
        Tool qemuImg = Tool.found("qemu-img", "qemu-utils");
        Path image = noise("image");
        qemuImg.run(folder, "convert", "-n", "-f", "raw", "-O", "raw", image.toString(), uri("memory"))
                .succeeded();
        qemuImg.run(folder, "compare", "-f", "raw", "-F", "raw", image.toString(), uri("memory"))
                .succeeded();
        assertThat(qemuImg.run(folder, "info", uri("memory")).succeeded().output())
                .contains("(" + BYTES + " bytes)");
    }

    @Test
    void qemu_io_writes_zeros_discards_flushes_and_reads_what_is_not_aligned() throws Exception {
        Tool qemuIo = Tool.found("qemu-io", "qemu-utils");
        Tool.Outcome outcome = qemuIo.run(
                folder,
                "-f",
                "raw",
                "-c",
                "write -P 5 0 1M",
                "-c",
                "write -f -P 6 64k 64k",
                "-c",
                "write -z 128k 64k",
                "-c",
                "discard 512k 64k",
                "-c",
                "flush",
                "-c",
                "read -P 5 1000 3000",
                "-c",
                "write -P 9 700k 100",
                "-c",
                "read -P 9 700k 100",
                "-c",
                "read -P 6 64k 64k",
                "-c",
                "read -P 0 128k 64k",
                "-c",
                "read -P 5 300k 200k",
                uri("memory"));
        outcome.succeeded();
        assertThat(outcome.output()).doesNotContain("verification failed").doesNotContain("error");
    }

    @Test
    void fio_verifies_random_writes_at_depth() throws Exception {
        Tool fio = Tool.found("fio", "fio");
        Path file = folder.resolve("disk.img");
        try (FileDisk disk = FileDisk.create(file, SECTORS, Caching.PAGE_CACHE)) {
            server.add(new Export("file", "", disk, false));
            for (String export : new String[] {"memory", "file"}) {
                String output = fio.run(
                                folder,
                                "--name=verify",
                                "--ioengine=nbd",
                                "--uri=" + uri(export),
                                "--rw=randrw",
                                "--bsrange=512-128k",
                                "--blockalign=512",
                                "--iodepth=32",
                                "--size=" + BYTES,
                                "--verify=crc32c",
                                "--verify_fatal=1",
                                "--fsync=64")
                        .succeeded()
                        .output();
                assertThat(output).contains("err= 0");
            }
            server.remove("file");
        }
        try (FileDisk disk = FileDisk.open(file, Access.READ_ONLY)) {
            assertThat(disk.sectors()).isEqualTo(SECTORS);
        }
    }

    @Test
    void tcp_serves_the_same() throws Exception {
        Tool nbdcopy = Tool.found("nbdcopy", "libnbd-bin");
        InetSocketAddress address = server.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        String uri = "nbd://127.0.0.1:" + address.getPort() + "/memory";
        Path image = noise("image");
        nbdcopy.run(folder, image.toString(), uri).succeeded();
        Path back = folder.resolve("back");
        nbdcopy.run(folder, uri, back.toString()).succeeded();
        assertThat(Files.mismatch(image, back)).isEqualTo(-1);
    }
}
