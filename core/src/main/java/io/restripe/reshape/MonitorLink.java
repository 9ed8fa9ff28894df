package io.restripe.reshape;

import java.io.IOException;

/** The manager's way to the monitor: in the same process, or over its Unix-domain socket. */
public interface MonitorLink {
    /**
     * Asks and waits for the answer.
     *
     * @throws IOException when no answer came in time or the monitor is gone; whether the request took effect is then unknown, and
     *     durable metadata has the truth
     */
    Reply call(Request request) throws IOException;
}
