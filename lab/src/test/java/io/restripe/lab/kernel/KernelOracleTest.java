package io.restripe.lab.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/** The harness itself: mdadm against mdadm, so that a difference elsewhere is ours and not the oracle's. */
class KernelOracleTest {
    private static final KernelOracle.Made RAID5 = new KernelOracle.Made(5, 3, 64, 20480, "v0");

    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    private Path folder;

    @BeforeEach
    void needsUserModeLinux() {
        Kernels.assumeAvailable();
    }

    @Test
    void a_script_s_output_exit_and_death_come_back() throws Exception {
        try (Guest guest = UserModeLinux.boot(folder, Map.of())) {
            Guest.Outcome told = guest.run("echo some text; exit 7", Duration.ofSeconds(20));
            assertThat(told).isEqualTo(new Guest.Outcome(false, 7, "some text\n"));
            Guest.Outcome died = guest.run("echo c >/proc/sysrq-trigger; sleep 20", Duration.ofSeconds(20));
            assertThat(died.died()).isTrue();
            assertThat(guest.run("true", Duration.ofSeconds(5)).died()).isTrue();
        }
    }

    @Test
    void a_grow_that_dies_in_the_copy_area_is_finished_by_mdadm_itself() throws Exception {
        List<Path> images = KernelOracle.newImages(folder, 4, 64);
        Contents contents = Contents.blocks(folder.resolve("contents"), 40 << 20);
        try (KernelOracle oracle = KernelOracle.boot(folder.resolve("one"), images)) {
            KernelOracle.Seen made = oracle.create(RAID5, contents.file());
            assertThat(made.sha256()).isEqualTo(contents.sha256());
            assertThat(made.kib()).isEqualTo(40 << 10);
            assertThat(oracle.examine(0)).contains("Intel Raid ISM").contains("[v0]");
            oracle.reshapeAndDie("$CONTAINER --raid-devices=4", 2048 + 512, 4096, KernelOracle.SLOW_KIB);
        }
        try (KernelOracle oracle = KernelOracle.boot(folder.resolve("two"), images)) {
            assertThat(oracle.assembleAndFinish().members()).isEqualTo(4);
            KernelOracle.Seen grown = oracle.look(contents.bytes());
            assertThat(grown.sha256()).isEqualTo(contents.sha256());
            assertThat(grown.kib()).isEqualTo(60 << 10);
            assertThat(oracle.mismatches()).isZero();
            oracle.stopAndPowerOff();
        }
    }
}
