package io.restripe.lab.life;

import io.restripe.env.Env;
import io.restripe.reshape.MonitorLink;
import io.restripe.reshape.Reply;
import io.restripe.reshape.Request;
import java.io.IOException;
import java.util.SplittableRandom;

/**
 * The way from a manager to the monitor: messages may be late, lost on the way there or back (the sender finds the connection broken and
 * cannot know which), or arrive twice.
 */
final class Weather implements MonitorLink {
    private static final long LATE_NANOS = 80_000_000L;

    private final Env env;
    private final MonitorLink monitor;
    private final SplittableRandom chance;
    private final int perMille;
    private int disturbed;

    /** @param perMille how many of a thousand messages meet each of these fates */
    Weather(Env env, MonitorLink monitor, SplittableRandom chance, int perMille) {
        this.env = env;
        this.monitor = monitor;
        this.chance = chance;
        this.perMille = perMille;
    }

    @Override
    public Reply call(Request request) throws IOException {
        int fate = chance.nextInt(1000) / Math.max(1, perMille);
        if (perMille == 0 || fate > 3) {
            return monitor.call(request);
        }
        disturbed++;
        return switch (fate) {
            case 0 -> {
                env.sleepNanos(chance.nextLong(LATE_NANOS));
                yield monitor.call(request);
            }
            case 1 -> throw new IOException("the connection broke before " + request + " arrived (simulated)");
            case 2 -> {
                monitor.call(request);
                throw new IOException("the connection broke before the answer to " + request + " (simulated)");
            }
            default -> {
                Reply first = monitor.call(request);
                monitor.call(request);
                yield first;
            }
        };
    }

    int disturbed() {
        return disturbed;
    }
}
