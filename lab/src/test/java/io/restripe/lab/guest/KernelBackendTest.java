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
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The kernel's arrays under our monitor and manager, with no mdadm and no mdmon in the way; mdadm judges afterwards. */
class KernelBackendTest {
    private static final int DISK_MIB = 24;
    /** Of each member: a change takes some seconds. */
    private static final int MODERATE_KIB = 3000;
    /** A change lives through some hosts. */
    private static final int SLOW_KIB = 1000;

    private static final Duration LONG = Duration.ofMinutes(12);

    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    private Path folder;

    @BeforeEach
    void needsUserModeLinux() {
        Kernels.assumeAvailable();
    }

    @Test
    void the_kernel_s_arrays_keep_the_contract_of_the_control_surface() throws Exception {
        try (Guest guest = Programs.boot(folder.resolve("guest"), KernelOracle.newImages(folder, 5, DISK_MIB))) {
            List<String> told = Programs.run(guest, "contract", LONG).lines().toList();
            assertThat(told.stream().filter(line -> line.startsWith("SUCCESSFUL")))
                    .hasSizeGreaterThan(10);
            assertThat(told.stream().filter(line -> line.matches("(FAILED|ABORTED).*")))
                    .isEmpty();
        }
    }

    @Test
    void a_volume_is_made_stopped_assembled_and_rebuilt_onto_a_spare() throws Exception {
        try (Guest guest = Programs.boot(folder.resolve("guest"), KernelOracle.newImages(folder, 4, DISK_MIB))) {
            Programs.run(guest, "life", LONG);
            judge(guest, "/dev/ubda /dev/ubdc /dev/ubdd", 3);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"GROW_RAID5", "CHUNK_RAID5", "RAID0_TO_RAID5"})
    void a_change_under_a_user_loses_nothing(Reshape which) throws Exception {
        change(which);
    }

    @Tag("long")
    @ParameterizedTest
    @EnumSource(names = {"GROW_RAID0", "CHUNK_RAID0"})
    void a_change_of_a_raid0_under_a_user_loses_nothing(Reshape which) throws Exception {
        change(which);
    }

    private void change(Reshape which) throws IOException {
        try (Guest guest =
                Programs.boot(folder.resolve("guest"), KernelOracle.newImages(folder, which.disks(), DISK_MIB))) {
            Programs.run(guest, "reshape " + which, LONG);
            judge(guest, "/dev/ubd[a-" + (char) ('a' + which.disks() - 1) + "]", 0);
        }
    }

    @Test
    void a_container_of_two_volumes_grows_under_two_users() throws Exception {
        try (Guest guest = Programs.boot(folder.resolve("guest"), KernelOracle.newImages(folder, 4, 2 * DISK_MIB))) {
            Programs.run(guest, "two-volumes", LONG);
            String told = guest.must("""
                    assemble
                    for n in 0 1; do select_volume $n; await_resync; md raid_disks; echo volume $n of $IS: $(mismatches); done
                    stop
                    """, LONG);
            assertThat(told).contains("volume 0 of 4: 0", "volume 1 of 4: 0");
        }
    }

    @Test
    void a_host_that_is_killed_in_mid_change_is_followed_by_one_that_takes_over() throws Exception {
        kills(Reshape.GROW_RAID5, 1);
    }

    @Tag("long")
    @ParameterizedTest
    @EnumSource(Reshape.class)
    void hosts_that_are_killed_in_every_change_are_followed_by_others(Reshape which) throws Exception {
        for (int seed = 1; seed <= 3; seed++) {
            kills(which, seed);
        }
    }

    private void kills(Reshape which, long seed) throws IOException {
        Path images = Files.createDirectories(folder.resolve("images" + seed));
        try (Guest guest = Programs.boot(
                folder.resolve("guest" + seed), KernelOracle.newImages(images, which.disks(), DISK_MIB))) {
            String told = Programs.run(guest, "speed " + SLOW_KIB, "kills " + which + " " + seed, LONG);
            assertThat(told).containsPattern("killed at .* reshape [0-9]");
            judge(guest, "/dev/ubd[a-" + (char) ('a' + which.disks() - 1) + "]", 0);
        }
    }

    @Test
    void monitor_and_manager_are_killed_each_by_itself_and_followed_by_others() throws Exception {
        actorKills(Reshape.GROW_RAID5, 1, 3);
    }

    @Tag("long")
    @ParameterizedTest
    @EnumSource(names = {"GROW_RAID5", "CHUNK_RAID5"})
    void monitors_and_managers_are_killed_each_by_itself_again_and_again(Reshape which) throws Exception {
        for (int seed = 2; seed <= 5; seed++) {
            actorKills(which, seed, 6);
        }
    }

    private void actorKills(Reshape which, long seed, int kills) throws IOException {
        Path images = Files.createDirectories(folder.resolve("actors" + seed));
        try (Guest guest = Programs.boot(
                folder.resolve("guest" + seed), KernelOracle.newImages(images, which.disks(), DISK_MIB))) {
            String told = Programs.run(guest, "speed " + SLOW_KIB, "actors " + which + " " + seed + " " + kills, LONG);
            assertThat(told).contains("managers killed");
            judge(guest, "/dev/ubd[a-" + (char) ('a' + which.disks() - 1) + "]", 0);
        }
    }

    @Test
    void a_guest_that_dies_in_mid_change_goes_on_where_it_was() throws Exception {
        powerFailure(Reshape.CHUNK_RAID5, 1);
    }

    @Tag("long")
    @ParameterizedTest
    @EnumSource(Reshape.class)
    void guests_that_die_in_every_change_go_on_where_they_were(Reshape which) throws Exception {
        for (int seed = 1; seed <= 3; seed++) {
            powerFailure(which, seed);
        }
    }

    /** The user has written some more since the change began, and then the machine is no more. */
    private void powerFailure(Reshape which, long seed) throws Exception {
        List<Path> images = KernelOracle.newImages(
                Files.createDirectories(folder.resolve("images" + seed)), which.disks(), DISK_MIB);
        String name = "guest" + seed;
        try (Guest guest = Programs.boot(folder.resolve(name), images)) {
            Thread script = Thread.ofVirtual().start(() -> {
                try {
                    guest.run(
                            Programs.prelude() + "speed " + MODERATE_KIB + "\nprogram begin " + which + " || die begin",
                            LONG);
                } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            });
            awaitWrites(guest.box(), new SplittableRandom(seed).nextInt(1, 150));
            guest.stopDead();
            script.join();
        }
        try (Guest guest = Programs.boot(folder.resolve(name), images)) {
            Programs.run(guest, "finish " + which, LONG);
            judge(guest, "/dev/ubd[a-" + (char) ('a' + which.disks() - 1) + "]", 0);
        }
    }

    private static void awaitWrites(Path box, int more) throws Exception {
        long deadline = System.nanoTime() + LONG.toNanos();
        long before = -1;
        while (before < 0 || Writer.noted(box.resolve("returned")) < before + more) {
            assertThat(System.nanoTime() - deadline)
                    .as("waited for the user's writes")
                    .isNegative();
            if (before < 0 && Files.exists(box.resolve("begun"))) {
                before = Writer.noted(box.resolve("returned"));
            }
            Thread.sleep(1);
        }
    }

    @Test
    void the_level_of_a_device_that_is_open_is_not_changed() throws Exception {
        try (Guest guest = Programs.boot(folder.resolve("guest"), KernelOracle.newImages(folder, 3, DISK_MIB))) {
            Programs.run(guest, "refusal", LONG);
            judge(guest, "/dev/ubd[a-c]", 3);
        }
    }

    @Test
    void what_mdadm_started_is_taken_over_and_what_is_ours_mdadm_stops() throws Exception {
        try (Guest guest = Programs.boot(folder.resolve("guest"), KernelOracle.newImages(folder, 3, DISK_MIB))) {
            String mdadm = "create 5 3 64 " + Reshape.MEMBER_KIB
                    + " v0\n! program adopt || die 'taken over from a living mdmon'\n"
                    + "grep -q 'keeps its metadata' $BOX/program.log || die refusal\nkill -KILL $(cat /run/mdadm/md127.pid)";
            Programs.run(guest, mdadm, "adopt", LONG);
            judge(guest, "/dev/ubd[a-c]", 3);
        }
    }

    /** The words of mdadm that ask its monitor, with restripe's in its place. */
    @Test
    void a_monitor_alone_stands_in_for_mdmon() throws Exception {
        try (Guest guest = Programs.boot(folder.resolve("guest"), KernelOracle.newImages(folder, 3, DISK_MIB))) {
            String told = guest.must(Programs.prelude() + "create 5 3 64 " + Reshape.MEMBER_KIB + " v0\n" + """
                    monitor() { "$JAVA" $JAVA_OPTIONS io.restripe.node.cli.Main monitor --process -- c0 /dev/ubda@/dev/ubda \
                        /dev/ubdb@/dev/ubdb /dev/ubdc@/dev/ubdc >$BOX/said 2>$BOX/monitor.log; }
                    state() { md array_state; [ "$IS" = "$1" ]; }
                    put() { dd if=/dev/zero of=/dev/$V bs=4k count=1 oflag=direct status=none || die "$1"; }
                    says() { grep -q "$1" $BOX/said; }
                    ! monitor && says 'keeps its metadata' || die "beside a living mdmon"
                    kill -KILL $(cat /run/mdadm/md127.pid)
                    : >$BOX/said; monitor & MONITOR=$!
                    until_true 60 says '"ok"' || die "$(cat $BOX/said $BOX/monitor.log)"
                    put 'a write to a clean array'
                    state active || die "after a write it is $IS"
                    mdadm --wait-clean /dev/$V || die wait-clean
                    state clean || die "after wait-clean it is $IS"
                    mdadm --examine /dev/ubda | grep -q 'Dirty State : clean' || die "not recorded clean"
                    mdadm --readonly /dev/$V && state readonly || die "readonly, $IS"
                    nap 1; state readonly || die "it does not stay read-only: $IS"
                    mdadm --readwrite /dev/$V && put 'a write after read-write' || die readwrite
                    mdadm --detail /dev/$V | grep -q 'Raid Devices : 3' || die detail
                    ! mdadm --grow /dev/$V --chunk=128 || die "mdadm reshapes with a monitor that does not understand it"
                    mdadm --fail /dev/$V /dev/ubdb || die fail
                    mdadm --remove $CONTAINER /dev/ubdb || until_true 10 mdadm --remove $CONTAINER /dev/ubdb || die remove
                    mdadm --examine /dev/ubda | grep -q 'Map State : degraded' || die "the failure is not recorded"
                    mdadm --stop /dev/$V || die stop
                    wait $MONITOR || die "the monitor ends with $?"
                    mdadm --examine /dev/ubda | grep -q 'Dirty State : clean' || die "not recorded clean at the stop"
                    mdadm --stop $CONTAINER || die "stop the container"
                    [ ! -e /run/mdadm/md127.sock ] && [ ! -e /run/mdadm/md127.pid ] || die "something is left behind"
                    echo stood in
                    """, LONG);
            assertThat(told).contains("stood in");
        }
    }

    /** Beside one that goes on: what is only being configured is nobody's business, and what has been started again is. */
    @Test
    void a_monitor_alone_looks_after_what_is_started_again_and_leaves_alone_what_is_not_yet() throws Exception {
        try (Guest guest = Programs.boot(folder.resolve("guest"), KernelOracle.newImages(folder, 3, DISK_MIB))) {
            String told = guest.must(Programs.prelude() + """
                    create 5 3 64 6144 v0
                    create_more 1 5 3 64 4096 v1
                    mdadm --wait-clean --scan
                    kill -KILL $(cat /run/mdadm/md127.pid)
                    "$JAVA" $JAVA_OPTIONS io.restripe.node.cli.Main monitor --process -- c0 /dev/ubda@/dev/ubda \
                        /dev/ubdb@/dev/ubdb /dev/ubdc@/dev/ubdc >$BOX/said 2>$BOX/monitor.log & MONITOR=$!
                    until_true 60 grep -q '"ok"' $BOX/said || die "$(cat $BOX/said $BOX/monitor.log)"
                    put() { timeout 30 dd if=/dev/zero of=/dev/$V bs=4k count=1 oflag=direct status=none || die "$1"; }
                    dirty() { mdadm --examine /dev/ubda | grep -A20 -F '[v1]' | grep -q "Dirty State : $1"; }
                    select_volume 1
                    put 'a write to the second volume'
                    dirty dirty || die 'the write is not recorded'
                    mdadm --stop /dev/$V || die stop
                    until_true 20 dirty clean || die 'the stop is not recorded'

                    echo md100 >/sys/module/md_mod/parameters/new_array
                    M=/sys/block/md100/md
                    echo external:/md127/1 >$M/metadata_version
                    echo raid5 >$M/level; echo 3 >$M/raid_disks; echo 65536 >$M/chunk_size; echo 4096 >$M/component_size
                    nap 2
                    [ "$(cat $M/array_state)" = inactive ] || die "somebody meddles with what is not started yet"
                    echo clear >$M/array_state
                    until_true 10 gone md100 || die "it does not go"

                    mdadm --incremental "$CONTAINER" || die 'start again'
                    select_volume 1 || die 'it does not run'
                    writable
                    put 'a write to the volume that was started again'
                    dirty dirty || die 'the write after it was started again is not recorded'
                    select_volume 0
                    put 'a write to the other'
                    for v in $(volume 1) $(volume 0); do mdadm --stop /dev/$v || die "stop $v"; done
                    wait $MONITOR || die "the monitor ends with $?"
                    dirty clean || die 'not recorded clean at the stop'
                    mdadm --stop $CONTAINER || die 'stop the container'
                    echo looked after
                    """, LONG);
            assertThat(told).contains("looked after");
        }
    }

    /** mdadm takes what we left and starts it; where a resync is owed it is done, and md finds no parity that differs. */
    private static void judge(Guest guest, String disks, int members) throws IOException {
        String told = guest.must("DISKS=$(ls " + disks + ")\n" + """
                assemble
                md raid_disks; echo disks $IS
                md sync_action; [ -z "$IS" ] || { speed 1000000; await_resync; echo mismatches $(mismatches); }
                stop
                """, LONG);
        if (told.contains("mismatches")) { // what has redundancy
            assertThat(told).containsPattern("(?m)^mismatches 0$");
        }
        if (members > 0) {
            assertThat(told).contains("disks " + members);
        }
    }
}
