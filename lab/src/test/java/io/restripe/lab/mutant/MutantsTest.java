package io.restripe.lab.mutant;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The suite catches every deliberate break; the build fails when one survives. */
class MutantsTest {
    private static final int DRAWN = 4;

    @TempDir
    Path folder;

    private static Path root() {
        Path at = Path.of("").toAbsolutePath();
        while (!Files.isDirectory(at.resolve("core")) || !Files.isDirectory(at.resolve("lab"))) {
            at = at.getParent();
        }
        return at;
    }

    /** Core's tests are probes too: they are built before these here, and are not on this class path. */
    private MutantReport report() {
        String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        Path coreTests = root().resolve("core/target/test-classes");
        assertThat(coreTests).as("run with -am, so that core's tests are built").isDirectory();
        long seed = Long.getLong("restripe.seed", 1);
        return new MutantReport(root(), folder, classPath + ":" + coreTests, seed, System.out);
    }

    @Tag("long")
    @Test
    void every_mutant_is_caught() {
        String part = System.getProperty("restripe.mutants", "");
        assertThat(report().print(Mutants.read().stream()
                        .filter(mutant -> mutant.name().contains(part))
                        .toList()))
                .isEmpty();
    }

    /** Other mutants each time, with probes that are always the same. */
    @Test
    void mutants_drawn_anew_are_caught() {
        List<Mutant> drawn = new ArrayList<>(Mutants.read());
        Collections.shuffle(drawn);
        assertThat(report().print(drawn.subList(0, DRAWN))).isEmpty();
    }

    @Test
    void every_mutant_still_applies() {
        for (Mutant mutant : Mutants.read()) {
            for (Mutant.Change change : mutant.changes()) {
                assertThat(change.applyTo(text(root().resolve(change.file()))))
                        .as(mutant.name())
                        .isNotEqualTo(text(root().resolve(change.file())));
            }
        }
    }

    @Test
    void every_rule_has_a_mutant() {
        String broken =
                String.join(" ", Mutants.read().stream().map(Mutant::breaks).toList());
        for (int rule : new int[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}) {
            assertThat(broken).containsPattern("\\bR" + rule + "\\b");
        }
    }

    /** A call that makes something durable, in a package of the protocol, stands in the text that some mutant takes away. */
    @Test
    void every_flush_has_a_mutant() {
        Pattern call = Pattern.compile("\\w\\.flush\\(");
        List<String> unbroken = new ArrayList<>();
        for (String folderName : List.of("array/engine", "host", "metadata", "reshape")) {
            Path sources = root().resolve("core/src/main/java/io/restripe").resolve(folderName);
            for (Path file : javaFiles(sources)) {
                String name = root().relativize(file).toString();
                text(file)
                        .lines()
                        .filter(line -> call.matcher(line).find())
                        .filter(line -> Mutants.read().stream()
                                .flatMap(m -> m.changes().stream())
                                .noneMatch(
                                        c -> c.file().equals(name) && c.find().contains(line.strip())))
                        .forEach(line -> unbroken.add(name + ": " + line.strip()));
            }
        }
        assertThat(unbroken).isEmpty();
    }

    private static List<Path> javaFiles(Path under) {
        try (Stream<Path> all = Files.walk(under)) {
            return all.filter(p -> p.toString().endsWith(".java")).sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
