package io.restripe.array.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.restripe.array.Attribute;
import io.restripe.disk.Buffers;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A sync makes room for users while they are there, and only then. */
@Timeout(60)
class CourtesyTest {
    private static final long MILLI = 1_000_000L;

    /** Time moves by itself only a little, at each look. */
    private static final class Clock extends ArrayFixture.EnvLayer {
        final AtomicLong now = new AtomicLong(1);
        volatile long look = 1;

        @Override
        public long nanoTime() {
            return now.addAndGet(look);
        }
    }

    private final Clock clock = new Clock();
    private final ArrayState state = new ArrayState(clock, "v");
    private final Courtesy courtesy = new Courtesy(state);

    @Test
    void nobody_is_there() {
        assertThat(courtesy.turnNanos()).isZero();
        courtesy.took(MILLI, 0);
        assertThat(courtesy.restNanos()).isZero();
    }

    @Test
    void a_user_gets_short_turns_and_almost_half_of_the_time() {
        state.users.arrived(clock.nanoTime());
        assertThat(courtesy.turnNanos()).isBetween(MILLI / 10, MILLI);
        courtesy.took(10 * MILLI, 0);
        assertThat(courtesy.restNanos()).isBetween(7 * MILLI, 9 * MILLI);
        clock.now.addAndGet(9 * MILLI);
        assertThat(courtesy.restNanos()).isZero();
    }

    @Test
    void a_sync_that_may_be_no_faster_anyway_keeps_more_than_half_of_that_speed_and_rests_the_more() {
        state.users.arrived(clock.nanoTime());
        courtesy.took(MILLI, 6 * MILLI);
        assertThat(MILLI + courtesy.restNanos()).isBetween(7 * MILLI, 8 * MILLI);
        courtesy.took(10 * MILLI, 6 * MILLI);
        assertThat(courtesy.restNanos()).isBetween(7 * MILLI, 9 * MILLI);
    }

    @Test
    void a_user_who_is_gone_gets_nothing() {
        usersAsk(1, 1, MILLI, 1);
        clock.now.addAndGet(100 * MILLI);
        assertThat(courtesy.turnNanos()).isZero();
        courtesy.took(10 * MILLI, 0);
        assertThat(courtesy.restNanos()).isZero();
    }

    @Test
    void a_user_whose_request_takes_long_is_not_gone() {
        state.users.arrived(clock.nanoTime());
        clock.now.addAndGet(100 * MILLI);
        assertThat(courtesy.turnNanos()).isPositive();
        courtesy.took(10 * MILLI, 0);
        assertThat(courtesy.restNanos()).isPositive();
    }

    @Test
    void who_was_let_in_and_has_left_is_not_inside_any_more() throws Exception {
        try (ArrayFixture f = new ArrayFixture(2048, 3)) {
            f.configure(5, 0, 3, 32);
            f.start();
            f.monitor();
            f.array.disk().write(0, Buffers.allocate(8));
            f.array.disk().read(0, Buffers.allocate(8));
            f.array.disk().flush();
            ArrayState of = f.array.parts.state();
            of.lock.lock();
            try {
                assertThat(of.users.thereWithin(Long.MAX_VALUE, f.env.nanoTime()))
                        .isTrue();
                assertThat(of.users.thereWithin(-1, f.env.nanoTime())).isFalse();
            } finally {
                of.lock.unlock();
            }
        }
    }

    @Test
    void where_somebody_waits_for_the_sync_it_does_not_rest() {
        state.users.arrived(clock.nanoTime());
        courtesy.took(10 * MILLI, 0);
        state.users.held++;
        assertThat(courtesy.restNanos()).isZero();
        assertThat(courtesy.turnNanos()).isZero();
    }

    @Test
    void turns_are_longer_on_slow_disks() {
        usersAsk(100, 1, 5 * MILLI, 1);
        assertThat(courtesy.turnNanos()).isBetween(15 * MILLI, 25 * MILLI);
    }

    @Test
    void where_some_requests_meet_a_cache_turns_are_longer_all_the_same() {
        for (int i = 0; i < 200; i++) {
            usersAsk(4, 1, MILLI / 50, 1);
            usersAsk(1, 1, 10 * MILLI, 1);
        }
        assertThat(courtesy.turnNanos()).isBetween(4 * MILLI, 12 * MILLI);
    }

    @Test
    void many_requests_at_once_do_not_make_the_disks_slow() {
        usersAsk(100, 50, 5 * MILLI, 1);
        assertThat(courtesy.turnNanos()).isLessThan(4 * MILLI);
    }

    @Test
    void as_many_requests_as_there_are_disks_need_not_wait_for_each_other() {
        usersAsk(100, 8, 5 * MILLI, 8);
        assertThat(courtesy.turnNanos()).isBetween(10 * MILLI, 25 * MILLI);
    }

    @Test
    void a_request_that_lost_its_processor_does_not_make_the_disks_slow() {
        for (int i = 0; i < 20; i++) {
            usersAsk(20, 1, MILLI / 100, 1);
            usersAsk(1, 1, 50 * MILLI, 1);
            assertThat(courtesy.turnNanos()).isLessThan(MILLI);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"check", "reshape"})
    void beside_users_a_sync_of_disks_in_memory_takes_one_processor(String action) throws Exception {
        Clock slow = new Clock();
        slow.look = MILLI / 1000;
        try (ArrayFixture f = new ArrayFixture(slow, 8192, 4)) {
            f.configure(5, 0, 3, 256);
            f.start();
            f.monitor();
            f.set(Attribute.SYNC_SPEED_MIN, 1);
            userComesAndStays(f);
            Set<String> threads = ConcurrentHashMap.newKeySet();
            CountDownLatch two = new CountDownLatch(2);
            f.disks.values().forEach(disk -> {
                disk.beforeRead = () -> {
                    threads.add(Thread.currentThread().getName());
                    two.countDown();
                    await(two);
                };
                disk.beforeWrite = disk.beforeRead;
            });
            f.set(Attribute.SYNC_ACTION, "check"); // the disks show that they are memory
            f.await(Attribute.SYNC_ACTION, "idle");
            assertThat(threads).hasSizeGreaterThan(1);
            threads.clear();
            f.set(Attribute.SYNC_ACTION, "frozen");
            if (action.equals("reshape")) {
                f.set(Attribute.RAID_DISKS, 4);
                f.add("d3", 3);
            }
            f.set(Attribute.SYNC_ACTION, action);
            f.await(Attribute.SYNC_ACTION, "idle");
            assertThat(f.get(Attribute.RESHAPE_POSITION)).isEqualTo("none");
            assertThat(f.get(Attribute.RAID_DISKS)).isEqualTo(action.equals("reshape") ? "4" : "3");
            assertThat(threads).containsExactly("c/v-sync");
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(30, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void userComesAndStays(ArrayFixture f) {
        ArrayState of = f.array.parts.state();
        of.lock.lock();
        try {
            of.users.arrived(f.env.nanoTime());
        } finally {
            of.lock.unlock();
        }
    }

    private void usersAsk(int times, int together, long nanos, int disks) {
        for (int i = 0; i < times; i++) {
            long entered = clock.nanoTime();
            for (int k = 0; k < together; k++) {
                state.users.arrived(entered);
            }
            clock.now.addAndGet(nanos);
            for (int k = 0; k < together; k++) {
                state.users.left(entered, clock.nanoTime(), disks);
            }
        }
    }
}
