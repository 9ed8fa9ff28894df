package io.restripe.node.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import picocli.CommandLine.Model.CommandSpec;

/** What the README and the other pages show works as printed; only the files are smaller. */
class ReadmeTest extends ArrayFiles {
    private static final Path TREE = Path.of("..");

    /** A command in code: the verb, then everything up to the end of the code, of the line or of the command. */
    private static final Pattern COMMAND = Pattern.compile("(?:^|`|\\s)(?:\\./)?restripe ([a-z]+)( [^`\\n#|<>,]*)?");

    private static final Pattern OPTION = Pattern.compile("(?<=[ \\[|])--[a-z][a-z-]*");

    @Test
    void the_commands_of_the_readme_work_as_printed() throws Exception {
        String block = block(TREE.resolve("README.md"), "## A grow, from nothing", "```sh\n");
        assertThat(block.lines()).hasSizeGreaterThan(10);
        String smaller = block.replace("--file-size=1G", "--file-size=32M").replace("100M", "5M");
        shell(smaller);
        assertThat(Files.size(folder.resolve("contents.img")))
                .as("three of four members hold data")
                .isBetween(3L * 24 << 20, 3L * 32 << 20);
        byte[] backup = Files.readAllBytes(folder.resolve("backup.img"));
        try (var contents = Files.newInputStream(folder.resolve("contents.img"))) {
            assertSame(contents.readNBytes(backup.length), backup);
        }
    }

    /** Runs lines in a shell whose working folder has a {@code ./restripe}; the first that fails ends it. */
    private void shell(String lines) throws Exception {
        Path program = folder.resolve("restripe");
        Files.writeString(
                program,
                "#!/bin/sh\nexec '" + System.getProperty("java.home")
                        + "/bin/java' --enable-native-access=ALL-UNNAMED -cp '"
                        + System.getProperty("java.class.path") + "' " + Main.class.getName() + " \"$@\"\n");
        assertThat(program.toFile().setExecutable(true)).isTrue();
        Path said = folder.resolve("said");
        ProcessBuilder shell = new ProcessBuilder("bash", "-e", "-o", "pipefail", "-x", "-c", lines)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(said.toFile());
        shell.environment().put("RESTRIPE_RUN", run().toString());
        int status = shell.start().waitFor();
        assertThat(status).as(Files.readString(said)).isZero();
    }

    @Test
    void a_refusal_reads_as_the_page_of_commands_shows_it() throws Exception {
        good("create c0/v0 --level=5 -n3 --file-size=32M --assume-clean @a @b @c");
        assertThat(restripe("grow c0 --raid-devices=4").err)
                .isEqualTo(block(TREE.resolve("docs/commands.md"), "**Answers.**", "```\n"));
    }

    @Test
    void every_option_of_every_command_that_a_page_shows_exists() throws Exception {
        List<String> wrong = new ArrayList<>();
        int seen = 0;
        for (Path page : pages()) {
            for (MatchResult command :
                    COMMAND.matcher(Files.readString(page)).results().toList()) {
                CommandSpec spec = Verbs.shown().stream()
                        .filter(verb -> verb.name().equals(command.group(1)))
                        .map(Verb::spec)
                        .findFirst()
                        .orElse(null);
                if (spec == null) {
                    continue; // prose: "restripe remembers"
                }
                String words = command.group(2) == null ? "" : command.group(2);
                for (MatchResult option : OPTION.matcher(words).results().toList()) {
                    seen++;
                    if (!spec.optionsMap().containsKey(option.group())) {
                        wrong.add(page.getFileName() + ": " + command.group(1) + " has no " + option.group());
                    }
                }
            }
        }
        assertThat(wrong).isEmpty();
        assertThat(seen).isGreaterThan(10);
    }

    private static List<Path> pages() throws Exception {
        try (Stream<Path> docs = Files.list(TREE.resolve("docs"))) {
            List<Path> pages =
                    new ArrayList<>(docs.filter(page -> page.toString().endsWith(".md"))
                            .sorted()
                            .toList());
            pages.add(TREE.resolve("README.md"));
            pages.add(TREE.resolve("ARCHITECTURE.md"));
            return pages;
        }
    }

    /** The first block of code behind a place in a page. */
    private static String block(Path page, String behind, String fence) throws Exception {
        String text = Files.readString(page);
        text = text.substring(text.indexOf(behind));
        text = text.substring(text.indexOf(fence) + fence.length());
        return text.substring(0, text.indexOf("```\n"));
    }
}
