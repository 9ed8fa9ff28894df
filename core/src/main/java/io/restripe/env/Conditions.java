package io.restripe.env;

import java.util.concurrent.locks.Condition;

/** Waiting on the conditions of an env's locks with a bound. */
public final class Conditions {
    private Conditions() {}

    /** Waits at most so long, with the condition's lock held. May return early: callers look at what they wait for, and at the clock, in a loop. */
    @SuppressWarnings("WaitNotInLoop") // the loop is the caller's
    public static void awaitNanos(Condition condition, long nanos) {
        try {
            if (condition.awaitNanos(nanos) <= 0) {
                return; // the caller looks at the clock again
            }
        } catch (InterruptedException e) {
            // Nobody interrupts a thread of an env; kept as a flag so that an outer layer could see it.
            Thread.currentThread().interrupt();
        }
    }
}
