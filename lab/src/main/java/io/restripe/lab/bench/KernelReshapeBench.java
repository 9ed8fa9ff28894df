package io.restripe.lab.bench;

import io.restripe.lab.kernel.Guest;
import io.restripe.lab.kernel.GuestJava;
import io.restripe.lab.kernel.UserModeLinux;
import io.restripe.node.daemon.Backend;
import io.restripe.node.daemon.HostJvm;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.LongBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * A RAID5 of the kernel's grows from 3 to 4 disks, under mdadm and mdmon and under us in turn, on the same images in one User Mode Linux
 * guest: how long the kernel says that the reshape took, and, in grows of their own, how long writes of 4 KiB took meanwhile. Arguments:
 * folder on the disk to measure, MiB of each member, rounds, and options of {@code restripe grow} with which it takes part once more, such
 * as {@code --max-hold=150}.
 */
public final class KernelReshapeBench {
    private static final int DISKS = 4;
    private static final Duration LONGEST = Duration.ofMinutes(3);
    private static final long SEED = 4711;

    /** Who drives the reshape, and with which option. */
    private record Who(String word, String option) {
        static final Who MDADM = new Who("mdadm", "");

        String told() {
            return option.isEmpty() ? word : word + " " + option;
        }
    }

    /** One grow: seconds from begin to end, and the sorted times of the writes that began in it. */
    private record Grow(double seconds, long[] writes) {
        double millis(double share) {
            return writes[(int) Math.min(writes.length - 1L, (long) (share * writes.length))] / 1e6;
        }

        String told() {
            return writes.length == 0
                    ? "%.2f s".formatted(seconds)
                    : "%.2f s, %d writes, p50 %.2f p99 %.2f p99.9 %.1f max %.1f ms"
                            .formatted(seconds, writes.length, millis(0.5), millis(0.99), millis(0.999), millis(1));
        }
    }

    private final Guest guest;
    private final String prelude;

    private KernelReshapeBench(Guest guest, long mib) throws IOException {
        this.guest = guest;
        String host = String.join(
                " ",
                HostJvm.command(Backend.EMBEDDED).stream()
                        .skip(1)
                        .filter(word -> !word.contains("SimpleFormatter"))
                        .toList());
        this.prelude = GuestJava.exposed(List.of()) + "MIB=" + mib + "\nRESTRIPE_JAVA='" + host
                + " -XX:TieredStopAtLevel=1'\nWRITER_JAVA='-XX:+UseSerialGC -Xmx96m -XX:TieredStopAtLevel=1'\n"
                + script();
    }

    private static String script() throws IOException {
        try (InputStream in = KernelReshapeBench.class.getResourceAsStream("kernel-reshape.sh")) {
            if (in == null) {
                throw new IOException("kernel-reshape.sh is not beside " + KernelReshapeBench.class);
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    public static void main(String[] args) throws Exception {
        Path folder = Files.createTempDirectory(Path.of(args.length > 0 ? args[0] : "."), "kernel-reshape");
        long mib = args.length > 1 ? Long.parseLong(args[1]) : 160;
        int rounds = args.length > 2 ? Integer.parseInt(args[2]) : 3;
        List<Who> others = new ArrayList<>(List.of(new Who("restripe", "")));
        Stream.of(args).skip(3).forEach(option -> others.add(new Who("restripe", option)));
        Map<Integer, Path> disks = new TreeMap<>();
        for (int i = 0; i < DISKS; i++) {
            disks.put(i, image(folder.resolve("disk" + i + ".img"), mib + 8, i));
        }
        try (Guest guest = UserModeLinux.boot(folder.resolve("guest"), disks, GuestJava.MEMORY_MIB)) {
            KernelReshapeBench bench = new KernelReshapeBench(guest, mib);
            for (boolean written : new boolean[] {false, true}) {
                bench.compare(others, written, rounds);
            }
            guest.powerOff();
        } finally {
            delete(folder);
        }
    }

    /** A disk full of what no file system stores as a hole. */
    private static Path image(Path path, long mib, long seed) throws IOException {
        SplittableRandom chance = new SplittableRandom(SEED + seed);
        byte[] bytes = new byte[1 << 20];
        try (OutputStream out = Files.newOutputStream(path)) {
            for (long i = 0; i < mib; i++) {
                chance.nextBytes(bytes);
                out.write(bytes);
            }
        }
        return path;
    }

    private void compare(List<Who> others, boolean written, int rounds) throws IOException {
        List<Who> everybody = new ArrayList<>(List.of(Who.MDADM));
        everybody.addAll(others);
        Map<Who, List<Grow>> all = new HashMap<>();
        for (int round = 1; round <= rounds; round++) {
            for (Who who : everybody) {
                Grow grow = grow(who, written);
                all.computeIfAbsent(who, _ -> new ArrayList<>()).add(grow);
                System.out.printf(Locale.ROOT, "round %d, %s: %s%n", round, who.told(), grow.told());
            }
        }
        for (Who who : others) {
            print(who, written, all.get(Who.MDADM), all.get(who));
        }
    }

    private static void print(Who who, boolean written, List<Grow> mdadms, List<Grow> ours) {
        double mdadm = median(mdadms.stream().mapToDouble(Grow::seconds));
        double our = median(ours.stream().mapToDouble(Grow::seconds));
        System.out.printf(
                Locale.ROOT,
                "median%s: mdadm %.2f s, %s %.2f s, ratio of speeds %.2f%n",
                written ? " under a writer" : "",
                mdadm,
                who.told(),
                our,
                mdadm / our);
        for (double share : written ? new double[] {0.5, 0.99, 0.999, 1} : new double[0]) {
            double theirs = median(mdadms.stream().mapToDouble(grow -> grow.millis(share)));
            double own = median(ours.stream().mapToDouble(grow -> grow.millis(share)));
            System.out.printf(
                    Locale.ROOT,
                    "writes at %.3f: mdadm %.2f ms, %s %.2f ms, ratio %.2f%n",
                    share,
                    theirs,
                    who.told(),
                    own,
                    own / theirs);
        }
    }

    private Grow grow(Who who, boolean written) throws IOException {
        String told =
                guest.must(prelude + "grow_with " + who.word() + (written ? " yes " : " no ") + who.option(), LONGEST);
        double begin = seconds(told, "begin ");
        double end = seconds(told, "end ");
        return new Grow(end - begin, written ? writes(begin, end) : new long[0]);
    }

    private static double seconds(String told, String word) throws IOException {
        return told.lines()
                .filter(line -> line.startsWith(word))
                .mapToDouble(line -> Double.parseDouble(line.substring(word.length())))
                .findFirst()
                .orElseThrow(() -> new IOException("no " + word + "in: " + told));
    }

    private long[] writes(double begin, double end) throws IOException {
        LongBuffer times = ByteBuffer.wrap(Files.readAllBytes(guest.box().resolve("latencies")))
                .asLongBuffer();
        List<Long> inside = new ArrayList<>();
        while (times.hasRemaining()) {
            double at = times.get() / 1e9;
            long took = times.get();
            if (at + took / 1e9 >= begin && at <= end) {
                inside.add(took);
            }
        }
        return inside.stream().mapToLong(Long::longValue).sorted().toArray();
    }

    private static double median(java.util.stream.DoubleStream values) {
        double[] sorted = values.sorted().toArray();
        return sorted[sorted.length / 2];
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path path : all.sorted(java.util.Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
