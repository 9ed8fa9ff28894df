package io.restripe.array.engine;

import io.restripe.array.engine.SyncControl.Action;
import io.restripe.unit.Units;
import java.util.ArrayList;
import java.util.List;

/**
 * Where a sync stops and goes: at sync_max, while something waits to be recorded, above the speed limit, when told to end; and where
 * it publishes. Used by the sync thread only.
 */
final class SyncGate {
    static final long PUBLISH_NANOS = 3_000_000_000L;
    /** A pause of the speed limit from which on users notice that a checkpoint has not come. */
    private static final long LONG_PAUSE_NANOS = 100_000_000L;

    private static final long AVERAGE_NANOS = 10_000_000_000L;
    private static final long NANOS_PER_SECOND = 1_000_000_000L;
    private final Parts parts;
    private final Parts sparing;
    private final ArrayState state;
    private final Courtesy courtesy;
    private long averageBeganNanos;
    private long averagedLimit;
    private long countedSectors;
    private long publishedNanos;

    SyncGate(Parts parts) {
        this.parts = parts;
        this.sparing = parts.sparing();
        this.state = parts.state();
        this.courtesy = new Courtesy(state);
    }

    /** A run begins. Call with the state lock held. */
    void begin(Action action, long completed, long total) {
        state.sync.running = action;
        state.sync.completed = completed;
        state.sync.total = total;
        state.sync.memberFailed = false;
        publishedNanos = state.env.nanoTime();
        beginAverage(state.config.speedMaxKibPerSecond());
        state.notifyWatchers();
    }

    /** Told to end, or the array closes. */
    boolean mustEnd() {
        return state.sync.interrupted || state.closed;
    }

    /** No member may be written now: something must first be recorded. */
    boolean mustWait() {
        return state.pending || state.anyBlocked();
    }

    /** Shows progress and wakes who waits for it. Call with the state lock held. */
    void publish(long completed) {
        state.sync.completed = completed;
        publishedNanos = state.env.nanoTime();
        state.notifyWatchers();
    }

    boolean publishIsDue() {
        return state.env.nanoTime() - publishedNanos >= PUBLISH_NANOS;
    }

    /** How long a turn of the sync should take at the most for its users' sake; 0: as long as it likes. Call with the state lock held. */
    long turnNanos() {
        return mayYield(state.env.nanoTime() - averageBeganNanos) ? courtesy.turnNanos() : 0;
    }

    /** What a turn that should take so long works with: beside users one processor is enough. */
    Parts parts(long turnNanos) {
        return turnNanos > 0 ? sparing : parts;
    }

    /** A turn took so long for so many sectors a member. Call with the state lock held. */
    void took(long nanos, long memberSectors) {
        courtesy.took(nanos, nanosAtLimit(memberSectors, state.config.speedMaxKibPerSecond()));
    }

    private static long nanosAtLimit(long memberSectors, long limit) {
        return Math.multiplyExact(memberSectors / Units.SECTORS_PER_KIB, NANOS_PER_SECOND) / limit;
    }

    /** So many sectors a member have been done. */
    void count(long memberSectors) {
        countedSectors += memberSectors;
        long elapsed = state.env.nanoTime() - averageBeganNanos;
        state.sync.speedKib = countedKib() * NANOS_PER_SECOND / Math.max(elapsed, 1);
    }

    private long countedKib() {
        return countedSectors / Units.SECTORS_PER_KIB;
    }

    /** Whether the next {@link #pause} is so long that nothing should stay unpublished over it. */
    boolean pausesLong() {
        return owedNanos() > LONG_PAUSE_NANOS;
    }

    /**
     * Waits if sync_speed_max asks for it, or to make room for users: until that is over or anything changes, so that the caller looks at
     * everything again. Call with the state lock held.
     *
     * @return false when there was nothing to wait for
     */
    boolean pause() {
        long owed = owedNanos();
        if (owed > 0) {
            state.await(Math.min(owed, PUBLISH_NANOS));
        }
        return owed > 0;
    }

    /** How long to wait until the average is down to the limit. An average is of one limit, and of the last seconds. */
    private long owedNanos() {
        long limit = state.config.speedMaxKibPerSecond();
        long elapsed = state.env.nanoTime() - averageBeganNanos;
        long due = limit == averagedLimit ? nanosAtLimit(countedSectors, limit) : 0;
        if (due > elapsed) {
            return due - elapsed;
        }
        long rest = mayYield(elapsed) ? courtesy.restNanos() : 0;
        if (limit != averagedLimit || elapsed > AVERAGE_NANOS) {
            beginAverage(limit);
        }
        return rest;
    }

    /** Not below sync_speed_min, as md has it. */
    private boolean mayYield(long elapsedNanos) {
        long least = state.config.speedMinKibPerSecond();
        return least < state.config.speedMaxKibPerSecond()
                && countedKib() >= Math.multiplyExact(elapsedNanos / NANOS_PER_SECOND, least);
    }

    private void beginAverage(long limit) {
        averagedLimit = limit;
        averageBeganNanos = state.env.nanoTime();
        countedSectors = 0;
    }

    /** Flushes every working member of a layout. Call without the lock; a member that cannot flush has failed. */
    void flush(Layout layout) {
        List<MemberRequest> flushes = new ArrayList<>();
        for (Member member : layout.slots()) {
            if (member != null && !member.failed()) {
                flushes.add(MemberRequest.flush(member));
            }
        }
        parts.io().run(flushes);
        state.failWhoFailed(flushes);
    }
}
