package io.restripe.node.cli;

import io.restripe.check.ContainerCheck;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/** Shows how far a comparison in this process is: on a terminal one line that is overwritten, on a pipe a line now and then. */
final class CheckProgress implements ContainerCheck.Watcher {
    private static final long TERMINAL_MILLIS = 250;
    private static final long PIPE_MILLIS = 5_000;
    private static final String CLEAR = "\r\u001b[K";

    private final Session session;
    private long shownNanos;
    private boolean shown;

    CheckProgress(Session session) {
        this.session = session;
        this.shownNanos = session.env().nanoTime();
    }

    @Override
    public void reached(String volume, long doneSectors, long totalSectors) {
        long now = session.env().nanoTime();
        long slice = session.terminal() ? TERMINAL_MILLIS : PIPE_MILLIS;
        if (session.json() || now - shownNanos < TimeUnit.MILLISECONDS.toNanos(slice)) {
            return;
        }
        shownNanos = now;
        shown = true;
        String line =
                String.format(Locale.ROOT, "%s check %5.1f%%", volume, 100.0 * doneSectors / Math.max(1, totalSectors));
        if (session.terminal()) {
            session.err().print(CLEAR + line);
            session.err().flush();
        } else {
            session.err().println(line);
        }
    }

    /** Takes the line away. */
    void end() {
        if (shown && session.terminal()) {
            session.err().print(CLEAR);
            session.err().flush();
        }
    }
}
