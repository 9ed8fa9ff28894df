package io.restripe.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.restripe.disk.FileDisk.Access;
import io.restripe.disk.FileDisk.Caching;
import io.restripe.os.FileStatus;
import io.restripe.os.SystemFile;
import io.restripe.unit.Units;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** FileDisk over real block devices and file systems; what this machine does not offer is skipped, with the reason. */
class RealDeviceTest {
    @TempDir
    static Path folder;

    private static final List<String> LOOPS = new ArrayList<>();
    private static final List<Path> MOUNTS = new ArrayList<>();

    @AfterEach
    void giveBack() throws Exception {
        for (Path mount : MOUNTS) {
            run("umount", mount.toString());
        }
        MOUNTS.clear();
        for (String loop : LOOPS) {
            run("losetup", "-d", loop);
        }
        LOOPS.clear();
    }

    @Nested
    class LoopContract extends DiskContract {
        @Override
        protected Disk newDisk() throws Exception {
            return FileDisk.open(newLoop(Units.SECTOR_BYTES), Access.EXCLUSIVE);
        }

        @Override
        protected boolean discards() {
            return mayDiscard();
        }
    }

    @Nested
    class LargeSectorLoopContract extends DiskContract {
        @Override
        protected Disk newDisk() throws Exception {
            return FileDisk.open(newLoop(4096), Access.EXCLUSIVE);
        }

        @Override
        protected boolean discards() {
            return mayDiscard();
        }
    }

    @Test
    void a_block_device_tells_its_size_and_sectors_and_has_no_serial_when_it_is_a_loop() throws Exception {
        Path loop = newLoop(4096);
        try (FileDisk disk = FileDisk.open(loop, Access.EXCLUSIVE);
                SystemFile raw = SystemFile.open(loop, Set.of())) {
            assertThat(disk.sectors()).isEqualTo(DiskContract.SECTORS);
            assertThat(disk.logicalSectorBytes()).isEqualTo(4096);
            assertThat(disk.direct()).isTrue();
            assertThat(raw.devicePhysicalSectorBytes()).isGreaterThanOrEqualTo(4096);
            assertThat(raw.deviceIsReadOnly()).isFalse();
            assertThatThrownBy(() -> disk.write(1, Buffers.allocate(8))).hasMessageContaining("units of 4096");
        }
        FileStatus status = FileStatus.of(loop);
        assertThat(status.kind()).isEqualTo(FileStatus.Kind.BLOCK_DEVICE);
        assertThat(Serials.ofDevice(Serials.SYSTEM_DEVICES, status.identity())).isEmpty();
        assertThat(Serials.isPartition(Serials.SYSTEM_DEVICES, status.identity()))
                .isFalse();
    }

    @Test
    void a_block_device_is_opened_for_writing_once_and_not_while_it_is_mounted() throws Exception {
        Path loop = newLoop(Units.SECTOR_BYTES);
        try (FileDisk _ = FileDisk.open(loop, Access.EXCLUSIVE)) {
            assertThatThrownBy(() -> FileDisk.open(loop, Access.EXCLUSIVE))
                    .isInstanceOf(DiskException.class)
                    .hasMessageContaining("EBUSY");
            assertThatThrownBy(() -> FileDisk.open(loop, Access.READ_ONLY)).hasMessageContaining("in use");
        }
        assumeTrue(Files.isExecutable(Path.of("/usr/sbin/mkfs.ext4")), "no mkfs.ext4");
        assertThat(run("mkfs.ext4", "-q", "-F", loop.toString())).isZero();
        mount(loop.toString());
        assertThatThrownBy(() -> FileDisk.open(loop, Access.EXCLUSIVE)).hasMessageContaining("a mount");
        FileDisk.open(loop, Access.READ_ONLY).close();
    }

    @Test
    void a_device_that_is_read_only_refuses_an_open_for_writing() throws Exception {
        Path loop = newLoop(Units.SECTOR_BYTES, "--read-only");
        assertThatThrownBy(() -> FileDisk.open(loop, Access.EXCLUSIVE))
                .isInstanceOf(DiskException.class)
                .hasMessageContaining("read-only file system or device (EROFS)");
        try (FileDisk disk = FileDisk.open(loop, Access.READ_ONLY)) {
            disk.read(0, Buffers.allocate(8));
        }
    }

    @Test
    void a_full_file_system_fails_the_write_in_the_systems_words_and_leaves_the_disk_usable() throws Exception {
        Path mount = mount("-t", "tmpfs", "-o", "size=1m", "none");
        for (Caching caching : Caching.values()) {
            Path file = mount.resolve(caching + ".img");
            try (FileDisk disk = FileDisk.create(file, Units.sectorsOfBytesExact(8 << 20), caching)) {
                MemorySegment large =
                        Buffers.allocate(Units.sectorsOfBytesExact(2 << 20)).fill((byte) 1);
                assertThatThrownBy(() -> disk.write(64, large))
                        .isInstanceOf(DiskException.class)
                        .hasMessageContaining(file.toString())
                        .hasMessageContaining("write of 4096 sectors at sector 64")
                        .hasMessageContaining("no space left on the file system (ENOSPC)");
                MemorySegment read = Buffers.allocate(8);
                disk.read(0, read);
                assertThat(read.mismatch(Buffers.allocate(8))).isEqualTo(-1);
            }
            Files.delete(file);
        }
    }

    @Test
    void a_file_that_cannot_be_written_is_refused_for_writing_and_served_read_only() throws Exception {
        Path mount = mount("-t", "tmpfs", "-o", "size=1m", "none");
        Path file = mount.resolve("member.img");
        FileDisk.create(file, 64, Caching.DIRECT).close();
        assertThat(run("mount", "-o", "remount,ro", mount.toString())).isZero();
        assertThatThrownBy(() -> FileDisk.open(file, Access.EXCLUSIVE))
                .isInstanceOf(DiskException.class)
                .hasMessageContaining("read-only file system or device (EROFS)");
        try (FileDisk disk = FileDisk.open(file, Access.READ_ONLY)) {
            disk.read(0, Buffers.allocate(8));
        }
    }

    @Test
    void a_file_without_permission_is_refused_in_the_systems_words() throws Exception {
        assumeTrue(!"root".equals(System.getProperty("user.name")), "root may write everything");
        Path file = Files.createTempFile(folder, "member", ".img");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("r--------"));
        assertThatThrownBy(() -> FileDisk.open(file, Access.EXCLUSIVE)).hasMessageContaining("EACCES");
    }

    private static Path newLoop(int sectorBytes, String... more) throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/usr/sbin/losetup")), "no losetup");
        assumeTrue(Files.isWritable(Path.of("/dev/loop-control")), "not root, or no loop devices");
        Path file = Files.createTempFile(folder, "loop", ".img");
        try (RandomAccessFile raw = new RandomAccessFile(file.toFile(), "rw")) {
            raw.setLength(Units.bytesOfSectors(DiskContract.SECTORS));
        }
        List<String> command = new ArrayList<>(List.of("losetup", "--find", "--show"));
        command.addAll(List.of("--sector-size", Integer.toString(sectorBytes)));
        command.addAll(List.of(more));
        command.add(file.toString());
        Process made = start(command);
        String loop = new String(made.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        assumeTrue(made.waitFor() == 0 && loop.startsWith("/dev/"), "losetup does not work here: " + loop);
        LOOPS.add(loop);
        return Path.of(loop);
    }

    /** Linux gives up nothing of a loop device whose discards somebody has forbidden before, and cannot be told to allow them again. */
    private static boolean mayDiscard() {
        try {
            Path queue =
                    Path.of("/sys/block", Path.of(LOOPS.getLast()).getFileName().toString(), "queue");
            return !Files.readString(queue.resolve("discard_max_bytes")).strip().equals("0");
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static Path mount(String... arguments) throws Exception {
        Path mount = Files.createTempDirectory(folder, "mount");
        List<String> command = new ArrayList<>(List.of("mount"));
        command.addAll(List.of(arguments));
        command.add(mount.toString());
        Process made = start(command);
        String words = new String(made.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        assumeTrue(made.waitFor() == 0, "mount does not work here: " + words);
        MOUNTS.add(mount);
        return mount;
    }

    private static int run(String... command) throws Exception {
        Process process = start(List.of(command));
        process.getInputStream().readAllBytes();
        return process.waitFor();
    }

    private static Process start(List<String> command) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().merge("PATH", "/usr/sbin:/sbin", (path, more) -> path + ":" + more);
        try {
            return builder.start();
        } catch (IOException e) {
            assumeTrue(false, e.getMessage());
            throw e;
        }
    }
}
