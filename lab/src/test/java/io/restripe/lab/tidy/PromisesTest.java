package io.restripe.lab.tidy;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** docs/promises.md promises nothing without naming what shows it, and what it names is there. */
class PromisesTest {
    private static final Pattern NAMED = Pattern.compile("`([A-Z]\\w*Test)(?:#(\\w+))?`");
    private static final Pattern LAB = Pattern.compile("`lab ([a-z]+)[^`]*`");
    private static final Pattern CLAUSE = Pattern.compile("(?m)^\\* .*(?:\\n  .*)*");

    private final Path root = Sources.root();
    private final String page = Sources.text(root.resolve("docs/promises.md"));
    private final String promises = page.substring(0, page.indexOf("## Not promised"));

    /** Names of test classes, without their packages, and their sources. */
    private Map<String, String> tests() {
        Map<String, String> tests = new TreeMap<>();
        for (Path file : Sources.files(root, "Test.java")) {
            tests.put(file.getFileName().toString().replace(".java", ""), Sources.text(file));
        }
        return tests;
    }

    private static Stream<MatchResult> all(Pattern pattern, String text) {
        return pattern.matcher(text).results();
    }

    private static boolean isTest(String source, String method) {
        return Pattern.compile("@(?:Parameterized|Repeated)?Test\\b[^{;]*?\\bvoid " + method + "\\(")
                        .matcher(Sources.codeOnly(source))
                        .find()
                || Pattern.compile("@(?:MethodSource|ValueSource|CsvSource|EnumSource)\\([^;]*?\\)\\s+void " + method
                                + "\\(")
                        .matcher(source)
                        .find();
    }

    @Test
    void every_test_that_the_page_names_exists() {
        Map<String, String> tests = tests();
        List<String> wrong = new ArrayList<>();
        all(NAMED, page).forEach(named -> {
            String source = tests.get(named.group(1));
            String method = named.group(2);
            if (source == null || method != null && !isTest(source, method)) {
                wrong.add(named.group());
            }
        });
        assertThat(wrong).as("named in docs/promises.md, and not there").isEmpty();
        assertThat(all(NAMED, promises)).hasSizeGreaterThan(50);
    }

    @Test
    void every_clause_names_what_shows_it() {
        assertThat(all(CLAUSE, promises).map(MatchResult::group)).isNotEmpty().allSatisfy(clause -> {
            int arrow = clause.indexOf('→');
            assertThat(arrow).as(clause).isPositive();
            assertThat(clause.substring(arrow)).containsPattern(NAMED);
        });
    }

    @Test
    void every_command_of_the_lab_that_the_page_names_exists() {
        String lab = Sources.text(root.resolve("lab/src/main/java/io/restripe/lab/Lab.java"));
        assertThat(all(LAB, page).map(command -> command.group(1)))
                .isNotEmpty()
                .allSatisfy(verb -> assertThat(lab).contains("case \"" + verb + "\" ->"));
    }
}
