package io.restripe.node.cli;

import io.restripe.assembly.CopyAreaUse;
import io.restripe.env.Env;
import io.restripe.node.daemon.HostedContainer;
import io.restripe.node.daemon.StartOptions;
import io.restripe.node.daemon.VolumeBytes;
import io.restripe.node.rpc.ContainerStatus;
import io.restripe.node.rpc.HostClient;
import io.restripe.node.rpc.Json;
import io.restripe.node.rpc.RunFolder;
import io.restripe.node.rpc.VolumeStatus;
import io.restripe.rule.Problem;
import io.restripe.rule.ProblemException;
import io.restripe.unit.Units;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.Lock;
import java.util.stream.Stream;

/**
 * One demonstration. The commands that it shows are the ones it runs, through the same code as a shell would; the load and the kills
 * are real. Owner: one thread; the load has its own.
 */
final class Demo {
    private static final ArrayName ARRAY = new ArrayName("demo", "v0");
    private static final int BLOCK_SECTORS = 2048;
    private static final int MEMBERS = 4;
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(60);
    /** The grow shall last long enough to be cut several times. */
    private static final int GROW_SECONDS = 8;

    private final Session session;
    private final Env env;
    private final Path folder;
    private final long fileBytes;
    private final int wantedCuts;
    private final long seed;
    private final SplittableRandom random;
    private final RunFolder run;
    private final Session inner;
    private final ByteArrayOutputStream innerErrors = new ByteArrayOutputStream();
    private final long begun;
    private final List<Integer> cuts = new ArrayList<>();
    private final Lock commands;
    private volatile boolean interrupted;
    private DemoPattern pattern;
    private DemoLoad load;
    private long writtenBytes;
    private long verifiedBytes;

    Demo(Session session, Path folder, long fileBytes, int wantedCuts, long seed) {
        this.session = session;
        this.env = session.env();
        this.folder = folder;
        this.fileBytes = fileBytes;
        this.wantedCuts = wantedCuts;
        this.seed = seed;
        this.random = new SplittableRandom(seed);
        this.begun = env.nanoTime();
        this.commands = env.newLock();
        Map<String, String> variables = new HashMap<>(session.variables());
        variables.put("RESTRIPE_RUN", folder.resolve("run").toString());
        this.run = RunFolder.of(variables);
        this.inner = new Session(
                env,
                session.engine(),
                session.in(),
                new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8),
                new PrintStream(innerErrors, true, StandardCharsets.UTF_8),
                true,
                false,
                variables);
    }

    /** Per cent of the grow at each cut. */
    List<Integer> cuts() {
        return List.copyOf(cuts);
    }

    boolean run() throws ProblemException, IOException {
        tell("Files in " + folder + ", seed " + seed + ".");
        restripe(
                "create",
                ARRAY.toString(),
                "--level=5",
                "--raid-devices=3",
                "--file-size=" + fileBytes / Sizes.KIB,
                "--assume-clean",
                "--no-start",
                member(0),
                member(1),
                member(2));
        assemble(3);
        fill();
        startLoad();
        grow();
        boolean good = true;
        for (int cut = 0; cut < wantedCuts && good; cut++) {
            good = cutPower(cut);
        }
        return good && finish() && summary();
    }

    private String member(int number) {
        return folder.resolve("disk" + number + ".img").toString();
    }

    private void assemble(int members) throws ProblemException {
        List<String> words = new ArrayList<>(List.of("assemble", ARRAY.container(), "--volatile-cache"));
        for (int i = 0; i < members; i++) {
            words.add(member(i));
        }
        restripe(words.toArray(String[]::new));
    }

    private void fill() throws ProblemException, IOException {
        try (HostClient client = HostClient.connect(run, ARRAY.container())) {
            long bytes = volume(client).shape().sizeBytes();
            pattern = new DemoPattern(seed, Math.toIntExact(Units.sectorsOfBytesFloor(bytes)));
            ByteBuffer buffer = ByteBuffer.allocate(Units.bufferBytesOfSectors(BLOCK_SECTORS));
            for (int first = 0; first < pattern.sectors(); first += BLOCK_SECTORS) {
                int count = Math.min(BLOCK_SECTORS, pattern.sectors() - first);
                pattern.next(first, count, buffer);
                client.write(
                        ARRAY.volume(),
                        Units.bytesOfSectors(first),
                        buffer.limit(),
                        Channels.newChannel(new ByteArrayInputStream(buffer.array(), 0, buffer.limit())));
                pattern.acknowledge(first, count);
            }
            tell("Filled with " + Sizes.text(bytes) + "; every sector proves its number and version.");
        }
    }

    private void startLoad() {
        load = DemoLoad.start(env, run, ARRAY, pattern, random.nextLong());
    }

    /** Ends the load and takes its account; whether everything that it read was right. */
    private boolean endLoad() {
        load.end();
        writtenBytes += load.writtenBytes();
        verifiedBytes += load.verifiedBytes();
        if (load.wrong() != null) {
            tell("WRONG under load: " + load.wrong());
        }
        return load.wrong() == null;
    }

    private void grow() throws ProblemException {
        // Slow enough that there is a middle to be cut; on four small files it would be over in a moment.
        long kib = Math.max(1024, fileBytes / Sizes.KIB / GROW_SECONDS);
        restripe("add", ARRAY.container(), "--file-size=" + fileBytes / Sizes.KIB, member(3));
        restripe("grow", ARRAY.toString(), "--raid-devices=4", "--speed-limit=" + kib);
    }

    private boolean cutPower(int cut) throws ProblemException, IOException {
        // The first one in the critical section, where units are saved in the copy area before they are moved.
        double target = cut == 0 ? random.nextDouble(0, 0.1) : (cut + random.nextDouble(0.2, 0.8)) / (wantedCuts + 0.5);
        VolumeStatus at = awaitProgress(target);
        int percent = percent(at);
        String phase = at.work().phase();
        killHost();
        boolean good = endLoad();
        cuts.add(percent);
        tell(String.format(
                Locale.ROOT,
                "POWER CUT %d at %d%% of the grow (%s): host killed, unflushed writes lost. The load had %s acknowledged, and read %s"
                        + " without a fault.",
                cut + 1,
                percent,
                at.work().idle() ? "just finished" : phase,
                Sizes.text(writtenBytes),
                Sizes.text(verifiedBytes)));
        assemble(MEMBERS);
        try (HostClient client = HostClient.connect(run, ARRAY.container())) {
            client.status().notes().forEach(note -> tell("  " + note));
            client.call("speed-limit", Json.map("kib", Math.max(1024, fileBytes / Sizes.KIB / GROW_SECONDS)));
        }
        good = good && verify("after the cut, while the grow goes on");
        startLoad();
        return good;
    }

    private VolumeStatus awaitProgress(double target) throws ProblemException {
        long deadline = env.nanoTime() + PATIENCE_NANOS;
        try (HostClient client = HostClient.connect(run, ARRAY.container())) {
            while (true) {
                VolumeStatus v = volume(client);
                if (v.problem().isPresent()) {
                    throw new ProblemException(v.problem().get());
                }
                if (v.work().idle() || percent(v) >= target * 100 || env.nanoTime() - deadline > 0) {
                    return v;
                }
                env.sleepNanos(LOOK_NANOS);
            }
        }
    }

    private static int percent(VolumeStatus v) {
        return v.work().totalSectors() <= 0
                ? 100
                : (int) (100 * v.work().doneSectors() / v.work().totalSectors());
    }

    private VolumeStatus volume(HostClient client) throws ProblemException {
        return DetailVerb.volume(client.status(), ARRAY);
    }

    private boolean verify(String when) throws ProblemException, IOException {
        AtomicReference<String> wrong = new AtomicReference<>();
        try (HostClient client = HostClient.connect(run, ARRAY.container())) {
            for (int first = 0; first < pattern.sectors() && wrong.get() == null; first += BLOCK_SECTORS) {
                int count = Math.min(BLOCK_SECTORS, pattern.sectors() - first);
                ByteArrayOutputStream found = new ByteArrayOutputStream(Units.bufferBytesOfSectors(count));
                client.read(
                        ARRAY.volume(),
                        Units.bytesOfSectors(first),
                        Units.bytesOfSectors(count),
                        Channels.newChannel(found));
                wrong.set(pattern.check(first, ByteBuffer.wrap(found.toByteArray())));
            }
        }
        tell(
                wrong.get() == null
                        ? "  All " + Sizes.text(Units.bytesOfSectors(pattern.sectors())) + " verified " + when + "."
                        : "  WRONG " + when + ": " + wrong.get());
        return wrong.get() == null;
    }

    private boolean finish() throws ProblemException, IOException {
        try (HostClient client = HostClient.connect(run, ARRAY.container())) {
            client.call("speed-limit", Json.map("kib", 0));
            ContainerStatus status = new Follower(inner, client, ARRAY).follow(Long.MAX_VALUE);
            boolean good = endLoad();
            VolumeStatus v = DetailVerb.volume(status, ARRAY);
            tell("The grow is finished: " + StatusText.shape(v.shape()) + ", "
                    + Sizes.text(v.shape().sizeBytes()) + ", " + v.state() + ".");
            good = good && verify("after the grow");
            if (v.shape().raidDevices() != 4) {
                tell("WRONG: it has " + v.shape().raidDevices() + " members");
                return false;
            }
            if (!good) {
                return false;
            }
        }
        restripe("stop", ARRAY.container());
        assemble(MEMBERS);
        boolean good = verify("after a clean stop and start");
        restripe("stop", ARRAY.container());
        for (int left = 0; left < MEMBERS && good; left++) {
            good = verifyWithout(left);
        }
        return good;
    }

    /** Reads the volume from the members alone, one of them left out: what it held follows from parity. */
    private boolean verifyWithout(int left) throws ProblemException, IOException {
        List<String> rest = new ArrayList<>();
        for (int i = 0; i < MEMBERS; i++) {
            if (i != left) {
                rest.add(member(i));
            }
        }
        HostedContainer view = session.engine().start(StartOptions.view(ARRAY.container(), rest, CopyAreaUse.ASK));
        String wrong = null;
        try (Arena arena = Arena.ofShared()) {
            VolumeBytes bytes = new VolumeBytes(env, view.volume(ARRAY.volume()));
            MemorySegment scratch = arena.allocate(Units.bytesOfSectors(BLOCK_SECTORS) + bytes.slackBytes(), 4096);
            for (int first = 0; first < pattern.sectors() && wrong == null; first += BLOCK_SECTORS) {
                int count = Math.min(BLOCK_SECTORS, pattern.sectors() - first);
                MemorySegment found = bytes.read(Units.bytesOfSectors(first), Units.bytesOfSectors(count), scratch);
                wrong = pattern.check(first, found.asByteBuffer());
            }
        } finally {
            view.stop();
        }
        tell(
                wrong == null
                        ? "  All verified once more without disk" + left + ".img, from parity, read-only."
                        : "  WRONG without disk" + left + ".img: " + wrong);
        return wrong == null;
    }

    private boolean summary() {
        tell(String.format(
                Locale.ROOT,
                "SURVIVED: %d power cuts in a grow of a RAID5 from 3 to 4 members under load; %s written by the load, %s verified while "
                        + "it ran; nothing that was acknowledged is lost. %.1f s.",
                cuts.size(),
                Sizes.text(writtenBytes),
                Sizes.text(verifiedBytes),
                (env.nanoTime() - begun) / 1e9));
        return true;
    }

    /** Shows a command and runs it. */
    private void restripe(String... words) throws ProblemException {
        int status;
        commands.lock();
        try {
            if (interrupted) {
                throw failed("cannot go on", "the demonstration is interrupted");
            }
            tell("$ restripe " + String.join(" ", words).replace(folder + "/", ""));
            innerErrors.reset();
            status = Main.run(inner, words);
        } finally {
            commands.unlock();
        }
        if (status != Main.OK) {
            Map<String, Object> error = Json.parse(innerErrors.toString(StandardCharsets.UTF_8));
            throw new ProblemException(Json.problemOf(Json.inner(error, "error").orElseThrow()));
        }
    }

    /** Begins no further command, and ends what runs: for a Ctrl-C, from another thread. */
    void interrupt() throws ProblemException {
        commands.lock(); // a command that is just starting the host is let finish, so that it can be found
        try {
            interrupted = true;
            killHost();
        } finally {
            commands.unlock();
        }
    }

    boolean interrupted() {
        return interrupted;
    }

    /** SIGKILL for the host process of this demonstration, by its own process id, if it runs. */
    void killHost() throws ProblemException {
        if (!run.alive(ARRAY.container())) {
            return;
        }
        long pid =
                run.pid(ARRAY.container()).orElseThrow(() -> failed("cannot kill the host", "it left no process id"));
        ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
        long deadline = env.nanoTime() + PATIENCE_NANOS;
        while (run.alive(ARRAY.container())) {
            if (env.nanoTime() - deadline > 0) {
                throw failed("cannot kill the host", "process " + pid + " still lives");
            }
            env.sleepNanos(LOOK_NANOS);
        }
    }

    void removeFiles() throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path path : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }

    private ProblemException failed(String what, String why) {
        return new ProblemException(
                new Problem(what, folder.toString(), String.valueOf(why), "Look at " + run.log(ARRAY.container())));
    }

    private void tell(String text) {
        if (!session.json()) {
            session.out().printf(Locale.ROOT, "%5.1f s  %s%n", (env.nanoTime() - begun) / 1e9, text);
        }
    }
}
