package io.restripe.node.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.restripe.array.Holds;
import io.restripe.node.rpc.Shape;
import io.restripe.node.rpc.VolumeStatus;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The progress line in terminals of many widths. */
class ProgressLineTest {
    private static final String NAME = "container/volume ";

    private static VolumeStatus reshape(String phase, long speedKib) {
        Shape three = new Shape("raid5", "left-asymmetric", 3, 64, 1L << 40);
        Shape four = new Shape("raid5", "left-asymmetric", 4, 64, 2L << 40);
        return new VolumeStatus(
                "volume",
                "u",
                three,
                Optional.of(four),
                "resync",
                "active",
                0,
                List.of("a", "b", "c", "d"),
                new VolumeStatus.Work("reshape", phase, 1L << 29, 1L << 31, speedKib),
                Optional.empty(),
                Holds.NONE,
                List.of(),
                "");
    }

    @ParameterizedTest
    @ValueSource(ints = {79, 100, 119, 160})
    void it_fits_and_tells_speed_time_and_phase(int columns) {
        VolumeStatus v = reshape("backing up", 123456);
        String left = StatusText.duration(v.work().remainingSeconds()) + " left";
        String line = StatusText.work(NAME, v, columns);
        assertThat(line).hasSizeLessThanOrEqualTo(columns);
        assertThat(line).startsWith(NAME + "reshape").contains("25.0% of 1 TiB", "121 MiB/s", left);
        assertThat(line).endsWith(", backing up");
    }

    @Test
    void what_it_becomes_gives_way_first_and_then_the_bar() {
        VolumeStatus v = reshape("relocating", 2048);
        assertThat(StatusText.work(NAME, v, 200)).contains("to raid5 of 4, 64 KiB chunks [=====");
        assertThat(StatusText.work(NAME, v, 119)).doesNotContain("to raid5").contains(" [======>");
        assertThat(StatusText.work(NAME, v, 79)).doesNotContain("[").endsWith("relocating");
        for (int columns = 0; columns < 200; columns++) {
            assertThat(StatusText.work(NAME, v, columns)).hasSizeLessThanOrEqualTo(columns);
        }
    }

    @Test
    void a_paused_reshape_has_neither_speed_nor_time() {
        assertThat(StatusText.work(NAME, reshape("paused", -1), 160)).endsWith("25.0% of 1 TiB, paused");
    }
}
