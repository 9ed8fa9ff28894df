package io.restripe.lab.bench;

import io.restripe.disk.Disk;
import io.restripe.disk.FileDisk;
import io.restripe.env.Env;
import io.restripe.env.SystemEnv;
import io.restripe.geometry.Geometry;
import io.restripe.host.RunningContainer;
import io.restripe.metadata.Activity;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.VolumeSpec;
import io.restripe.metadata.imsm.ImsmFormat;
import io.restripe.reshape.GrowRequest;
import io.restripe.unit.Units;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.stream.Stream;

/**
 * How fast a RAID5 3 -> 4 grow moves data outside its critical section, against {@code cp} of the same bytes followed by a flush, on the
 * same disk, in turn. Prints MiB of array data a second of each round, the medians and their ratio. Arguments: folder, MiB of array
 * data, rounds.
 */
public final class ReshapeBench {
    private static final long MIB_SECTORS = 2048;

    private final Path folder;
    private final long arrayMib;
    private final Env env = new SystemEnv();
    private final ImsmFormat format = new ImsmFormat(env);

    private ReshapeBench(Path folder, long arrayMib) {
        this.folder = folder;
        this.arrayMib = arrayMib;
    }

    public static void main(String[] args) throws Exception {
        Path folder = Files.createTempDirectory(Path.of(args.length > 0 ? args[0] : "."), "reshape-bench");
        long mib = args.length > 1 ? Long.parseLong(args[1]) : 2048;
        int rounds = args.length > 2 ? Integer.parseInt(args[2]) : 3;
        double[] reshape = new double[rounds];
        double[] copy = new double[rounds];
        try {
            ReshapeBench bench = new ReshapeBench(folder, mib);
            for (int round = 0; round < rounds; round++) {
                copy[round] = bench.copyRound();
                reshape[round] = bench.reshapeRound();
                System.out.printf(
                        Locale.ROOT,
                        "round %d: cp + flush %.0f MiB/s, grow 3->4 outside the critical section %.0f MiB/s, ratio %.2f%n",
                        round,
                        copy[round],
                        reshape[round],
                        reshape[round] / copy[round]);
            }
        } finally {
            delete(folder);
        }
        System.out.printf(
                Locale.ROOT,
                "median: cp %.0f MiB/s, grow %.0f MiB/s, ratio %.2f%n",
                median(copy),
                median(reshape),
                median(reshape) / median(copy));
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }

    private double copyRound() throws IOException, InterruptedException {
        Path source = folder.resolve("source");
        Path target = folder.resolve("target");
        try (FileDisk disk = FileDisk.create(source, arrayMib * MIB_SECTORS, FileDisk.Caching.DIRECT)) {
            fill(disk);
        }
        long began = env.nanoTime();
        run("cp", "--sparse=never", source.toString(), target.toString());
        run("sync", target.toString());
        double seconds = (env.nanoTime() - began) / 1e9;
        Files.delete(source);
        Files.delete(target);
        return arrayMib / seconds;
    }

    private static void run(String... command) throws IOException, InterruptedException {
        int status = new ProcessBuilder(command).inheritIO().start().waitFor();
        if (status != 0) {
            throw new IOException(String.join(" ", command) + " ended with " + status);
        }
    }

    private double reshapeRound() throws Exception {
        List<MemberDisk> disks = new ArrayList<>();
        long memberMib = arrayMib / 2;
        for (int i = 0; i < 4; i++) {
            Path path = folder.resolve("member" + i);
            Files.deleteIfExists(path);
            disks.add(new MemberDisk(
                    path.toString(),
                    "BENCH" + i,
                    FileDisk.create(path, (memberMib + 8) * MIB_SECTORS, FileDisk.Caching.DIRECT)));
        }
        try {
            List<String> serials = List.of("BENCH0", "BENCH1", "BENCH2");
            Geometry before = Geometry.ofMd(5, 0, 3, 128);
            RunningContainer.create(
                    format, disks.subList(0, 3), new VolumeSpec("bench", before, memberMib * 1024, serials, true));
            RunningContainer running = RunningContainer.start(
                    env, "bench", format, disks.subList(0, 3), RunningContainer.Options.normal());
            fill(running.volume("bench"));
            running.grow(new GrowRequest(
                    null, OptionalInt.of(4), OptionalInt.empty(), OptionalInt.empty(), List.of(disks.get(3))));
            double speed = measure(running);
            running.stop();
            return speed;
        } finally {
            for (MemberDisk disk : disks) {
                disk.disk().close();
                Files.delete(Path.of(disk.name()));
            }
        }
    }

    /** From the first checkpoint behind the critical units to the end. */
    private double measure(RunningContainer running) {
        long from = -1;
        long began = 0;
        while (running.container().volumes().getFirst().activity() instanceof Activity.Reshape reshape) {
            if (from < 0 && reshape.progress().unit() >= 4) {
                from = reshape.progress().unit() * reshape.unitSectors();
                began = env.nanoTime();
            }
            env.sleepNanos(2_000_000L);
        }
        double seconds = (env.nanoTime() - began) / 1e9;
        return (arrayMib - (double) from / MIB_SECTORS) / seconds;
    }

    private static void fill(Disk disk) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(Units.bytesOfSectors(4 * MIB_SECTORS), 4096);
            for (long i = 0; i < buffer.byteSize(); i += 8) {
                buffer.set(java.lang.foreign.ValueLayout.JAVA_LONG, i, i * 0x9E3779B97F4A7C15L);
            }
            for (long sector = 0; sector < disk.sectors(); sector += 4 * MIB_SECTORS) {
                long length = Math.min(4 * MIB_SECTORS, disk.sectors() - sector);
                disk.write(sector, buffer.asSlice(0, Units.bytesOfSectors(length)));
            }
            disk.flush();
        }
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            files.forEach(file -> {
                try {
                    Files.delete(file);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        }
        Files.delete(folder);
    }
}
