package io.restripe.array.engine;

/** What the users' requests are like now, for background work that makes room for them. Guarded by the state lock. */
final class UserRequests {
    /** A request counts for so much of the mean of those before it. */
    private static final int WEIGHT_SHIFT = 4;

    /** Requests that wait for background work. */
    int held;

    private boolean any;
    private long lastNanos;
    private long meanNanos;

    void arrived(long now) {
        any = true;
        lastNanos = now;
    }

    /** One that was let in at the time given has left. */
    void left(long enteredNanos, long now) {
        lastNanos = now;
        meanNanos += (now - enteredNanos - meanNanos) >> WEIGHT_SHIFT;
    }

    boolean askedWithin(long nanos, long now) {
        return any && now - lastNanos <= nanos;
    }

    /** Of the last few, from being let in to being done. */
    long meanNanos() {
        return meanNanos;
    }
}
