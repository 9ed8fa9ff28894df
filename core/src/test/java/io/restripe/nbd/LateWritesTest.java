package io.restripe.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.restripe.disk.Buffers;
import io.restripe.disk.DiskException;
import io.restripe.disk.DiskLayer;
import io.restripe.disk.MemoryDisk;
import io.restripe.env.Env;
import io.restripe.env.SystemEnv;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A write that is stuck at the server when its client has lost patience never takes effect after a newer one. */
@Timeout(60)
class LateWritesTest {
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(4);

    private static final long STALL_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    @TempDir
    Path folder;

    private final Env env = new SystemEnv();

    /** The first write waits for the latch; then it lands. */
    private static final class StuckDisk extends DiskLayer {
        final CountDownLatch latch = new CountDownLatch(1);
        final AtomicInteger writes = new AtomicInteger();
        final AtomicInteger landed = new AtomicInteger();

        StuckDisk() {
            this(4096);
        }

        StuckDisk(long sectors) {
            super(new MemoryDisk("m0", sectors));
        }

        @Override
        public void write(long sector, MemorySegment from) throws DiskException {
            if (writes.incrementAndGet() == 1) {
                LateWritesTest.await(latch);
            }
            super.write(sector, from);
            landed.incrementAndGet();
        }
    }

    private static MemorySegment filled(int with) {
        return Buffers.allocate(8).fill((byte) with);
    }

    private NbdDisk open(ServerRig rig) throws Exception {
        return NbdDisk.open(
                env,
                new NbdAddress(null, 0, rig.socket.toString(), "disk"),
                NbdDisk.Options.patient(false, PATIENCE_NANOS));
    }

    @Test
    void the_write_lands_before_the_newer_one() throws Exception {
        StuckDisk stuck = new StuckDisk();
        try (ServerRig rig = new ServerRig(folder, NbdLimits.USUAL, stuck, false, env);
                NbdDisk disk = open(rig)) {
            Env.Worker release = env.start("release", () -> {
                env.sleepNanos(PATIENCE_NANOS * 3 / 4); // the connection is given up at the half
                stuck.latch.countDown();
            });
            disk.write(0, filled(1));
            disk.write(0, filled(2));
            release.join();
            int asked = stuck.writes.get();
            while (stuck.landed.get() < asked) {
                env.sleepNanos(1_000_000); // bounded by the test's timeout
            }
            MemorySegment read = Buffers.allocate(8);
            disk.read(0, read);
            assertThat(read.toArray(ValueLayout.JAVA_BYTE)).containsOnly(2);
        }
    }

    @Test
    void where_its_end_does_not_come_it_is_not_sent_again() throws Exception {
        StuckDisk stuck = new StuckDisk();
        try (ServerRig rig = new ServerRig(folder, NbdLimits.USUAL, stuck, false, env);
                NbdDisk disk = open(rig)) {
            try {
                assertThatThrownBy(() -> disk.write(0, filled(1))).hasMessageContaining("did not answer");
                assertThat(stuck.writes).hasValue(1);
            } finally {
                stuck.latch.countDown();
            }
        }
    }

    @Test
    void what_had_begun_when_its_client_stopped_sending_is_answered_before_the_end() throws Exception {
        StuckDisk stuck = new StuckDisk();
        try (ServerRig rig = new ServerRig(folder, NbdLimits.USUAL.withStallNanos(STALL_NANOS), stuck, false, env);
                RawClient client = rig.client()) {
            client.request(0, 1, 5, 0, 4096);
            client.out.write(new byte[4096]);
            while (stuck.writes.get() == 0) {
                env.sleepNanos(1_000_000); // bounded by the test's timeout
            }
            client.channel.shutdownOutput();
            env.sleepNanos(TimeUnit.SECONDS.toNanos(2)); // the server sees it, and looks again
            stuck.latch.countDown();
            assertThat(client.simpleReply(5)).isZero();
            assertThat(client.isDropped()).isTrue();
            assertThat(stuck.landed).hasValue(1);
        }
    }

    @Test
    void one_that_is_dropped_sees_the_end_when_its_write_has_landed() throws Exception {
        int most = Wire.MAX_PAYLOAD_BYTES;
        StuckDisk stuck = new StuckDisk(2L * most / 512);
        try (ServerRig rig = new ServerRig(folder, NbdLimits.USUAL.withStallNanos(STALL_NANOS), stuck, false, env);
                RawClient writer = rig.client();
                RawClient greedy = rig.client();
                RawClient other = rig.client()) {
            writer.request(0, 1, 5, 0, 4096);
            writer.out.write(new byte[4096]);
            while (stuck.writes.get() == 0) {
                env.sleepNanos(1_000_000); // bounded by the test's timeout
            }
            writer.request(0, 1, 6, 0, most / 2);
            greedy.request(0, 1, 1, 0, most);
            rig.awaitPayloads(most + most / 2);
            other.request(0, 0, 7, 0, most);
            assertThat(other.simpleReply(7)).isZero();
            assertThat(other.in.readNBytes(most)).hasSize(most);
            Env.Worker release = env.start("release", () -> {
                env.sleepNanos(5 * STALL_NANOS);
                stuck.latch.countDown();
            });
            assertThat(writer.isDropped()).isTrue();
            assertThat(stuck.landed).hasValue(1);
            release.join();
        }
    }

    @Test
    void when_the_writes_are_answered_nothing_else_is_waited_for() throws Exception {
        CountDownLatch write = new CountDownLatch(1);
        CountDownLatch read = new CountDownLatch(1);
        AtomicInteger reads = new AtomicInteger();
        MemoryDisk memory = new MemoryDisk("m0", 4096);
        DiskLayer slow = new DiskLayer(memory) {
            @Override
            public void write(long sector, MemorySegment from) throws DiskException {
                await(write);
                super.write(sector, from);
            }

            @Override
            public void read(long sector, MemorySegment into) throws DiskException {
                if (reads.incrementAndGet() == 1) {
                    await(read);
                }
                super.read(sector, into);
            }
        };
        try (ServerRig rig = new ServerRig(folder, NbdLimits.USUAL, slow, false, env);
                NbdDisk disk = open(rig)) {
            Env.Worker release = env.start("release", () -> {
                env.sleepNanos(PATIENCE_NANOS * 3 / 4); // the connection is given up at the half
                write.countDown();
            });
            Env.Worker reader = env.start("reader", () -> {
                try {
                    disk.read(64, Buffers.allocate(8));
                } catch (DiskException e) {
                    throw new IllegalStateException(e);
                }
            });
            disk.write(0, filled(1));
            reader.join();
            assertThat(reads).as("it was asked again").hasValue(2);
            release.join();
            read.countDown();
        } finally {
            read.countDown();
            write.countDown();
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void one_that_stops_sending_and_takes_no_answers_is_dropped_after_a_time() throws Exception {
        MemoryDisk large = new MemoryDisk("m0", Wire.MAX_PAYLOAD_BYTES / 512);
        try (ServerRig rig = new ServerRig(folder, NbdLimits.USUAL.withStallNanos(STALL_NANOS), large, false, env);
                RawClient client = rig.client()) {
            client.request(0, 0, 1, 0, Wire.MAX_PAYLOAD_BYTES);
            client.channel.shutdownOutput();
            while (rig.server.connections() > 0) {
                env.sleepNanos(1_000_000); // bounded by the test's timeout
            }
        }
    }

    @Test
    void what_had_not_begun_when_its_client_left_never_begins() throws Exception {
        StuckDisk stuck = new StuckDisk();
        try (ServerRig rig = new ServerRig(
                        folder,
                        new NbdLimits(4, TimeUnit.SECONDS.toNanos(5), 1, Wire.MAX_PAYLOAD_BYTES, PATIENCE_NANOS),
                        stuck,
                        false,
                        env);
                RawClient client = rig.client()) {
            for (int i = 0; i < 3; i++) { // one may be under way, one is read
                client.request(0, 1, i, i * 8192L, 4096);
                client.out.write(new byte[4096]);
            }
            while (stuck.writes.get() == 0) {
                env.sleepNanos(1_000_000); // bounded by the test's timeout
            }
            client.channel.shutdownOutput();
            stuck.latch.countDown();
            assertThat(client.simpleReply(0)).as("it had begun").isZero();
            while (!client.isDropped()) {
                client.in.readNBytes(15); // the rest of an answer
            }
            int landed = stuck.landed.get();
            assertThat(landed).isEqualTo(stuck.writes.get());
            env.sleepNanos(50_000_000);
            assertThat(stuck.landed)
                    .as("nothing comes after the end of the connection")
                    .hasValue(landed);
        }
    }
}
