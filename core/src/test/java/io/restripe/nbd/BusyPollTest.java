package io.restripe.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class BusyPollTest {
    private static final long QUICK = 20_000;
    private static final long LONG = 1_000_000;

    private final StandingEnv env = new StandingEnv();

    @Test
    void a_quick_peer_is_looked_for_and_others_are_not() {
        BusyPoll busyPoll = new BusyPoll(env, 1);
        Peer quick = new Peer(busyPoll);
        Peer slow = new Peer(busyPoll);
        for (int i = 0; i < 100; i++) {
            quick.sendsAfter(QUICK);
            slow.sendsAfter(LONG);
        }
        assertThat(quick.looks).isPositive();
        assertThat(quick.sleeps).isLessThan(20);
        assertThat(slow.looks).isZero();
        assertThat(slow.sleeps).isEqualTo(100);
    }

    @Test
    void a_peer_that_was_quick_and_stops_costs_a_few_looks_of_bounded_length() {
        Peer peer = new Peer(new BusyPoll(env, 1));
        peer.sendsOften();
        peer.looks = 0;
        peer.longestLook = 0;
        for (int i = 0; i < 100; i++) {
            peer.sendsAfter(LONG);
        }
        assertThat(peer.longestLook).isBetween(BusyPoll.LOOK_NANOS, BusyPoll.LOOK_NANOS + 2 * Peer.STEP);
        assertThat(peer.looks * Peer.STEP).isLessThan(4 * BusyPoll.LOOK_NANOS);
        int before = peer.looks;
        peer.sendsOften();
        assertThat(peer.looks).as("it is quick again").isGreaterThan(before);
    }

    @Test
    void no_more_threads_look_at_a_time_than_there_are_turns() {
        BusyPoll busyPoll = new BusyPoll(env, 1);
        Peer first = new Peer(busyPoll);
        Peer second = new Peer(busyPoll);
        for (int i = 0; i < 100; i++) {
            first.sendsAfter(QUICK);
            second.sendsAfter(QUICK);
        }
        int before = second.looks;
        first.whileLooking = () -> second.sendsAfter(QUICK);
        first.sendsAfter(QUICK);
        assertThat(second.looks).isEqualTo(before);
        first.whileLooking = () -> {};
        second.sendsAfter(QUICK);
        assertThat(second.looks).isGreaterThan(before);
    }

    @Test
    void without_a_processor_to_spare_nobody_looks() {
        Peer peer = new Peer(new BusyPoll(env, 0));
        peer.sendsOften();
        assertThat(peer.looks).isZero();
    }

    @Test
    void a_turn_is_given_back_when_a_look_fails() {
        BusyPoll busyPoll = new BusyPoll(env, 1);
        Peer peer = new Peer(busyPoll);
        peer.sendsOften();
        peer.whileLooking = () -> {
            throw new IllegalStateException("no look");
        };
        assertThatThrownBy(() -> peer.sendsAfter(QUICK)).hasMessage("no look");
        peer.whileLooking = () -> {};
        int before = peer.looks;
        peer.sendsAfter(QUICK);
        assertThat(peer.looks).isGreaterThan(before);
    }

    /** Each look takes {@link #STEP}; a read sleeps until there is something. */
    private final class Peer {
        static final long STEP = 1_000;

        private final PeerChannel.Attention attention;
        private long readableAt;
        private int looks;
        private int sleeps;
        private long longestLook;
        private Runnable whileLooking = () -> {};
        private long begun;

        private Peer(BusyPoll busyPoll) {
            attention = busyPoll.attention(this::look);
        }

        private void sendsOften() {
            for (int i = 0; i < 100; i++) {
                sendsAfter(QUICK);
            }
        }

        private void sendsAfter(long nanos) {
            begun = env.now.get();
            readableAt = begun + nanos;
            attention.beforeRead();
            if (env.now.get() < readableAt) {
                sleeps++;
                env.now.set(readableAt);
            }
            attention.afterRead();
        }

        private boolean look() {
            looks++;
            env.now.addAndGet(STEP);
            longestLook = Math.max(longestLook, env.now.get() - begun);
            whileLooking.run();
            return env.now.get() >= readableAt;
        }
    }
}
