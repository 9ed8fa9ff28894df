package io.restripe.node.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.restripe.assembly.CopyAreaUse;
import io.restripe.consistency.ConsistencyPolicy;
import io.restripe.rule.ProblemException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Who does the I/O where nobody says so; here everything under /dev is a block device. */
class BackendChooserTest {
    private static final List<String> DEVICES = List.of("/dev/sda", "/dev/sdb", "/dev/sdc");
    private static final List<String> FILES = List.of("/d/a.img", "/d/b.img", "/d/c.img");

    /** A system as a test wants it. */
    private static final class Planted implements BackendChooser.Here {
        private String running;
        private String waiting;
        private String noMd;
        private String noLevel = "";
        private boolean damaged;
        private BackendChooser.Held held =
                new BackendChooser.Held("v0", Set.of("raid5"), ConsistencyPolicy.RESYNC, false);

        @Override
        public boolean isBlockDevice(String member) {
            return member.startsWith("/dev/");
        }

        @Override
        public Optional<String> running(List<String> devices) {
            return Optional.ofNullable(running);
        }

        @Override
        public Optional<String> waiting(String container) {
            return Optional.ofNullable(waiting);
        }

        @Override
        public Optional<String> withoutMd(Set<String> levels) {
            return Optional.ofNullable(noMd)
                    .or(() -> levels.contains(noLevel) ? Optional.of("no " + noLevel) : Optional.empty());
        }

        @Override
        public Optional<List<BackendChooser.Held>> volumes(List<String> members, CopyAreaUse copyArea) {
            return damaged ? Optional.empty() : Optional.of(List.of(held));
        }
    }

    private final Planted here = new Planted();
    private final BackendChooser chooser = new BackendChooser(here);

    private static StartOptions assembling(List<String> members) {
        return StartOptions.normal("c0", members, StartOptions.USUAL_MEMBER_TIMEOUT_NANOS);
    }

    private static CreateRequest creating(List<String> members, ConsistencyPolicy policy) {
        return new CreateRequest("v0", 5, 0, 3, 64, 0, members, NewFiles.NONE, false, false, policy);
    }

    private BackendChoice started(List<String> members) throws ProblemException {
        return chooser.forStarting(assembling(members), Optional.empty());
    }

    private BackendChoice made(List<String> members) throws ProblemException {
        return chooser.forCreating("c0", creating(members, ConsistencyPolicy.RESYNC), Optional.empty());
    }

    private static void assertEmbedded(BackendChoice choice, String why) {
        assertThat(choice.backend()).isEqualTo(Backend.EMBEDDED);
        assertThat(choice.note().orElse(""))
                .startsWith("the host process does the I/O, and not Linux md: ")
                .contains(why);
    }

    @Test
    void block_devices_are_left_to_linux_md() throws Exception {
        for (BackendChoice choice : List.of(started(DEVICES), made(DEVICES))) {
            assertThat(choice.backend()).isEqualTo(Backend.KERNEL);
            assertThat(choice.note().orElse("")).contains("md does the I/O", "--backend=embedded");
        }
    }

    @Test
    void files_and_disks_on_servers_are_served_by_the_host_process_and_nothing_is_said() throws Exception {
        List<String> servers = List.of("nbd://a/x", "nbd://b/x", "nbd://c/x");
        for (List<String> members : List.of(FILES, servers)) {
            assertThat(started(members)).isEqualTo(BackendChoice.plain(Backend.EMBEDDED));
            assertThat(made(members)).isEqualTo(BackendChoice.plain(Backend.EMBEDDED));
        }
    }

    @Test
    void one_member_that_is_no_block_device_is_named() throws Exception {
        List<String> mixed = List.of("/dev/sda", "/d/b.img", "/dev/sdc");
        assertEmbedded(started(mixed), "/d/b.img is no block device");
        assertEmbedded(made(mixed), "/d/b.img is no block device");
    }

    @Test
    void where_md_cannot_be_used_the_note_says_why() throws Exception {
        here.noMd = "the kernel has no md";
        assertEmbedded(started(DEVICES), "the kernel has no md");
        assertEmbedded(made(DEVICES), "the kernel has no md");
        here.noMd = null;
        here.noLevel = "raid5";
        assertEmbedded(started(DEVICES), "no raid5");
        assertEmbedded(made(DEVICES), "no raid5");
    }

    @Test
    void reshapes_that_the_kernel_refuses_are_taken_up_by_the_host_process() throws Exception {
        for (ConsistencyPolicy policy : List.of(ConsistencyPolicy.PPL, ConsistencyPolicy.BITMAP)) {
            here.held = new BackendChooser.Held("v7", Set.of("raid5"), policy, true);
            assertEmbedded(
                    started(DEVICES), "v7 is half-way through a reshape with --consistency-policy=" + policy.word());
            here.held = new BackendChooser.Held("v7", Set.of("raid5"), policy, false);
            assertThat(started(DEVICES).backend()).isEqualTo(Backend.KERNEL);
            BackendChoice choice = chooser.forCreating("c0", creating(DEVICES, policy), Optional.empty());
            assertThat(choice.backend()).isEqualTo(Backend.KERNEL);
        }
        here.held = new BackendChooser.Held("v7", Set.of("raid5"), ConsistencyPolicy.RESYNC, true);
        assertThat(started(DEVICES).backend()).isEqualTo(Backend.KERNEL);
    }

    @Test
    void what_md_runs_already_it_goes_on_running() throws Exception {
        here.running = "md127";
        here.held = new BackendChooser.Held("v0", Set.of("raid5"), ConsistencyPolicy.PPL, true);
        here.noLevel = "raid5";
        here.waiting = "/dev/nbd0";
        BackendChoice choice = started(DEVICES);
        assertThat(choice.backend()).isEqualTo(Backend.KERNEL);
        assertThat(choice.note().orElse("")).contains("md127", "already");
    }

    @Test
    void a_device_that_waits_for_the_next_host_process_gets_one_like_the_last() throws Exception {
        here.waiting = "/dev/nbd0";
        BackendChoice choice = started(DEVICES);
        assertThat(choice.backend()).isEqualTo(Backend.EMBEDDED);
        assertThat(choice.note().orElse("")).contains("/dev/nbd0 waits");
    }

    @Test
    void members_that_make_no_sense_are_left_to_the_start_to_explain() throws Exception {
        here.damaged = true;
        assertThat(started(DEVICES)).isEqualTo(BackendChoice.plain(Backend.EMBEDDED));
    }

    @Test
    void looking_without_writing_and_forgetful_members_take_the_host_process() throws Exception {
        StartOptions view = StartOptions.view("c0", DEVICES, CopyAreaUse.ASK);
        assertThat(chooser.forStarting(view, Optional.empty())).isEqualTo(BackendChoice.plain(Backend.EMBEDDED));
    }

    @Test
    void what_is_told_is_obeyed_without_a_word() throws Exception {
        for (Backend told : Backend.values()) {
            Stream.of(
                            chooser.forStarting(assembling(DEVICES), Optional.of(told)),
                            chooser.forCreating("c0", creating(DEVICES, ConsistencyPolicy.RESYNC), Optional.of(told)))
                    .forEach(choice -> assertThat(choice).isEqualTo(BackendChoice.plain(told)));
        }
    }

    @Test
    void the_kernel_s_back_end_is_refused_before_anything_is_made_where_it_cannot_be() {
        assertRefused(FILES, ConsistencyPolicy.RESYNC, "no member is a block device");
        here.noMd = "the kernel has no md";
        assertRefused(DEVICES, ConsistencyPolicy.RESYNC, "the kernel has no md");
    }

    private void assertRefused(List<String> members, ConsistencyPolicy policy, String why) {
        assertThatExceptionOfType(ProblemException.class)
                .isThrownBy(() -> chooser.forCreating("c0", creating(members, policy), Optional.of(Backend.KERNEL)))
                .satisfies(e -> assertThat(e.problem().why()).contains(why));
    }

    @Test
    void the_host_process_does_not_take_over_what_md_runs() {
        here.running = "md127";
        assertThatExceptionOfType(ProblemException.class)
                .isThrownBy(() -> chooser.forStarting(assembling(DEVICES), Optional.of(Backend.EMBEDDED)))
                .satisfies(e -> assertThat(e.problem().why()).contains("md127"));
    }
}
