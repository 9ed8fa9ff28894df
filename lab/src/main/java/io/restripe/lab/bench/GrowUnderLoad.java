package io.restripe.lab.bench;

import io.restripe.lab.bench.Fio.Outcome;
import io.restripe.lab.bench.Fio.Work;
import io.restripe.node.rpc.ContainerStatus;
import io.restripe.node.rpc.HostClient;
import io.restripe.node.rpc.Json;
import io.restripe.node.rpc.RunFolder;
import io.restripe.node.rpc.VolumeStatus;
import io.restripe.rule.Problem;
import io.restripe.rule.ProblemException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * What a RAID5 that grows from 3 to 4 disks gives its clients, against itself idle, and how fast it grows under them, against a grow that
 * nobody disturbs. A reshape goes on for hours: measured is its second half, and the job's own figures leave out the seconds in which the code
 * of a grow under load is compiled.
 *
 * @param seconds of each job on the idle volume
 */
record GrowUnderLoad(Path folder, Path launcher, int seconds, int rounds) {
    private static final long MEMBER_MIB = 3000;
    private static final int DISKS = 4;
    private static final long BYTES = 512L << 20;
    private static final int LONGEST_SECONDS = 600;
    private static final long LOOK_MILLIS = 20;
    /** A grow under load runs other code than one alone: so long, its compiler wants a processor. */
    private static final int RAMP_SECONDS = 4;

    private static final Work FILLING = new Work("fill", "write", "1m", 4);

    /** Each round: a grow alone; the job on the idle volume; a grow under the job. */
    void run(List<Work> works) throws IOException, InterruptedException {
        System.out.printf(
                "%nRAID5, 3 to 4 disks, under load against idle, and the grow under load against one alone%n");
        for (Work work : works) {
            Map<String, List<Double>> seen = new LinkedHashMap<>();
            for (int round = 0; round < rounds; round++) {
                grow(work, false, seen);
                grow(work, true, seen);
            }
            Map<String, Double> median = new LinkedHashMap<>();
            seen.forEach((what, values) ->
                    median.put(what, values.stream().sorted().toList().get(values.size() / 2)));
            System.out.printf(
                    Locale.ROOT,
                    "%-34s rate %8.0f / %8.0f = %.2f   p99 %6.0f / %6.0f us = %.2f   p99.9 %6.0f / %6.0f   grow %.1f s alone, %.1f s under load: speed %.2f   longest hold %.1f ms%n",
                    work.name(),
                    median.get("rate"),
                    median.get("idle rate"),
                    median.get("rate") / median.get("idle rate"),
                    median.get("p99"),
                    median.get("idle p99"),
                    median.get("p99") / median.get("idle p99"),
                    median.get("p999"),
                    median.get("idle p999"),
                    median.get("alone"),
                    median.get("loaded"),
                    median.get("alone") / median.get("loaded"),
                    median.get("hold"));
        }
    }

    private void grow(Work work, boolean loaded, Map<String, List<Double>> seen)
            throws IOException, InterruptedException {
        Process job = null;
        for (int i = 0; i < DISKS; i++) {
            write(folder.resolve("g-" + i + ".img"));
        }
        try (Served.Volume volume = Served.Volume.create(folder, launcher, "g", 5, 3, 1, MEMBER_MIB)) {
            Fio fio = new Fio(folder, volume.uri());
            fio.run(FILLING, 2 * seconds, BYTES);
            fio.run(work, seconds, BYTES); // warms up
            if (loaded) {
                Outcome idle = fio.run(work, seconds, BYTES);
                add(seen, "idle rate", idle.rate());
                add(seen, "idle p99", idle.p99());
                add(seen, "idle p999", idle.p999());
            }
            volume.restripe("grow", "g", "--raid-devices=4");
            Path output = folder.resolve("during.json");
            double hold;
            try (HostClient client = HostClient.connect(new RunFolder(folder.resolve("run")), "g")) {
                VolumeStatus.Work settled = awaitSettled(client);
                long began = System.nanoTime();
                job = loaded ? fio.start(work, RAMP_SECONDS, LONGEST_SECONDS, BYTES, output) : null;
                hold = awaitEnd(client);
                double rest = (double) (settled.totalSectors() - settled.doneSectors()) / settled.totalSectors();
                add(seen, loaded ? "loaded" : "alone", (System.nanoTime() - began) / 1e9 / rest);
            } catch (ProblemException e) {
                throw new IOException(e);
            }
            if (job != null) {
                if (!job.isAlive()) {
                    throw new IOException(
                            "the job ended before the grow: " + Files.readString(folder.resolve("fio.log")));
                }
                new ProcessBuilder("kill", "-INT", Long.toString(job.pid()))
                        .start()
                        .waitFor();
                job.waitFor();
                Outcome during = Fio.outcome(work, output);
                add(seen, "rate", during.rate());
                add(seen, "p99", during.p99());
                add(seen, "p999", during.p999());
                add(seen, "hold", hold);
            }
        } finally {
            if (job != null) {
                job.destroy();
            }
        }
        for (int i = 0; i < DISKS; i++) {
            Files.deleteIfExists(folder.resolve("g-" + i + ".img"));
        }
    }

    /** A disk in use has been written all over; memory that never was is had from the machine below page by page, which is slow. */
    private static void write(Path member) throws IOException {
        try (FileChannel file = FileChannel.open(member, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            ByteBuffer zeros = ByteBuffer.allocateDirect(1 << 20);
            for (long mib = 0; mib < MEMBER_MIB; mib++) {
                zeros.clear();
                while (zeros.hasRemaining()) {
                    file.write(zeros);
                }
            }
        }
    }

    private static VolumeStatus.Work awaitSettled(HostClient client) throws ProblemException {
        long began = System.nanoTime();
        VolumeStatus.Work work;
        do {
            work = status(client, LOOK_MILLIS).volumes().getFirst().work();
            if (System.nanoTime() - began > TimeUnit.SECONDS.toNanos(LONGEST_SECONDS)) {
                throw new IllegalStateException("the grow does not come to its half: " + work);
            }
        } while (work.totalSectors() == 0 || work.doneSectors() < work.totalSectors() / 2);
        return work;
    }

    /** Gives the longest hold, in milliseconds. */
    private static double awaitEnd(HostClient client) throws ProblemException {
        long began = System.nanoTime();
        ContainerStatus status;
        do {
            status = status(client, TimeUnit.MINUTES.toMillis(1));
            Optional<Problem> problem = status.volumes().getFirst().problem();
            if (problem.isPresent()) {
                throw new ProblemException(problem.get());
            }
            if (System.nanoTime() - began > TimeUnit.SECONDS.toNanos(LONGEST_SECONDS)) {
                throw new IllegalStateException("the grow does not end: " + status.toMap());
            }
        } while (!status.idle());
        return status.volumes().getFirst().holds().longestNanos() / 1e6;
    }

    /** Asks the host itself, that the container be idle: a command would be a second program that wants a processor. */
    private static ContainerStatus status(HostClient client, long atMostMillis) throws ProblemException {
        Map<String, Object> answer = client.call("wait", Json.map("timeout-millis", atMostMillis));
        return ContainerStatus.ofMap(Json.inner(answer, "status").orElseThrow());
    }

    private static void add(Map<String, List<Double>> seen, String what, double value) {
        seen.computeIfAbsent(what, key -> new ArrayList<>()).add(value);
    }
}
