package io.restripe.nbd;

import java.util.concurrent.atomic.AtomicInteger;

/** How a server drops a peer: its connection ends when no write of it is at the disk, for its end says that none is; and no other begins. */
final class Departure {
    private final AtomicInteger inside = new AtomicInteger();
    private final Runnable hangUp;
    private volatile boolean dropped;

    /** @param hangUp ends the connection; also more than once */
    Departure(Runnable hangUp) {
        this.hangUp = hangUp;
    }

    void drop() {
        dropped = true;
        if (inside.get() == 0) {
            hangUp.run();
        }
    }

    /** Carries out what changes the disk, unless the peer was dropped. */
    int runWrite(Request request, RequestRunner runner) {
        inside.incrementAndGet(); // before it is looked whether it may
        try {
            return dropped ? Wire.ESHUTDOWN : runner.run(request);
        } finally {
            if (inside.decrementAndGet() == 0 && dropped) {
                hangUp.run();
            }
        }
    }
}
