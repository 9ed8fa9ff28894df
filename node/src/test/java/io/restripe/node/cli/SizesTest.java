package io.restripe.node.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SizesTest {
    @ParameterizedTest
    @CsvSource({
        "0,1,0",
        "7,1,7",
        "7,1024,7168",
        "8s,1,4096",
        "1K,1,1024",
        "1k,1024,1024",
        "2M,1,2097152",
        "2MiB,1,2097152",
        "3G,1024,3221225472",
        "1T,1,1099511627776",
        "5B,1024,5"
    })
    void a_size_is_a_number_and_a_unit(String text, long unit, long bytes) {
        assertThat(Sizes.parse(text, unit)).isEqualTo(bytes);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "K", "-1", "1.5G", "1X", "1KK", "99999999999999999999", "9999999999G"})
    void anything_else_is_refused_with_a_reason(String text) {
        assertThatThrownBy(() -> Sizes.parse(text, 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(text);
    }

    @ParameterizedTest
    @CsvSource({"12,12 bytes", "1024,1 KiB", "1536,1.5 KiB", "3221225472,3 GiB", "130023424,124 MiB"})
    void a_size_is_written_short(long bytes, String text) {
        assertThat(Sizes.text(bytes)).isEqualTo(text);
    }
}
