package io.restripe.disk;

import static org.assertj.core.api.Assertions.assertThat;

import io.restripe.os.FileStatus.Identity;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SerialsTest {
    private static final Identity DEVICE = new Identity(8, 16, -1);

    @TempDir
    Path devices;

    @ParameterizedTest
    @CsvSource(textBlock = """
                    '  WD-12 34\t5\n', WD-12345
                    a:b:0, a;b;0
                    0123456789ABCDEFG, 123456789ABCDEFG
                    '0123456789 ABCDEFGHIJ', 456789ABCDEFGHIJ
                    ' ', ''
                    """)
    void a_raw_serial_is_stored_without_blanks_and_by_its_last_sixteen(String raw, String stored) {
        assertThat(Serials.normalise(raw)).isEqualTo(stored);
    }

    @Test
    void what_is_not_ascii_or_cannot_be_seen_is_dropped() {
        assertThat(Serials.normalise("x\u00e9y\u0001")).isEqualTo("xy");
    }

    @Test
    void of_the_vital_product_data_only_the_text_counts_that_its_length_covers() throws Exception {
        Path folder = Files.createDirectories(devices.resolve("8:16/device"));
        byte[] page = "\0\u0080\0\u0008  SER-12garbage".getBytes(StandardCharsets.ISO_8859_1);
        Files.write(folder.resolve("vpd_pg80"), page);
        Files.writeString(folder.resolve("serial"), "other");
        assertThat(Serials.ofDevice(devices, DEVICE)).contains("SER-12");
        Files.write(folder.resolve("vpd_pg80"), new byte[2]);
        assertThat(Serials.ofDevice(devices, DEVICE)).as("next source").contains("other");
    }

    @Test
    void a_device_without_a_serial_has_none_and_a_partition_is_known_as_one() throws Exception {
        Files.createDirectories(devices.resolve("8:16"));
        assertThat(Serials.ofDevice(devices, DEVICE)).isEmpty();
        assertThat(Serials.isPartition(devices, DEVICE)).isFalse();
        Files.writeString(devices.resolve("8:16/partition"), "1");
        assertThat(Serials.isPartition(devices, DEVICE)).isTrue();
        Files.writeString(devices.resolve("8:16/serial"), "NVME 1\n");
        assertThat(Serials.ofDevice(devices, DEVICE)).contains("NVME1");
    }
}
