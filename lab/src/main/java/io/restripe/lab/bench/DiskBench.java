package io.restripe.lab.bench;

import io.restripe.disk.Buffers;
import io.restripe.disk.DiskException;
import io.restripe.disk.FileDisk;
import io.restripe.disk.FileDisk.Access;
import io.restripe.disk.FileDisk.Caching;
import io.restripe.unit.Units;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Copies one file to another: {@code cp} and a sync against {@link FileDisk} and a flush. Ways take turns within a round, each with
 * the source dropped from the page cache before; the first round is dropped, medians of the rest and their ratio to {@code cp} are
 * printed. In the ways called fresh the target is made anew, as {@code cp} makes it; else its space is there already, as a member's
 * is. Every copy is compared with its source once.
 *
 * <p>Arguments: folder (the system's temporary one), MiB (512), rounds (5).
 */
public final class DiskBench {
    private static final long SECTORS_PER_MIB = 1024L * Units.SECTORS_PER_KIB;
    private static final double NANOS_PER_SECOND = 1e9;

    private final Path source;
    private final Path target;
    private final long sectors;

    /** One way to copy; returns when the copy is durable. */
    private record Way(String name, boolean fresh, Callable<Void> copy) {}

    private DiskBench(Path folder, long mib) {
        this.source = folder.resolve("source.img");
        this.target = folder.resolve("target.img");
        this.sectors = mib * SECTORS_PER_MIB;
    }

    public static void main(String[] arguments) throws Exception {
        Path parent = Path.of(arguments.length > 0 ? arguments[0] : System.getProperty("java.io.tmpdir"));
        long mib = arguments.length > 1 ? Long.parseLong(arguments[1]) : 512;
        int rounds = arguments.length > 2 ? Integer.parseInt(arguments[2]) : 5;
        Path folder = Files.createTempDirectory(parent, "restripe-bench");
        DiskBench bench = new DiskBench(folder, mib);
        try {
            bench.run(mib, rounds);
        } finally {
            Files.deleteIfExists(bench.source);
            Files.deleteIfExists(bench.target);
            Files.deleteIfExists(folder);
        }
    }

    private void run(long mib, int rounds) throws Exception {
        fillSource();
        System.out.printf(
                Locale.ROOT,
                "copy of %d MiB on %s, %d rounds, MiB/s and ratio to cp%n",
                mib,
                Files.getFileStore(source).type(),
                rounds);
        List<Way> ways = ways();
        double[][] seconds = new double[ways.size()][rounds];
        for (int round = -1; round < rounds; round++) {
            for (int way = 0; way < ways.size(); way++) {
                double taken = measure(ways.get(way));
                if (round < 0) {
                    compare(ways.get(way));
                } else {
                    seconds[way][round] = taken;
                }
            }
        }
        double cp = median(seconds[0]);
        for (int way = 0; way < ways.size(); way++) {
            double taken = median(seconds[way]);
            System.out.printf(Locale.ROOT, "%-40s%10.0f%10.2f%n", ways.get(way).name, mib / taken, cp / taken);
        }
    }

    private List<Way> ways() {
        List<Way> ways = new ArrayList<>();
        ways.add(new Way("cp, then sync of the file", true, () -> {
            command("cp", "--sparse=never", "--reflink=never", source.toString(), target.toString());
            command("sync", "-d", target.toString());
            return null;
        }));
        ways.add(fileDisk("direct, 1 MiB, fresh", Caching.DIRECT, 2048, 1, true));
        ways.add(fileDisk("direct, 1 MiB", Caching.DIRECT, 2048, 1, false));
        ways.add(fileDisk("direct, 64 KiB", Caching.DIRECT, 128, 1, false));
        ways.add(fileDisk("direct, 64 KiB, 4 threads", Caching.DIRECT, 128, 4, false));
        ways.add(fileDisk("direct, 1 MiB, 4 threads", Caching.DIRECT, 2048, 4, false));
        ways.add(fileDisk("direct, 1 MiB, 8 threads", Caching.DIRECT, 2048, 8, false));
        ways.add(fileDisk("direct, 4 MiB, 4 threads", Caching.DIRECT, 8192, 4, false));
        ways.add(fileDisk("page cache, 1 MiB", Caching.PAGE_CACHE, 2048, 1, false));
        return ways;
    }

    private Way fileDisk(String name, Caching caching, long pieceSectors, int threads, boolean fresh) {
        return new Way("FileDisk " + name, fresh, () -> {
            try (FileDisk from = FileDisk.open(source, Access.READ_ONLY, caching);
                    FileDisk to = fresh
                            ? FileDisk.create(target, sectors, caching)
                            : FileDisk.open(target, Access.EXCLUSIVE, caching)) {
                copy(from, to, pieceSectors, threads);
                to.flush();
            }
            return null;
        });
    }

    private void copy(FileDisk from, FileDisk to, long pieceSectors, int threads) throws Exception {
        AtomicLong next = new AtomicLong();
        Callable<Void> copier = () -> {
            MemorySegment buffer = Buffers.allocate(pieceSectors);
            for (long at = next.getAndAdd(pieceSectors); at < sectors; at = next.getAndAdd(pieceSectors)) {
                MemorySegment piece = buffer.asSlice(0, Units.bytesOfSectors(Math.min(pieceSectors, sectors - at)));
                from.read(at, piece);
                to.write(at, piece);
            }
            return null;
        };
        if (threads == 1) {
            copier.call();
            return;
        }
        try (ExecutorService pool = Executors.newFixedThreadPool(threads)) {
            for (Future<Void> done : pool.invokeAll(Collections.nCopies(threads, copier))) {
                done.get();
            }
        }
    }

    private double measure(Way way) throws Exception {
        if (way.fresh) {
            Files.deleteIfExists(target);
        }
        forget(source);
        long start = System.nanoTime();
        way.copy.call();
        return (System.nanoTime() - start) / NANOS_PER_SECOND;
    }

    /** Drops a file from the page cache. */
    private static void forget(Path file) throws Exception {
        command("dd", "status=none", "count=0", "iflag=nocache", "if=" + file);
    }

    private void compare(Way way) throws IOException {
        long differs = Files.mismatch(source, target);
        if (differs >= 0) {
            throw new IllegalStateException(way.name + ": the copy differs at byte " + differs);
        }
    }

    private void fillSource() throws DiskException {
        byte[] noise = new byte[Units.bufferBytesOfSectors(SECTORS_PER_MIB)];
        new SplittableRandom(1).nextBytes(noise);
        MemorySegment buffer = Buffers.allocate(SECTORS_PER_MIB);
        MemorySegment.copy(noise, 0, buffer, ValueLayout.JAVA_BYTE, 0, noise.length);
        try (FileDisk disk = FileDisk.create(source, sectors, Caching.DIRECT)) {
            System.out.println(disk);
            for (long at = 0; at < sectors; at += SECTORS_PER_MIB) {
                buffer.set(ValueLayout.JAVA_LONG, 0, at); // no two pieces are alike, so that a misplaced one is found
                disk.write(at, buffer);
            }
            disk.flush();
        }
    }

    private static void command(String... command) throws IOException, InterruptedException {
        int exit = new ProcessBuilder(command).inheritIO().start().waitFor();
        if (exit != 0) {
            throw new IOException(String.join(" ", command) + ": exit status " + exit);
        }
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }
}
