package io.restripe.lab.bench;

import io.restripe.parity.Parity;
import io.restripe.unit.Units;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/**
 * Speed of every parity back end on one thread: GB of data read per second, and the ratio to scalar. Back ends take turns within a
 * round; the first round is dropped, medians of the rest are printed. A vector kernel below {@link #LEAST_GB_PER_SECOND} was not
 * compiled as it must be and fails the run.
 *
 * <p>Arguments: KiB of a strip (64), rounds (7).
 */
public final class ParityBench {
    private static final double LEAST_GB_PER_SECOND = 5;
    private static final long ROUND_NANOS = 20_000_000;
    private static final double BYTES_PER_GB = 1e9;
    private static final double NANOS_PER_SECOND = 1e9;
    private static final int MOST_DATA = 20;

    /** Between the strips of a stripe, so that equal addresses modulo a page do not fight for the cache's lines. */
    private static final int DISPLACEMENT_BYTES = 1536;

    private record Case(String name, long bytesRead, Runnable call) {}

    private final MemorySegment p;
    private final MemorySegment q;
    private final MemorySegment[] data;
    private final long stripBytes;

    private ParityBench(Arena arena, long stripBytes) {
        this.stripBytes = stripBytes;
        long stride = stripBytes + DISPLACEMENT_BYTES;
        MemorySegment memory = arena.allocate(stride * (MOST_DATA + 2), 4096);
        byte[] noise = new byte[Math.toIntExact(memory.byteSize())];
        new Random(1).nextBytes(noise);
        memory.copyFrom(MemorySegment.ofArray(noise));
        MemorySegment[] strips = new MemorySegment[MOST_DATA + 2];
        Arrays.setAll(strips, i -> memory.asSlice(i * stride, stripBytes));
        this.data = Arrays.copyOf(strips, MOST_DATA);
        this.p = strips[MOST_DATA];
        this.q = strips[MOST_DATA + 1];
    }

    public static void main(String[] arguments) {
        long stripKib = arguments.length > 0 ? Long.parseLong(arguments[0]) : 64;
        int rounds = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 7;
        long start = System.nanoTime();
        Parity.warmUp();
        System.out.printf(
                Locale.ROOT,
                "warm-up %.2f s, chosen: %s; strips of %d KiB, %d rounds, GB of data read per second%n",
                (System.nanoTime() - start) / NANOS_PER_SECOND,
                Parity.backEndName(),
                stripKib,
                rounds);
        try (Arena arena = Arena.ofConfined()) {
            long stripBytes = Units.bytesOfSectors(stripKib * Units.SECTORS_PER_KIB);
            boolean fast = new ParityBench(arena, stripBytes).run(rounds);
            if (!fast) {
                System.out.println("FAILED: a kernel below " + LEAST_GB_PER_SECOND + " GB/s");
                System.exit(1);
            }
        }
    }

    private boolean run(int rounds) {
        List<String> names = Parity.backEndNames();
        System.out.printf(Locale.ROOT, "%-28s", "");
        names.forEach(name -> System.out.printf(Locale.ROOT, "%12s", name));
        System.out.printf(Locale.ROOT, "%12s%n", "ratio");
        boolean fast = true;
        for (Case one : cases()) {
            double[] medians = medians(one, names, rounds);
            System.out.printf(Locale.ROOT, "%-28s", one.name());
            for (double median : medians) {
                System.out.printf(Locale.ROOT, "%12.1f", median);
            }
            double best = medians[medians.length - 1];
            System.out.printf(Locale.ROOT, "%12.1f%n", best / medians[0]);
            fast &= medians.length == 1 || best >= LEAST_GB_PER_SECOND;
        }
        return fast;
    }

    private double[] medians(Case one, List<String> names, int rounds) {
        double[][] speeds = new double[names.size()][rounds];
        for (int round = -1; round < rounds; round++) {
            for (int i = 0; i < speeds.length; i++) {
                Parity.use(names.get(i));
                double speed = speed(one);
                if (round >= 0) {
                    speeds[i][round] = speed;
                }
            }
        }
        return Arrays.stream(speeds)
                .mapToDouble(ofBackEnd -> Arrays.stream(ofBackEnd).sorted().toArray()[rounds / 2])
                .toArray();
    }

    private static double speed(Case one) {
        long start = System.nanoTime();
        long calls = 0;
        long nanos;
        do {
            for (int i = 0; i < 16; i++) {
                one.call().run();
            }
            calls += 16;
            nanos = System.nanoTime() - start;
        } while (nanos < ROUND_NANOS);
        return one.bytesRead() * calls / BYTES_PER_GB / (nanos / NANOS_PER_SECOND);
    }

    private List<Case> cases() {
        List<Case> cases = new ArrayList<>();
        for (int count : new int[] {2, 3, 4, 6, 8, 10, 16}) {
            MemorySegment[] sources = Arrays.copyOf(data, count);
            cases.add(new Case("xor n=" + count, count * stripBytes, () -> Parity.xor(p, sources)));
        }
        cases.add(new Case("xorInto", 2 * stripBytes, () -> Parity.xorInto(p, data[0])));
        for (int count : new int[] {2, 3, 4, 6, 8, 10, 16}) {
            MemorySegment[] sources = Arrays.copyOf(data, count);
            int[] powers = powers(count);
            cases.add(new Case("P+Q n=" + count, count * stripBytes, () -> Parity.pq(p, q, sources, powers)));
        }
        for (int power : new int[] {0, 1, 4, 8, 9, 100}) {
            cases.add(new Case(
                    "delta to P and Q, power " + power, 3 * stripBytes, () -> Parity.addDelta(p, q, data[0], power)));
        }
        for (int count : new int[] {4, 10}) {
            MemorySegment[] row = Arrays.copyOf(data, count);
            int[] powers = powers(count);
            boolean[] one = new boolean[count];
            one[1] = true;
            boolean[] two = one.clone();
            two[2] = true;
            long bytes = count * stripBytes;
            cases.add(new Case("one lost, from P, n=" + count, bytes, () -> Parity.recover(row, one, p, null, null)));
            cases.add(new Case("one lost, from Q, n=" + count, bytes, () -> Parity.recover(row, one, null, q, powers)));
            cases.add(new Case("two lost, n=" + count, bytes, () -> Parity.recover(row, two, p, q, powers)));
        }
        MemorySegment zeros = Arena.global().allocate(stripBytes, 4096);
        cases.add(new Case("test for zero", stripBytes, () -> {
            if (!Parity.isZero(zeros)) {
                throw new AssertionError("zeros are not zero");
            }
        }));
        return cases;
    }

    private static int[] powers(int count) {
        int[] powers = new int[count];
        Arrays.setAll(powers, i -> i);
        return powers;
    }
}
