package io.restripe.node.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.restripe.node.rpc.Json;
import io.restripe.node.rpc.RunFolder;
import io.restripe.os.FileStatus;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Volumes as block devices of the real kernel, through FUSE and loop, with ext4 on them. */
@Timeout(value = 240, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class AttachTest extends AttachedFiles {
    private static final int FILE_BYTES = 96 << 10;

    /** Writes files and makes them durable until told to stop; gives how many. */
    private static Callable<Integer> load(Path folder, AtomicBoolean enough, int most) {
        return () -> {
            int files = 0;
            while (files < most && !(enough.get() && files > 20)) {
                try (FileChannel file = FileChannel.open(
                        folder.resolve("f" + files), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
                    ByteBuffer bytes = ByteBuffer.wrap(bytes(FILE_BYTES, files));
                    while (bytes.hasRemaining()) {
                        file.write(bytes);
                    }
                    file.force(true);
                }
                files++;
            }
            return files;
        };
    }

    private static void assertFiles(Path folder, int count) throws Exception {
        for (int i = 0; i < count; i++) {
            assertSame(Files.readAllBytes(folder.resolve("f" + i)), bytes(FILE_BYTES, i));
        }
    }

    @Test
    void a_file_system_is_used_while_its_volume_grows_and_grows_with_it() throws Exception {
        good(CREATE);
        String device = attach();
        done("mkfs.ext4", "-q", device);
        Path point = mount(device);
        long before = sizeBytes(device);
        AtomicBoolean grown = new AtomicBoolean();
        int files;
        try (ExecutorService user = Executors.newSingleThreadExecutor()) {
            Future<Integer> load = user.submit(load(point, grown, 900));
            good("grow c0 -n4 --file-size=64M --add @d --wait");
            grown.set(true);
            files = load.get();
        }
        long after = status().volumes().getFirst().shape().sizeBytes();
        assertThat(after).isGreaterThan(before);
        assertThat(sizeBytes(device)).isEqualTo(after);
        if (mayResizeMounted()) {
            done("resize2fs", device);
        } else {
            unmount(point);
            done("e2fsck", "-f", "-p", device);
            done("resize2fs", device);
            mount(device);
        }
        assertThat(Files.getFileStore(point).getTotalSpace()).isGreaterThan(before);
        assertFiles(point, files);
        Files.write(point.resolve("more"), bytes(30 << 20, 99));
        unmount(point);
        assertClean(device);
        mount(device);
        assertFiles(point, files);
        assertSame(Files.readAllBytes(point.resolve("more")), bytes(30 << 20, 99));
        unmount(point);
        good("detach c0/v0");
        assertThat(good("check c0").out).contains("everything is consistent");
        good("stop c0");
    }

    /** Ext4 asks for CAP_SYS_RESOURCE, which a root of a container may lack. */
    private static boolean mayResizeMounted() throws Exception {
        String capabilities = Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("CapEff:"))
                .map(line -> line.substring("CapEff:".length()).strip())
                .findFirst()
                .orElseThrow();
        return (Long.parseUnsignedLong(capabilities, 16) >> 24 & 1) == 1;
    }

    @Test
    void what_is_attached_is_told_and_there_until_it_is_detached() throws Exception {
        good(CREATE);
        assertThat(good("detail c0/v0").out).doesNotContain("Device:");
        var made = Json.parse(good("attach c0/v0 --driver=fuse --json").out);
        String device = Json.text(made, "device");
        assertThat(made).containsEntry("volume", "v0").containsEntry("driver", "fuse");
        assertThat(good("detail c0/v0").out).contains("Device:        " + device);
        assertThat(status().volumes().getFirst().device()).isEqualTo(device);
        assertThat(FileStatus.of(Path.of(device)).kind()).isEqualTo(FileStatus.Kind.BLOCK_DEVICE);
        assertThat(sizeBytes(device))
                .isEqualTo(status().volumes().getFirst().shape().sizeBytes());
        refused("attach c0/v0", "cannot attach c0/v0", "it is " + device + " already", "restripe detach c0/v0");
        refused("stop c0", "cannot stop c0", "v0 as " + device, "restripe detach c0/v0");
        good("detach c0/v0");
        assertThat(good("detail c0/v0").out).doesNotContain("Device:");
        assertThat(Path.of("/sys/block", Path.of(device).getFileName().toString(), "loop"))
                .doesNotExist();
        refused("detach c0/v0", "cannot detach c0/v0", "it is not attached");
        refused("attach c0/other", "no such volume");
        assertThat(restripe("attach c0").status).isEqualTo(2);
        assertThat(restripe("attach c0/v0 --driver=scsi").status).isEqualTo(2);
        try (var left = Files.list(new RunFolder(run()).folder("c0"))) {
            assertThat(left).noneMatch(file -> file.getFileName().toString().startsWith("v0"));
        }
        good("stop c0");
    }

    @Test
    void what_the_device_takes_the_volume_has_and_the_other_way_round() throws Exception {
        good(CREATE);
        byte[] data = bytes(20 << 20, 1);
        good(data, "write c0/v0");
        String device = attach();
        done(
                "cmp",
                "-n",
                String.valueOf(data.length),
                device,
                Files.write(folder.resolve("data"), data).toString());
        byte[] other = bytes(5 << 20, 2);
        Path file = Files.write(folder.resolve("other"), other);
        done("dd", "if=" + file, "of=" + device, "bs=4k", "seek=100", "oflag=direct", "conv=fsync", "status=none");
        System.arraycopy(other, 0, data, 100 * 4096, other.length);
        assertSame(good("cat c0/v0 --length=20M").data, data);
        done("blkdiscard", "--zeroout", "--offset", "1M", "--length", "2M", device);
        java.util.Arrays.fill(data, 1 << 20, 3 << 20, (byte) 0);
        assertSame(good("cat c0/v0 --length=20M").data, data);
        if (mayDiscard(device)) {
            done("blkdiscard", "--offset", "4M", "--length", "5M", device);
            java.util.Arrays.fill(data, 4 << 20, 9 << 20, (byte) 0);
        }
        assertSame(good("cat c0/v0 --length=20M").data, data);
        assertThat(good("check c0").out).contains("everything is consistent");
        good("detach c0/v0");
        good("stop c0");
    }

    @Test
    void what_a_file_system_frees_goes_back_to_sparse_members() throws Exception {
        good(CREATE + " --sparse");
        String device = attach();
        assumeTrue(
                mayDiscard(device),
                "somebody has forbidden discards of " + device + ", which Linux does not take back");
        done("mkfs.ext4", "-q", "-E", "discard", device);
        Path point = mount(device);
        byte[] kept = bytes(10 << 20, 1);
        Files.write(point.resolve("kept"), kept);
        Files.write(point.resolve("freed"), bytes(60 << 20, 2));
        done("sync", "-f", point.toString());
        long full = allocatedBytes();
        Files.delete(point.resolve("freed"));
        done("sync", "-f", point.toString());
        done("fstrim", point.toString());
        assertThat(allocatedBytes()).isLessThan(full - (60 << 20));
        assertSame(Files.readAllBytes(point.resolve("kept")), kept);
        unmount(point);
        assertClean(device);
        mount(device);
        assertSame(Files.readAllBytes(point.resolve("kept")), kept);
        unmount(point);
        good("detach c0/v0");
        assertThat(good("check c0").out).contains("everything is consistent");
        good("stop c0");
    }

    private static boolean mayDiscard(String device) throws Exception {
        Path queue = Path.of("/sys/block", Path.of(device).getFileName().toString(), "queue");
        return !Files.readString(queue.resolve("discard_max_bytes")).strip().equals("0");
    }

    private long allocatedBytes() throws Exception {
        long bytes = 0;
        for (String member : new String[] {"a", "b", "c"}) {
            bytes += FileStatus.of(folder.resolve(member + ".img")).allocatedBytes();
        }
        return bytes;
    }

    @Test
    void a_device_that_is_mounted_or_open_is_not_detached_unasked() throws Exception {
        good(CREATE);
        String device = attach();
        done("mkfs.ext4", "-q", device);
        Path point = mount(device);
        refused("detach c0/v0", "cannot detach c0/v0", device, "mounted at " + point + " (ext4)", "Unmount it");
        Files.write(point.resolve("file"), bytes(1 << 20, 1));
        unmount(point);
        try (FileChannel open = FileChannel.open(Path.of(device), StandardOpenOption.READ)) {
            refused("detach c0/v0", "open in process " + ProcessHandle.current().pid());
            assertThat(open.read(ByteBuffer.allocate(4096))).isEqualTo(4096);
        }
        good("detach c0/v0");
        good("stop c0");
    }

    @Test
    void force_gives_users_errors_and_leaves_nothing() throws Exception {
        good(CREATE);
        String device = attach();
        done("mkfs.ext4", "-q", device);
        Path point = mount(device);
        good("stop c0 --force");
        assertThat(run("ls", "-R", point.toString()).status() == 0
                        && run("dd", "if=/dev/zero", "of=" + point.resolve("x"), "bs=1M", "count=1", "conv=fsync")
                                        .status()
                                == 0)
                .as("the file system works without its volume")
                .isFalse();
        unmount(point);
        while (Files.exists(Path.of("/sys/block", Path.of(device).getFileName().toString(), "loop"))) {
            Thread.onSpinWait(); // the kernel lets go of it a moment after the last user
        }
        assertThat(run("findmnt", "-n", "-t", "fuse.restripe", "-o", "TARGET").text())
                .doesNotContain(folder.toString());
        good("assemble c0 @a @b @c");
        good("stop c0");
    }

    @Test
    void a_request_that_a_reshape_holds_does_not_keep_others_waiting() throws Exception {
        good(CREATE);
        String device = attach();
        good("grow c0 -n4 --speed-limit=1 --file-size=64M --add @d"); // a unit takes minutes
        byte[] data = bytes(16 << 20, 3);
        Path file = Files.write(folder.resolve("data"), data);
        Process held =
                new ProcessBuilder("dd", "if=" + file, "of=" + device, "bs=64k", "oflag=direct", "status=none").start();
        try {
            while (status().volumes().getFirst().state().equals("clean")) {
                Thread.onSpinWait(); // until it writes
            }
            done("dd", "if=" + device, "of=/dev/null", "bs=1M", "count=64", "iflag=direct", "status=none");
            good("grow c0 --speed-limit=0 --wait");
            assertThat(held.waitFor()).isZero();
        } finally {
            held.destroyForcibly();
        }
        assertSame(good("cat c0/v0 --length=16M").data, data);
        good("detach c0/v0");
        good("stop c0");
    }

    @Test
    void a_read_only_container_gives_a_read_only_device() throws Exception {
        good(CREATE);
        String device = attach();
        done("mkfs.ext4", "-q", device);
        good("detach c0/v0");
        good("stop c0");
        good("assemble c0 --read-only @a @b @c");
        String again = attach();
        assertThat(run("dd", "if=/dev/zero", "of=" + again, "bs=4k", "count=1", "oflag=direct")
                        .status())
                .isNotZero();
        assertClean(again);
        good("detach c0/v0");
        good("stop c0");
    }
}
