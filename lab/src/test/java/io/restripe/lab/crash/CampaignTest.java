package io.restripe.lab.crash;

import static org.assertj.core.api.Assertions.assertThat;

import io.restripe.lab.life.PowerCuts;
import io.restripe.lab.sim.Budget;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Power cuts in reshapes of the real product. A failure names the command that shows it again. */
class CampaignTest {
    private static void check(ReshapeCase which, long seed, Campaign.Plan plan) {
        Campaign.Result result = new Campaign(which, seed, plan).run();
        System.out.println(result);
        assertThat(result.failures()).isEmpty();
        assertThat(result.states()).isPositive();
    }

    private static Campaign.Plan usual(int states, long seed, int deeperEvery) {
        return Campaign.Plan.usual(Budget.atMost(states, seed)).withDeeper(deeperEvery, 3);
    }

    /** Nobody but the reshape writes: after each single write and flush, with every loss that is small enough to go through them all. */
    @ParameterizedTest
    @EnumSource(
            value = ReshapeCase.class,
            names = {"SMALL_GROW", "SMALL_CHUNK", "SMALL_RAID0_TO_RAID5"})
    void a_power_cut_loses_nothing_at_any_point_of_the_smallest_reshapes(ReshapeCase which) {
        check(which, 1, Campaign.Plan.quiet(Budget.everything(1)).withDeeper(8, 4));
    }

    /** Other runs and other points each time. */
    @ParameterizedTest
    @EnumSource(ReshapeCase.class)
    void a_power_cut_loses_nothing_at_any_of_many_points_of_a_reshape(ReshapeCase which) {
        long seed = ThreadLocalRandom.current().nextInt(1_000_000);
        check(which, seed, usual(25, seed, 10));
    }

    @ParameterizedTest
    @EnumSource(
            value = ReshapeCase.class,
            names = {"SMALL_GROW", "SMALL_CHUNK", "GROW_RAID5_3_TO_4_REBUILT"})
    void a_member_lost_together_with_the_power_takes_nothing_with_it(ReshapeCase which) {
        check(which, 1, Campaign.Plan.quiet(Budget.atMost(60, 1)).losingAMember());
    }

    /** What was written and not flushed when a member died with the power may be anything; everything else on that member is given back. */
    @ParameterizedTest
    @EnumSource(
            value = ReshapeCase.class,
            names = {"WRITES_PPL", "WRITES_PPL_LARGE_CHUNK"})
    void a_member_lost_under_load_takes_only_what_was_being_written_where_partial_parity_is_logged(ReshapeCase which) {
        long seed = ThreadLocalRandom.current().nextInt(1_000_000);
        check(which, seed, usual(150, seed, 0).losingAMemberUnderUsers());
    }

    @Tag("long")
    @ParameterizedTest
    @EnumSource(ReshapeCase.class)
    void a_power_cut_loses_nothing_at_any_point_of_a_reshape(ReshapeCase which) {
        for (long seed = 1; seed <= 3; seed++) {
            check(which, seed, usual(1000, seed, 50));
        }
    }

    @Test
    void a_life_with_many_power_cuts_loses_nothing() {
        for (long seed = 1; seed <= 3; seed++) {
            System.out.println(
                    "life " + seed + ": " + new PowerCuts(ReshapeCase.GROW_RAID5_3_TO_4, seed).run() + " cuts");
        }
    }
}
