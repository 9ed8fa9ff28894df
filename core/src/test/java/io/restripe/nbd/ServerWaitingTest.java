package io.restripe.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import io.restripe.disk.Disk;
import io.restripe.disk.DiskException;
import io.restripe.disk.DiskLayer;
import io.restripe.disk.MemoryDisk;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Requests that wait at the disk: together, beyond a farewell, while the export is withdrawn, while the server closes. */
@Timeout(60)
class ServerWaitingTest {
    private static final int ESHUTDOWN = 108;
    private static final int READ = 0;
    private static final int DISC = 2;
    private static final int FLUSH = 3;

    @TempDir
    Path folder;

    /** Requests meet here: none returns before as many others are at the disk. */
    private static final class MeetingDisk extends DiskLayer {
        private final CyclicBarrier barrier;

        MeetingDisk(int requests) {
            super(new MemoryDisk("m0", ServerRig.SECTORS));
            barrier = new CyclicBarrier(requests);
        }

        @Override
        public void read(long sector, MemorySegment into) throws DiskException {
            try {
                barrier.await();
            } catch (InterruptedException | BrokenBarrierException e) {
                throw new IllegalStateException(e);
            }
            super.read(sector, into);
        }
    }

    @Test
    void requests_that_wait_for_the_disk_wait_together() throws Exception {
        MeetingDisk disk = new MeetingDisk(NbdLimits.USUAL.requests());
        try (ServerRig rig = new ServerRig(folder, NbdLimits.USUAL, disk, false);
                RawClient client = rig.client()) {
            int many = 4 * NbdLimits.USUAL.requests();
            client.out.write(RawClient.bytes(to -> {
                for (int i = 0; i < many; i++) {
                    to.write(RawClient.requestBytes(0, READ, i, 0, 4096));
                }
            }));
            for (int i = 0; i < many; i++) {
                assertThat(client.in.readNBytes(16)).hasSize(16);
                assertThat(client.in.readNBytes(4096)).hasSize(4096);
            }
        }
    }

    /** Answers from memory until it is armed; then the next read waits, and the thread that waits is known. */
    private static final class SometimesStuckDisk extends DiskLayer {
        private final AtomicReference<CountDownLatch> armed = new AtomicReference<>();
        private final AtomicReference<String> stuck = new AtomicReference<>();

        SometimesStuckDisk() {
            super(new MemoryDisk("m0", ServerRig.SECTORS));
        }

        @Override
        public void read(long sector, MemorySegment into) throws DiskException {
            CountDownLatch gate = armed.getAndSet(null);
            if (gate != null) {
                stuck.set(Thread.currentThread().getName());
                try {
                    gate.await();
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            }
            super.read(sector, into);
        }
    }

    @Test
    void a_read_that_gets_stuck_on_the_thread_that_reads_keeps_nobody_behind_it_waiting() throws Exception {
        SometimesStuckDisk disk = new SometimesStuckDisk();
        try (ServerRig rig = new ServerRig(folder, NbdLimits.USUAL, disk, false);
                RawClient client = rig.client()) {
            int onReader = 0;
            while (onReader < 3) { // most rounds are; bounded by the test's timeout
                for (int i = 0; i < 100; i++) {
                    assertThat(client.error(0, READ, 0, 512)).isZero();
                    client.in.readNBytes(512);
                }
                CountDownLatch gate = new CountDownLatch(1);
                disk.armed.set(gate);
                client.request(0, READ, 1, 0, 512);
                for (int i = 2; i < 10; i++) {
                    client.request(0, i == 5 ? FLUSH : READ, i, 0, i == 5 ? 0 : 512);
                }
                Set<Long> answered = new HashSet<>();
                while (answered.size() < 8) {
                    assertThat(client.in.readLong()).isEqualTo(0x67446698L << 32);
                    long cookie = client.in.readLong();
                    answered.add(cookie);
                    client.in.readNBytes(cookie == 5 ? 0 : 512);
                }
                assertThat(answered).doesNotContain(1L);
                gate.countDown();
                assertThat(client.simpleReply(1)).isZero();
                client.in.readNBytes(512);
                onReader += disk.stuck.get().startsWith("request") ? 0 : 1;
            }
            CountDownLatch gate = new CountDownLatch(1);
            disk.armed.set(gate);
            client.request(0, READ, 1, 0, 512);
            client.request(0, DISC, 2, 0, 0);
            while (disk.armed.get() != null) {
                Thread.onSpinWait();
            }
            gate.countDown();
            assertThat(client.simpleReply(1)).isZero();
            client.in.readNBytes(512);
            assertThat(client.isDropped()).isTrue();
        }
    }

    @Test
    void a_farewell_waits_for_what_was_asked_before() throws Exception {
        CountDownLatch atDisk = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        Disk slow = blocking(atDisk, goOn, new AtomicInteger());
        try (ServerRig rig = new ServerRig(folder, NbdLimits.USUAL, slow, false);
                RawClient client = rig.client()) {
            client.request(0, READ, 1, 0, 512);
            client.request(0, DISC, 2, 0, 0);
            atDisk.await();
            goOn.countDown();
            assertThat(client.simpleReply(1)).isZero();
            assertThat(client.in.readNBytes(512)).hasSize(512);
            assertThat(client.isDropped()).isTrue();
        }
    }

    private static Disk blocking(CountDownLatch atDisk, CountDownLatch goOn, AtomicInteger returned) {
        return new DiskLayer(new MemoryDisk("m0", ServerRig.SECTORS)) {
            @Override
            public void read(long sector, MemorySegment into) throws DiskException {
                atDisk.countDown();
                try {
                    goOn.await();
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
                super.read(sector, into);
                returned.incrementAndGet();
            }
        };
    }

    @Test
    void a_withdrawn_export_finishes_what_is_under_way_and_takes_no_more() throws Exception {
        CountDownLatch atDisk = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        AtomicInteger returned = new AtomicInteger();
        try (ServerRig rig = new ServerRig(folder, NbdLimits.USUAL, blocking(atDisk, goOn, returned), false);
                RawClient client = rig.client()) {
            client.request(0, READ, 1, 0, 512);
            atDisk.await();
            var removal = rig.env.start("removal", () -> {
                rig.server.remove("disk");
                assertThat(returned).hasValue(1);
            });
            while (!rig.server.exports().isEmpty()) {
                Thread.onSpinWait();
            }
            int error = client.error(0, FLUSH, 0, 0);
            while (error == 0) { // the removal may be about to close the door
                error = client.error(0, FLUSH, 0, 0);
            }
            assertThat(error).isEqualTo(ESHUTDOWN);
            assertThat(removal.isAlive()).isTrue();
            goOn.countDown();
            assertThat(client.simpleReply(1)).isZero();
            assertThat(client.in.readNBytes(512)).hasSize(512);
            removal.join();
            assertThat(client.error(0, READ, 0, 512)).isEqualTo(ESHUTDOWN);
        }
    }

    @Test
    void closing_the_server_waits_for_requests_at_the_disk_and_ends_every_connection() throws Exception {
        CountDownLatch atDisk = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        AtomicInteger returned = new AtomicInteger();
        ServerRig rig = new ServerRig(folder, NbdLimits.USUAL, blocking(atDisk, goOn, returned), false);
        try (RawClient client = rig.client();
                RawClient idle = rig.client();
                RawClient mute = new RawClient(rig.socket)) {
            client.request(0, READ, 1, 0, 512);
            atDisk.await();
            var closing = rig.env.start("closing", () -> {
                try {
                    rig.close();
                    assertThat(returned).hasValue(1);
                } catch (IOException e) {
                    throw new IllegalStateException(e);
                }
            });
            assertThat(idle.isDropped()).isTrue();
            mute.in.readNBytes(18);
            assertThat(mute.isDropped()).isTrue();
            goOn.countDown();
            closing.join();
            rig.close();
        }
    }
}
