package io.restripe.node.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.restripe.node.rpc.Json;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** {@code restripe check} as it ships, on arrays in small files. */
class CheckOnFilesTest extends ArrayFiles {
    private static final String CREATE =
            "create c0/v0 --level=5 --raid-devices=3 --file-size=32M --assume-clean @a @b @c";
    private static final int CHUNK_BYTES = 64 << 10;

    private void damage(String name, long at) throws Exception {
        try (var file = new RandomAccessFile(folder.resolve(name + ".img").toFile(), "rw")) {
            file.seek(at);
            int was = file.read();
            file.seek(at);
            file.write(was ^ 1);
        }
    }

    private Invocation wrong(String line) {
        Invocation got = restripe(line);
        assertThat(got.status).as(line + ": " + got.out + got.err).isEqualTo(1);
        return got;
    }

    @Test
    void members_alone_are_checked_and_not_touched() throws Exception {
        good(CREATE);
        good(bytes(5_000_000, 1), "write c0/v0");
        good("stop c0");
        assertThat(good("check @a @b @c").out).contains("0 differ", "everything is consistent");
        damage("b", 3L * CHUNK_BYTES + 5);
        Path b = folder.resolve("b.img");
        byte[] before = Files.readAllBytes(b);
        assertThat(wrong("check @a @b @c").out)
                .contains(
                        "error: parity does not agree with the data",
                        "where:",
                        "why:",
                        "remedy:",
                        "something is wrong");
        assertSame(Files.readAllBytes(b), before);
        Map<String, Object> json = Json.parse(wrong("check --json --volume=v0 @a @b @c").out);
        assertThat(Json.text(json, "verdict")).isEqualTo("wrong");
        assertThat(Json.maps(json, "findings")).singleElement().satisfies(f -> {
            assertThat(Json.text(f, "severity")).isEqualTo("error");
            assertThat(Json.text(f, "kind")).isEqualTo("contents");
        });
        assertThat(wrong("check @a @b").out).contains("warning: a member is missing", "contents not compared");
        assertThat(wrong("check --volume=other @a @b @c").out).contains("there is no volume other");
        assertThat(restripe("check --repair @a @b @c").status).isEqualTo(2);
    }

    @Test
    void a_running_container_is_checked_and_repaired() throws Exception {
        good(CREATE);
        good(bytes(5_000_000, 2), "write c0/v0");
        assertThat(good("check c0").out).contains("0 differ", "everything is consistent");
        good("stop c0");
        damage("a", 5L * CHUNK_BYTES + 5);
        good("assemble c0 @a @b @c");
        assertThat(wrong("check c0/v0").out).contains("error: parity or copies do not agree", "check --repair c0/v0");
        Map<String, Object> repaired = Json.parse(wrong("check c0 --repair --json").out);
        assertThat(Json.text(repaired, "verdict")).isEqualTo("repaired");
        assertThat(Json.maps(repaired, "scrubs")).singleElement().satisfies(s -> {
            assertThat(Json.text(s, "action")).isEqualTo("repair");
            assertThat(Json.number(s, "differing-sectors")).isEqualTo(CHUNK_BYTES / 512);
        });
        assertThat(good("check c0").out).contains("everything is consistent");
        assertThat(good("check c0 --stop").out).contains("no check or repair of c0 runs any more");
        good("stop c0");
        assertThat(good("check @a @b @c").out).contains("everything is consistent");
    }

    @Test
    void a_container_that_does_not_run_and_a_line_without_arguments_are_told() {
        refused("check c0", "not running");
        assertThat(restripe("check").status).isEqualTo(2);
    }
}
