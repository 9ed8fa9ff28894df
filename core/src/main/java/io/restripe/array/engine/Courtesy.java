package io.restripe.array.engine;

/**
 * How a sync makes room for users. While they are there it works in short turns and rests almost as long as each turn took, or longer where
 * it may be no faster anyway: a request then meets a short turn at the most, and seldom, and the sync keeps about half of the speed that
 * its thread has alone. It makes no room while somebody waits for it. Used by the sync thread, with the state lock held.
 */
final class Courtesy {
    /** Users who asked for nothing for so long are not there. */
    private static final long GONE_NANOS = 50_000_000L;

    private static final long SHORTEST_TURN_NANOS = 200_000L;
    private static final long LONGEST_TURN_NANOS = 50_000_000L;
    /** On slow disks a turn takes as long as so many requests of users, or it would be all seeking. */
    private static final int REQUESTS_A_TURN = 4;

    private static final int REST_PERCENT = 80;
    /** Of the speed that it may have. */
    private static final int SPEED_PERCENT = 80;

    private final ArrayState state;
    private long restUntilNanos;

    Courtesy(ArrayState state) {
        this.state = state;
        this.restUntilNanos = state.env.nanoTime();
    }

    /** How long a turn should take; 0 when nobody is in its way. */
    long turnNanos() {
        return usersAreThere()
                ? Math.clamp(REQUESTS_A_TURN * state.users.costNanos(), SHORTEST_TURN_NANOS, LONGEST_TURN_NANOS)
                : 0;
    }

    /**
     * A turn took so long.
     *
     * @param leastNanos what its work takes at the speed that the sync may have at the most
     */
    void took(long nanos, long leastNanos) {
        long rest = Math.max(nanos * REST_PERCENT / 100, leastNanos * 100 / SPEED_PERCENT - nanos);
        restUntilNanos = state.env.nanoTime() + (usersAreThere() ? rest : 0);
    }

    /** How much of the rest is left. */
    long restNanos() {
        long left = restUntilNanos - state.env.nanoTime();
        return left > 0 && usersAreThere() ? left : 0;
    }

    private boolean usersAreThere() {
        return state.users.held == 0 && state.users.thereWithin(GONE_NANOS, state.env.nanoTime());
    }
}
