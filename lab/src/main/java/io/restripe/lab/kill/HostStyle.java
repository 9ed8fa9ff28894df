package io.restripe.lab.kill;

import io.restripe.env.Env;
import io.restripe.node.cli.Main;
import io.restripe.node.rpc.ContainerStatus;
import io.restripe.node.rpc.HostClient;
import io.restripe.node.rpc.Json;
import io.restripe.node.rpc.RunFolder;
import io.restripe.rule.ProblemException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The product's host process, started by the words with which the product starts it, its members forgetting what was not flushed when
 * it dies. Users and the reshape are asked for over its socket.
 */
final class HostStyle implements Style {
    private static final long PATIENCE_NANOS = 120_000_000_000L;
    private static final long LOOK_NANOS = 5_000_000;
    private static final long SPEED_KIB = 2500;

    private final Round round;
    private final Env env;
    private final Kills kills;
    private final RunFolder run;
    private final List<HostClient> clients = new ArrayList<>();
    private Child host;
    private long lives;
    private long written;

    HostStyle(Round round) {
        this.round = round;
        this.env = round.env();
        this.kills = new Kills(round.random(), env.nanoTime());
        this.run = new RunFolder(runRoot());
    }

    private Path runRoot() {
        return round.folder().resolve("run");
    }

    @Override
    public void run() throws IOException, ProblemException {
        while (kills.areLeft()) {
            shortLife(kills.nextHitsWork(), kills.pauseNanos());
        }
        lastLife();
    }

    /** A life that ends by a kill, whatever it is doing then. */
    private void shortLife(boolean onceReady, long nanos) throws IOException {
        start();
        Child dying = host;
        Env.Worker killer = env.start("killer", () -> {
            while (onceReady && dying.isAlive() && !dying.hasSaid("{")) {
                env.sleepNanos(LOOK_NANOS);
            }
            env.sleepNanos(nanos);
            dying.kill();
        });
        Users users = null;
        try {
            host.await("{\"ok\"", PATIENCE_NANOS);
            users = open(SPEED_KIB);
        } catch (IOException | ProblemException e) {
            // Killed before all that: as good an instant as any. What the product itself has to say is in its log.
            env.sleepNanos(1);
        }
        killer.join();
        kills.count("host", env.nanoTime());
        if (users != null) {
            users.end();
        }
        closeClients();
    }

    private void start() throws IOException {
        List<String> words = new ArrayList<>(List.of("host", "--name=" + Round.CONTAINER, "--volatile-cache", "--"));
        words.addAll(round.memberNames());
        host = Child.start(
                env,
                round.folder().resolve("host.log"),
                Map.of("RESTRIPE_RUN", runRoot().toString()),
                Main.class,
                words);
        lives++;
    }

    /** Users at work, and the reshape too unless it has been begun before. */
    private Users open(long speedKib) throws ProblemException, IOException {
        HostClient control = connect();
        boolean begun = isBegun(control.status());
        if (!begun) {
            awaitIdle(); // a kill before the reshape began leaves a resync to do first
        }
        control.call("speed-limit", Json.map("kib", speedKib));
        Users users = Users.start(
                env,
                round,
                volume -> {
                    try {
                        return new Target.OnHost(connect(), KillCase.volumeName(volume));
                    } catch (ProblemException e) {
                        throw new IOException(e.problem().text(), e);
                    }
                },
                round.seed() + 1000 * lives);
        if (!begun) {
            control.call("grow", round.which().arguments().toMap());
        }
        return users;
    }

    private boolean isBegun(ContainerStatus status) {
        return status.volumes().stream().anyMatch(v -> v.target().isPresent() || isAfter(v.shape()));
    }

    private boolean isAfter(io.restripe.node.rpc.Shape shape) {
        return shape.raidDevices() == round.which().after().members()
                && shape.level().equals("raid" + round.which().after().mdLevel())
                && shape.chunkKib() * 2 == round.which().after().chunkSectors();
    }

    private HostClient connect() throws ProblemException {
        HostClient client = HostClient.connect(run, Round.CONTAINER);
        clients.add(client);
        return client;
    }

    private void lastLife() throws IOException, ProblemException {
        start();
        host.await("{\"ok\"", PATIENCE_NANOS);
        Users users = open(0);
        awaitIdle();
        String lost = users.end();
        written = users.writtenBlocks();
        if (lost != null) {
            throw new IOException("a user ended: " + lost);
        }
        awaitIdle();
        connect().call("stop", Map.of());
        closeClients();
        host.awaitEnd(PATIENCE_NANOS);
        if (!round.isRecordedDone(true)) {
            throw new IOException("stopped, but not done and clean: " + round.recorded());
        }
    }

    private void awaitIdle() throws ProblemException, IOException {
        long deadline = env.nanoTime() + PATIENCE_NANOS;
        HostClient client = connect();
        Map<String, Object> answer = Map.of();
        while (!Json.flag(answer, "idle")) {
            if (env.nanoTime() - deadline > 0) {
                throw new IOException("the reshape does not come to its end: " + answer);
            }
            answer = client.call("wait", Json.map("timeout-millis", 500));
            ContainerStatus status =
                    ContainerStatus.ofMap(Json.inner(answer, "status").orElseThrow());
            for (var volume : status.volumes()) {
                if (volume.problem().isPresent()) {
                    throw new ProblemException(volume.problem().get());
                }
            }
        }
    }

    private void closeClients() {
        clients.forEach(HostClient::close);
        clients.clear();
    }

    @Override
    public List<String> kills() {
        return kills.done();
    }

    @Override
    public long writtenBlocks() {
        return written;
    }

    @Override
    public void end() {
        closeClients();
        if (host != null) {
            host.kill();
        }
    }
}
