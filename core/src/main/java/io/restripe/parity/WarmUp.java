package io.restripe.parity;

import io.restripe.env.Env;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Makes the compiler see to a back end's kernels and compares what they compute with the scalar back end. Until a vector kernel is
 * compiled it runs a thousand times slower than scalar code, so {@link #heat} calls each until it is not slow any more: about a
 * second of an idle processor, longer when the compiler has to wait for its turn. Owner: the thread that calls it.
 */
final class WarmUp implements AutoCloseable {
    /** The largest number of sources tried: takes every kernel and two steps beyond. */
    private static final int MOST_SOURCES = 19;

    /** With more sources than this no further kernel is used. */
    private static final int LAST_NEW_COUNT = 11;

    /** Ascending: the first is small enough for doubling, the last is not. */
    private static final int[] POWERS = {1, 2, 3, 4, 7, 8, 9, 77, 254};

    private static final int[] LENGTHS = {128, 512, 1536, 4096};
    private static final int SHORT_BYTES = 128;
    private static final int CALLS_A_BATCH = 2_000;

    /** The compiler's attention takes so many batches of calls at most; what is slow then waits for the compiler. */
    private static final int BATCHES = 10;

    private static final long WAIT_NANOS = 20_000_000;
    private static final int TRIES = 8;

    /**
     * The longest that a compiled kernel can take for a block: of the slowest kernel on a slow processor, with room. Uncompiled it takes
     * ten times that at least. (Scalar code is no yardstick here: it is uncompiled at first, too.)
     */
    private static final long COMPILED_NANOS = 8_000;

    private static final int ROUNDS = 5;
    private static final int TIMED_CALLS = 200;
    private static final int TIMED_SOURCES = 4;

    /** One use of a back end: reads sources, writes at {@code to} and a block behind it. */
    private interface Use {
        void on(BackEnd backEnd, long to, int bytes);
    }

    /**
     * @param name what it does, for a person
     * @param isNew whether it uses a kernel that no step before it uses
     */
    private record Step(String name, boolean isNew, Use use) {}

    private final Arena arena = Arena.ofConfined();
    private final BackEnd candidate;
    private final BackEnd reference = new ScalarBackEnd();
    private final long[] sources = new long[MOST_SOURCES];
    private final MemorySegment wanted = arena.allocate(2L * Memory.BLOCK_BYTES, Memory.BLOCK_BYTES);
    private final MemorySegment found = arena.allocate(2L * Memory.BLOCK_BYTES, Memory.BLOCK_BYTES);
    private final List<Step> steps = new ArrayList<>();

    WarmUp(BackEnd candidate) {
        this.candidate = candidate;
        int stride = Memory.BLOCK_BYTES + 1536;
        MemorySegment data = arena.allocate((long) stride * MOST_SOURCES, Memory.BLOCK_BYTES);
        long state = 1;
        for (long at = 0; at < data.byteSize(); at += Long.BYTES) {
            state = state * 6_364_136_223_846_793_005L + 1_442_695_040_888_963_407L;
            data.set(ValueLayout.JAVA_LONG, at, state ^ (state >>> 29));
        }
        Arrays.setAll(sources, i -> data.address() + (long) stride * i);
        addSums();
        addProducts();
    }

    private void addSums() {
        for (int count = 1; count <= MOST_SOURCES; count++) {
            long[] from = Arrays.copyOf(sources, count);
            boolean isNew = count <= LAST_NEW_COUNT;
            add("xor of " + count + " sources", isNew, (backEnd, to, bytes) -> backEnd.xor(to, from, bytes));
            add(
                    "P and Q of " + count + " chunks",
                    isNew,
                    (backEnd, to, bytes) -> backEnd.pq(to, to + Memory.BLOCK_BYTES, from, bytes));
        }
        add("xor into a target", true, (backEnd, to, bytes) -> backEnd.xorInto(to, sources[0], bytes));
        // what a test for zero says wrong becomes a wrong result
        add("test for zero", true, (backEnd, to, bytes) -> {
            if (!backEnd.isZero(Memory.ZERO_BLOCK, bytes) || backEnd.isZero(sources[0], bytes)) {
                backEnd.xorInto(to, sources[1], bytes);
            }
        });
    }

    private void addProducts() {
        for (int power : POWERS) {
            boolean isFirst = power == POWERS[0];
            boolean isLast = power == POWERS[POWERS.length - 1];
            int factor = GaloisField.power(power);
            add(
                    "delta with power " + power,
                    isFirst || isLast,
                    (backEnd, to, bytes) -> backEnd.addDelta(to, sources[0], power, bytes));
            add(
                    "one lost chunk, factor " + factor,
                    isFirst,
                    (backEnd, to, bytes) -> backEnd.solveOne(to, sources[0], factor, bytes));
            add(
                    "two lost chunks, factors " + factor + " and " + power,
                    isFirst,
                    (backEnd, to, bytes) -> backEnd.solveTwo(
                            to, to + Memory.BLOCK_BYTES, sources[0], sources[1], factor, power, bytes));
        }
    }

    private void add(String name, boolean isNew, Use use) {
        steps.add(new Step(name, isNew, use));
    }

    @Override
    public void close() {
        arena.close();
    }

    /**
     * Calls every kernel until the compiler has seen to it. {@link #verify} must have run before: a class of the vector module that is
     * loaded only now would void what is compiled already.
     *
     * @param patienceNanos how long to wait for the compiler when calling alone does not do
     * @return what is slow nevertheless; empty when nothing
     */
    Optional<String> heat(Env env, long patienceNanos) {
        List<Step> slow = new ArrayList<>();
        for (Step step : steps) {
            if (step.isNew() && !isFastAfter(step, BATCHES, env)) {
                slow.add(step);
            }
        }
        long start = env.nanoTime();
        while (!slow.isEmpty() && env.nanoTime() - start < patienceNanos) {
            env.sleepNanos(WAIT_NANOS);
            slow.removeIf(step -> isFastAfter(step, 1, env));
        }
        return slow.stream().map(Step::name).findFirst();
    }

    private boolean isFastAfter(Step step, int batches, Env env) {
        for (int batch = 0; batch < batches; batch++) {
            for (int call = 0; call < CALLS_A_BATCH; call++) {
                step.use().on(candidate, found.address(), SHORT_BYTES);
                step.use().on(reference, wanted.address(), SHORT_BYTES);
            }
            if (nanosOfBlock(step, env) <= COMPILED_NANOS) {
                return true;
            }
        }
        return false;
    }

    /** The shortest of some tries. */
    private long nanosOfBlock(Step step, Env env) {
        long shortest = Long.MAX_VALUE;
        for (int i = 0; i < TRIES; i++) {
            long start = env.nanoTime();
            step.use().on(candidate, found.address(), Memory.BLOCK_BYTES);
            shortest = Math.min(shortest, env.nanoTime() - start);
        }
        return shortest;
    }

    /** Compares every result with the scalar one; what differs, empty when nothing does. */
    Optional<String> verify() {
        return steps.stream().filter(this::differs).map(Step::name).findFirst();
    }

    private boolean differs(Step step) {
        for (int bytes : LENGTHS) {
            wanted.copyFrom(found);
            step.use().on(reference, wanted.address(), bytes);
            step.use().on(candidate, found.address(), bytes);
            if (wanted.mismatch(found) >= 0) {
                return true;
            }
        }
        return false;
    }

    /** How many times faster than scalar the candidate computes P and Q: the best of some rounds in turn. */
    double speed(Env env) {
        long referenceNanos = Long.MAX_VALUE;
        long candidateNanos = Long.MAX_VALUE;
        for (int round = 0; round < ROUNDS; round++) {
            referenceNanos = Math.min(referenceNanos, nanosOfPq(reference, env));
            candidateNanos = Math.min(candidateNanos, nanosOfPq(candidate, env));
        }
        return (double) referenceNanos / Math.max(1, candidateNanos);
    }

    private long nanosOfPq(BackEnd backEnd, Env env) {
        long[] from = Arrays.copyOf(sources, TIMED_SOURCES);
        long to = found.address();
        long start = env.nanoTime();
        for (int call = 0; call < TIMED_CALLS; call++) {
            backEnd.pq(to, to + Memory.BLOCK_BYTES, from, Memory.BLOCK_BYTES);
        }
        return env.nanoTime() - start;
    }
}
