package io.restripe.node.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.restripe.node.device.AttachmentRecord;
import io.restripe.node.rpc.RunFolder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Hosts that are killed while their volumes are block devices. */
@Timeout(value = 240, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class AttachAndDieTest extends AttachedFiles {
    private static final int KILLS = 3;

    private Path runFolder() {
        return new RunFolder(run()).folder("c0");
    }

    /** Where the kernel does not give requests again there is no holder, and nothing can go on. */
    private void assumeHeld() throws Exception {
        long holder = AttachmentRecord.find(runFolder(), "v0").orElseThrow().holder();
        if (holder == 0) {
            good("detach c0/v0");
        }
        assumeTrue(holder != 0, "this kernel does not give requests again: Linux 6.9 is needed");
    }

    private boolean bound(String device) {
        return Files.exists(Path.of("/sys/block", Path.of(device).getFileName().toString(), "loop"));
    }

    @Test
    void a_mounted_file_system_goes_on_when_its_host_was_killed_in_the_middle_of_a_load_and_of_a_grow()
            throws Exception {
        good(CREATE);
        String device = attach();
        assumeHeld();
        done("mkfs.ext4", "-q", device);
        Path point = mount(device);
        String verified = point.resolve("verified").toString();
        try (ExecutorService user = Executors.newSingleThreadExecutor()) {
            Future<Said> load = user.submit(() -> run(
                    "fio",
                    "--name=load",
                    "--filename=" + verified,
                    "--size=24M",
                    "--bs=16k",
                    "--rw=randwrite",
                    "--loops=6",
                    "--fsync=16",
                    "--verify=crc32c",
                    "--do_verify=1",
                    "--verify_fatal=1"));
            good("grow c0 -n4 --speed-limit=4096 --file-size=64M --add @d");
            for (int i = 0; i < KILLS && !load.isDone(); i++) {
                long written = writtenSectors(device);
                while (!load.isDone() && writtenSectors(device) < written + 4096) {
                    Thread.onSpinWait(); // until there was some load in between
                }
                kill("c0");
                good("assemble c0 @a @b @c @d");
                assertThat(status().volumes().getFirst().device()).isEqualTo(device);
            }
            assertThat(load.get().status()).as(load.get().text()).isZero();
        }
        good("grow c0 --speed-limit=0");
        good("wait c0");
        assertThat(sizeBytes(device))
                .isEqualTo(status().volumes().getFirst().shape().sizeBytes());
        unmount(point);
        assertClean(device);
        good("detach c0/v0");
        assertThat(good("check c0").out).contains("everything is consistent");
        good("stop c0");
    }

    private static long writtenSectors(String device) throws Exception {
        String text = Files.readString(
                Path.of("/sys/block", Path.of(device).getFileName().toString(), "stat"));
        return Long.parseLong(text.strip().split("\\s+", -1)[6]);
    }

    @Test
    void what_a_killed_host_left_is_removed_by_detach_and_the_volume_can_be_attached_again() throws Exception {
        good(CREATE);
        String device = attach();
        byte[] data = bytes(1 << 20, 1);
        Path file = Files.write(folder.resolve("data"), data);
        done("dd", "if=" + file, "of=" + device, "bs=64k", "oflag=direct", "conv=fsync", "status=none");
        kill("c0");
        assertThat(bound(device)).isTrue();
        assertThat(good("detach c0/v0").out).contains("what its dead host process left of the device is removed");
        assertThat(bound(device)).isFalse();
        assertThat(run("findmnt", "-n", "-t", "fuse.restripe", "-o", "TARGET").text())
                .doesNotContain(folder.toString());
        refused("detach c0/v0", "c0 is not running");
        good("assemble c0 @a @b @c");
        String again = attach();
        done("cmp", "-n", String.valueOf(data.length), again, file.toString());
        good("detach c0/v0");
        good("stop c0");
    }

    @Test
    void what_a_killed_host_left_mounted_is_removed_only_by_force() throws Exception {
        good(CREATE);
        String device = attach();
        assumeHeld();
        done("mkfs.ext4", "-q", device);
        Path point = mount(device);
        kill("c0");
        refused("detach c0/v0", "cannot detach c0/v0", "its host process has died", "mounted at " + point, "--force");
        refused("stop c0", "cannot detach c0/v0", "mounted at " + point);
        good("detach c0/v0 --force");
        unmount(point);
        while (bound(device)) {
            Thread.onSpinWait(); // the kernel lets go of it a moment after the last user
        }
        good("stop c0");
        assertThat(runFolder()).doesNotExist();
        good("assemble c0 @a @b @c");
        assertMended(attach());
        good("detach c0/v0");
        good("stop c0");
    }

    /** A file system that was cut off has a journal to replay, and nothing else to mend. */
    private void assertMended(String device) throws Exception {
        assertThat(run("e2fsck", "-f", "-p", device).status()).isLessThanOrEqualTo(1);
    }

    @Test
    void a_stop_of_what_a_killed_host_left_removes_the_device_too() throws Exception {
        good(CREATE);
        String device = attach();
        kill("c0");
        assertThat(good("stop c0").out).contains("was not running any more");
        assertThat(bound(device)).isFalse();
        assertThat(runFolder()).doesNotExist();
    }

    @Test
    void a_device_goes_on_only_with_the_volume_that_it_was() throws Exception {
        good(CREATE);
        String device = attach();
        kill("c0");
        good("create c0/v0 --level=5 -n3 --assume-clean --file-size=64M @x @y @z");
        assertThat(status().volumes().getFirst().device()).isEmpty();
        refused("attach c0/v0", "what an earlier host process left of its device " + device + " is still there");
        good("detach c0/v0");
        assertThat(bound(device)).isFalse();
        attach();
        good("detach c0/v0");
        good("stop c0");
    }

    @Test
    void what_a_host_left_that_died_before_it_recorded_the_device_stands_in_nobodys_way() throws Exception {
        good(CREATE);
        String device = attach();
        long holder = AttachmentRecord.find(runFolder(), "v0").orElseThrow().holder();
        kill("c0");
        Files.delete(runFolder().resolve("v0.attached"));
        try {
            good("assemble c0 @a @b @c");
            String again = attach();
            assertThat(again.equals(device) || !bound(device)).isTrue();
            done("dd", "if=" + again, "of=/dev/null", "bs=1M", "count=4", "status=none");
            good("detach c0/v0");
            good("stop c0");
        } finally {
            ProcessHandle.of(holder).ifPresent(ProcessHandle::destroyForcibly);
        }
    }

    @Test
    void finishing_what_is_half_way_leaves_a_device_in_use_to_the_next_host() throws Exception {
        good(CREATE);
        String device = attach();
        assumeHeld();
        done("mkfs.ext4", "-q", device);
        Path point = mount(device);
        good("grow c0 -n4 --speed-limit=4096 --file-size=64M --add @d");
        kill("c0");
        good("assemble c0 --finish @a @b @c @d");
        good("assemble c0 @a @b @c @d");
        assertThat(status().volumes().getFirst().shape().raidDevices()).isEqualTo(4);
        Files.write(point.resolve("file"), bytes(1 << 20, 1));
        unmount(point);
        assertClean(device);
        good("detach c0/v0");
        good("stop c0");
    }

    @Test
    void a_host_that_is_told_to_end_leaves_a_device_in_use_to_the_next() throws Exception {
        good(CREATE);
        String device = attach();
        assumeHeld();
        done("mkfs.ext4", "-q", device);
        Path point = mount(device);
        ProcessHandle host =
                ProcessHandle.of(new RunFolder(run()).pid("c0").orElseThrow()).orElseThrow();
        host.destroy();
        host.onExit().get();
        good("assemble c0 @a @b @c");
        Files.write(point.resolve("file"), bytes(1 << 20, 1));
        unmount(point);
        assertClean(device);
        good("detach c0/v0");
        good("stop c0");
    }
}
