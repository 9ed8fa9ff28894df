package io.restripe.array.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.function.LongUnaryOperator;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Test;

class WindowSizeTest {
    private static final long STEP = 100;
    private static final long MOST = 8100;
    private final WindowSize size = new WindowSize(STEP, MOST);

    /** After so many windows that take what their number of sectors costs. */
    private long after(int windows, long holdNanos, long turnNanos, LongUnaryOperator cost) {
        long sectors = 0;
        for (int i = 0; i < windows; i++) {
            sectors = size.sectors(holdNanos, turnNanos);
            size.took(sectors, cost.applyAsLong(sectors));
        }
        return sectors;
    }

    @Test
    void where_nobody_waits_it_is_as_large_as_keeps_the_disks_busy() {
        assertThat(size.sectors(0, 0)).isEqualTo(MOST);
    }

    @Test
    void it_begins_with_a_step_and_grows_to_what_may_be_waited() {
        assertThat(size.sectors(50_000, 0)).isEqualTo(STEP);
        assertThat(after(20, 50_000, 0, sectors -> sectors * 10)).isBetween(2500L, 5000L);
    }

    @Test
    void who_only_meets_it_gets_shorter_ones() {
        assertThat(after(200, 50_000, 5_000, sectors -> sectors * 10)).isBetween(200L, 800L);
    }

    @Test
    void where_a_small_window_costs_as_much_as_a_large_one_it_is_not_made_small() {
        assertThat(after(400, 0, 5_000, sectors -> 20_000 + sectors)).isGreaterThan(2000);
    }

    @Test
    void windows_that_lost_their_processor_do_not_make_larger_ones_look_better() {
        RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(11);
        LongUnaryOperator cost = sectors -> sectors * 10 + (random.nextInt(3) == 0 ? random.nextInt(60_000) : 0);
        for (int round = 0; round < 50; round++) {
            after(100, 0, 5_000, cost);
            assertThat(size.sectors(0, 5_000)).isLessThanOrEqualTo(1000);
        }
    }

    @Test
    void where_a_small_window_costs_as_much_as_a_large_one_it_is_not_made_small_by_chance() {
        RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(5);
        long sum = 0;
        for (int round = 0; round < 100; round++) {
            sum += after(100, 0, 5_000, sectors -> 8_000 + random.nextInt(40_000) + sectors);
        }
        assertThat(sum / 100).isGreaterThan(2000);
    }

    @Test
    void what_was_seen_with_nobody_there_is_forgotten_when_users_come() {
        after(400, 0, 5_000, sectors -> 20_000 + sectors);
        for (int round = 0; round < 20; round++) {
            after(10, 0, 0, sectors -> 20_000 + sectors);
            assertThat(after(20, 0, 5_000, sectors -> 20_000 + sectors)).isGreaterThan(2000);
        }
    }

    @Test
    void who_waits_for_it_gets_short_ones_whatever_they_cost() {
        assertThat(after(400, 10_000, 5_000, sectors -> 20_000 + sectors)).isEqualTo(STEP);
    }

    @Test
    void what_was_worth_it_once_need_not_be_later() {
        after(400, 0, 5_000, sectors -> 20_000 + sectors);
        assertThat(after(600, 0, 5_000, sectors -> sectors * 10)).isLessThan(1000);
    }
}
