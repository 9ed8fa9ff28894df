package io.restripe.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.restripe.disk.FileDisk.Access;
import io.restripe.disk.FileDisk.Caching;
import io.restripe.os.FileStatus;
import io.restripe.unit.Units;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileDiskTest {
    @TempDir
    static Path folder;

    private static Path newPath() throws IOException {
        return Files.createTempDirectory(folder, "disk").resolve("member.img");
    }

    @Nested
    class DirectContract extends DiskContract {
        @Override
        protected Disk newDisk() throws Exception {
            return FileDisk.create(newPath(), SECTORS, Caching.DIRECT);
        }
    }

    @Nested
    class PageCacheContract extends DiskContract {
        @Override
        protected Disk newDisk() throws Exception {
            return FileDisk.create(newPath(), SECTORS, Caching.PAGE_CACHE);
        }
    }

    @Nested
    class LargeSectorContract extends DiskContract {
        @Override
        protected Disk newDisk() throws Exception {
            return new LargeSectorDisk(FileDisk.create(newPath(), SECTORS + 3, Caching.DIRECT), 4096);
        }
    }

    /** A file whose space was all taken when it was made, and stays so. */
    @Nested
    class AllocatedContract extends DiskContract {
        @Override
        protected Disk newDisk() throws Exception {
            Path path = newPath();
            Disk disk = FileDisk.createAllocated(path, SECTORS, Caching.DIRECT);
            FileStatus made = FileStatus.of(path);
            assumeTrue(made.allocatedBytes() >= made.sizeBytes(), "this file system allocates nothing beforehand");
            return disk;
        }
    }

    @Test
    void a_discard_gives_back_the_space_of_a_file_unless_all_of_it_was_there_when_it_was_opened() throws Exception {
        for (boolean sparse : new boolean[] {true, false}) {
            Path path = newPath();
            long sectors = 8192;
            try (FileDisk disk = sparse
                    ? FileDisk.create(path, sectors, Caching.DIRECT)
                    : FileDisk.createAllocated(path, sectors, Caching.DIRECT)) {
                disk.write(0, filled(8000, 1));
                disk.flush();
                long before = FileStatus.of(path).allocatedBytes();
                assumeTrue(disk.discard(2048, 4096), "this file system cannot do that");
                disk.flush();
                long freed = before - FileStatus.of(path).allocatedBytes();
                assertThat(freed).isEqualTo(sparse ? Units.bytesOfSectors(4096) : 0);
                MemorySegment all = filled(8000, 9);
                disk.read(0, all);
                MemorySegment wanted = filled(8000, 1);
                wanted.asSlice(Units.bytesOfSectors(2048), Units.bytesOfSectors(4096))
                        .fill((byte) 0);
                assertThat(all.mismatch(wanted)).isEqualTo(-1);
            }
        }
    }

    @Test
    void a_file_tells_where_nothing_was_written() throws Exception {
        try (FileDisk disk = FileDisk.create(newPath(), 8192, Caching.DIRECT)) {
            disk.write(2048, filled(1024, 1));
            disk.flush();
            assumeTrue(disk.extent(0, 8192).hole(), "this file system does not tell");
            assertThat(disk.extent(0, 8192)).isEqualTo(new Extent(2048, true));
            assertThat(disk.extent(1024, 512)).isEqualTo(new Extent(512, true));
            assertThat(disk.extent(2048, 6144)).isEqualTo(new Extent(1024, false));
            assertThat(disk.extent(2056, 8)).isEqualTo(new Extent(8, false));
            assertThat(disk.extent(3072, 5120)).isEqualTo(new Extent(5120, true));
        }
    }

    /** A file system in memory, whose direct I/O is none or a pretence. */
    @Nested
    class TmpfsContract extends DiskContract {
        @Override
        protected Disk newDisk() throws Exception {
            Path memory = Path.of("/dev/shm");
            assumeTrue(Files.isWritable(memory), "no writable /dev/shm here");
            Path path = Files.createTempFile(memory, "restripe", ".img");
            Files.delete(path);
            Disk disk = FileDisk.create(path, SECTORS, Caching.DIRECT);
            Files.delete(path); // the open file lives on until it is closed
            return disk;
        }
    }

    @Test
    void on_ext4_direct_requests_go_past_the_page_cache() throws Exception {
        String type = Files.getFileStore(folder).type();
        assumeTrue(type.equals("ext4") || type.equals("xfs"), "the temporary folder is on " + type);
        try (FileDisk disk = FileDisk.create(newPath(), 4096, Caching.DIRECT)) {
            assertThat(disk.direct()).isTrue();
        }
    }

    @Test
    void what_one_open_wrote_directly_another_reads_through_the_page_cache() throws Exception {
        Path path = newPath();
        try (FileDisk disk = FileDisk.create(path, 4096, Caching.DIRECT)) {
            disk.write(17, filled(8, 5));
            disk.flush();
        }
        byte[] all = Files.readAllBytes(path);
        assertThat(all).hasSize(Units.bufferBytesOfSectors(4096));
        assertThat(all[Units.bufferBytesOfSectors(17) - 1]).isZero();
        assertThat(all[Units.bufferBytesOfSectors(17)]).isEqualTo((byte) 5);
        assertThat(all[Units.bufferBytesOfSectors(25) - 1]).isEqualTo((byte) 5);
        assertThat(all[Units.bufferBytesOfSectors(25)]).isZero();
    }

    @Test
    void a_large_request_that_is_not_aligned_is_copied_in_pieces_and_arrives_whole() throws Exception {
        int sectors = 5000;
        byte[] contents = new byte[Units.bufferBytesOfSectors(sectors)];
        new SplittableRandom(3).nextBytes(contents);
        try (FileDisk disk = FileDisk.create(newPath(), sectors + 3, Caching.DIRECT)) {
            disk.write(3, DiskContract.oddlyPlaced(contents));
            MemorySegment read = DiskContract.oddlyPlaced(new byte[contents.length]);
            disk.read(3, read);
            assertThat(DiskContract.bytes(read)).isEqualTo(contents);
            byte[] onHeap = new byte[contents.length];
            disk.read(3, MemorySegment.ofArray(onHeap));
            assertThat(onHeap).isEqualTo(contents);
        }
    }

    @Test
    void a_second_open_for_writing_is_refused_in_the_same_process_too() throws Exception {
        Path path = newPath();
        try (FileDisk _ = FileDisk.create(path, 64, Caching.DIRECT)) {
            assertThatThrownBy(() -> FileDisk.open(path, Access.EXCLUSIVE)).hasMessageContaining("in use");
            assertThatThrownBy(() -> FileDisk.open(path, Access.READ_ONLY)).hasMessageContaining("in use");
        }
        try (FileDisk _ = FileDisk.open(path, Access.READ_ONLY);
                FileDisk _ = FileDisk.open(path, Access.READ_ONLY)) {
            assertThatThrownBy(() -> FileDisk.open(path, Access.EXCLUSIVE)).hasMessageContaining("in use");
        }
        FileDisk.open(path, Access.EXCLUSIVE).close();
    }

    @Test
    void a_disk_opened_read_only_reads_and_refuses_writes() throws Exception {
        Path path = newPath();
        FileDisk.create(path, 64, Caching.DIRECT).close();
        path.toFile().setReadOnly();
        try (FileDisk disk = FileDisk.open(path, Access.READ_ONLY)) {
            disk.read(0, filled(8, 1));
            disk.flush();
            assertThatThrownBy(() -> disk.write(0, filled(8, 1)))
                    .isInstanceOf(DiskException.class)
                    .hasMessageContaining("read-only");
        }
    }

    @Test
    void every_request_after_close_fails_and_none_reaches_another_file() throws Exception {
        FileDisk disk = FileDisk.create(newPath(), 64, Caching.DIRECT);
        disk.close();
        assertThatThrownBy(() -> disk.read(0, filled(8, 1))).hasMessageContaining("after close");
        assertThatThrownBy(() -> disk.write(0, filled(8, 1))).hasMessageContaining("after close");
        assertThatThrownBy(disk::flush).hasMessageContaining("after close");
    }

    @Test
    void a_file_that_is_cut_short_while_open_fails_to_read_and_says_where_it_ends() throws Exception {
        Path path = newPath();
        try (FileDisk disk = FileDisk.create(path, 4096, Caching.DIRECT);
                var channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
            channel.truncate(Units.bytesOfSectors(1000));
            disk.read(992, filled(8, 1));
            assertThatThrownBy(() -> disk.read(992, filled(16, 1))).hasMessageContaining("512000");
        }
    }

    @Test
    void what_is_no_disk_is_refused_with_the_reason() throws Exception {
        assertThatThrownBy(() -> FileDisk.open(folder, Access.READ_ONLY))
                .isInstanceOf(DiskException.class)
                .hasMessageContaining("neither a regular file nor a block device");
        assertThatThrownBy(() -> FileDisk.open(folder.resolve("absent"), Access.READ_ONLY))
                .isInstanceOf(DiskException.class)
                .hasMessageContaining("no such file or directory (ENOENT)");
        Path odd = Files.write(newPath(), new byte[1000]);
        assertThatThrownBy(() -> FileDisk.open(odd, Access.READ_ONLY)).hasMessageContaining("1000 bytes");
        assertThatThrownBy(() -> FileDisk.create(odd, 64, Caching.DIRECT)).hasMessageContaining("EEXIST");
    }

    private static MemorySegment filled(long sectors, int value) {
        return Buffers.allocate(sectors).fill((byte) value);
    }
}
