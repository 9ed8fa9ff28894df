package io.restripe.lab.kill;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Minutes of real load with faults, so many as {@code -Drestripe.minutes} says; what happened is printed. */
@Tag("long")
class LoadTest {
    @TempDir
    Path folder;

    @Test
    @Timeout(7200)
    void a_real_load_with_kills_and_lost_members_in_reshape_after_reshape_loses_nothing() {
        Load load = new Load(folder, Long.getLong("restripe.seed", 1), System.out);
        String wrong = load.run(Long.getLong("restripe.minutes", 10));
        System.out.println(load);
        assertThat(wrong).isNull();
    }
}
