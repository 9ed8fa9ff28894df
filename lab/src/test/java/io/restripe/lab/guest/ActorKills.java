package io.restripe.lab.guest;

import io.restripe.disk.Disk;
import io.restripe.disk.FileDisk;
import io.restripe.env.Env;
import io.restripe.env.SystemEnv;
import io.restripe.node.cli.Main;
import io.restripe.node.daemon.Backend;
import io.restripe.node.daemon.GrowArguments;
import io.restripe.node.daemon.HostJvm;
import io.restripe.node.daemon.HostedContainer;
import io.restripe.node.daemon.NewFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Monitor and manager are processes of their own, and each is killed again and again in the middle of a change, under a user who goes on
 * writing.
 */
final class ActorKills {
    private static final Path BOX = Path.of(System.getProperty("box", "/tmp"));
    private static final long LONGEST_NANOS = 300_000_000_000L;

    private final Env env = new SystemEnv();
    private final Reshape which;
    private final SplittableRandom chance;
    private final int wantedKills;
    private Process monitor;
    private Process manager;
    private int monitorsKilled;
    private int managersKilled;

    /** @param kills how often somebody is killed at least, as far as the change lasts; each of them once in any case */
    ActorKills(Reshape which, long seed, int kills) {
        this.which = which;
        this.chance = new SplittableRandom(seed);
        this.wantedKills = kills;
    }

    void run() throws Exception {
        leaveRunning();
        monitor = monitor();
        manager = manager();
        long returned;
        try (Disk volume = FileDisk.open(Path.of("/dev/md126"), FileDisk.Access.BESIDE_OWNER);
                Writer writer = new Writer(InGuest.load(which), volume, Path.of("/tmp/returned"), 0)) {
            drive();
            returned = writer.finish();
            InGuest.verify(InGuest.load(which), volume, returned);
        }
        System.out.println(
                "monitors killed " + monitorsKilled + " managers killed " + managersKilled + " returned " + returned);
        InGuest.require(monitorsKilled > 0 && managersKilled > 0, "nobody was killed in the middle");
        monitor.destroy();
        InGuest.require(monitor.waitFor() == 0, "the monitor does not end in order");
        HostedContainer last = InGuest.start(which.allDisks());
        InGuest.verify(InGuest.load(which), last.volume(Reshape.VOLUME), returned);
        System.out.println(last.status().volumes().getFirst().toMap());
        InGuest.require(last.stop().isEmpty(), "not recorded as stopped");
    }

    /** The arrays run, with the disks that will join as spares, and nobody keeps their metadata. */
    private void leaveRunning() throws Exception {
        HostedContainer first = InGuest.made(which);
        for (int i = which.disksBefore().size(); i < which.disks(); i++) {
            first.add(Reshape.disk(i), NewFiles.NONE, true);
        }
        InGuest.require(first.stop().isEmpty(), "not recorded as stopped");
        List<String> words = new ArrayList<>(List.of("host", "--name=c0", "--backend=kernel", "--"));
        words.addAll(which.allDisks());
        Process host = start(words, "host.log");
        requireOk(host, "host.log");
        host.destroyForcibly().waitFor();
    }

    /** Until a manager has ended because there is nothing left to do. */
    private void drive() throws Exception {
        long deadline = env.nanoTime() + LONGEST_NANOS;
        while (true) {
            InGuest.require(env.nanoTime() - deadline < 0, "it does not end");
            env.sleepNanos(1_000_000L * chance.nextInt(200, 2500));
            boolean ended = !manager.isAlive();
            if (ended && manager.exitValue() == 0) {
                return;
            }
            if (wantsMore() && relocates()) {
                kill(chance.nextInt(3));
            }
            if (!manager.isAlive()) {
                manager = manager(); // killed, or its monitor was
            }
        }
    }

    private boolean wantsMore() {
        return monitorsKilled + managersKilled < wantedKills || monitorsKilled == 0 || managersKilled == 0;
    }

    private void kill(int who) throws Exception {
        if (who != 0 && manager.isAlive()) {
            manager.destroyForcibly().waitFor();
            managersKilled++;
        }
        if (who != 1) {
            monitor.destroyForcibly().waitFor();
            monitorsKilled++;
            monitor = monitor();
        }
    }

    private static boolean relocates() throws IOException {
        Path md = Path.of("/sys/block/md126/md");
        return !Files.readString(md.resolve("reshape_position")).strip().equals("none");
    }

    private Process monitor() throws Exception {
        List<String> words = new ArrayList<>(List.of("monitor", "--process", "--", "c0"));
        words.addAll(which.allDisks());
        Process process = start(words, "monitor.log");
        requireOk(process, "monitor.log");
        return process;
    }

    private Process manager() throws IOException {
        GrowArguments change = which.change();
        List<String> words = new ArrayList<>(List.of("manage"));
        change.raidDisks().ifPresent(n -> words.add("--raid-devices=" + n));
        change.chunkKib().ifPresent(n -> words.add("--chunk=" + n));
        words.addAll(List.of("--", "c0"));
        words.addAll(which.allDisks());
        return start(words, "manager.log");
    }

    private static Process start(List<String> verb, String log) throws IOException {
        List<String> words = new ArrayList<>(HostJvm.command(Backend.EMBEDDED));
        words.addAll(List.of(
                "-XX:TieredStopAtLevel=1",
                "-XX:CompressedClassSpaceSize=32m",
                "-Xlog:disable",
                "-XX:+DisplayVMOutputToStderr",
                Main.class.getName()));
        words.addAll(verb);
        return new ProcessBuilder(words)
                .redirectError(ProcessBuilder.Redirect.appendTo(BOX.resolve(log).toFile()))
                .start();
    }

    private static void requireOk(Process process, String log) throws IOException {
        String line = process.inputReader().readLine();
        InGuest.require(
                line != null && line.contains("\"ok\""), "it says " + line + "\n" + Files.readString(BOX.resolve(log)));
    }
}
