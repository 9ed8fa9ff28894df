package io.restripe.array.engine;

/** The clock behind active-idle: one thread that looks when the safe-mode delay after the last write is over. */
final class SafeMode implements Runnable {
    private final ArrayState state;

    SafeMode(ArrayState state) {
        this.state = state;
    }

    @Override
    public void run() {
        state.lock.lock();
        try {
            while (!state.closed) {
                if (!armed()) {
                    state.await();
                    continue;
                }
                long delay = state.config.safeModeNanos;
                long left = state.writesInFlight > 0 ? delay : state.lastWriteNanos + delay - state.env.nanoTime();
                if (left > 0) {
                    state.await(left);
                } else {
                    state.idle = true;
                    state.notifyWatchers();
                }
            }
        } finally {
            state.lock.unlock();
        }
    }

    private boolean armed() {
        return state.running
                && state.redundant()
                && state.mode == ArrayState.Mode.READ_WRITE
                && !state.clean
                && !state.pending
                && !state.broken
                && !state.idle
                && state.config.safeModeNanos > 0;
    }
}
