package io.restripe.array.engine;

/** What the users' requests are like now, for background work that makes room for them. Guarded by the state lock. */
final class UserRequests {
    /** A request counts for so much of the mean of those before it. */
    private static final int WEIGHT_SHIFT = 4;

    /** A cost that grows must be able to begin from nothing. */
    private static final long LEAST_NANOS = 20_000L;

    /** Requests that wait for background work. */
    int held;

    private boolean any;
    private long lastNanos;
    private long costNanos;

    void arrived(long now) {
        any = true;
        lastNanos = now;
    }

    /**
     * One that was let in at the time given has left. Where one takes much longer than those before it, it was most likely its thread that
     * waited, for a processor: slow disks make all of them slow.
     *
     * @param inside how many there are, this one included: they share the disks
     */
    void left(long enteredNanos, long now, int inside) {
        lastNanos = now;
        long cost = Math.min((now - enteredNanos) / inside, LEAST_NANOS + 2 * costNanos);
        costNanos += (cost - costNanos) >> WEIGHT_SHIFT;
    }

    boolean askedWithin(long nanos, long now) {
        return any && now - lastNanos <= nanos;
    }

    /** What one of the last few took of the disks' time, as far as can be seen. */
    long costNanos() {
        return costNanos;
    }
}
