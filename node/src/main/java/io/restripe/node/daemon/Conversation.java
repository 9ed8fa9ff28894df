package io.restripe.node.daemon;

import io.restripe.disk.DiskException;
import io.restripe.node.rpc.Json;
import io.restripe.node.rpc.Wire;
import io.restripe.rule.Problem;
import io.restripe.rule.ProblemException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * One connection to the host: a request, its answer, the next. Every request is answered: {@code {"ok":{...}}} or {@code
 * {"error":{what, where, why, remedy}}}; none can end the host but {@code stop}. Owner: its own thread.
 */
final class Conversation implements Runnable {
    private static final System.Logger LOG = System.getLogger("io.restripe.node.daemon");
    private static final int PAGE_BYTES = 4096;
    private static final long LONGEST_WAIT_MILLIS = 60_000;

    private final HostServer server;
    private final HostedContainer container;
    private final Wire wire;
    private final Arena arena = Arena.ofShared();
    private MemorySegment scratch;
    private boolean framesUnderWay;

    Conversation(HostServer server, HostedContainer container, Wire wire) {
        this.server = server;
        this.container = container;
        this.wire = wire;
    }

    @Override
    public void run() {
        try (wire) {
            Optional<Map<String, Object>> request = wire.receive();
            while (request.isPresent()) {
                serve(request.get());
                request = wire.receive();
            }
        } catch (IOException e) {
            // The other side went away in the middle: it knows, and nothing of the container depends on it.
            LOG.log(System.Logger.Level.DEBUG, "connection ended", e);
        } finally {
            arena.close();
            server.ended(this);
        }
    }

    private void serve(Map<String, Object> request) throws IOException {
        String verb = Json.optionalText(request, "verb").orElse("");
        Map<String, Object> answer;
        try {
            answer = Json.map("ok", perform(verb, request));
        } catch (ProblemException e) {
            answer = Json.map("error", Json.ofProblem(stoppedOr(verb, e.problem())));
        } catch (DiskException e) {
            answer = Json.map("error", Json.ofProblem(stoppedOr(verb, ofDisk(verb, e))));
        } catch (RuntimeException | Error e) {
            // A bug of ours, or a broken rule: told to whoever asked and to the log; the container's own threads judge
            // for themselves.
            LOG.log(System.Logger.Level.ERROR, "request " + verb + " failed", e);
            answer = Json.map("error", Json.ofProblem(internal(verb, e)));
        }
        wire.send(answer);
        if (framesUnderWay) {
            drain();
        }
        if (verb.equals("stop") && answer.containsKey("ok")) {
            server.finish();
        }
    }

    /** What reads and writes meet while the container is being stopped is told as that. */
    private Problem stoppedOr(String verb, Problem problem) {
        boolean contents = verb.equals("read") || verb.equals("write");
        return !contents || !container.stopping()
                ? problem
                : new Problem(
                        "cannot " + verb + " " + container.name() + " any further",
                        "container " + container.name(),
                        "it was stopped by another request",
                        "Start it again: restripe assemble " + container.name() + " MEMBER...");
    }

    private Problem ofDisk(String verb, DiskException e) {
        if (e.getCause() instanceof ProblemException refusal) {
            return refusal.problem(); // not a failing disk, but contents that cannot be told
        }
        return new Problem(
                "cannot " + verb + " " + container.name(),
                e.disk(),
                e.getMessage(),
                "Look at the members: restripe detail " + container.name());
    }

    private Problem internal(String verb, Throwable e) {
        return new Problem(
                "cannot " + (verb.isEmpty() ? "serve a request of" : verb) + " " + container.name(),
                "host process",
                "an error of restripe itself: " + e,
                "The container's log has the details; please report it");
    }

    private Map<String, Object> perform(String verb, Map<String, Object> request)
            throws ProblemException, DiskException, IOException {
        switch (verb) {
            case "status" -> {
                return server.status();
            }
            case "create" -> {
                container.createVolume(CreateRequest.ofMap(request));
                server.exports().refresh();
            }
            case "add" -> {
                return notes(container.add(
                        Json.text(request, "member"), NewFiles.ofMap(request), Json.flag(request, "force")));
            }
            case "fail" -> container.fail(Json.text(request, "volume"), Json.text(request, "member"));
            case "remove" -> container.remove(Json.text(request, "member"));
            case "plan" -> {
                return container.plan(GrowArguments.ofMap(request)).toMap();
            }
            case "grow" -> {
                return notes(container.grow(GrowArguments.ofMap(request)));
            }
            case "policy" -> container.changePolicy(PolicyRequest.ofMap(request));
            case "resume" -> container.resume();
            case "pause" -> container.pause();
            case "speed-limit" -> container.speedLimit(Json.number(request, "kib"));
            case "max-hold" -> container.maxHold(Json.number(request, "nanos"));
            case "check" -> {
                return Json.map("findings", Json.ofFindings(container.checkMetadata()));
            }
            case "scrub" -> {
                return Json.map(
                        "skipped",
                        container
                                .scrub(Json.text(request, "volume"), Json.flag(request, "repair"))
                                .orElse(null));
            }
            case "scrub-end" -> container.endScrub(Json.text(request, "volume"));
            case "scrub-result" -> {
                return container.scrubResult(Json.text(request, "volume")).toMap();
            }
            case "wait" -> {
                return waitFor(request);
            }
            case "read" -> {
                return read(request);
            }
            case "write" -> {
                return write(request);
            }
            case "attach" -> {
                return attach(request);
            }
            case "detach" -> {
                return server.attachments().detach(Json.text(request, "volume"), Json.flag(request, "force"));
            }
            case "stop" -> {
                return Json.map(
                        "unrecorded",
                        stop(Json.flag(request, "force")).map(Json::ofProblem).orElse(null));
            }
            default ->
                throw new ProblemException(new Problem(
                        "cannot serve the request \"" + verb + "\"",
                        container.name(),
                        "this host process does not know it; it may be of another version than the command",
                        "Stop and assemble the container to run it with this version"));
        }
        return Map.of();
    }

    private static Map<String, Object> notes(List<String> notes) {
        return Json.map("notes", notes);
    }

    private Map<String, Object> waitFor(Map<String, Object> request) {
        long millis = Math.min(LONGEST_WAIT_MILLIS, Json.number(request, "timeout-millis"));
        boolean idle = container.awaitIdle(TimeUnit.MILLISECONDS.toNanos(millis));
        return Json.map("idle", idle, "status", server.status());
    }

    private Map<String, Object> attach(Map<String, Object> request) throws ProblemException {
        String driver = Json.optionalText(request, "driver").orElse("");
        return server.attachments().attach(Json.text(request, "volume"), driver);
    }

    /** Who has a volume open is not cut off without being asked. */
    private Optional<Problem> stop(boolean force) throws ProblemException {
        server.attachments().endAll(force);
        int clients = force ? 0 : server.exports().clientsThatStay();
        if (clients > 0) {
            throw new ProblemException(new Problem(
                    "cannot stop " + container.name(),
                    "container " + container.name(),
                    clients + (clients == 1 ? " NBD client uses" : " NBD clients use") + " its volumes",
                    "Disconnect them (unmount, nbd-client -d), or cut them off: restripe stop " + container.name()
                            + " --force"));
        }
        server.exports().close();
        try {
            return container.stop();
        } catch (ProblemException e) {
            server.exports().open();
            throw e;
        }
    }

    private Map<String, Object> read(Map<String, Object> request) throws ProblemException, IOException {
        VolumeBytes bytes = server.bytes(Json.text(request, "volume"));
        long offset = Json.number(request, "offset");
        long end = end(bytes, offset, Json.number(request, "length"));
        wire.send(Json.map("ok", Json.map("length", end - offset)));
        try {
            MemorySegment scratch = scratch(bytes);
            for (long at = offset; at < end; ) {
                long length = Math.min(Wire.FRAME_BYTES, end - at);
                wire.sendFrame(bytes.read(at, length, scratch).asByteBuffer());
                at += length;
            }
        } finally {
            wire.sendEnd();
        }
        return Map.of();
    }

    private long end(VolumeBytes bytes, long offset, long length) throws ProblemException {
        long size = bytes.sizeBytes();
        if (offset < 0 || offset > size || length > size - offset) {
            throw new ProblemException(new Problem(
                    "cannot read or write behind the end of the volume",
                    container.name() + ", byte " + offset,
                    "the volume has " + size + " bytes"
                            + (length > 0 ? ", the request is for " + length + " from there" : ""),
                    "Choose a smaller --offset or --length"));
        }
        return length < 0 ? size : offset + length;
    }

    private MemorySegment scratch(VolumeBytes bytes) {
        long size = (long) Wire.FRAME_BYTES + bytes.slackBytes();
        if (scratch == null || scratch.byteSize() < size) {
            scratch = arena.allocate(size, PAGE_BYTES);
        }
        return scratch;
    }

    /** Frames are acknowledged one by one; after a failure the rest is read and dropped, so that both sides stay in step. */
    private Map<String, Object> write(Map<String, Object> request) throws ProblemException, IOException {
        VolumeBytes bytes = server.bytes(Json.text(request, "volume"));
        long at = Json.number(request, "offset");
        long end = end(bytes, at, -1);
        wire.send(Json.map("ok", Json.map("room", end - at)));
        MemorySegment scratch = scratch(bytes);
        for (int length = wire.receiveLength(); length > 0; length = wire.receiveLength()) {
            wire.receiveBytes(bytes.place(at, length, scratch).asByteBuffer());
            framesUnderWay = true;
            end(bytes, at, length);
            bytes.write(at, length, scratch);
            framesUnderWay = false;
            at += length;
            wire.send(Json.map("ok", Map.of()));
        }
        bytes.flush();
        return Map.of();
    }

    /** The other side has learned of the failure; what it sent before that is read and dropped, up to its end mark. */
    private void drain() throws IOException {
        ByteBuffer dropped = ByteBuffer.allocateDirect(Wire.FRAME_BYTES);
        for (int length = wire.receiveLength(); length > 0; length = wire.receiveLength()) {
            wire.receiveBytes(dropped.clear().limit(length));
        }
        framesUnderWay = false;
    }
}
