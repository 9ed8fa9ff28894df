package io.restripe.nbd;

import io.restripe.env.Env;
import io.restripe.os.ReadableLook;
import java.nio.channels.SocketChannel;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;

/**
 * Looks for a moment whether a peer sends something before a thread goes to sleep for it. A client that asks for one thing at a time sends
 * the next request some 20 microseconds after its answer, and to wake a thread costs as much again or more. Done only where it has paid:
 * for a peer whose requests lately came in that time, and by no more threads of this process than leave processors to others. Any thread.
 */
final class BusyPoll {
    /** So long is looked. */
    static final long LOOK_NANOS = 100_000;
    /** Whatever the clock says. */
    private static final int MOST_LOOKS = 10_000;
    /** What a wait may take longer where the thread slept. */
    private static final long WAKING_NANOS = 100_000;

    private static final int MOST = 16;
    private static final int ENOUGH = 8;
    /** A wait in vain takes longer than all that is gained by so many that were not. */
    private static final int COST_OF_A_LONG_ONE = 4;

    private final Env env;
    /** Threads that may begin to look now. */
    private final AtomicInteger turns;

    /** @param threads so many look at a time at the most, each of which keeps a processor busy */
    BusyPoll(Env env, int threads) {
        this.env = env;
        this.turns = new AtomicInteger(threads);
    }

    /** With half of the processors at the most; with the only one never: the peer needs it. */
    static BusyPoll onHalfOfTheProcessors(Env env) {
        return new BusyPoll(env, Runtime.getRuntime().availableProcessors() / 2);
    }

    /** For one peer's socket; where the JDK does not tell its number nobody looks. */
    PeerChannel.Attention attentionTo(SocketChannel socket) {
        return ReadableLook.of(socket).map(look -> attention(look::isReadable)).orElse(PeerChannel.Attention.NONE);
    }

    /** @param readable whether a read would return at once; asked by the reading thread only */
    PeerChannel.Attention attention(BooleanSupplier readable) {
        return new Watch(readable);
    }

    /** What came of looking. */
    private enum Look {
        NONE,
        SEEN,
        IN_VAIN
    }

    /** Of one peer. Owned by the thread that reads. */
    private final class Watch implements PeerChannel.Attention {
        private final BooleanSupplier readable;
        /** How quick the peer has been, up to {@link #MOST}. */
        private int quickness;
        /** Of the read that is under way. */
        private long begun;

        private Look look = Look.NONE;

        private Watch(BooleanSupplier readable) {
            this.readable = readable;
        }

        @Override
        public void beforeRead() {
            begun = env.nanoTime();
            look = quickness >= ENOUGH && takeTurn() ? lookInTurn() : Look.NONE;
        }

        private Look lookInTurn() {
            try {
                for (int i = 0; i < MOST_LOOKS; i++) {
                    if (readable.getAsBoolean()) {
                        return Look.SEEN;
                    }
                    if (env.nanoTime() - begun >= LOOK_NANOS) {
                        break;
                    }
                    Thread.onSpinWait();
                }
                return Look.IN_VAIN;
            } finally {
                turns.incrementAndGet();
            }
        }

        private boolean takeTurn() {
            int free;
            do {
                free = turns.get();
                if (free <= 0) {
                    return false;
                }
            } while (!turns.compareAndSet(free, free - 1));
            return true;
        }

        @Override
        public void afterRead() {
            boolean quick =
                    look == Look.SEEN || (look == Look.NONE && env.nanoTime() - begun <= LOOK_NANOS + WAKING_NANOS);
            quickness = Math.clamp(quickness + (quick ? 1 : -COST_OF_A_LONG_ONE), 0, MOST);
        }
    }
}
