package io.restripe.node.cli;

import io.restripe.node.rpc.ContainerStatus;
import io.restripe.node.rpc.HostClient;
import io.restripe.node.rpc.Json;
import io.restripe.node.rpc.VolumeStatus;
import io.restripe.rule.Problem;
import io.restripe.rule.ProblemException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Shows background work until it ends: on a terminal one line that is overwritten, on a pipe a line every few seconds. When the
 * command is interrupted the work goes on, and a last line says so.
 */
final class Follower {
    private static final long TERMINAL_MILLIS = 250;
    private static final long PIPE_MILLIS = 5_000;
    private static final String CLEAR = "\r\u001b[K";

    private final Session session;
    private final HostClient client;
    private final ArrayName array;
    private String last = "";

    Follower(Session session, HostClient client, ArrayName array) {
        this.session = session;
        this.client = client;
        this.array = array;
    }

    /**
     * @param timeoutMillis longest wait; Long.MAX_VALUE: for ever
     * @return the last status; idle unless the time was over
     * @throws ProblemException when work stands because of a problem
     */
    ContainerStatus follow(long timeoutMillis) throws ProblemException {
        AtomicBoolean following = new AtomicBoolean(true);
        Thread farewell = Thread.ofPlatform().unstarted(() -> {
            if (following.get()) {
                session.note((session.terminal() ? "\n" : "")
                        + "The work goes on in the background. Follow it: restripe wait " + array);
            }
        });
        Runtime.getRuntime().addShutdownHook(farewell);
        try {
            return watch(timeoutMillis);
        } finally {
            following.set(false);
            boolean _ = removeHook(farewell);
        }
    }

    /** False when the process is ending already and the hook does its work. */
    static boolean removeHook(Thread hook) {
        try {
            return Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            return false;
        }
    }

    private ContainerStatus watch(long timeoutMillis) throws ProblemException {
        long slice = session.terminal() ? TERMINAL_MILLIS : PIPE_MILLIS;
        long start = session.env().nanoTime();
        boolean shown = false;
        long wait = Math.min(200, slice); // work that is done at once shows no bar
        while (true) {
            long past = TimeUnit.NANOSECONDS.toMillis(session.env().nanoTime() - start);
            long left = Math.max(0, timeoutMillis - past);
            Map<String, Object> answer = client.call("wait", Json.map("timeout-millis", Math.min(wait, left)));
            ContainerStatus status =
                    ContainerStatus.ofMap(Json.inner(answer, "status").orElseThrow());
            List<VolumeStatus> mine = status.volumes().stream()
                    .filter(v -> array.volume().isEmpty() || v.name().equals(array.volume()))
                    .toList();
            boolean idle = Json.flag(answer, "idle") || idle(status, mine);
            Optional<Problem> problem =
                    mine.stream().flatMap(v -> v.problem().stream()).findFirst();
            if (idle || problem.isPresent() || past >= timeoutMillis) {
                clear(shown);
                if (problem.isPresent()) {
                    throw new ProblemException(problem.get());
                }
                return status;
            }
            mine.stream().filter(v -> !v.work().idle()).findFirst().ifPresent(v -> show(status, v));
            shown = true;
            wait = slice;
        }
    }

    /** Whether the volume that is meant is done although others are not. While one of those reshapes, this one may be the next. */
    private boolean idle(ContainerStatus status, List<VolumeStatus> mine) {
        return !array.volume().isEmpty()
                && mine.stream().allMatch(v -> v.work().idle())
                && status.volumes().stream().noneMatch(v -> v.work().action().equals("reshape"));
    }

    private void show(ContainerStatus status, VolumeStatus v) {
        if (session.json()) {
            return;
        }
        String name = status.name() + "/" + v.name() + " ";
        if (session.terminal()) {
            // One column stays free: a terminal that is full to its edge moves to the next line.
            session.err().print(CLEAR + StatusText.work(name, v, session.columns() - 1));
            session.err().flush();
            return;
        }
        String line = name + StatusText.work(v);
        if (!line.equals(last)) {
            session.err().println(line);
            last = line;
        }
    }

    private void clear(boolean shown) {
        if (shown && session.terminal() && !session.json()) {
            session.err().print(CLEAR);
            session.err().flush();
        }
    }
}
