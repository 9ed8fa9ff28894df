package io.restripe.disk;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Whether a disk answers so fast (from memory) that waiting for it costs less than having another thread wait. It counts as fast after
 * many requests that were, and as slow again after a few that were not: one alone says only that the thread had to wait for a processor.
 * Any thread.
 */
public final class Pace {
    private static final int MOST = 64;
    private static final int ENOUGH = 32;
    private static final int COST_OF_A_SLOW_ONE = 8;
    private static final long FAST_NANOS = 30_000;
    /** A copy in memory takes about half of that. */
    private static final int BYTES_PER_NANO = 4;
    /** Larger ones are worth a thread of their own in any case. */
    private static final long LARGEST_BYTES = 256 << 10;

    /** A slow disk is tried after so many requests at first, and ever more seldom while it stays slow. */
    private static final int FIRST_TRIAL = 32;

    private static final int LAST_TRIAL = 4096;
    private static final int WORTH_OF_A_TRIAL = 8;

    private final AtomicInteger score = new AtomicInteger();
    private final AtomicInteger untilTrial = new AtomicInteger(FIRST_TRIAL);
    private final AtomicBoolean trial = new AtomicBoolean();
    private volatile int betweenTrials = FIRST_TRIAL;
    private final long bytesPerNano;

    /** For what costs one copy when it is fast. */
    public Pace() {
        this(1);
    }

    /** @param copies of all its bytes, about so many are made for a request of a fast disk */
    public Pace(int copies) {
        this.bytesPerNano = BYTES_PER_NANO / copies;
    }

    /** Whether requests of so many bytes in all are best carried out where they are; now and then that is tried with one. */
    public boolean isFast(long bytes) {
        return bytes <= LARGEST_BYTES && (isFast() || tries());
    }

    private boolean tries() {
        if (untilTrial.decrementAndGet() != 0) {
            return false;
        }
        untilTrial.set(betweenTrials);
        trial.set(true);
        return true;
    }

    /** Whether the disk answers as memory does, whatever the length. */
    public boolean isFast() {
        return score.get() >= ENOUGH;
    }

    /** Counts as slow again, as at the beginning. */
    public void beginSlowly() {
        score.set(0);
    }

    /** One request of so many bytes took so long, carried out by who would have waited for it. */
    public void took(long nanos, long bytes) {
        boolean slow = isSlow(nanos, bytes);
        int now = score.get();
        boolean tried = now < ENOUGH && trial.compareAndSet(true, false);
        if (tried) {
            betweenTrials = slow ? Math.min(LAST_TRIAL, 2 * betweenTrials) : FIRST_TRIAL;
            untilTrial.set(betweenTrials);
        }
        add(now, slow ? -COST_OF_A_SLOW_ONE : tried ? WORTH_OF_A_TRIAL : 1);
    }

    private void add(int now, int more) {
        int next = Math.clamp(now + more, 0, MOST);
        if (next != now) {
            score.compareAndSet(now, next); // who loses a race leaves one request out
        }
    }

    /**
     * The same by a thread of its own. That it was slow says nothing: many such threads wait for processors, and for each other, so the disk
     * would never be found fast again.
     */
    public void tookElsewhere(long nanos, long bytes) {
        if (!isSlow(nanos, bytes)) {
            add(score.get(), 1);
        }
    }

    private boolean isSlow(long nanos, long bytes) {
        return nanos > FAST_NANOS + bytes / bytesPerNano;
    }
}
