package io.restripe.lab.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.restripe.env.Env;
import io.restripe.env.Signal;
import io.restripe.lab.sim.SimOptions.Order;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SimEnvTest {
    /** Several threads over a bounded queue, with timeouts, sleeps and a second lock. Appends what happens to the log. */
    private static void race(Env env, List<String> log) {
        Lock lock = env.newLock();
        Condition changed = lock.newCondition();
        Lock other = env.newLock();
        int[] queued = {0};
        List<Env.Worker> workers = new ArrayList<>();
        for (int t = 0; t < 4; t++) {
            int me = t;
            workers.add(env.start("worker-" + t, () -> {
                for (int i = 0; i < 12; i++) {
                    lock.lock();
                    try {
                        while (me % 2 == 0 ? queued[0] >= 2 : queued[0] == 0) {
                            awaitNanos(changed, 1_000);
                        }
                        queued[0] += me % 2 == 0 ? 1 : -1;
                        log.add(me + ":" + i + ":" + queued[0] + "@" + env.nanoTime());
                        changed.signal();
                    } finally {
                        lock.unlock();
                    }
                    other.lock();
                    other.unlock();
                    if (i % 5 == me) {
                        env.sleepNanos(env.random().nextInt(3_000));
                    }
                }
            }));
        }
        workers.forEach(Env.Worker::join);
        assertThat(queued[0]).isZero();
    }

    private static void awaitNanos(Condition condition, long nanos) {
        try {
            if (condition.awaitNanos(nanos) <= 0) {
                return; // the caller looks again
            }
        } catch (InterruptedException e) {
            throw new AssertionError("nobody interrupts in a simulation", e);
        }
    }

    private static long hashOf(SimOptions options, List<String> log) {
        SimEnv env = new SimEnv(options);
        env.run(() -> race(env, log));
        return env.traceHash();
    }

    @ParameterizedTest
    @EnumSource(Order.class)
    void the_same_seed_gives_the_same_run(Order order) {
        for (long seed = 1; seed <= 30; seed++) {
            SimOptions options = SimOptions.seeded(seed).withOrder(order).withStepNanos(seed % 3 * 40);
            List<String> first = new ArrayList<>();
            List<String> second = new ArrayList<>();
            List<String> onPlatformThreads = new ArrayList<>();
            long hash = hashOf(options, first);
            assertThat(hashOf(options, second)).as("seed %d", seed).isEqualTo(hash);
            assertThat(hashOf(options.withPlatformThreads(true), onPlatformThreads))
                    .as("seed %d", seed)
                    .isEqualTo(hash);
            assertThat(second).as("seed %d", seed).isEqualTo(first);
            assertThat(onPlatformThreads).as("seed %d", seed).isEqualTo(first);
        }
    }

    @Test
    void different_seeds_give_different_orders() {
        Set<Long> hashes = new HashSet<>();
        for (long seed = 0; seed < 100; seed++) {
            hashes.add(hashOf(SimOptions.seeded(seed), new ArrayList<>()));
        }
        assertThat(hashes).hasSize(100);
    }

    @Test
    void sleeping_moves_the_clock_and_costs_nothing() {
        SimEnv env = new SimEnv(SimOptions.seeded(7));
        List<String> order = new ArrayList<>();
        env.run(() -> {
            Env.Worker slow = env.start("slow", () -> {
                env.sleepNanos(TimeUnit.DAYS.toNanos(400));
                order.add("slow");
            });
            Env.Worker quick = env.start("quick", () -> {
                env.sleepNanos(TimeUnit.DAYS.toNanos(399));
                order.add("quick");
            });
            slow.join();
            quick.join();
        });
        assertThat(order).containsExactly("quick", "slow");
        assertThat(env.nanoTime()).isEqualTo(TimeUnit.DAYS.toNanos(400));
    }

    @Test
    void a_deadlock_that_needs_an_unlucky_order_is_found_and_reproduced_by_its_seed() {
        String report = null;
        long seed = 0;
        for (; report == null && seed < 200; seed++) {
            report = deadlockOf(seed);
        }
        assertThat(report)
                .contains("deadlock")
                .contains("left#")
                .contains("right#")
                .contains("waits for lock")
                .contains("holds [lock")
                .contains("SimEnvTest");
        assertThat(deadlockOf(seed - 1)).isEqualTo(report);
    }

    private static String deadlockOf(long seed) {
        SimEnv env = new SimEnv(SimOptions.seeded(seed));
        Lock first = env.newLock();
        Lock second = env.newLock();
        try {
            env.run(() -> {
                Env.Worker left = env.start("left", () -> inside(first, second));
                Env.Worker right = env.start("right", () -> inside(second, first));
                left.join();
                right.join();
            });
            return null;
        } catch (SimulationFailed e) {
            return e.getMessage();
        }
    }

    private static void inside(Lock outer, Lock inner) {
        outer.lock();
        try {
            inner.lock();
            inner.unlock();
        } finally {
            outer.unlock();
        }
    }

    /** Looks at the flag outside the lock: the classic lost wake-up. */
    private static boolean losesWakeUp(long seed, boolean correct) {
        SimEnv env = new SimEnv(SimOptions.seeded(seed).withSpuriousPerMille(0));
        Lock lock = env.newLock();
        Condition changed = lock.newCondition();
        boolean[] ready = {false};
        try {
            env.run(() -> {
                Env.Worker sleeper = env.start("sleeper", () -> {
                    boolean seen = ready[0];
                    lock.lock();
                    try {
                        while (!(correct ? ready[0] : seen)) {
                            changed.awaitUninterruptibly();
                            seen = true;
                        }
                    } finally {
                        lock.unlock();
                    }
                });
                lock.lock();
                try {
                    ready[0] = true;
                    changed.signal();
                } finally {
                    lock.unlock();
                }
                sleeper.join();
            });
            return false;
        } catch (SimulationFailed e) {
            assertThat(e).hasMessageContaining("deadlock").hasMessageContaining("condition");
            return true;
        }
    }

    @Test
    void a_lost_wake_up_is_found_by_some_seed_and_its_correct_version_by_none() {
        int lost = 0;
        for (long seed = 0; seed < 200; seed++) {
            boolean loses = losesWakeUp(seed, false);
            lost += loses ? 1 : 0;
            assertThat(losesWakeUp(seed, false)).isEqualTo(loses);
            assertThat(losesWakeUp(seed, true)).as("seed %d", seed).isFalse();
        }
        assertThat(lost).isPositive().isLessThan(200);
    }

    @Test
    void a_signal_raised_before_the_wait_is_not_lost_under_any_of_many_orders() {
        for (long seed = 0; seed < 200; seed++) {
            SimEnv env = new SimEnv(SimOptions.seeded(seed));
            boolean[] seen = {false};
            env.run(() -> {
                Signal signal = new Signal(env);
                Env.Worker waiter = env.start("waiter", () -> seen[0] = signal.await(1_000_000));
                signal.raise();
                waiter.join();
            });
            assertThat(seen[0]).as("seed %d", seed).isTrue();
        }
    }

    @Test
    void threads_that_never_end_are_taken_for_a_livelock() {
        SimEnv env = new SimEnv(SimOptions.seeded(3).withMaxSteps(10_000));
        assertThatThrownBy(() -> env.run(() -> {
                    env.start("spinner", () -> {
                        while (true) {
                            env.yieldPoint();
                        }
                    });
                    while (true) {
                        env.yieldPoint();
                    }
                }))
                .isInstanceOf(SimulationFailed.class)
                .hasMessageContaining("livelock")
                .hasMessageContaining("spinner");
    }

    @Test
    void killing_a_process_ends_its_threads_frees_its_locks_and_spares_the_others() {
        for (long seed = 0; seed < 100; seed++) {
            SimEnv env = new SimEnv(SimOptions.seeded(seed));
            List<String> log = new ArrayList<>();
            env.run(() -> {
                SimProcess victim = env.process("victim");
                Lock lock = env.newLock();
                Lock never = env.newLock();
                Condition forever = never.newCondition();
                boolean[] stop = {false};
                Env.Worker survivor = env.start("survivor", () -> {
                    while (!stop[0]) {
                        env.sleepNanos(10);
                    }
                    log.add("survived");
                });
                Env.Worker holder = victim.env().start("holder", () -> {
                    env.start("child", () -> {
                        never.lock();
                        forever.awaitUninterruptibly();
                    });
                    lock.lock();
                    try {
                        while (true) {
                            env.sleepNanos(5);
                        }
                    } finally {
                        lock.unlock();
                    }
                });
                env.sleepNanos(100);
                victim.kill();
                assertThat(holder.isAlive()).isFalse();
                assertThat(lock.tryLock()).isTrue();
                assertThat(never.tryLock()).isTrue();
                holder.join();
                stop[0] = true;
                survivor.join();
            });
            assertThat(log).as("seed %d", seed).containsExactly("survived");
        }
    }

    @Test
    void what_ends_a_thread_reaches_whoever_joins_it_or_the_end_of_the_run() {
        SimEnv joined = new SimEnv(SimOptions.seeded(1));
        joined.run(() -> {
            Env.Worker failing = joined.start("failing", () -> {
                throw new IllegalArgumentException("planted");
            });
            assertThatThrownBy(failing::join)
                    .isInstanceOf(IllegalStateException.class)
                    .hasRootCauseMessage("planted");
        });
        SimEnv unjoined = new SimEnv(SimOptions.seeded(1));
        assertThatThrownBy(() -> unjoined.run(() -> {
                    unjoined.start("failing", () -> {
                        throw new IllegalArgumentException("planted");
                    });
                    unjoined.sleepNanos(1);
                }))
                .isInstanceOf(SimulationFailed.class)
                .hasRootCauseMessage("planted");
    }

    @Test
    void no_thread_is_left_behind_even_if_one_swallows_every_error() {
        SimEnv env = new SimEnv(SimOptions.seeded(5));
        assertThatThrownBy(() -> env.run(() -> {
                    env.start("stubborn", () -> {
                        while (true) {
                            try {
                                env.sleepNanos(1);
                            } catch (Throwable swallowed) {
                                assertThat(swallowed).isInstanceOf(Killed.class);
                            }
                        }
                    });
                    env.sleepNanos(10);
                }))
                .hasMessageContaining("stubborn")
                .hasMessageContaining("swallows");
    }

    @Test
    void locks_are_reentrant_and_exclusive() {
        for (long seed = 0; seed < 50; seed++) {
            SimEnv env = new SimEnv(SimOptions.seeded(seed));
            int[] inside = {0};
            env.run(() -> {
                Lock lock = env.newLock();
                List<Env.Worker> workers = new ArrayList<>();
                for (int t = 0; t < 3; t++) {
                    workers.add(env.start("w" + t, () -> {
                        for (int i = 0; i < 10; i++) {
                            lock.lock();
                            lock.lock();
                            assertThat(++inside[0]).isEqualTo(1);
                            env.yieldPoint();
                            lock.unlock();
                            env.yieldPoint();
                            inside[0]--;
                            lock.unlock();
                        }
                    }));
                }
                workers.forEach(Env.Worker::join);
                assertThatThrownBy(lock::unlock).isInstanceOf(IllegalMonitorStateException.class);
            });
        }
    }
}
