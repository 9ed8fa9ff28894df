package io.restripe.host;

import io.restripe.array.ArrayBackend;
import io.restripe.metadata.Container;
import io.restripe.metadata.Volume;
import io.restripe.reshape.MonitorLink;
import io.restripe.reshape.Reply;
import io.restripe.reshape.Request;
import io.restripe.rule.Problem;
import io.restripe.rule.ProblemException;
import java.io.IOException;
import java.util.List;

/** What is asked of a container's monitor on behalf of a person, with answers in a person's words. Any thread. */
final class MonitorCalls implements ArrayBackend.Pinged {
    private final String container;
    private final MonitorLink monitor;

    MonitorCalls(String container, MonitorLink monitor) {
        this.container = container;
        this.monitor = monitor;
    }

    /** @param what a verb and its object, for "cannot ..." */
    void ask(String what, Request request) throws ProblemException {
        try {
            if (monitor.call(request) instanceof Reply.Refused refused) {
                throw new ProblemException(new Problem(
                        "cannot " + what,
                        "container " + container,
                        refused.rule() + ": " + refused.why(),
                        "Nothing was changed"));
            }
        } catch (IOException e) {
            throw problem("cannot " + what, e);
        }
    }

    @Override
    public void record() throws IOException {
        if (monitor.call(new Request.PingMonitor()) instanceof Reply.Refused refused) {
            throw new IOException(refused.rule() + ": " + refused.why());
        }
    }

    /** Nothing is new here that was not made here. */
    @Override
    public void lookAgain() {}

    /** Throws the first of what stands against something, if anything does. */
    static void refuse(List<Problem> problems) throws ProblemException {
        if (!problems.isEmpty()) {
            throw new ProblemException(problems.getFirst());
        }
    }

    /** A volume by its name. */
    static Volume volumeOf(Container described, String container, String volume) throws ProblemException {
        return described
                .volume(volume)
                .orElseThrow(() -> new ProblemException(new Problem(
                        "no such volume",
                        container + "/" + volume,
                        "the container has "
                                + described.volumes().stream().map(Volume::name).toList(),
                        "Name one of these")));
    }

    static ProblemException problem(String what, IOException e) {
        return new ProblemException(
                new Problem(
                        what, "array", String.valueOf(e.getMessage()), "See the message; the array goes on as it was"),
                e);
    }
}
