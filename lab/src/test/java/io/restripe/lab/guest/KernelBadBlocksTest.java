package io.restripe.lab.guest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.restripe.lab.kernel.Guest;
import io.restripe.lab.kernel.KernelOracle;
import io.restripe.lab.kernel.Kernels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/** The kernel's arrays over a member that cannot be written everywhere: its bad blocks are kept as mdmon keeps them. */
class KernelBadBlocksTest {
    private static final int DISK_MIB = 24;
    private static final Duration LONG = Duration.ofMinutes(8);

    /** A member over /dev/ubda whose sectors 10000 to 10063 can be neither read nor written. */
    private static final String DEVICE = """
            modprobe -d /tmp/root dm-mod || die modules
            SECTORS=$(blockdev --getsz /dev/ubda)
            { echo "0 10000 linear /dev/ubda 0"; echo "10000 64 error"
              echo "10064 $((SECTORS - 10064)) linear /dev/ubda 10064"; } >/tmp/bad.tab
            echo "0 $SECTORS linear /dev/ubda 0" >/tmp/good.tab
            dmsetup create m0 --noudevsync /tmp/good.tab || die dmsetup
            """;

    /** Small writes to where the member cannot be written; they wait for a monitor. */
    private static final String WRITES = """
            (dd if=/dev/zero of=/dev/md126 bs=4k seek=1200 count=1400 oflag=direct status=none && echo done >/tmp/written) &
            waits() { [ -n "$(cat /sys/block/md126/md/dev-dm-0/unacknowledged_bad_blocks)" ]; }
            until_true 20 waits || die "no bad block: $(cat /sys/block/md126/md/dev-dm-0/*bad_blocks /sys/block/md126/md/array_state)"
            """;

    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    private Path folder;

    @BeforeEach
    void needsUserModeLinuxAndDmsetup() {
        Kernels.assumeAvailable();
        boolean dmsetup = List.of("/sbin/dmsetup", "/usr/sbin/dmsetup").stream()
                .anyMatch(path -> Files.isExecutable(Path.of(path)));
        if ("true".equals(System.getenv("CI"))) {
            assertThat(dmsetup).as("dmsetup, of the package of that name").isTrue();
        }
        assumeTrue(dmsetup, "not installed: dmsetup");
    }

    private Guest boot() throws IOException {
        return Programs.boot(folder.resolve("guest"), KernelOracle.newImages(folder, 4, DISK_MIB));
    }

    @Test
    void a_bad_block_is_recorded_kept_over_a_stop_and_forgotten_when_overwritten() throws Exception {
        try (Guest guest = boot()) {
            assertThat(Programs.run(guest, DEVICE, "badblocks life", LONG)).contains("bad blocks came and went");
        }
    }

    @Test
    void writes_that_met_bad_blocks_while_no_monitor_lived_are_let_go_by_the_next() throws Exception {
        try (Guest guest = boot()) {
            Programs.run(guest, DEVICE, "badblocks orphan", LONG);
            assertThat(Programs.run(guest, WRITES, "badblocks heir", LONG)).contains("inherited");
        }
    }

    @Test
    void a_member_with_parity_that_failed_a_write_is_done_without() throws Exception {
        try (Guest guest = boot()) {
            assertThat(Programs.run(guest, DEVICE, "badblocks parity", LONG)).contains("nothing was forgotten");
        }
    }

    @Test
    void a_member_that_cannot_be_written_everywhere_is_lost_in_a_grow_and_nothing_else() throws Exception {
        try (Guest guest = boot()) {
            assertThat(Programs.run(guest, DEVICE, "badblocks reshape", LONG)).contains("grown without it");
        }
    }

    /** Who moves a bound holds what an acknowledgement needs, and waits for the writes that wait for that. */
    @Test
    void a_bad_block_that_cannot_be_acknowledged_costs_the_member_and_not_the_array() throws Exception {
        try (Guest guest = boot()) {
            Programs.run(guest, DEVICE, "badblocks orphan-with-parity", LONG);
            String deadlock = WRITES + """
                    echo active >/sys/block/md126/md/array_state
                    nap 1
                    (echo 0 >/sys/block/md126/md/suspend_lo; echo done >/tmp/suspended) &
                    nap 1; [ ! -e /tmp/suspended ] || die "suspended at once"
                    """;
            assertThat(Programs.run(guest, deadlock, "badblocks heir-of-deadlock", LONG))
                    .contains("inherited");
        }
    }
}
