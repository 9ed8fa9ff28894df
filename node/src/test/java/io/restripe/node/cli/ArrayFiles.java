package io.restripe.node.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.restripe.node.rpc.ContainerStatus;
import io.restripe.node.rpc.Json;
import io.restripe.node.rpc.RunFolder;
import io.restripe.rule.Problem;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;

/** What tests of the command on arrays in small files share. */
abstract class ArrayFiles {
    private static final byte[] NOTHING = {};

    @TempDir
    Path folder;

    @AfterEach
    void nothing_is_left_running() throws Exception {
        RunFolder run = new RunFolder(run());
        for (String container : run.containers()) {
            if (run.alive(container)) {
                kill(container);
            }
        }
    }

    Path run() {
        return folder.resolve("run");
    }

    /** Waits, bounded, until a host process has said something in its log. */
    void awaitLogged(String container, String words) throws Exception {
        Path log = new RunFolder(run()).log(container);
        long deadline = System.nanoTime() + 90_000_000_000L;
        while (!java.nio.file.Files.readString(log).contains(words)) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError(words + " is not in " + java.nio.file.Files.readString(log));
            }
            Thread.sleep(50);
        }
    }

    void kill(String container) throws Exception {
        ProcessHandle host = ProcessHandle.of(
                        new RunFolder(run()).pid(container).orElseThrow())
                .orElseThrow();
        host.destroyForcibly();
        host.onExit().get();
    }

    Invocation restripe(String line) {
        return restripe(NOTHING, line);
    }

    /** Runs the words of a line; "@a" stands for the file a.img of the test's folder. */
    Invocation restripe(byte[] input, String line) {
        List<String> words = new ArrayList<>();
        for (String word : line.split(" ")) {
            words.add(
                    word.startsWith("@")
                            ? folder.resolve(word.substring(1) + ".img").toString()
                            : word);
        }
        return Invocation.real(run(), input, words.toArray(String[]::new));
    }

    Invocation good(String line) {
        return good(NOTHING, line);
    }

    Invocation good(byte[] input, String line) {
        Invocation got = restripe(input, line);
        assertThat(got.status).as(line + ": " + got.err).isZero();
        return got;
    }

    Invocation refused(String line, String... parts) {
        Invocation got = restripe(line);
        assertThat(got.status).as(line + ": " + got.out).isEqualTo(1);
        assertThat(got.err).contains("where:", "why:", "remedy:").contains(parts);
        return got;
    }

    /** Refused in these very words; "@" stands for the test's folder. */
    void refusedAs(String line, String what, String where, String why, String remedy) {
        Invocation got = restripe(line + " --json");
        assertThat(got.status).as(line + ": " + got.out + got.err).isEqualTo(1);
        Problem problem =
                Json.problemOf(Json.inner(Json.parse(got.err), "error").orElseThrow());
        assertThat(problem).as(line).isEqualTo(new Problem(here(what), here(where), here(why), here(remedy)));
    }

    private String here(String text) {
        return text.replace("@", folder + "/");
    }

    static byte[] bytes(int count, long seed) {
        byte[] bytes = new byte[count];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    static void assertSame(byte[] found, byte[] expected) {
        assertThat(found).hasSize(expected.length);
        assertThat(Arrays.mismatch(found, expected)).as("first difference").isEqualTo(-1);
    }

    ContainerStatus status() {
        return ContainerStatus.ofMap(Json.parse(good("detail c0 --json").out));
    }

    void newFile(String name) {
        try (var file =
                new java.io.RandomAccessFile(folder.resolve(name + ".img").toFile(), "rw")) {
            file.setLength(32 << 20);
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
