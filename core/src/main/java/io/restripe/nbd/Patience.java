package io.restripe.nbd;

/**
 * Judges, from looks at the answers of a server, whether it is still there: one that is connected may be silent for ever. Owned by the
 * thread that looks.
 */
final class Patience {
    /** One request may take so many times longer than a server may be silent, while it answers others. */
    private static final int SLOWER = 4;

    /** What to do. */
    enum Verdict {
        WAIT,
        /** The connection counts as broken: the server's machine may have gone without a word and have come back. */
        CONNECT_AGAIN,
        GIVE_UP
    }

    private final long silentNanos;
    private long seen = -1;
    private long since;
    private long condemned;

    /** @param silentNanos how long there may be no answer while requests wait */
    Patience(long silentNanos) {
        this.silentNanos = silentNanos;
    }

    /**
     * A look, while at least one request waits.
     *
     * @param answers how many have come so far
     * @param oldest when the request began that waits longest
     * @param connection number of the connection; 0: there is none
     */
    Verdict look(long now, long answers, long oldest, long connection) {
        since = answers == seen ? since : now;
        seen = answers;
        long silent = Math.min(now - since, now - oldest);
        if (silent > silentNanos || (now - oldest) / SLOWER > silentNanos) {
            return Verdict.GIVE_UP;
        }
        if (silent > silentNanos / 2 && connection != 0 && connection != condemned) {
            condemned = connection;
            return Verdict.CONNECT_AGAIN;
        }
        return Verdict.WAIT;
    }
}
