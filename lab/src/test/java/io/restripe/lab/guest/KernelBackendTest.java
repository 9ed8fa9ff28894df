package io.restripe.lab.guest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.restripe.lab.kernel.Guest;
import io.restripe.lab.kernel.KernelOracle;
import io.restripe.lab.kernel.UserModeLinux;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The kernel's arrays under our monitor and manager, with no mdadm and no mdmon in the way; mdadm judges afterwards. */
class KernelBackendTest {
    private static final int DISK_MIB = 24;
    private static final Duration LONG = Duration.ofMinutes(3);

    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    private Path folder;

    @BeforeEach
    void needsUserModeLinux() {
        var why = UserModeLinux.unavailable();
        if ("true".equals(System.getenv("CI"))) {
            assertThat(why).as("the kernel may not be skipped under CI").isEmpty();
        }
        assumeTrue(why.isEmpty(), () -> why.orElse(""));
    }

    private Guest boot(String name, List<Path> images) throws IOException {
        Map<Integer, Path> disks = new TreeMap<>();
        for (int i = 0; i < images.size(); i++) {
            disks.put(i, images.get(i));
        }
        return UserModeLinux.boot(folder.resolve(name), disks, Programs.MEMORY_MIB);
    }

    @Test
    void the_kernel_s_arrays_keep_the_contract_of_the_control_surface() throws Exception {
        try (Guest guest = boot("guest", KernelOracle.newImages(folder, 5, DISK_MIB))) {
            List<String> told = Programs.run(guest, "contract", LONG).lines().toList();
            assertThat(told.stream().filter(line -> line.startsWith("SUCCESSFUL")))
                    .hasSizeGreaterThan(10);
            assertThat(told.stream().filter(line -> line.matches("(FAILED|ABORTED).*")))
                    .isEmpty();
        }
    }

    @Test
    void a_volume_is_made_stopped_assembled_and_rebuilt_onto_a_spare() throws Exception {
        try (Guest guest = boot("guest", KernelOracle.newImages(folder, 4, DISK_MIB))) {
            Programs.run(guest, "life", LONG);
            judge(guest, "/dev/ubda /dev/ubdc /dev/ubdd", 3);
        }
    }

    @ParameterizedTest
    @EnumSource(Reshape.class)
    void a_change_under_a_user_loses_nothing(Reshape which) throws Exception {
        try (Guest guest = boot("guest", KernelOracle.newImages(folder, which.disks(), DISK_MIB))) {
            Programs.run(guest, "reshape " + which, LONG);
            judge(guest, "/dev/ubd[a-" + (char) ('a' + which.disks() - 1) + "]", 0);
        }
    }

    /** mdadm takes what we left, starts it as it is, and md finds no parity that differs. */
    private static void judge(Guest guest, String disks, int members) throws IOException {
        String told = guest.must(
                "DISKS=$(ls " + disks
                        + ")\nassemble; md raid_disks; echo disks $IS; md"
                        + " sync_action; [ -z \"$IS\" ] || { echo mismatches $(mismatches); }; stop",
                LONG);
        assertThat(told).doesNotContainPattern("mismatches [1-9]");
        if (members > 0) {
            assertThat(told).contains("disks " + members);
        }
    }
}
