package io.restripe.lab.walk;

import static org.assertj.core.api.Assertions.assertThat;

import io.restripe.rule.Rule;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** All states of manager, monitor and array for small bounds, and that the walk sees what is wrong. */
class WalkTest {
    private static final int MOST = 5_000_000;

    static Stream<Bounds> small() {
        return Bounds.small().stream();
    }

    static Stream<Bounds> large() {
        return Bounds.large().stream();
    }

    @ParameterizedTest
    @MethodSource("small")
    void no_state_breaks_a_rule_and_every_state_can_come_to_the_end(Bounds bounds) {
        assertRight(bounds);
    }

    @Tag("long")
    @ParameterizedTest
    @MethodSource("large")
    void no_state_of_a_longer_reshape_breaks_a_rule_and_every_state_can_come_to_the_end(Bounds bounds) {
        assertRight(bounds);
    }

    private static void assertRight(Bounds bounds) {
        Walk.Result result = new Walk(bounds, MOST).run();
        System.out.println(result);
        assertThat(result.broken()).as(result.toString()).isNull();
        assertThat(result.finished()).isPositive();
    }

    @ParameterizedTest
    @EnumSource(Mutant.class)
    void every_rule_broken_on_purpose_is_noticed(Mutant mutant) {
        List<Walk.Result> broken = Bounds.small().stream()
                .map(bounds -> new Walk(bounds, mutant.conduct(), MOST).run())
                .filter(result -> result.broken() != null)
                .limit(1)
                .toList();
        assertThat(broken).as("walks that notice %s", mutant).isNotEmpty();
        Walk.Result first = broken.getFirst();
        System.out.println(
                mutant + " -> " + first.name() + ", " + first.broken() + ", after " + first.states() + " states");
        assertThat(first.broken()).as(first.toString()).startsWith(mutant.breaks());
    }

    @Test
    void every_rule_of_the_walk_is_broken_by_somebody() {
        Set<Rule> walked = EnumSet.range(Rule.R1_NO_OVERWRITE, Rule.R7_ONE_MIGRATION);
        walked.add(Rule.R12_BORN_SAFE);
        List<String> broken = Arrays.stream(Mutant.values()).map(Mutant::breaks).toList();
        assertThat(broken)
                .contains(Walk.LIVENESS)
                .containsAll(walked.stream().map(Rule::name).toList());
    }
}
