package io.restripe.lab.kill;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real processes that are killed in the middle of real reshapes. What a round was is printed, and a failure names its seed. */
class KillTest {
    private static final long SEED = Long.getLong("restripe.seed", System.nanoTime() >>> 10);
    private static final int ROUNDS = Integer.getInteger("restripe.rounds", 200);
    private static final int QUICK_ROUNDS = 3;

    @TempDir
    Path folder;

    private void assertNothingIsLost(int rounds) throws IOException {
        Rounds all = new Rounds(folder);
        List<String> failures = new ArrayList<>();
        long kills = 0;
        for (long seed = SEED; seed < SEED + rounds; seed++) {
            Result result = all.run(seed);
            System.out.println(result);
            kills += result.kills().size();
            if (result.failure() != null) {
                failures.add(result.toString());
            }
        }
        System.out.println(rounds + " rounds from seed " + SEED + ", " + kills + " kills");
        assertThat(failures).isEmpty();
        assertThat(kills).isGreaterThanOrEqualTo(rounds);
    }

    @Test
    void killed_processes_of_a_reshape_lose_nothing_that_was_flushed() throws IOException {
        assertNothingIsLost(QUICK_ROUNDS);
    }

    @Tag("long")
    @Test
    void killed_processes_of_many_reshapes_lose_nothing_that_was_flushed() throws IOException {
        assertNothingIsLost(ROUNDS);
    }
}
