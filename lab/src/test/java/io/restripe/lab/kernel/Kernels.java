package io.restripe.lab.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/** What tests in guests share. */
public final class Kernels {
    private Kernels() {}

    /** Skips, saying why, where there is no User Mode Linux; fails where that would be hidden from everybody: under CI. */
    public static void assumeAvailable() {
        var why = UserModeLinux.unavailable();
        if ("true".equals(System.getenv("CI"))) {
            assertThat(why).as("the oracle may not be skipped under CI").isEmpty();
        }
        assumeTrue(why.isEmpty(), () -> why.orElse(""));
    }
}
