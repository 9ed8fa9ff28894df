package io.restripe.lab.guest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.restripe.lab.kernel.Guest;
import io.restripe.lab.kernel.KernelOracle;
import io.restripe.lab.kernel.UserModeLinux;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
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
        try (Guest guest = boot("guest", KernelOracle.newImages(folder, which.disks(), DISK_MIB))) {
            Programs.run(guest, "reshape " + which, LONG);
            judge(guest, "/dev/ubd[a-" + (char) ('a' + which.disks() - 1) + "]", 0);
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
        try (Guest guest = boot("guest" + seed, KernelOracle.newImages(images, which.disks(), DISK_MIB))) {
            String told = Programs.run(guest, "speed " + SLOW_KIB, "kills " + which + " " + seed, LONG);
            assertThat(told).containsPattern("killed at .* reshape [0-9]");
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
        try (Guest guest = boot(name, images)) {
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
        try (Guest guest = boot(name, images)) {
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
        try (Guest guest = boot("guest", KernelOracle.newImages(folder, 3, DISK_MIB))) {
            Programs.run(guest, "refusal", LONG);
            judge(guest, "/dev/ubd[a-c]", 3);
        }
    }

    @Test
    void what_mdadm_started_is_taken_over_and_what_is_ours_mdadm_stops() throws Exception {
        try (Guest guest = boot("guest", KernelOracle.newImages(folder, 3, DISK_MIB))) {
            String mdadm = "create 5 3 64 " + Reshape.MEMBER_KIB
                    + " v0\n! program adopt || die 'taken over from a living mdmon'\n"
                    + "grep -q 'keeps its metadata' $BOX/program.log || die refusal\nkill -KILL $(cat /run/mdadm/md127.pid)";
            Programs.run(guest, mdadm, "adopt", LONG);
            judge(guest, "/dev/ubd[a-c]", 3);
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
