package io.restripe.lab.guest;

import io.restripe.disk.Disk;
import io.restripe.disk.FileDisk;
import io.restripe.env.Env;
import io.restripe.env.SystemEnv;
import io.restripe.node.cli.Main;
import io.restripe.node.daemon.Backend;
import io.restripe.node.daemon.HostJvm;
import io.restripe.node.daemon.HostedContainer;
import io.restripe.node.rpc.HostClient;
import io.restripe.node.rpc.RunFolder;
import io.restripe.rule.ProblemException;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * The host process, and with it the monitor and the manager, is killed again and again in the middle of a change, under a user who goes on
 * writing: the kernel's array outlives it, and the next host takes over.
 */
final class HostKills {
    private static final Path HOST_LOG = Path.of(System.getProperty("box", "/tmp"), "host.log");
    private static final int MOST_ROUNDS = 40;
    private static final long LONGEST_NANOS = 120_000_000_000L;
    private static final long LOOK_NANOS = 200_000_000L;

    private final Env env = new SystemEnv();
    private final Reshape which;
    private final SplittableRandom chance;

    HostKills(Reshape which, long seed) {
        this.which = which;
        this.chance = new SplittableRandom(seed);
    }

    void run() throws Exception {
        HostedContainer first = InGuest.made(which);
        InGuest.require(first.stop().isEmpty(), "not recorded as stopped");
        int kills = 0;
        long returned;
        Process host = host(which.disksBefore());
        if (which.changesLevelFirst()) {
            grow();
        }
        try (Disk volume = FileDisk.open(Path.of("/dev/md126"), FileDisk.Access.BESIDE_OWNER);
                Writer writer = new Writer(InGuest.load(which), volume, Path.of("/tmp/returned"), 0)) {
            if (!which.changesLevelFirst()) {
                grow();
            }
            while (reshapes() && kills < MOST_ROUNDS) {
                env.sleepNanos(1_000_000L * chance.nextInt(20, 800));
                host.destroyForcibly();
                host.waitFor();
                kills++;
                System.out.println("killed at " + where());
                host = host(which.allDisks());
            }
            awaitEnd();
            returned = writer.finish();
            InGuest.verify(InGuest.load(which), volume, returned);
        }
        host.destroy();
        InGuest.require(host.waitFor() == 0, "the host does not stop cleanly");
        System.out.println("kills " + kills + " returned " + returned);
        HostedContainer last = InGuest.start(which.allDisks());
        InGuest.verify(InGuest.load(which), last.volume(Reshape.VOLUME), returned);
        System.out.println(last.status().volumes().getFirst().toMap());
        InGuest.require(last.stop().isEmpty(), "not recorded as stopped");
    }

    private static String where() throws IOException {
        Path md = Path.of("/sys/block/md126/md");
        StringBuilder text = new StringBuilder();
        for (String name : List.of(
                "array_state",
                "level",
                "raid_disks",
                "chunk_size",
                "sync_action",
                "reshape_position",
                "resync_start",
                "sync_completed",
                "sync_max",
                "sync_min",
                "suspend_lo",
                "suspend_hi",
                "degraded",
                "sync_speed",
                "sync_speed_min")) {
            Path file = md.resolve(name);
            text.append(Files.exists(file) ? Files.readString(file).strip() : "-")
                    .append(' ');
        }
        return text.toString();
    }

    private Process host(List<String> disks) throws IOException {
        List<String> words = new ArrayList<>(HostJvm.command(Backend.EMBEDDED));
        words.addAll(List.of("-XX:CompressedClassSpaceSize=32m", "-Xlog:disable", "-XX:+DisplayVMOutputToStderr"));
        words.addAll(List.of(Main.class.getName(), "host", "--name=c0", "--backend=kernel", "--"));
        words.addAll(disks);
        Process process = new ProcessBuilder(words)
                .redirectError(ProcessBuilder.Redirect.appendTo(HOST_LOG.toFile()))
                .start();
        BufferedReader verdict = process.inputReader();
        String line = verdict.readLine();
        InGuest.require(
                line != null && line.contains("\"ok\""), "the host says " + line + "\n" + Files.readString(HOST_LOG));
        return process;
    }

    private static HostClient client() throws ProblemException {
        return HostClient.connect(RunFolder.of(System.getenv()), "c0");
    }

    private void grow() throws Exception {
        try (HostClient client = client()) {
            client.call("grow", which.change().toMap());
        }
    }

    private static boolean reshapes() throws ProblemException {
        try (HostClient client = client()) {
            return client.status().volumes().getFirst().work().action().equals("reshape");
        }
    }

    private static boolean done() throws ProblemException {
        try (HostClient client = client()) {
            return client.status().idle();
        }
    }

    private void awaitEnd() throws Exception {
        long deadline = env.nanoTime() + LONGEST_NANOS;
        while (!done()) {
            InGuest.require(env.nanoTime() - deadline < 0, "it does not end: " + where());
            env.sleepNanos(LOOK_NANOS);
        }
    }
}
