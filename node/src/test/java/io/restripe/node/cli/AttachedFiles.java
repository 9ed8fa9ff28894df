package io.restripe.node.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.restripe.node.device.AttachingMachine;
import io.restripe.node.rpc.RunFolder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;

/** What tests on volumes that are block devices share. They need root, /dev/fuse, loop devices, and ext4's programs. */
abstract class AttachedFiles extends ArrayFiles {
    static final String CREATE = "create c0/v0 --level=5 -n3 --assume-clean --file-size=64M @a @b @c";
    private static final int LONGEST_SECONDS = 90;
    private final List<Path> mounted = new ArrayList<>();

    @BeforeAll
    static void this_machine_can() {
        AttachingMachine.assumed("/sbin/mkfs.ext4", "/sbin/resize2fs", "/usr/bin/fio");
    }

    /** Runs before the hosts are killed, and so that no device or mount outlives a test that failed. */
    @AfterEach
    void nothing_is_left_attached() throws Exception {
        for (Path point : mounted) {
            run("umount", "-l", point.toString());
        }
        RunFolder folder = new RunFolder(run());
        for (String container : folder.containers()) {
            for (String volume : List.of("v0", "v1")) {
                restripe("detach " + container + "/" + volume + " --force");
            }
        }
    }

    record Said(int status, String text) {}

    /** Runs a program of the distribution to its end. */
    Said run(String... words) throws Exception {
        Path out = Files.createTempFile(folder, "program", ".out");
        ProcessBuilder builder =
                new ProcessBuilder(words).redirectErrorStream(true).redirectOutput(out.toFile());
        builder.environment().put("PATH", "/usr/sbin:/sbin:" + System.getenv("PATH"));
        Process process = builder.start();
        try {
            assertThat(process.waitFor(LONGEST_SECONDS, TimeUnit.SECONDS))
                    .as(List.of(words) + " ends")
                    .isTrue();
        } finally {
            process.destroyForcibly();
        }
        return new Said(process.exitValue(), Files.readString(out, StandardCharsets.UTF_8));
    }

    String done(String... words) throws Exception {
        Said said = run(words);
        assertThat(said.status).as(List.of(words) + ": " + said.text).isZero();
        return said.text;
    }

    String attach() {
        String device = good("attach c0/v0 --driver=fuse").out.strip();
        assertThat(device).matches("/dev/loop\\d+");
        return device;
    }

    /** A file system on the device, mounted in the test's folder. */
    Path mount(String device) throws Exception {
        Path point = Files.createDirectories(folder.resolve("mnt"));
        done("mount", device, point.toString());
        mounted.add(point);
        return point;
    }

    void unmount(Path point) throws Exception {
        done("umount", point.toString());
        mounted.remove(point);
    }

    /** The file system, after a check that finds nothing to mend. */
    void assertClean(String device) throws Exception {
        done("e2fsck", "-f", "-n", device);
    }

    static long sizeBytes(String device) throws IOException {
        String name = Path.of(device).getFileName().toString();
        return 512
                * Long.parseLong(
                        Files.readString(Path.of("/sys/block", name, "size")).strip());
    }
}
