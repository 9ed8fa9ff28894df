package io.restripe.node.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The launcher script in a source tree of stand-ins: JDKs and Maven are shell scripts, and the PATH has nothing else of Java. */
class LauncherTest {
    private static final List<String> TOOLS = List.of(
            "sh",
            "cat",
            "cp",
            "find",
            "head",
            "id",
            "mkdir",
            "mv",
            "readlink",
            "rm",
            "sleep",
            "tail",
            "touch",
            "dirname");

    @TempDir
    Path folder;

    private Path root;
    private Path tools;
    private final Map<String, String> variables = new HashMap<>();

    @BeforeEach
    void a_source_tree_without_a_build() throws IOException {
        root = Files.createDirectories(folder.resolve("tree with blank"));
        for (String source : List.of("core/src/main", "node/src/main")) {
            Files.createDirectories(root.resolve(source));
            Files.writeString(root.resolve(source).resolve("A.java"), "class A {}");
        }
        for (String pom : List.of("pom.xml", "core/pom.xml", "node/pom.xml")) {
            Files.writeString(root.resolve(pom), "<project/>");
        }
        Path script = Path.of("..", "restripe").toAbsolutePath().normalize();
        Files.copy(script, root.resolve("restripe"), StandardCopyOption.COPY_ATTRIBUTES);
        tools = Files.createDirectories(folder.resolve("tools"));
        for (String tool : TOOLS) {
            for (String place : List.of("/bin", "/usr/bin")) {
                if (Files.isExecutable(Path.of(place, tool)) && Files.notExists(tools.resolve(tool))) {
                    executable(tools.resolve(tool), "exec " + place + "/" + tool + " \"$@\"\n");
                }
            }
        }
        executable(tools.resolve("mvn"), """
                echo "mvn with $JAVA_HOME" >> builds
                sleep ${BUILD_SECONDS:-0}
                [ -z "${BUILD_FAILS:-}" ] || { echo "ERROR planted"; exit 1; }
                mkdir -p node/target/lib
                echo jar > node/target/restripe-node-1.jar
                echo jar > node/target/lib/picocli.jar
                """);
        variables.put("PATH", tools.toString());
        variables.put("HOME", folder.toString());
        variables.put("RESTRIPE_JDK_DIRS", "");
        long past = Instant.now().minusSeconds(60).toEpochMilli();
        Files.setLastModifiedTime(root.resolve("pom.xml"), FileTime.fromMillis(past));
    }

    private static void executable(Path file, String script) throws IOException {
        Files.createDirectories(file.getParent());
        Files.writeString(file, "#!/bin/sh\n" + script);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    /** A JDK whose java prints its home and what it is asked to run. */
    private Path jdk(String name, String version, boolean releaseFile) throws IOException {
        Path home = folder.resolve(name);
        executable(home.resolve("bin/javac"), "exit 0\n");
        executable(home.resolve("bin/java"), """
                if [ "$1" = -version ]; then echo 'openjdk version "%s" 2025-09-16' >&2; exit 0; fi
                echo "java of %s"
                for word in "$@"; do echo "[$word]"; done
                """.formatted(version, name));
        if (releaseFile) {
            Files.writeString(home.resolve("release"), "IMPLEMENTOR=\"X\"\nJAVA_VERSION=\"" + version + "\"\n");
        }
        return home;
    }

    private record Run(int status, String out, String err) {}

    private Process begin(Path cwd, Path script, String... words) throws IOException {
        List<String> line = new ArrayList<>(List.of(script.toString()));
        line.addAll(List.of(words));
        ProcessBuilder builder = new ProcessBuilder(line).directory(cwd.toFile());
        builder.environment().clear();
        builder.environment().putAll(variables);
        return builder.start();
    }

    private static Run end(Process process) throws Exception {
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        String err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Run(process.waitFor(), out, err);
    }

    private Run launch(String... words) throws Exception {
        return end(begin(folder, root.resolve("restripe"), words));
    }

    private long builds() throws IOException {
        return Files.readAllLines(root.resolve("builds")).size();
    }

    @Test
    void without_a_jdk_it_says_what_to_install() throws Exception {
        jdk("jdk17", "17.0.1", true);
        variables.put("RESTRIPE_JDK_DIRS", folder + "/jdk*");
        Run run = launch("status");
        assertThat(run.status()).isEqualTo(1);
        assertThat(run.out()).isEmpty();
        assertThat(run.err()).contains("no JDK 25 found", "apt-get install", "RESTRIPE_JAVA");
    }

    @Test
    void a_jdk_of_another_version_is_passed_over_wherever_it_is() throws Exception {
        Path old = jdk("jdk17", "17.0.1", true);
        jdk("jdk250", "250.1", true);
        jdk("jdk25", "25.0.3", true);
        variables.put("JAVA_HOME", old.toString());
        variables.put("PATH", old.resolve("bin") + ":" + tools);
        variables.put("RESTRIPE_JDK_DIRS", folder + "/jdk*");
        Run run = launch("cat", "a b", "");
        assertThat(run.status()).as(run.err()).isZero();
        assertThat(run.out()).startsWith("java of jdk25\n").contains("[io.restripe.node.cli.Main]\n[cat]\n[a b]\n[]");
        assertThat(Files.readString(root.resolve("builds"))).contains("mvn with " + folder.resolve("jdk25"));
    }

    @Test
    void a_jdk_without_a_release_file_is_asked_itself() throws Exception {
        jdk("jdk-a", "24", false);
        jdk("jdk-b", "25", false);
        variables.put("RESTRIPE_JDK_DIRS", folder + "/jdk-*");
        assertThat(launch("status").out()).startsWith("java of jdk-b");
    }

    @Test
    void java_of_the_path_is_found_through_its_links() throws Exception {
        Path home = jdk("jdk25", "25-ea", true);
        Files.createSymbolicLink(tools.resolve("java-25"), home.resolve("bin/java"));
        Files.createSymbolicLink(tools.resolve("java"), tools.resolve("java-25"));
        assertThat(launch("status").out()).startsWith("java of jdk25");
    }

    @Test
    void a_jdk_that_is_asked_for_and_is_none_is_refused_instead_of_passed_over() throws Exception {
        Path old = jdk("jdk17", "17.0.1", true);
        variables.put("JAVA_HOME", jdk("jdk25", "25", true).toString());
        variables.put("RESTRIPE_JAVA", old.resolve("bin/java").toString());
        Run run = launch("status");
        assertThat(run.status()).isEqualTo(1);
        assertThat(run.err()).contains("is not a JDK 25");
        variables.put("RESTRIPE_JAVA", folder.resolve("jdk25/bin/java").toString());
        assertThat(launch("status").out()).startsWith("java of jdk25");
    }

    @Test
    void it_builds_once_and_again_when_a_source_is_newer_or_gone() throws Exception {
        variables.put("JAVA_HOME", jdk("jdk25", "25", true).toString());
        Run first = launch("status");
        assertThat(first.err()).contains("restripe: building").hasLineCount(1);
        assertThat(launch("status").err()).isEmpty();
        assertThat(builds()).isEqualTo(1);
        Path source = root.resolve("core/src/main/A.java");
        FileTime future = FileTime.from(Instant.now().plusSeconds(2));
        Files.setLastModifiedTime(source, future);
        assertThat(launch("status").status()).isZero();
        assertThat(builds()).isEqualTo(2);
        Files.delete(source);
        Files.setLastModifiedTime(source.getParent(), future);
        assertThat(launch("status").status()).isZero();
        assertThat(builds()).isEqualTo(3);
    }

    @Test
    void invocations_at_the_same_time_build_once() throws Exception {
        variables.put("JAVA_HOME", jdk("jdk25", "25", true).toString());
        variables.put("BUILD_SECONDS", "1");
        Process one = begin(folder, root.resolve("restripe"), "status");
        Process two = begin(folder, root.resolve("restripe"), "status");
        assertThat(end(one).status()).isZero();
        assertThat(end(two).status()).isZero();
        assertThat(builds()).isEqualTo(1);
    }

    @Test
    void the_lock_of_a_dead_process_does_not_stop_it() throws Exception {
        variables.put("JAVA_HOME", jdk("jdk25", "25", true).toString());
        Process dead = new ProcessBuilder("true").start();
        dead.waitFor();
        Path lock = Files.createDirectories(root.resolve(".launch/lock"));
        Files.writeString(lock.resolve("pid"), dead.pid() + "\n");
        assertThat(launch("status").status()).isZero();
        assertThat(Files.exists(lock)).isFalse();
    }

    @Test
    void a_failed_build_is_told_with_its_last_words_and_tried_again() throws Exception {
        variables.put("JAVA_HOME", jdk("jdk25", "25", true).toString());
        variables.put("BUILD_FAILS", "yes");
        Run run = launch("status");
        assertThat(run.status()).isEqualTo(1);
        assertThat(run.err()).contains("ERROR planted", "the build failed");
        variables.remove("BUILD_FAILS");
        assertThat(launch("status").status()).isZero();
    }

    @Test
    void it_works_through_a_link_and_from_any_folder() throws Exception {
        variables.put("JAVA_HOME", jdk("jdk25", "25", true).toString());
        Path link = Files.createSymbolicLink(folder.resolve("r"), root.resolve("restripe"));
        Run run = end(begin(Path.of("/"), link, "status"));
        assertThat(run.status()).as(run.err()).isZero();
        assertThat(run.out()).contains("[" + root.toRealPath() + "/.launch/1/restripe-node-1.jar:");
    }

    @Test
    void without_maven_it_says_so() throws Exception {
        variables.put("JAVA_HOME", jdk("jdk25", "25", true).toString());
        Files.delete(tools.resolve("mvn"));
        Run run = launch("status");
        assertThat(run.status()).isEqualTo(1);
        assertThat(run.err()).contains("Maven (mvn) is needed", "apt-get install maven");
    }
}
