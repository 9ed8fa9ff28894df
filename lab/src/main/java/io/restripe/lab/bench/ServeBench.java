package io.restripe.lab.bench;

import io.restripe.lab.bench.Fio.Outcome;
import io.restripe.lab.bench.Fio.Work;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * Volumes over four files, served by their host process, against nbdkit's file plugin on one file of the same size: fio's NBD engine on
 * each in turn, round after round; medians and their ratios. Then fio on a volume that grows, against itself idle, and the grow against one
 * that nobody disturbs. Arguments: folder (in memory, to measure the servers; on a disk, to measure the disk), path of the launcher,
 * seconds of each job, rounds, and words of which "volume, job" (or "grow, job" for the second part) must have one; default all.
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
    private boolean measured;

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
            bench.copies("RAID5 of 4", 5);
            bench.copies("RAID0 of 4", 0);
            bench.uncached("RAID5 of 4", 5);
            bench.uncached("RAID0 of 4", 0);
            List<Work> during = Stream.of(WORKS.get(0), WORKS.get(2), WORKS.get(4))
                    .filter(work -> bench.wants("grow, " + work.name()))
                    .toList();
            if (!during.isEmpty()) {
                new GrowUnderLoad(folder, launcher, seconds, rounds).run(during);
            }
            if (!bench.measured) {
                throw new IllegalArgumentException("no job has any of these words: " + wanted);
            }
        } finally {
            delete(folder);
        }
    }

    private boolean wants(String name) {
        boolean wants = wanted.isEmpty() || wanted.stream().anyMatch(name::contains);
        measured |= wants;
        return wants;
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

    /** nbdcopy, with its own four connections of 64 requests, from a volume to nowhere and from a file onto one. */
    private void copies(String name, int level) throws IOException, InterruptedException {
        if (!wants(name + ", nbdcopy")) {
            return;
        }
        Path file = folder.resolve("peer.img");
        Path source = folder.resolve("source.img");
        try (Served.Volume ours = Served.Volume.create(folder, launcher, "n" + level, level, 4, 0, MEMBER_MIB);
                Served.Nbdkit peer = Served.Nbdkit.over(filled(file))) {
            filled(source);
            List<Double> mine = new ArrayList<>();
            List<Double> theirs = new ArrayList<>();
            List<Double> mineOnto = new ArrayList<>();
            List<Double> theirsOnto = new ArrayList<>();
            for (int round = 0; round <= rounds; round++) {
                List<Double> copies = List.of(
                        NbdCopy.seconds(source.toString(), peer.uri()),
                        NbdCopy.seconds(source.toString(), ours.uri()),
                        NbdCopy.seconds(peer.uri(), "null:"),
                        NbdCopy.seconds(ours.uri(), "null:"));
                if (round > 0) { // the first warms up
                    theirsOnto.add(copies.get(0));
                    mineOnto.add(copies.get(1));
                    theirs.add(copies.get(2));
                    mine.add(copies.get(3) * BYTES / NbdCopy.bytes(ours.uri()));
                }
            }
            System.out.printf("%n%s against nbdkit on one file: nbdcopy, speeds%n", name);
            System.out.printf(Locale.ROOT, "read   %.2f%n", middle(theirs) / middle(mine));
            System.out.printf(Locale.ROOT, "write  %.2f%n", middle(theirsOnto) / middle(mineOnto));
        } finally {
            Files.deleteIfExists(file);
            Files.deleteIfExists(source);
        }
    }

    private static double middle(List<Double> values) {
        return values.stream().sorted().toList().get(values.size() / 2);
    }

    /** Past the page cache on both sides: says something where the folder is on a disk. */
    private void uncached(String name, int level) throws IOException, InterruptedException {
        if (!wants(name + ", uncached")) {
            return;
        }
        Path file = folder.resolve("peer.img");
        try (Served.Volume ours = Served.Volume.create(folder, launcher, "u" + level, level, 4, 0, MEMBER_MIB);
                Served.Nbdkit peer = Served.Nbdkit.over(filled(file), "cache=none")) {
            fill(ours);
            System.out.printf("%n%s against nbdkit on one file, uncached%n", name);
            for (Work work : List.of(WORKS.get(0), WORKS.get(2), WORKS.get(4), WORKS.get(5))) {
                List<Sample> mine = new ArrayList<>();
                List<Sample> theirs = new ArrayList<>();
                for (int round = 0; round <= rounds; round++) {
                    dropCaches();
                    Sample b = sample(peer, folder, work, seconds);
                    Sample a = sample(ours, folder, work, seconds);
                    if (round > 0) {
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

    /** Needs root. */
    private static void dropCaches() throws IOException, InterruptedException {
        new ProcessBuilder("sync").start().waitFor();
        Files.writeString(Path.of("/proc/sys/vm/drop_caches"), "3");
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
}
