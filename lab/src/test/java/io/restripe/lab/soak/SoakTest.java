package io.restripe.lab.soak;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A slice of a simulated day; the whole of it is of the long part, and {@code lab soak} has no end. */
class SoakTest {
    private static final double SLICE_HOURS = 0.8;
    private static final double DAY_HOURS = 24;

    @TempDir
    Path folder;

    private final PrintStream silent = new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8);

    @Test
    @Timeout(600)
    void a_slice_of_a_day_loses_nothing() {
        Tally tally = new Soak(null, Long.getLong("restripe.seed", 3), silent).run(SLICE_HOURS);
        assertThat(tally.simulatedHours()).isGreaterThanOrEqualTo(SLICE_HOURS);
        assertThat(tally.of(Tally.Count.RESHAPES)).isPositive();
    }

    @Test
    @Timeout(600)
    void what_was_interrupted_goes_on_as_if_it_had_not_been() throws Exception {
        Path file = folder.resolve("soak");
        Tally parts = new Soak(file, 8, silent).run(0.01);
        assertThat(parts.of(Tally.Count.HISTORIES)).isEqualTo(1);
        String after = Files.readString(file);
        double further = parts.simulatedHours() + 0.01; // however long the first container lived: one more
        Tally once = new Soak(null, 8, silent).run(further);
        parts = new Soak(file, 99, silent).run(further); // the file has its own seed
        assertThat(Files.readString(file)).isNotEqualTo(after);
        assertThat(parts.of(Tally.Count.HISTORIES)).isEqualTo(2);
        for (Tally.Count count : EnumSet.complementOf(EnumSet.of(Tally.Count.REAL_NANOS))) {
            assertThat(parts.of(count)).as(count.name()).isEqualTo(once.of(count));
        }
    }

    @Tag("long")
    @Test
    @Timeout(7200)
    void a_day_loses_nothing() {
        Tally tally = new Soak(null, Long.getLong("restripe.seed", 1), silent).run(DAY_HOURS);
        assertThat(tally.of(Tally.Count.POWER_CUTS)).isPositive();
        assertThat(tally.of(Tally.Count.KILLS)).isPositive();
        assertThat(tally.of(Tally.Count.REBUILDS)).isPositive();
    }
}
