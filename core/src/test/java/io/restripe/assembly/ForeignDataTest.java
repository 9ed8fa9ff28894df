package io.restripe.assembly;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.restripe.disk.Buffers;
import io.restripe.disk.FileDisk;
import io.restripe.disk.MemoryDisk;
import io.restripe.metadata.MemberDisk;
import io.restripe.rule.Problem;
import io.restripe.unit.Units;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ForeignDataTest {
    private static final long SECTORS = 32_768;
    private static final long BYTES = 16L << 20;

    private final MemoryDisk disk = new MemoryDisk("m0", SECTORS);

    /** Puts bytes, one a character, at a byte; a negative position counts from the end. */
    private void put(long at, String bytes) throws Exception {
        long place = at < 0 ? BYTES + at : at;
        byte[] raw = bytes.getBytes(StandardCharsets.ISO_8859_1);
        long start = Units.sectorsOfBytesFloor(place);
        MemorySegment around = Buffers.allocate(Math.min(8, SECTORS - start));
        disk.read(start, around);
        long offset = place - Units.bytesOfSectors(start);
        MemorySegment.copy(raw, 0, around, ValueLayout.JAVA_BYTE, offset, raw.length);
        disk.write(start, around);
    }

    private List<String> found() throws Exception {
        return ForeignData.probe(disk).stream().map(ForeignData.Finding::what).toList();
    }

    @ParameterizedTest
    @CsvSource(textBlock = """
                    XFS file system, 0, XFSB
                    Btrfs file system, 65600, _BHRfS_M
                    ISO 9660 file system, 32769, CD001
                    NTFS file system, 3, 'NTFS    '
                    exFAT file system, 3, 'EXFAT   '
                    LUKS encryption, 0, 0x4c554b53babe
                    swap space, 4086, SWAPSPACE2
                    swap space, 65526, SWAPSPACE2
                    swap space with a suspended system, 4086, S1SUSPEND
                    GPT partition table, 512, EFI PART
                    GPT partition table, 4096, EFI PART
                    'GPT partition table, backup', -512, EFI PART
                    'GPT partition table, backup', -4096, EFI PART
                    DDF RAID metadata, -512, 0xde11de11
                    Promise RAID metadata, -32256, 'Promise Technology, Inc.'
                    NVIDIA RAID metadata, -1024, 'NVIDIA  '
                    LSI MegaRAID metadata, -512, $XIDE$
                    Linux md superblock 1.1, 0, 0xfc4e2ba901000000
                    Linux md superblock 1.2, 4096, 0xfc4e2ba901000000
                    Linux md superblock 1.0, -8192, 0xfc4e2ba901000000
                    Linux md superblock 0.90, -65536, 0xfc4e2ba900000000
                    ZFS label, 131072, 0x0cb1ba0000000000
                    ZFS label, 132096, 0x0000000000bab10c
                    ZFS label, -131072, 0x0cb1ba0000000000
                    """)
    void a_signature_in_its_place_is_found_and_nothing_else(String what, long at, String bytes) throws Exception {
        boolean hex = bytes.startsWith("0x");
        put(at, hex ? new String(HexFormat.of().parseHex(bytes.substring(2)), StandardCharsets.ISO_8859_1) : bytes);
        assertThat(found()).containsExactly(what);
        assertThat(ForeignData.probe(disk).getFirst().atByte()).isEqualTo(at < 0 ? BYTES + at : at);
    }

    @Test
    void an_lvm_label_is_found_in_any_of_the_first_four_sectors() throws Exception {
        put(512, "LABELONE");
        assertThat(found()).isEmpty();
        put(512 + 24, "LVM2 001");
        assertThat(found()).containsExactly("LVM physical volume");
    }

    @Test
    void an_ext_file_system_is_named_by_its_features() throws Exception {
        put(1024 + 56, "S\u00ef");
        assertThat(found()).as("a magic alone, with 0 blocks").isEmpty();
        put(1024 + 4, "\u0000\u0010");
        assertThat(found()).containsExactly("ext2 file system");
        put(1024 + 92, "\u0004");
        assertThat(found()).containsExactly("ext3 file system");
        put(1024 + 96, "@");
        assertThat(found()).containsExactly("ext4 file system");
    }

    @Test
    void a_boot_mark_counts_as_partition_table_only_with_entries_that_make_sense() throws Exception {
        put(510, "U\u00aa");
        assertThat(found()).as("no entries").isEmpty();
        put(446, "\u0080\0\0\0\u0083\0\0\0\0\u0008\0\0\0\u0010\0\0");
        assertThat(found()).containsExactly("MBR partition table (1 in use)");
        put(462, "3");
        assertThat(found()).as("a status that is none").isEmpty();
        put(462, "\0\0\0\0\u00ee\0\0\0\u0001\0\0\0\u00ff\u00ff\u00ff\u00ff");
        assertThat(found()).containsExactly("protective MBR of a GPT");
        put(462, "\0\0\0\0\u0083\0\0\0\u0001\0\0\u00ff\u00ff\u00ff\u00ff\u00ff");
        assertThat(found()).as("a start behind the disk").isEmpty();
    }

    @Test
    void a_fat_boot_sector_is_a_file_system_and_not_a_partition_table() throws Exception {
        put(82, "FAT32   ");
        put(510, "U\u00aa");
        assertThat(found()).containsExactly("FAT file system");
    }

    @Test
    void zeros_and_disks_smaller_than_any_structure_carry_nothing() throws Exception {
        assertThat(found()).isEmpty();
        for (long sectors : new long[] {0, 1, 7, 100, 1025}) {
            assertThat(ForeignData.probe(new MemoryDisk("tiny", sectors))).isEmpty();
        }
        assertThat(ForeignData.probe(new MemoryDisk("4kn", 4096, 4096))).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void random_bytes_are_looked_at_without_harm(long seed) throws Exception {
        byte[] noise = new byte[1 << 20];
        new SplittableRandom(seed).nextBytes(noise);
        MemoryDisk noisy = new MemoryDisk("noise", 2048);
        MemorySegment buffer = Buffers.allocate(2048);
        MemorySegment.copy(noise, 0, buffer, ValueLayout.JAVA_BYTE, 0, noise.length);
        noisy.write(0, buffer);
        assertThat(ForeignData.probe(noisy)).as("seed %d", seed).hasSizeLessThan(3);
    }

    @Test
    void the_refusal_names_the_member_and_what_it_carries() throws Exception {
        MemberDisk member = new MemberDisk("/d/0.img", "A", disk);
        assertThat(ForeignData.refusal("cannot create c0", member)).isEmpty();
        put(0, "XFSB");
        Problem problem = ForeignData.refusal("cannot create c0", member).orElseThrow();
        assertThat(problem.text())
                .contains("cannot create c0")
                .contains("/d/0.img")
                .contains("XFS file system (signature at byte 0)")
                .contains("--force");
    }

    static Stream<List<String>> tools() {
        return Stream.of(
                List.of("ext4 file system", "mkfs.ext4", "-q", "-F"),
                List.of("ext2 file system", "mkfs.ext2", "-q", "-F"),
                List.of("swap space", "mkswap"),
                List.of("XFS file system", "mkfs.xfs", "-q", "-f"),
                List.of("FAT file system", "mkfs.vfat"));
    }

    @ParameterizedTest
    @MethodSource("tools")
    void what_the_real_tools_make_is_recognised(List<String> tool, @TempDir Path folder) throws Exception {
        Path file = folder.resolve("disk.img");
        try (RandomAccessFile raw = new RandomAccessFile(file.toFile(), "rw")) {
            raw.setLength(320L << 20);
        }
        List<String> command = new ArrayList<>(tool.subList(1, tool.size()));
        command.add(file.toString());
        command.set(0, path(command.getFirst()));
        Process made = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("log").toFile())
                .start();
        assertThat(made.waitFor()).as(Files.readString(folder.resolve("log"))).isZero();
        try (FileDisk opened = FileDisk.open(file, FileDisk.Access.READ_ONLY)) {
            assertThat(ForeignData.probe(opened).stream().map(ForeignData.Finding::what))
                    .containsExactly(tool.getFirst());
        }
    }

    private static String path(String tool) throws IOException {
        for (String folder : new String[] {"/usr/sbin", "/sbin", "/usr/bin"}) {
            if (Files.isExecutable(Path.of(folder, tool))) {
                return folder + "/" + tool;
            }
        }
        assumeTrue(false, tool + " is not on this machine");
        throw new IOException(tool);
    }
}
