package io.restripe.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.restripe.disk.Buffers;
import io.restripe.disk.Disk;
import io.restripe.disk.DiskContract;
import io.restripe.disk.DiskException;
import io.restripe.disk.DiskLayer;
import io.restripe.disk.FaultDisk;
import io.restripe.disk.MemoryDisk;
import io.restripe.disk.VolatileCacheDisk;
import io.restripe.env.Env;
import io.restripe.env.SystemEnv;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class NbdDiskTest {
    private static final NbdDisk.Options READ_ONLY = NbdDisk.Options.patient(true, 1_000_000_000);

    @TempDir
    Path folder;

    private final Env env = new SystemEnv();
    private final MemoryDisk memory = new MemoryDisk("m0", DiskContract.SECTORS);
    private NbdServer server;
    private NbdAddress address;

    @BeforeEach
    void serve() throws Exception {
        address = new NbdAddress(null, 0, folder.resolve("nbd.sock").toString(), "disk");
        server = serving(memory, false);
    }

    @AfterEach
    void end() throws Exception {
        server.close();
    }

    private NbdServer serving(Disk disk, boolean readOnly) throws Exception {
        NbdServer started = new NbdServer(env);
        started.add(new Export("disk", "", disk, readOnly));
        started.listen(Path.of(address.socket()));
        return started;
    }

    private NbdDisk open() throws DiskException {
        return NbdDisk.open(env, address, NbdDisk.Options.USUAL);
    }

    @Nested
    class ContractOverAUnixSocket extends DiskContract {
        @Override
        protected Disk newDisk() throws Exception {
            return open();
        }
    }

    @Nested
    class ContractOverTcp extends DiskContract {
        @Override
        protected Disk newDisk() throws Exception {
            InetSocketAddress bound = server.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            NbdAddress tcp = NbdAddress.parse("nbd://127.0.0.1:" + bound.getPort() + "/disk");
            return NbdDisk.open(env, tcp, NbdDisk.Options.USUAL);
        }
    }

    @Nested
    class ContractWithLargeSectors extends DiskContract {
        @Override
        protected Disk newDisk() throws Exception {
            server.add(new Export("large", "", new MemoryDisk("m1", SECTORS, 4096), false));
            NbdAddress large = new NbdAddress(null, 0, address.socket(), "large");
            Disk disk = NbdDisk.open(env, large, NbdDisk.Options.USUAL);
            assertThat(disk.logicalSectorBytes()).isEqualTo(4096);
            return disk;
        }
    }

    @Test
    void a_request_longer_than_a_payload_goes_in_pieces() throws Exception {
        long sectors = (40 << 20) / 512;
        server.add(new Export("long", "", new MemoryDisk("m1", sectors), false));
        try (NbdDisk disk =
                NbdDisk.open(env, new NbdAddress(null, 0, address.socket(), "long"), NbdDisk.Options.USUAL)) {
            MemorySegment written = Buffers.allocate(sectors);
            for (long at = 0; at < written.byteSize(); at += 512) {
                written.set(ValueLayout.JAVA_LONG, at, at);
            }
            disk.write(0, written);
            MemorySegment read = Buffers.allocate(sectors);
            disk.read(0, read);
            assertThat(read.mismatch(written)).isEqualTo(-1);
        }
    }

    @Test
    void what_cannot_be_a_disk_is_refused_at_once() throws Exception {
        assertThatThrownBy(() ->
                        NbdDisk.open(env, new NbdAddress(null, 0, address.socket(), "other"), NbdDisk.Options.USUAL))
                .isInstanceOf(DiskException.class)
                .hasMessageContaining("unknown");
        assertThatThrownBy(() -> NbdDisk.open(
                        env, new NbdAddress(null, 0, folder.resolve("nothing").toString(), ""), READ_ONLY))
                .isInstanceOf(DiskException.class);
        server.add(new Export("fixed", "", new MemoryDisk("m1", 8), true));
        NbdAddress fixed = new NbdAddress(null, 0, address.socket(), "fixed");
        assertThatThrownBy(() -> NbdDisk.open(env, fixed, NbdDisk.Options.USUAL))
                .hasMessageContaining("read-only");
        try (NbdDisk disk = NbdDisk.open(env, fixed, READ_ONLY)) {
            disk.read(0, Buffers.allocate(8));
            disk.flush();
            assertThatThrownBy(() -> disk.write(0, Buffers.allocate(8))).hasMessageContaining("read-only");
        }
    }

    @Test
    void an_error_of_the_server_is_one_of_the_disk_and_the_next_request_works() throws Exception {
        server.close();
        FaultDisk faulty = new FaultDisk(memory);
        server = serving(faulty, false);
        try (NbdDisk disk = open()) {
            faulty.die();
            assertThatThrownBy(() -> disk.read(0, Buffers.allocate(8)))
                    .isInstanceOf(DiskException.class)
                    .hasMessageContaining("EIO");
            assertThatThrownBy(() -> disk.write(0, Buffers.allocate(8))).isInstanceOf(DiskException.class);
            assertThatThrownBy(disk::flush).isInstanceOf(DiskException.class);
            faulty.heal();
            disk.read(0, Buffers.allocate(8));
        }
    }

    @Test
    void requests_outlive_the_server_when_it_comes_back() throws Exception {
        AtomicBoolean stop = new AtomicBoolean();
        try (NbdDisk disk = open()) {
            List<Env.Worker> writers = new ArrayList<>();
            for (int w = 0; w < 4; w++) {
                int mine = w;
                writers.add(env.start("writer", () -> {
                    MemorySegment buffer = Buffers.allocate(64);
                    MemorySegment read = Buffers.allocate(64);
                    try {
                        for (int round = 0; !stop.get(); round++) {
                            buffer.fill((byte) round);
                            disk.write(mine * 64L, buffer);
                            disk.flush();
                            disk.read(mine * 64L, read);
                            assertThat(read.mismatch(buffer)).isEqualTo(-1);
                        }
                    } catch (DiskException e) {
                        throw new IllegalStateException(e);
                    }
                }));
            }
            for (int kill = 0; kill < 5; kill++) {
                env.sleepNanos(20_000_000);
                server.close();
                server = serving(memory, false);
            }
            disk.flush();
            stop.set(true);
            writers.forEach(Env.Worker::join);
        }
    }

    /** The machine of the server loses power while the connection is broken: what it had not flushed is gone there. */
    @Test
    void what_was_acknowledged_is_there_after_a_flush_although_the_server_lost_it_in_between() throws Exception {
        server.close();
        server = serving(forgetful(), false);
        try (NbdDisk disk = open()) {
            write(disk, 0, 64, 1);
            disk.flush();
            write(disk, 0, 8, 2);
            write(disk, 4, 8, 3);
            write(disk, 100, 64, 4);
            assertThat(disk.discard(110, 20)).isTrue();
            write(disk, 120, 2, 5);
            server.close();
            server = serving(forgetful(), false);
            disk.flush();
        }
        server.close();
        server = serving(forgetful(), false);
        try (NbdDisk disk = open()) {
            assertHolds(disk, 0, 4, 2);
            assertHolds(disk, 4, 8, 3);
            assertHolds(disk, 12, 52, 1);
            assertHolds(disk, 100, 10, 4);
            assertHolds(disk, 110, 10, 0);
            assertHolds(disk, 120, 2, 5);
            assertHolds(disk, 122, 8, 0);
            assertHolds(disk, 130, 34, 4);
        }
    }

    @Test
    void a_server_that_has_no_fast_zeros_discards_nothing_and_all_goes_on() throws Exception {
        server.add(new Export("slow", "", new DiskLayer(new MemoryDisk("m1", 256)) {}, false));
        try (NbdDisk disk =
                NbdDisk.open(env, new NbdAddress(null, 0, address.socket(), "slow"), NbdDisk.Options.USUAL)) {
            write(disk, 0, 64, 1);
            assertThat(disk.discard(0, 64)).isFalse();
            assertHolds(disk, 0, 64, 1);
            write(disk, 0, 64, 2);
            disk.flush();
            assertHolds(disk, 0, 64, 2);
        }
    }

    @Test
    void what_a_disk_is_known_by_is_not_discarded() throws Exception {
        try (NbdDisk disk = open()) {
            write(disk, 8, 1, 5);
            disk.knowBy(8, 1);
            assertThat(disk.discard(0, 64)).isFalse();
            assertHolds(disk, 8, 1, 5);
            assertThat(disk.discard(9, 64)).isTrue();
        }
    }

    @Test
    void more_than_is_kept_is_flushed_on_the_way() throws Exception {
        long pieces = 5;
        long sectors = 4 << 11;
        MemoryDisk large = new MemoryDisk("m1", pieces * sectors);
        server.close();
        server = serving(forgetful(large), false);
        try (NbdDisk disk = open()) {
            for (int i = 0; i < pieces; i++) {
                write(disk, i * sectors, sectors, i + 1);
            }
            server.close();
            server = serving(forgetful(large), false);
            disk.flush();
        }
        server.close();
        server = serving(forgetful(large), false);
        try (NbdDisk disk = open()) {
            for (int i = 0; i < pieces; i++) {
                assertHolds(disk, i * sectors, sectors, i + 1);
            }
        }
    }

    private Disk forgetful() {
        return forgetful(memory);
    }

    /** Forgets, when it is left, what was not flushed. */
    private Disk forgetful(Disk under) {
        return new VolatileCacheDisk(under, env, env.random(), 0, 1 << 20);
    }

    private static void write(Disk disk, long sector, long sectors, int fill) throws DiskException {
        MemorySegment buffer = Buffers.allocate(sectors);
        buffer.fill((byte) fill);
        disk.write(sector, buffer);
    }

    private static void assertHolds(Disk disk, long sector, long sectors, int fill) throws DiskException {
        MemorySegment wanted = Buffers.allocate(sectors);
        wanted.fill((byte) fill);
        MemorySegment found = Buffers.allocate(sectors);
        disk.read(sector, found);
        assertThat(found.mismatch(wanted)).as("sector " + sector).isEqualTo(-1);
    }

    @Test
    void another_disk_at_the_same_address_is_noticed_by_what_the_first_is_known_by() throws Exception {
        try (NbdDisk disk = open()) {
            write(disk, 8, 1, 5);
            disk.flush();
            disk.knowBy(8, 1);
            server.close();
            server = serving(memory, false);
            assertHolds(disk, 8, 1, 5);
            server.close();
            server = serving(new MemoryDisk("m1", DiskContract.SECTORS), false);
            assertThatThrownBy(disk::flush).hasMessageContaining("another disk was at this address");
            assertThatThrownBy(() -> disk.read(0, Buffers.allocate(8))).hasMessageContaining("another disk");
        }
    }

    @Test
    void a_server_that_does_not_come_back_fails_everything() throws Exception {
        try (NbdDisk disk = NbdDisk.open(env, address, NbdDisk.Options.patient(false, 50_000_000))) {
            server.close();
            for (int i = 0; i < 2; i++) {
                assertThatThrownBy(() -> disk.read(0, Buffers.allocate(8)))
                        .isInstanceOf(DiskException.class)
                        .message()
                        .containsAnyOf("could not be made again", "did not answer"); // by when it was noticed
            }
        }
    }

    @Test
    void an_export_that_changed_its_size_fails_everything() throws Exception {
        try (NbdDisk disk = open()) {
            server.close();
            server = serving(new MemoryDisk("m1", 2 * DiskContract.SECTORS), false);
            assertThatThrownBy(() -> disk.write(0, Buffers.allocate(8)))
                    .isInstanceOf(DiskException.class)
                    .hasMessageContaining("4096 sectors and has 8192");
            assertThatThrownBy(disk::flush).isInstanceOf(DiskException.class);
        }
    }

    @Test
    void a_closed_disk_fails_everything() throws Exception {
        NbdDisk disk = open();
        disk.close();
        assertThatThrownBy(() -> disk.read(0, Buffers.allocate(8)))
                .isInstanceOf(DiskException.class)
                .hasMessageContaining("closed");
    }
}
