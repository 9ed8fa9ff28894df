package io.restripe.node.device;

import static org.assertj.core.api.Assertions.assertThat;

import io.restripe.disk.DiskLayer;
import io.restripe.disk.MemoryDisk;
import io.restripe.env.SystemEnv;
import io.restripe.os.Holder;
import io.restripe.os.LoopDevice;
import io.restripe.os.Mounts;
import io.restripe.os.SystemFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A device that is in use becomes as large as its volume, all of it. Needs root and /dev/fuse, as the tests of {@code attach} do. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FollowedSizeTest {
    private static final int GROWTHS = 200;
    private static final int WRITERS = 4;
    private static final int KILLS = 5;
    private static final long LONGEST_END_SECONDS = 20;
    private static final long FIRST_SECTORS = 2048;
    private static final long STEP_SECTORS = 128;
    private static final int PAGE_BYTES = 4096;

    /** A disk whose owner says how much of it there is. */
    private static final class Growing extends DiskLayer {
        volatile long sectors = FIRST_SECTORS;

        Growing() {
            super(new MemoryDisk("growing", FIRST_SECTORS + GROWTHS * STEP_SECTORS));
        }

        @Override
        public long sectors() {
            return sectors;
        }
    }

    @Test
    void all_of_a_device_can_be_read_when_it_has_grown_under_writes(@TempDir Path folder) throws Exception {
        AttachingMachine.assumed();
        Growing disk = new Growing();
        FuseAttachment attached =
                FuseAttachment.attach(new SystemEnv(), new Place(folder, "c0", "v0", "uuid"), disk, false);
        AtomicBoolean enough = new AtomicBoolean();
        try (ExecutorService users = Executors.newFixedThreadPool(WRITERS)) {
            List<Future<Long>> writers = new ArrayList<>();
            for (int i = 0; i < WRITERS; i++) {
                writers.add(users.submit(writer(attached.device(), i, enough)));
            }
            try {
                for (int i = 1; i <= GROWTHS; i++) {
                    disk.sectors = FIRST_SECTORS + i * STEP_SECTORS;
                    attached.followSize();
                    assertEndReads(attached.device(), disk.sectors * 512);
                }
            } finally {
                enough.set(true);
            }
            for (Future<Long> writer : writers) {
                assertThat(writer.get()).isPositive();
            }
        } finally {
            attached.detach();
        }
    }

    /** Serves and follows sizes without end. */
    static final class Follower {
        public static void main(String[] arguments) throws IOException {
            Growing disk = new Growing();
            Place place = new Place(Path.of(arguments[0]), "c0", "v0", "uuid");
            FuseAttachment attached = FuseAttachment.attach(new SystemEnv(), place, disk, false);
            System.out.println(attached.device());
            for (int i = 1; true; i = i % GROWTHS + 1) {
                disk.sectors = FIRST_SECTORS + i * STEP_SECTORS;
                attached.followSize();
            }
        }
    }

    /** A thread that waits for an answer of its own process would stay, and so the process, its descriptors and its locks. */
    @Test
    void a_process_that_is_killed_while_it_follows_sizes_is_gone(@TempDir Path folder) throws Exception {
        AttachingMachine.assumed();
        for (int kill = 0; kill < KILLS; kill++) {
            Process follower = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "--enable-native-access=ALL-UNNAMED",
                            "-cp",
                            System.getProperty("java.class.path"),
                            Follower.class.getName(),
                            folder.toString())
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            Path device = null;
            try {
                device = Path.of(follower.inputReader().readLine());
                Thread.sleep(300 + 17 * kill); // some instant in the midst of following
                assertThat(follower.isAlive()).as("it follows").isTrue();
                follower.destroyForcibly();
                assertThat(follower.waitFor(LONGEST_END_SECONDS, TimeUnit.SECONDS))
                        .as("it is gone")
                        .isTrue();
            } finally {
                follower.destroyForcibly();
                Mounts.abort(AttachmentRecord.mountPoint(folder, "v0"));
                if (device != null) {
                    LoopDevice.releaseLater(device);
                }
                Holder.end(AttachmentRecord.find(folder, "v0").orElseThrow().holder());
                AttachmentRecord.delete(folder, "v0");
            }
        }
    }

    private static void assertEndReads(Path device, long sizeBytes) throws IOException {
        try (SystemFile file = SystemFile.open(device, EnumSet.of(SystemFile.Option.DIRECT));
                Arena arena = Arena.ofConfined()) {
            assertThat(file.deviceBytes()).isEqualTo(sizeBytes);
            MemorySegment page = arena.allocate(PAGE_BYTES, PAGE_BYTES);
            assertThat(file.read(sizeBytes - PAGE_BYTES, page)).isEqualTo(PAGE_BYTES);
        }
    }

    /** Writes to the part that was there from the beginning; gives how often. */
    private static Callable<Long> writer(Path device, int index, AtomicBoolean enough) {
        return () -> {
            long writes = 0;
            try (SystemFile file =
                            SystemFile.open(device, EnumSet.of(SystemFile.Option.DIRECT, SystemFile.Option.WRITE));
                    Arena arena = Arena.ofConfined()) {
                MemorySegment page = arena.allocate(PAGE_BYTES, PAGE_BYTES);
                while (!enough.get()) {
                    file.write((long) index * PAGE_BYTES, page);
                    writes++;
                }
            }
            return writes;
        };
    }
}
