package io.restripe.env;

import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;

/**
 * A wake-up that is never lost: {@link #raise} before {@link #await} makes the await return at once. Any thread may raise; one
 * owner awaits. Raising twice before an await counts once: the owner always looks at the state itself (rule R10).
 */
public final class Signal {
    private final Lock lock;
    private final Condition raisedChanged;
    private final Env env;
    private boolean raised;

    public Signal(Env env) {
        this.env = env;
        this.lock = env.newLock();
        this.raisedChanged = lock.newCondition();
    }

    /** Wakes the owner, now or at its next await. Never blocks for long. */
    public void raise() {
        lock.lock();
        try {
            raised = true;
            raisedChanged.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits until raised or until the time is over, and lowers the signal.
     *
     * @param timeoutNanos the longest wait; 0 or less only looks
     * @return whether it had been raised
     */
    public boolean await(long timeoutNanos) {
        long deadline = env.nanoTime() + timeoutNanos;
        lock.lock();
        try {
            while (!raised) {
                long left = deadline - env.nanoTime();
                if (left <= 0) {
                    return false;
                }
                Conditions.awaitNanos(raisedChanged, left);
            }
            raised = false;
            return true;
        } finally {
            lock.unlock();
        }
    }
}
