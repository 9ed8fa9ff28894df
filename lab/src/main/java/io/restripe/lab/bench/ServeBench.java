package io.restripe.lab.bench;

import io.restripe.lab.bench.Fio.Outcome;
import io.restripe.lab.bench.Fio.Work;
import io.restripe.node.rpc.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Volumes over four files, served by their host process, against nbdkit's file plugin on one file of the same size: fio's NBD engine on
 * each in turn, round after round; medians and their ratios. Then fio on a volume that grows, against itself idle, and the grow against one
 * that nobody disturbs. Arguments: folder (in memory, to measure the servers; on a disk, to measure the disk), path of the launcher,
 * seconds of each job, rounds, and words of which the name of a job or volume, or "grow", must have one; default all.
 */
public final class ServeBench {
    private static final long MEMBER_MIB = 300;
    private static final long BYTES = 512L << 20;
    private static final List<Work> WORKS = List.of(
            new Work("4 KiB random read, depth 32", "randread", "4k", 32),
            new Work("4 KiB random read, depth 1", "randread", "4k", 1),
            new Work("4 KiB random write, depth 32", "randwrite", "4k", 32),
            new Work("4 KiB random write, depth 1", "randwrite", "4k", 1),
            new Work("sequential read, 1 MiB, depth 4", "read", "1m", 4),
            new Work("sequential write, 1 MiB, depth 4", "write", "1m", 4),
            new Work("sequential write, 64 KiB, depth 8", "write", "64k", 8));

    private final Path folder;
    private final Path launcher;
    private final int seconds;
    private final int rounds;
    private final List<String> wanted;

    private ServeBench(Path folder, Path launcher, int seconds, int rounds, List<String> wanted) {
        this.wanted = wanted;
        this.folder = folder;
        this.launcher = launcher;
        this.seconds = seconds;
        this.rounds = rounds;
    }

    public static void main(String[] args) throws Exception {
        Path folder = Files.createTempDirectory(Path.of(args.length > 0 ? args[0] : "/dev/shm"), "sb");
        Path launcher = Path.of(args.length > 1 ? args[1] : "./restripe")
                .toAbsolutePath()
                .normalize();
        int seconds = args.length > 2 ? Integer.parseInt(args[2]) : 5;
        int rounds = args.length > 3 ? Integer.parseInt(args[3]) : 3;
        List<String> wanted = args.length > 4 ? List.of(args).subList(4, args.length) : List.of();
        try {
            ServeBench bench = new ServeBench(folder, launcher, seconds, rounds, wanted);
            bench.againstPeer("RAID5 of 4", 5);
            bench.againstPeer("RAID0 of 4", 0);
            if (bench.wants("grow")) {
                bench.duringReshape();
            }
        } finally {
            delete(folder);
        }
    }

    private boolean wants(String name) {
        return wanted.isEmpty() || wanted.stream().anyMatch(name::contains);
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path path : all.sorted(java.util.Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        }
    }

    /** One job on one server, and what it cost the server. */
    private record Sample(Outcome outcome, double cpuMicros) {}

    private static Sample sample(Served served, Path folder, Work work, int seconds)
            throws IOException, InterruptedException {
        double before = served.cpuSeconds();
        Outcome outcome = new Fio(folder, served.uri()).run(work, seconds, BYTES);
        double used = served.cpuSeconds() - before;
        return new Sample(outcome, used * 1e6 / (outcome.rate() * seconds));
    }

    private void againstPeer(String name, int level) throws IOException, InterruptedException {
        List<Work> works =
                WORKS.stream().filter(work -> wants(name + ", " + work.name())).toList();
        if (works.isEmpty()) {
            return;
        }
        Path file = folder.resolve("peer.img");
        try (Served.Volume ours = Served.Volume.create(folder, launcher, "c" + level, level, 4, 0, MEMBER_MIB);
                Served.Nbdkit peer = Served.Nbdkit.over(filled(file))) {
            fill(ours);
            System.out.printf("%n%s against nbdkit on one file%n", name);
            for (Work work : works) {
                List<Sample> mine = new ArrayList<>();
                List<Sample> theirs = new ArrayList<>();
                for (int round = 0; round <= rounds; round++) {
                    Sample b = sample(peer, folder, work, seconds);
                    Sample a = sample(ours, folder, work, seconds);
                    if (round > 0) { // the first warms up
                        mine.add(a);
                        theirs.add(b);
                    }
                }
                print(work, mine, theirs);
            }
        } finally {
            Files.deleteIfExists(file);
        }
    }

    private static Path filled(Path file) throws IOException {
        byte[] some = new byte[1 << 20];
        new java.util.SplittableRandom(1).nextBytes(some);
        try (var out = Files.newOutputStream(file)) {
            for (long done = 0; done < BYTES; done += some.length) {
                out.write(some);
            }
        }
        return file;
    }

    private void fill(Served.Volume volume) throws IOException, InterruptedException {
        Outcome written = new Fio(folder, volume.uri()).run(WORKS.get(5), 2 * seconds, BYTES);
        assert written.rate() > 0;
    }

    private static void print(Work work, List<Sample> mine, List<Sample> theirs) {
        System.out.printf(
                Locale.ROOT,
                "%-34s rate %8.0f / %8.0f = %.2f   p50 %5.0f / %5.0f   p99 %6.0f / %6.0f = %.2f   p99.9 %6.0f / %6.0f us"
                        + "   CPU per request %5.1f / %5.1f us = %.2f%n",
                work.name(),
                median(mine, s -> s.outcome().rate()),
                median(theirs, s -> s.outcome().rate()),
                median(mine, s -> s.outcome().rate())
                        / median(theirs, s -> s.outcome().rate()),
                median(mine, s -> s.outcome().p50()),
                median(theirs, s -> s.outcome().p50()),
                median(mine, s -> s.outcome().p99()),
                median(theirs, s -> s.outcome().p99()),
                median(mine, s -> s.outcome().p99())
                        / median(theirs, s -> s.outcome().p99()),
                median(mine, s -> s.outcome().p999()),
                median(theirs, s -> s.outcome().p999()),
                median(mine, Sample::cpuMicros),
                median(theirs, Sample::cpuMicros),
                median(mine, Sample::cpuMicros) / median(theirs, Sample::cpuMicros));
    }

    private static double median(List<Sample> samples, java.util.function.ToDoubleFunction<Sample> of) {
        double[] sorted = samples.stream().mapToDouble(of).toArray();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }

    /** Each round: the job on the idle volume; a grow alone; a grow under the job. */
    private void duringReshape() throws IOException, InterruptedException {
        System.out.printf(
                "%nRAID5, 3 to 4 disks, under load against idle, and the grow under load against one alone%n");
        for (Work work : List.of(WORKS.get(0), WORKS.get(2), WORKS.get(4))) {
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
        try (Served.Volume volume = Served.Volume.create(folder, launcher, "g", 5, 3, 1, 2 * MEMBER_MIB)) {
            fill(volume);
            Fio fio = new Fio(folder, volume.uri());
            if (loaded) {
                Outcome idle = fio.run(work, seconds, BYTES);
                add(seen, "idle rate", idle.rate());
                add(seen, "idle p99", idle.p99());
                add(seen, "idle p999", idle.p999());
            }
            Path output = folder.resolve("during.json");
            Process job = loaded ? fio.start(work, 600, BYTES, output) : null;
            long began = System.nanoTime();
            volume.restripe("grow", "g", "--raid-devices=4", "--wait");
            add(seen, loaded ? "loaded" : "alone", (System.nanoTime() - began) / 1e9);
            if (job != null) {
                new ProcessBuilder("kill", "-INT", Long.toString(job.pid()))
                        .start()
                        .waitFor();
                job.waitFor();
                Outcome during = Fio.outcome(work, output);
                add(seen, "rate", during.rate());
                add(seen, "p99", during.p99());
                add(seen, "p999", during.p999());
                add(seen, "hold", longestHoldMillis(volume));
            }
        }
        for (int i = 0; i < 4; i++) {
            Files.deleteIfExists(folder.resolve("g-" + i + ".img"));
        }
    }

    private static void add(Map<String, List<Double>> seen, String what, double value) {
        seen.computeIfAbsent(what, key -> new ArrayList<>()).add(value);
    }

    private static double longestHoldMillis(Served.Volume volume) throws IOException {
        Object found = find(Json.parse(volume.restripe("detail", "g", "--json")), "longest-ns");
        return found instanceof Number number ? number.doubleValue() / 1e6 : 0;
    }

    private static Object find(Object in, String name) {
        if (in instanceof Map<?, ?> map) {
            return map.containsKey(name)
                    ? map.get(name)
                    : map.values().stream()
                            .map(value -> find(value, name))
                            .filter(java.util.Objects::nonNull)
                            .findFirst()
                            .orElse(null);
        }
        return in instanceof List<?> list
                ? list.stream()
                        .map(value -> find(value, name))
                        .filter(java.util.Objects::nonNull)
                        .findFirst()
                        .orElse(null)
                : null;
    }
}
