package io.restripe.lab.kill;

import io.restripe.disk.FileDisk;
import io.restripe.env.Env;
import io.restripe.node.cli.Main;
import io.restripe.node.daemon.NewFiles;
import io.restripe.node.rpc.ContainerStatus;
import io.restripe.node.rpc.HostClient;
import io.restripe.node.rpc.Json;
import io.restripe.node.rpc.RunFolder;
import io.restripe.node.rpc.VolumeStatus;
import io.restripe.rule.ProblemException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The processes of a load: the host, and the servers of those members that are not files; and what is asked of the host. One thread. */
final class LoadMachine {
    private static final long PATIENCE_NANOS = 240_000_000_000L;
    static final int MEMBER_TIMEOUT_SECONDS = 30;

    private final Env env;
    private final Path folder;
    private final long diskSectors;
    private final RunFolder run;
    /** Members by the name they have to the host; null: a file, which needs no process. */
    private final Map<String, Child> members = new LinkedHashMap<>();

    private int disks;
    private Child host;

    LoadMachine(Env env, Path folder, long diskSectors) {
        this.env = env;
        this.folder = folder;
        this.diskSectors = diskSectors;
        this.run = new RunFolder(folder.resolve("run"));
    }

    RunFolder run() {
        return run;
    }

    /** A new sparse file, as it is. */
    String newFile() throws IOException {
        Path path = folder.resolve("disk" + disks++ + ".img");
        FileDisk.create(path, diskSectors, FileDisk.Caching.DIRECT).close();
        members.put(path.toString(), null);
        return path.toString();
    }

    /** A new sparse file behind a server. */
    String newServer() throws IOException {
        Path path = folder.resolve("disk" + disks++ + ".img");
        FileDisk.create(path, diskSectors, FileDisk.Caching.DIRECT).close();
        String uri = "nbd+unix:///" + MemberServer.EXPORT + "?socket=" + path + ".sock";
        members.put(uri, null);
        startServer(uri);
        return uri;
    }

    void startServer(String uri) throws IOException {
        String socket = uri.substring(uri.indexOf('=') + 1);
        String file = socket.substring(0, socket.length() - ".sock".length());
        Child server =
                Child.start(env, folder.resolve("servers.log"), Map.of(), MemberServer.class, List.of(file, socket));
        members.put(uri, server);
        server.await("ready", PATIENCE_NANOS);
    }

    /** The server that is killed for good is forgotten too: its disk is stale from then on. */
    void killServer(String uri, boolean forGood) {
        members.get(uri).kill();
        if (forGood) {
            members.remove(uri);
        }
    }

    List<String> members() {
        return List.copyOf(members.keySet());
    }

    /** Runs a verb of the product to its end. */
    void restripe(String... words) throws IOException {
        Child verb = Child.start(
                env,
                folder.resolve("verbs.log"),
                Map.of("RESTRIPE_RUN", run.root().toString()),
                Main.class,
                List.of(words));
        int status = verb.awaitEnd(PATIENCE_NANOS);
        if (status != 0) {
            throw new IOException(String.join(" ", words) + " ended with " + status + ", see " + folder + "/verbs.log");
        }
    }

    void startHost() throws IOException {
        List<String> words = new ArrayList<>(List.of(
                "host",
                "--name=" + Round.CONTAINER,
                "--member-timeout=" + MEMBER_TIMEOUT_SECONDS,
                "--volatile-cache",
                "--"));
        words.addAll(members.keySet());
        host = Child.start(
                env,
                folder.resolve("host.log"),
                Map.of("RESTRIPE_RUN", run.root().toString()),
                Main.class,
                words);
        host.await("{\"ok\"", PATIENCE_NANOS);
    }

    void killHost() {
        host.kill();
    }

    /** A request to the host. */
    Map<String, Object> call(String verb, Map<String, Object> arguments) throws ProblemException {
        try (HostClient client = HostClient.connect(run, Round.CONTAINER)) {
            return client.call(verb, arguments);
        }
    }

    void add(String member) throws ProblemException {
        Map<String, Object> request = Json.map("volume", "", "member", member);
        NewFiles.NONE.putInto(request);
        call("add", request);
    }

    VolumeStatus volume() throws ProblemException {
        try (HostClient client = HostClient.connect(run, Round.CONTAINER)) {
            return client.status().volumes().getFirst();
        }
    }

    /** Whether nothing is under way any more after at most so long. */
    boolean isIdleWithin(long millis) throws ProblemException {
        Map<String, Object> answer = call("wait", Json.map("timeout-millis", millis));
        ContainerStatus status =
                ContainerStatus.ofMap(Json.inner(answer, "status").orElseThrow());
        Optional<io.restripe.rule.Problem> problem = status.volumes().getFirst().problem();
        if (problem.isPresent()) {
            throw new ProblemException(problem.get());
        }
        return Json.flag(answer, "idle");
    }

    void awaitIdle() throws ProblemException, IOException {
        long deadline = env.nanoTime() + PATIENCE_NANOS;
        while (!isIdleWithin(500)) {
            if (env.nanoTime() - deadline > 0) {
                throw new IOException("it does not come to its end: " + volume());
            }
        }
    }

    void awaitDegraded() throws ProblemException, IOException {
        long deadline = env.nanoTime() + PATIENCE_NANOS;
        while (volume().degraded() == 0) {
            if (env.nanoTime() - deadline > 0) {
                throw new IOException("a member that is gone has not failed: " + volume());
            }
            env.sleepNanos(100_000_000);
        }
    }

    void stopHost() throws ProblemException, IOException {
        call("stop", Map.of());
        int status = host.awaitEnd(PATIENCE_NANOS);
        if (status != 0) {
            throw new IOException("the host ended with " + status + ", see " + folder + "/host.log");
        }
    }

    /** Kills what still runs. */
    void end() {
        if (host != null) {
            host.kill();
        }
        members.values().stream().filter(java.util.Objects::nonNull).forEach(Child::kill);
    }
}
