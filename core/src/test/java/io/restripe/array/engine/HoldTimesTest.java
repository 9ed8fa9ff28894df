package io.restripe.array.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.restripe.array.Attribute;
import io.restripe.array.Holds;
import io.restripe.env.Env;
import java.util.Arrays;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class HoldTimesTest {
    @Test
    void nothing_was_held() {
        assertThat(new HoldTimes().picture()).isEqualTo(Holds.NONE);
    }

    @Test
    void quantiles_are_those_of_the_sorted_times_and_at_most_an_eighth_longer() {
        RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(7);
        for (int round = 0; round < 50; round++) {
            long[] times = random.longs(1 + random.nextInt(3000), 8, 1L << random.nextInt(4, 62))
                    .toArray();
            HoldTimes holds = new HoldTimes();
            Arrays.stream(times).forEach(holds::add);
            Arrays.sort(times);
            Holds seen = holds.picture();
            assertThat(seen.count()).isEqualTo(times.length);
            assertThat(seen.longestNanos()).isEqualTo(times[times.length - 1]);
            assertNear(seen.medianNanos(), times[(int) Math.ceil(times.length * 0.5) - 1]);
            assertNear(seen.p99Nanos(), times[(int) Math.ceil(times.length * 0.99) - 1]);
            assertNear(seen.p999Nanos(), times[(int) Math.ceil(times.length * 0.999) - 1]);
        }
    }

    private static void assertNear(long told, long exact) {
        assertThat(told).isBetween(exact, exact + exact / 8 + 1);
    }

    @Test
    void the_shortest_and_the_longest_time_there_is_are_counted() {
        HoldTimes holds = new HoldTimes();
        holds.add(0);
        holds.add(Long.MAX_VALUE);
        assertThat(holds.picture().longestNanos()).isEqualTo(Long.MAX_VALUE);
        assertThat(holds.picture().p999Nanos()).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void a_write_that_was_suspended_is_counted_and_one_that_was_not_is_not() throws Exception {
        try (ArrayFixture f = new ArrayFixture(2048, 3)) {
            f.configure(5, 0, 3, 32);
            f.start();
            f.monitor();
            f.awaitEnd(f.writer(0, 8)); // waited for "dirty" to be recorded: that is not background work
            assertThat(f.array.holds()).isEqualTo(Holds.NONE);
            f.set(Attribute.SUSPEND_HI, 512);
            Env.Worker held = f.writer(0, 8);
            awaitHeld(f, held);
            f.set(Attribute.SUSPEND_LO, 512);
            f.awaitEnd(held);
            f.awaitEnd(f.writer(0, 8));
            assertThat(f.array.holds().count()).isEqualTo(1);
            assertThat(f.array.holds().longestNanos()).isPositive();
        }
    }

    /** A thread that has only just begun is not held yet, however long that takes it on a busy machine. */
    private static void awaitHeld(ArrayFixture f, Env.Worker held) {
        ArrayState state = f.array.parts.state();
        for (int look = 0; look < 20_000; look++) {
            assertThat(held.isAlive()).isTrue();
            state.lock.lock();
            try {
                if (state.users.held == 1) {
                    return;
                }
            } finally {
                state.lock.unlock();
            }
            f.env.sleepNanos(1_000_000);
        }
        throw new AssertionError("the write neither ends nor is held");
    }
}
