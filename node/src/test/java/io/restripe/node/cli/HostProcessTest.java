package io.restripe.node.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.restripe.node.daemon.Backend;
import io.restripe.node.daemon.BackendChoice;
import io.restripe.node.daemon.FakeEngine;
import io.restripe.node.rpc.Json;
import io.restripe.node.rpc.RunFolder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The command against a real host process over a real socket; only the array behind it is a stand-in. */
class HostProcessTest {
    @TempDir
    Path run;

    @BeforeEach
    void hosts_are_started_with_the_stand_in() {
        System.setProperty("restripe.main", FakeMain.class.getName());
    }

    @AfterEach
    void nothing_is_left_running() throws Exception {
        System.clearProperty("restripe.main");
        RunFolder folder = new RunFolder(run);
        for (String container : folder.containers()) {
            if (folder.alive(container)) {
                kill(folder.pid(container).orElseThrow());
            }
        }
    }

    private static void kill(long pid) throws Exception {
        ProcessHandle host = ProcessHandle.of(pid).orElseThrow();
        host.destroyForcibly();
        host.onExit().get();
    }

    private Invocation restripe(String... words) {
        return Invocation.of(run, words);
    }

    private Invocation assembled() {
        Invocation got = restripe("assemble", "c0", "/d/a.img", "/d/b.img");
        assertThat(got.status).as(got.err).isZero();
        return got;
    }

    @Test
    void a_container_runs_from_assemble_to_stop() throws Exception {
        assertThat(assembled().out)
                .contains("c0: imsm, 2 members", "v0: raid5 of 3, 64 KiB chunks, 3 MiB, clean [UUU]");
        assertThat(Files.getPosixFilePermissions(run.resolve("c0/host.sock")).toString())
                .doesNotContain("GROUP", "OTHERS");
        assertThat(restripe("status").out).contains("c0: imsm");
        assertThat(restripe("detail", "c0/v0").out).contains("Raid devices:  3");
        Map<String, Object> detail = Json.parse(restripe("detail", "c0", "--json").out);
        assertThat(detail).containsEntry("container", "c0").containsEntry("generation", 7);
        Invocation stop = restripe("stop", "c0");
        assertThat(stop.out).contains("c0 is stopped");
        assertThat(restripe("status").out).contains("No array is running");
        assertThat(run.resolve("c0")).as("nothing stays in the run folder").doesNotExist();
    }

    @Test
    void who_does_the_io_is_told_with_the_reason_to_people_and_to_programs() {
        FakeEngine engine = new FakeEngine();
        engine.suits = new BackendChoice(Backend.EMBEDDED, Optional.of("md is on holiday"));
        String create = "create c0/v0 --level=5 -n3 /d/a.img /d/b.img /d/c.img";
        Invocation made = Invocation.of(run, engine, new byte[0], create.split(" "));
        assertThat(made.out).contains("c0/v0 is made and running.", "note: md is on holiday", "c0: imsm, 3 members");
        restripe("stop", "c0");
        Invocation json = Invocation.of(run, engine, new byte[0], "assemble", "c0", "/d/a.img", "--json");
        assertThat(Json.parse(json.out))
                .containsEntry("backend", "embedded")
                .containsEntry("notes", List.of("md is on holiday"));
        assertThat(restripe("detail", "c0").out).containsPattern("Back end: +embedded");
    }

    @Test
    void a_further_volume_is_run_by_what_runs_the_container() {
        assembled();
        String more = "create c0/v1 --level=5 -n3 --backend=";
        assertThat(restripe((more + "embedded").split(" ")).status).isZero();
        Invocation refused = restripe((more + "kernel").split(" "));
        assertThat(refused.status).isEqualTo(1);
        assertThat(refused.err).contains("c0/v1 with --backend=kernel", "it runs with --backend=embedded");
    }

    @Test
    void bytes_written_at_any_place_come_back() {
        assembled();
        Random random = new Random(20);
        byte[] input = new byte[1_234_567];
        random.nextBytes(input);
        int offset = 777;
        Invocation write = Invocation.of(run, new FakeEngine(), input, "write", "c0/v0", "--offset=" + offset);
        assertThat(write.status).as(write.err).isZero();
        assertThat(write.out).contains("1234567 bytes are written to c0/v0 from byte 777, and durable");
        byte[] whole = restripe("cat", "c0/v0", "--length=2M").data;
        byte[] expected = new byte[2 << 20];
        System.arraycopy(input, 0, expected, offset, input.length);
        assertThat(Arrays.mismatch(whole, expected)).isEqualTo(-1);
        byte[] part = restripe("cat", "c0/v0", "--offset=1000", "--length=5").data;
        assertThat(part).isEqualTo(Arrays.copyOfRange(expected, 1000, 1005));
    }

    @Test
    void an_input_longer_than_the_volume_is_refused_and_a_range_behind_the_end_too() {
        assembled();
        byte[] input = new byte[2000];
        Invocation write = Invocation.of(
                run, new FakeEngine(), input, "write", "c0/v0", "--offset=" + (FakeEngine.VOLUME_BYTES - 1000));
        assertThat(write.status).isEqualTo(1);
        assertThat(write.err).contains("1000 bytes were written and flushed, the input has more");
        assertThat(restripe("cat", "c0/v0", "--offset=4M").err).contains("the volume has 3145728 bytes");
        assertThat(restripe("cat", "c0/v0", "--offset=1M", "--length=3M").status)
                .isEqualTo(1);
        assertThat(restripe("cat", "c0/nix", "--length=1").err).contains("only v0 is");
    }

    @Test
    void a_failing_write_ends_the_stream_with_its_reason_and_the_host_lives_on() {
        assembled();
        byte[] input = new byte[3 << 20];
        Invocation write = Invocation.of(run, new FakeEngine(), input, "write", "c0/v0");
        assertThat(write.status).isEqualTo(1);
        assertThat(write.err).contains("cannot write c0", "planted");
        assertThat(restripe("cat", "c0/v0", "--length=10").status).isZero();
    }

    @Test
    void requests_reach_the_container_and_its_refusals_reach_the_user() {
        assembled();
        assertThat(restripe("add", "c0", "/d/x.img").err).contains("/d/x.img is a spare of c0");
        Invocation fail = restripe("fail", "c0/v0", "/d/a.img");
        assertThat(fail.status).isEqualTo(1);
        assertThat(fail.err).contains("cannot fail /d/a.img", "the volume cannot lose it");
        assertThat(restripe("grow", "c0/v0", "-n4", "--plan").out).contains("v0 becomes raid5 of 4");
        assertThat(restripe("wait", "c0/v9").err).contains("there is no c0/v9", "its volumes are: v0");
    }

    @Test
    void a_bug_in_a_request_is_an_answer_and_not_the_end_of_the_host() {
        assembled();
        Invocation remove = restripe("remove", "c0", "s1");
        assertThat(remove.status).isEqualTo(1);
        assertThat(remove.err).contains("an error of restripe itself", "planted bug");
        assertThat(restripe("status").status).isZero();
    }

    @Test
    void a_grow_is_followed_to_its_end_with_lines_on_a_pipe() {
        assembled();
        Invocation grow = restripe("grow", "c0/v0", "--raid-devices=4", "--wait");
        assertThat(grow.status).as(grow.err).isZero();
        assertThat(grow.err).contains("c0/v0 reshape to raid5 of 4", "25.0%", "2 MiB/s, 0:00 left, backing up");
        Invocation begun = restripe("grow", "c0/v0", "--raid-devices=4");
        assertThat(begun.out).contains("Follow it: restripe wait c0/v0");
        assertThat(restripe("wait", "c0", "--timeout=0").err).contains("the time of 0 seconds is over");
    }

    @Test
    void on_a_terminal_one_line_is_overwritten_and_cleared() {
        assembled();
        Invocation grow = Invocation.onTerminal(run, 70, "grow", "c0/v0", "-n4", "--wait");
        assertThat(grow.status).as(grow.err).isZero();
        assertThat(grow.err).endsWith("\r\u001b[K").contains("25.0%", "2 MiB/s, 0:00 left, backing up");
        assertThat(grow.err).as("one line").doesNotContain("\n");
        assertThat(grow.err.split("\r\u001b\\[K", -1))
                .allSatisfy(line -> assertThat(line).hasSizeLessThan(70));
    }

    @Test
    void the_reason_of_a_failed_start_reaches_the_user() {
        Invocation got = restripe("assemble", "c0", "/d/bad.img", "--json");
        assertThat(got.status).isEqualTo(1);
        assertThat(Json.inner(Json.parse(got.err), "error").orElseThrow()).containsEntry("why", "bad.img is bad");
        assertThat(run.resolve("c0")).doesNotExist();
        assertThat(restripe("status").out).contains("No array is running");
    }

    @ParameterizedTest
    @CsvSource({"slot, BY_SLOT", "index, BY_INDEX", "unused, UNUSED"})
    void what_somebody_decided_about_a_doubtful_copy_area_reaches_the_host_and_the_offline_view(
            String word, String use) {
        Invocation got = restripe("assemble", "c0", "--copy-area=" + word, "/d/a.img");
        assertThat(got.out).contains("note: copy area " + use);
        FakeEngine engine = new FakeEngine();
        Invocation.of(run, engine, new byte[0], "cat", "--copy-area=" + word, "/d/a.img", "/d/b.img");
        assertThat(engine.asked).contains("start, copy area " + use);
    }

    @Test
    void two_hosts_of_one_name_are_impossible() {
        assembled();
        Invocation second = restripe("assemble", "c0", "/d/c.img");
        assertThat(second.status).isEqualTo(1);
        assertThat(second.err).contains("cannot start c0", "is running already, hosted by process");
        assertThat(restripe("status").status).isZero();
    }

    @Test
    void a_killed_host_is_told_and_the_next_assemble_takes_its_place() throws Exception {
        assembled();
        kill(new RunFolder(run).pid("c0").orElseThrow());
        Invocation status = restripe("status");
        assertThat(status.status).isEqualTo(1);
        assertThat(status.out).contains("c0: not running", "ended without stopping it", "restripe assemble c0");
        assembled();
        assertThat(restripe("status").status).isZero();
        kill(new RunFolder(run).pid("c0").orElseThrow());
        assertThat(restripe("stop", "c0").out).contains("was not running any more");
        assertThat(restripe("status").out).contains("No array is running");
    }

    @Test
    void an_unnamed_container_gets_the_first_free_name() {
        assertThat(restripe("assemble", "/d/a.img").out).contains("imsm0: imsm");
        assertThat(restripe("assemble", "/d/b.img").out).contains("imsm1: imsm");
    }

    @Test
    void finish_runs_in_the_foreground_and_stops() {
        Invocation got = restripe("assemble", "c0", "--finish", "/d/a.img");
        assertThat(got.status).as(got.err).isZero();
        assertThat(got.out).contains("c0: nothing is half-way any more; stopped cleanly");
        assertThat(restripe("status").out).contains("No array is running");
    }
}
