package io.restripe.lab.guest;

import static org.assertj.core.api.Assertions.assertThat;

import io.restripe.lab.kernel.Guest;
import io.restripe.lab.kernel.KernelOracle;
import io.restripe.lab.kernel.Kernels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Volumes with a partial parity log or a write-intent bitmap, which md keeps, under our monitor; mdadm judges afterwards. */
class KernelPoliciesTest {
    private static final int DISK_MIB = 24;
    private static final int WRITES = 300;
    private static final Duration LONG = Duration.ofMinutes(8);

    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    private Path folder;

    @BeforeEach
    void needsUserModeLinux() {
        Kernels.assumeAvailable();
    }

    @ParameterizedTest
    @ValueSource(strings = {"ppl", "bitmap"})
    void a_guest_dies_under_writes_and_the_policy_makes_it_right(String policy) throws Exception {
        List<Path> images = KernelOracle.newImages(folder, 4, DISK_MIB);
        try (Guest guest = Programs.boot(folder.resolve("guest"), images)) {
            AtomicReference<String> said = new AtomicReference<>("");
            Thread script = Thread.ofVirtual().start(() -> {
                try {
                    said.set(guest.run(Programs.prelude() + "program policy begin " + policy + " || die begin", LONG)
                            .toString());
                } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            });
            long deadline = System.nanoTime() + LONG.toNanos();
            while (!Files.exists(guest.box().resolve("begun"))
                    || Writer.noted(guest.box().resolve("returned")) < WRITES) {
                assertThat(System.nanoTime() - deadline)
                        .as("waited for the user's writes")
                        .isNegative();
                assertThat(said.get()).as("the program has ended").isEmpty();
                Thread.sleep(1);
            }
            guest.stopDead();
            script.join();
        }
        try (Guest guest = Programs.boot(folder.resolve("guest"), images)) {
            String told = Programs.run(guest, "policy finish " + policy, LONG);
            assertThat(told).contains("kept " + policy);
            String judged = guest.must(
                    "DISKS=$(ls /dev/ubd[acd])\nassemble; md consistency_policy; echo keeps $IS; echo mismatches $(mismatches); stop",
                    LONG);
            assertThat(judged).contains("keeps " + policy).containsPattern("(?m)^mismatches 0$");
        }
    }
}
