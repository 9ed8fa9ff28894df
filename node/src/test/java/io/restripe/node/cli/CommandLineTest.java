package io.restripe.node.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.restripe.node.daemon.FakeEngine;
import io.restripe.node.rpc.Json;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CommandLineTest {
    @TempDir
    Path run;

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "frobnicate | there is no such verb",
                "create | CONTAINER/VOLUME is missing",
                "create c0 --level=5 --raid-devices=3 a b c | a volume is needed",
                "create c0/v0 --raid-devices=3 a b c | it is missing",
                "create c0/v0 --level=7 --raid-devices=3 a b c | is no level",
                "create c0/v0 --level=5 a b c | it is missing",
                "create c0/v0 --level=5 --raid-devices=4 a b c | 4 members are needed, 3 are named",
                "create c0/v0 --level=5 --raid-devices=2 -x 2 a b c | 2 members and 2 spares are not the 3",
                "create c0/v0 --level=5 --raid-devices=3 --chunk=0 a b c | whole number of KiB above 0",
                "create c0/v0 --level=5 --raid-devices=3 --size=many a b c | is not a size",
                "create c0/v0 --level=5 --raid-devices=3 --size=9999999999G a b c | more than 8 EiB",
                "create c0/v0 --level=5 --raid-devices=1 a | 1 members: level 5 takes 2 to 255",
                "create c0/v0 --level=5 --raid-devices=3 --metadata=ddf a b c | is not supported; imsm is",
                "create c0/v0 --level=5 --raid-devices=3 | name the members to make it on",
                "create c0/this-name-is-too-long --level=5 -n3 a b c | is no volume name",
                "create ../x/v0 --level=5 -n3 a b c | is no container name",
                "create c0/v0 --frob a | Unknown option: '--frob'",
                "assemble | members are missing",
                "assemble c0 | members are missing behind c0",
                "assemble c0 --finish --read-only a | nothing can be finished",
                "assemble c0 --copy-area=mine a | is none of slot, index, unused",
                "create c0/v0 --level=5 -n3 --backend=md a b c | is neither embedded nor kernel",
                "create c0/v0 --level=5 -n3 --backend=kernel --no-start a b c | with --no-start nothing runs yet",
                "assemble c0 --read-only --backend=kernel a | looks at the members alone",
                "cat c0/v0 --copy-area=slot | it is about members alone",
                "grow c0 | no new shape is given",
                "grow c0 --plan | no new shape is given",
                "grow c0 --pause --continue | one contradicts the other",
                "grow c0 --pause --raid-devices=4 | it is about a reshape that runs",
                "grow c0 --raid-devices=many | is not a number from 1 to 255",
                "grow c0 --raid-devices=4 surplus | one argument too many",
                "fail c0 a | a volume is needed",
                "remove c0 | members are missing",
                "wait c0 --timeout=x | is not a number",
                "write c0/v0 --offset=1x | its unit is none of",
            })
    void what_is_not_understood_ends_with_status_2_and_says_where_why_and_what_to_do(String line, String why) {
        Invocation got = Invocation.of(run, line.split(" "));
        assertThat(got.status).as(got.err).isEqualTo(2);
        assertThat(got.err)
                .contains("restripe: cannot understand the command line")
                .contains("where:", "why:", "remedy:", "--help")
                .contains(why);
        assertThat(got.out).isEmpty();
    }

    @Test
    void a_refusal_in_json_has_all_four_parts_on_standard_error() {
        Invocation got = Invocation.of(run, "grow", "c0", "--json");
        assertThat(got.status).isEqualTo(2);
        Map<String, Object> error = Json.inner(Json.parse(got.err), "error").orElseThrow();
        assertThat(error.keySet()).containsExactly("what", "where", "why", "remedy");
        assertThat(error.values()).allSatisfy(v -> assertThat((String) v).isNotBlank());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "create",
                "assemble",
                "stop",
                "examine",
                "detail",
                "status",
                "add",
                "fail",
                "remove",
                "grow",
                "wait",
                "cat",
                "write"
            })
    void every_verb_has_a_help_text_and_takes_json(String verb) {
        Invocation got = Invocation.of(run, verb, "--help");
        assertThat(got.status).isZero();
        assertThat(got.out).startsWith("Usage: restripe " + verb).contains("--json", "--help");
        assertThat(Invocation.of(run, "--help").out).contains("  " + verb + " ");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "detail c0",
                "stop c0",
                "add c0 a",
                "fail c0/v0 a",
                "grow c0 -n4",
                "wait c0",
                "cat c0/v0",
                "write c0/v0"
            })
    void a_container_that_does_not_run_is_refused_with_status_1(String line) {
        Invocation got = Invocation.of(run, line.split(" "));
        assertThat(got.status).isEqualTo(1);
        assertThat(got.err).contains("restripe: c0 is not running", "restripe assemble c0");
    }

    @Test
    void create_hands_on_what_was_asked_for() {
        FakeEngine engine = new FakeEngine();
        Invocation got = Invocation.of(
                run,
                engine,
                new byte[0],
                "create c0/v0 -l raid5 -n 3 -c 128 -z 2G --assume-clean --no-start /d/a /d/b@SER /d/c /d/d".split(" "));
        assertThat(got.status).as(got.err).isZero();
        Map<String, Object> asked = Json.parse(engine.asked.getFirst().substring("create ".length()));
        assertThat(asked)
                .containsEntry("level", 5)
                .containsEntry("raid-devices", 3)
                .containsEntry("chunk-kib", 128)
                .containsEntry("member-kib", 2 << 20)
                .containsEntry("assume-clean", true)
                .containsEntry("force", false)
                .containsEntry("members", List.of("/d/a", "/d/b@SER", "/d/c", "/d/d"));
    }

    @Test
    void relative_members_become_absolute() {
        FakeEngine engine = new FakeEngine();
        Invocation.of(run, engine, new byte[0], "create", "c0/v0", "-l0", "-n1", "--no-start", "x.img");
        assertThat(engine.asked.getFirst())
                .contains(Path.of("x.img").toAbsolutePath().toString());
    }

    @Test
    void a_refusal_of_the_engine_ends_with_status_1() {
        Invocation got = Invocation.of(run, "create", "c0/v0", "-l0", "-n1", "--no-start", "small.img");
        assertThat(got.status).isEqualTo(1);
        assertThat(got.err).contains("restripe: cannot create v0", "why:     small.img is too small");
    }

    @Test
    void examine_tells_of_the_good_members_although_one_is_bad() {
        Invocation text = Invocation.of(run, "examine", "/d/a.img", "/d/bad.img", "/d/c.img");
        assertThat(text.status).isEqualTo(1);
        assertThat(text.out).contains("/d/a.img: fine", "/d/c.img: fine");
        assertThat(text.err).contains("cannot read /d/bad.img");
        Invocation json = Invocation.of(run, "--json", "examine", "/d/a.img", "/d/bad.img");
        assertThat(json.status).isEqualTo(1);
        List<Map<String, Object>> members = Json.maps(Json.parse(json.out), "members");
        assertThat(members).hasSize(2);
        assertThat(members.get(1)).containsKey("error");
    }

    @Test
    void status_of_nothing_is_no_failure() {
        assertThat(Invocation.of(run, "status").status).isZero();
        assertThat(Json.maps(Json.parse(Invocation.of(run, "status", "--json").out), "containers"))
                .isEmpty();
    }

    @Test
    void modes_may_be_written_as_mdadm_has_them() {
        assertThat(Invocation.of(run, "--stop", "c0").err).contains("c0 is not running");
    }
}
