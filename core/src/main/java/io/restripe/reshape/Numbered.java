package io.restripe.reshape;

import io.restripe.env.Env;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicLong;

/** A manager's way to the monitor: every request carries who asks and which of its requests it is. Any thread. */
final class Numbered implements MonitorLink {
    private final MonitorLink monitor;
    private final long manager;
    private final AtomicLong numbers = new AtomicLong();

    Numbered(Env env, MonitorLink monitor) {
        this.monitor = monitor;
        this.manager = env.random().nextLong(1, Long.MAX_VALUE);
    }

    @Override
    public Reply call(Request request) throws IOException {
        return monitor.call(new Request.FromManager(manager, numbers.incrementAndGet(), request));
    }
}
