package io.restripe.metadata.imsm;

import static org.assertj.core.api.Assertions.assertThat;

import io.restripe.check.ContainerCheck;
import io.restripe.check.Verdict;
import io.restripe.rule.Finding.Kind;
import io.restripe.rule.Finding.Severity;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What real mdadm left, judged by the strict checker: nothing but what each fixture is about. */
class FixtureCheckTest {
    /** Captured while mdmon was writing: members are one or more generations apart. */
    private static final Set<String> CAPTURED_RUNNING = Set.of("19-rebuild", "39-grow-two-volumes-second");

    static List<String> all() {
        return Fixture.ALL;
    }

    private static Verdict check(String name) {
        return new ContainerCheck(Fixture.format())
                .check(List.copyOf(Fixture.load(name).members.values()), Optional.empty());
    }

    private static Set<String> told(Verdict verdict, Severity least) {
        Set<String> told = new TreeSet<>();
        verdict.atLeast(least).forEach(f -> told.add(f.severity() + " " + f.kind()));
        return told;
    }

    /** What is to be told by the fixture's name; members that the fixture does not have are missing besides. */
    private static Set<String> expected(String name) {
        return switch (name) {
            case "17-dirty" -> Set.of("WARNING UNCLEAN");
            case "18-failed-member" -> Set.of("WARNING STALE", "WARNING DEGRADED");
            case "19-rebuild" -> Set.of("WARNING GENERATION", "WARNING DEGRADED");
            case "21-created-with-missing" -> Set.of("WARNING DEGRADED");
            case "22-missing-at-assembly" -> Set.of("WARNING BAD_BLOCKS");
            case "23-bad-block-log" ->
                Set.of("WARNING BAD_BLOCKS", "WARNING UNREADABLE"); // what is lost is not compared
            case "24-stale-family" -> Set.of("WARNING STALE");
            case "32-grow-r5-permuted" -> Set.of("WARNING STALE");
            case "39-grow-two-volumes-second" -> Set.of("WARNING GENERATION");
            case "40-stuck-chunk-2m" -> Set.of("ERROR RECORD", "WARNING RECORD");
            case "41-grow-r5-start-window-a" -> Set.of("WARNING RECORD");
            default -> Set.of();
        };
    }

    @ParameterizedTest
    @MethodSource("all")
    void the_checker_finds_what_the_fixture_is_about_and_nothing_else(String name) {
        Verdict verdict = check(name);
        Set<String> wanted = new TreeSet<>(expected(name));
        if (verdict.findings().stream().anyMatch(f -> f.kind() == Kind.MISSING)) {
            wanted.add("WARNING MISSING");
            wanted.add("ERROR DEGRADED");
        }
        assertThat(told(verdict, Severity.WARNING))
                .as(verdict.findings().toString())
                .isEqualTo(wanted);
    }

    @Test
    void only_what_was_captured_while_it_ran_is_generations_apart() {
        assertThat(Fixture.ALL.stream()
                        .filter(name -> told(check(name), Severity.WARNING).contains("WARNING GENERATION")))
                .containsExactlyInAnyOrderElementsOf(CAPTURED_RUNNING);
    }

    @ParameterizedTest
    @MethodSource("halfWay")
    void a_saved_unit_of_real_mdadm_has_right_parity_in_the_copy_area(String name, long unitEnd) {
        Verdict verdict = check(name);
        assertThat(verdict.scrubs()).singleElement().satisfies(scrub -> {
            assertThat(scrub.differingSectors()).isZero();
            assertThat(scrub.comparedSectors()).isGreaterThanOrEqualTo(unitEnd);
        });
    }

    static Stream<org.junit.jupiter.params.provider.Arguments> halfWay() {
        return Stream.of("30-grow-r5-3to4-copy", "34-r0-to-r5-copy", "35-chunk-r5-copy", "36-chunk-r5-last-unit")
                .map(name -> org.junit.jupiter.params.provider.Arguments.of(name, 2 * 2048L));
    }
}
