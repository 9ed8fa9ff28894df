package io.restripe.lab.guest;

import static org.assertj.core.api.Assertions.assertThat;

import io.restripe.lab.kernel.Guest;
import io.restripe.lab.kernel.KernelOracle;
import io.restripe.lab.kernel.Kernels;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/** Disks that mdadm puts into containers that we run, and takes out of them. */
class BesideMdadmTest {
    private static final int DISK_MIB = 24;
    private static final Duration LONG = Duration.ofMinutes(12);

    private static final String COMMANDS = """
            export RESTRIPE_HOST_JAVA_OPTS="-XX:TieredStopAtLevel=1 -XX:CompressedClassSpaceSize=32m -Xlog:disable"
            restripe() { "$JAVA" $JAVA_OPTIONS io.restripe.node.cli.Main "$@"; }
            MEMBERS='/dev/ubda@/dev/ubda /dev/ubdb@/dev/ubdb /dev/ubdc@/dev/ubdc'
            detail() { restripe detail c0 >$BOX/detail || die detail; }
            shows() { detail; grep -q -- "$1" $BOX/detail; }
            must_show() { shows "$1" || { cat $BOX/detail $RESTRIPE_RUN/c0/host.log; die "not shown: $1"; }; }
            in_md() { [ -e /sys/block/md127/md/dev-$1 ]; }
            whole() { md degraded; [ "$IS" = 0 ] && quiet; }
            modprobe -d /tmp/root loop || die loop
            """;

    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    private Path folder;

    @BeforeEach
    void needsUserModeLinux() {
        Kernels.assumeAvailable();
    }

    private void inGuest(String script) throws Exception {
        try (Guest guest = Programs.boot(folder.resolve("guest"), KernelOracle.newImages(folder, 4, DISK_MIB))) {
            String told = guest.must(Programs.prelude() + COMMANDS + script + "\necho all of it", LONG);
            assertThat(told).contains("all of it");
        }
    }

    @Test
    void what_mdadm_adds_is_a_spare_of_ours_or_is_put_out_and_told() throws Exception {
        inGuest("""
                restripe create c0/v0 --level=5 --raid-devices=3 --chunk=64 --size=8M --force $MEMBERS || die create
                V=md126; CONTAINER=/dev/md127
                until_true 60 quiet || die resync
                mdadm --add $CONTAINER /dev/ubdd || die add
                must_show 'spare  */dev/ubdd .* /dev/ubdd$'
                mdadm --remove $CONTAINER /dev/ubdd || die "remove the spare"
                until_true 10 eval '! shows ubdd' || { cat $BOX/detail; die "it stays"; }
                mdadm --add $CONTAINER /dev/ubdd || die "add again"
                must_show 'spare  */dev/ubdd .* /dev/ubdd$'
                mdadm --fail /dev/$V /dev/ubdb || die fail
                until_true 60 whole || die "no rebuild"
                until_true 10 shows 'Slot 1: *.*ubdd in sync' || { cat $BOX/detail; die "not on the spare"; }
                mdadm --remove $CONTAINER /dev/ubdb || until_true 10 mdadm --remove $CONTAINER /dev/ubdb || die "remove the failed one"
                until_true 10 eval '! shows "/dev/ubdb$"' || { cat $BOX/detail; die "the failed one stays"; }
                mdadm --add $CONTAINER /dev/ubdb || die "add the one that failed"
                must_show 'spare  */dev/ubdb .* /dev/ubdb$'

                truncate -s 3M /tmp/small; losetup /dev/loop0 /tmp/small || die losetup
                mdadm --add $CONTAINER /dev/loop0; echo "mdadm ends with $?"
                until_true 10 eval '! in_md loop0' || die "too small, and left in md"
                must_show 'Note: .*/dev/loop0 was put into md127 from outside and is no spare of c0'
                ! grep -q '^  .*loop0' $BOX/detail || die "a disk of ours"
                truncate -s 24M /tmp/nameless; losetup /dev/loop1 /tmp/nameless
                cat /sys/block/loop1/dev >/sys/block/md127/md/new_dev || die new_dev
                until_true 20 eval '! in_md loop1' || die "no serial, and left in md"
                must_show 'Note: .*/dev/loop1 was put into .* no serial'
                grep -q 'loop1 was put into md127' $RESTRIPE_RUN/c0/host.log || die "not in the log"
                cat $BOX/detail
                restripe stop c0 || die stop
                DISKS=$(ls /dev/ubd[a-d])
                mdadm --examine /dev/ubdb
                CONTAINER=/dev/md/restripe; assemble; md raid_disks; [ "$IS" = 3 ] || die disks
                [ "$(mismatches)" = 0 ] || die mismatches
                stop
                """);
    }

    @Test
    void a_monitor_alone_makes_spares_of_what_mdadm_adds() throws Exception {
        inGuest("""
                DISKS='/dev/ubda /dev/ubdb /dev/ubdc'
                create 5 3 64 8192 v0
                kill -KILL $(cat /run/mdadm/md127.pid)
                said() { grep -q "$1" $BOX/said; }
                restripe monitor --process -- c0 $MEMBERS >$BOX/said 2>$BOX/monitor.log & MONITOR=$!
                until_true 60 said '"ok"' || die "$(cat $BOX/said $BOX/monitor.log)"
                CONTAINER=/dev/md127
                mdadm --fail /dev/$V /dev/ubdb || die fail
                mdadm --remove $CONTAINER /dev/ubdb || until_true 10 mdadm --remove $CONTAINER /dev/ubdb || die remove
                mdadm --add $CONTAINER /dev/ubdd || die add
                until_true 60 whole || { cat $BOX/monitor.log; die "no rebuild"; }
                mdadm --examine /dev/ubda | grep -q 'Disk.* Serial : /dev/ubdd' || die "not recorded"
                mdadm --wait-clean /dev/$V; mdadm --stop /dev/$V || die stop
                wait $MONITOR || die "the monitor ends with $?"
                cat $BOX/monitor.log
                mdadm --stop $CONTAINER
                """);
    }
}
