package io.restripe.parity;

import static io.restripe.parity.Memory.ALL;

import java.lang.foreign.MemorySegment;

/**
 * Kernels of the vector module, as wide as the processor likes. The class may be touched only where that module is present ({@link
 * BackEnds}). Until the compiler has seen to a kernel it runs a thousand times slower than scalar code, see {@link WarmUp}. No state,
 * any thread.
 */
final class VectorBackEnd implements BackEnd {
    /** Sources beyond the largest kernel are added so many at a time. */
    private static final int STEP = 8;

    private static final int LEAST_BITS = 128;
    private static final int MOST_BITS = 512;

    /** Whether the processor's vectors divide the shortest block, and are worth it. */
    static boolean suits() {
        return VectorKernels.WIDTH_BITS >= LEAST_BITS && VectorKernels.WIDTH_BITS <= MOST_BITS;
    }

    @Override
    public String name() {
        return "vector" + VectorKernels.WIDTH_BITS;
    }

    @Override
    public void xor(long target, long[] sources, int bytes) {
        int first = firstGroup(sources.length);
        xorGroup(target, sources, first, bytes);
        for (int next = first; next < sources.length; next += STEP) {
            addGroup(target, sources, next, bytes);
        }
    }

    /** How many to take at once so that the rest is whole steps: 1 to 10. */
    private static int firstGroup(int count) {
        return count <= 10 ? count : 3 + (count - 3) % STEP;
    }

    private static void xorGroup(long to, long[] s, int count, int bytes) {
        switch (count) {
            case 1 -> MemorySegment.copy(ALL, s[0], ALL, to, bytes);
            case 2 -> XorKernels.xor2(to, s[0], s[1], bytes);
            case 3 -> XorKernels.xor3(to, s[0], s[1], s[2], bytes);
            case 4 -> XorKernels.xor4(to, s[0], s[1], s[2], s[3], bytes);
            case 5 -> XorKernels.xor5(to, s[0], s[1], s[2], s[3], s[4], bytes);
            case 6 -> XorKernels.xor6(to, s[0], s[1], s[2], s[3], s[4], s[5], bytes);
            case 7 -> XorKernels.xor7(to, s[0], s[1], s[2], s[3], s[4], s[5], s[6], bytes);
            case 8 -> XorKernels.xor8(to, s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7], bytes);
            case 9 -> XorKernels.xor9(to, s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7], s[8], bytes);
            case 10 -> XorKernels.xor10(to, s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7], s[8], s[9], bytes);
            default -> throw new IllegalArgumentException(count + " sources in one kernel");
        }
    }

    private static void addGroup(long to, long[] s, int i, int bytes) {
        XorKernels.xor9(to, to, s[i], s[i + 1], s[i + 2], s[i + 3], s[i + 4], s[i + 5], s[i + 6], s[i + 7], bytes);
    }

    @Override
    public void xorInto(long target, long source, int bytes) {
        XorKernels.xor2(target, target, source, bytes);
    }

    @Override
    public void pq(long p, long q, long[] byPower, int bytes) {
        int first = firstGroup(byPower.length);
        int lowest = byPower.length - first;
        pqGroup(p, q, byPower, lowest, first, bytes);
        for (int next = lowest - STEP; next >= 0; next -= STEP) {
            pqMore(p, q, byPower, next, bytes);
        }
    }

    /** P and Q of {@code count} chunks from index {@code i} on, as if the first had power 0. */
    private static void pqGroup(long p, long q, long[] d, int i, int count, int bytes) {
        switch (count) {
            case 1 -> {
                MemorySegment.copy(ALL, d[i], ALL, p, bytes);
                MemorySegment.copy(ALL, d[i], ALL, q, bytes);
            }
            case 2 -> PqKernels.pq2(p, q, d[i], d[i + 1], bytes);
            case 3 -> PqKernels.pq3(p, q, d[i], d[i + 1], d[i + 2], bytes);
            case 4 -> PqKernels.pq4(p, q, d[i], d[i + 1], d[i + 2], d[i + 3], bytes);
            case 5 -> PqKernels.pq5(p, q, d[i], d[i + 1], d[i + 2], d[i + 3], d[i + 4], bytes);
            case 6 -> PqKernels.pq6(p, q, d[i], d[i + 1], d[i + 2], d[i + 3], d[i + 4], d[i + 5], bytes);
            case 7 -> PqKernels.pq7(p, q, d[i], d[i + 1], d[i + 2], d[i + 3], d[i + 4], d[i + 5], d[i + 6], bytes);
            default -> widePqGroup(p, q, d, i, count, bytes);
        }
    }

    private static void widePqGroup(long p, long q, long[] d, int i, int count, int bytes) {
        long d0 = d[i];
        long d1 = d[i + 1];
        long d2 = d[i + 2];
        long d3 = d[i + 3];
        long d4 = d[i + 4];
        long d5 = d[i + 5];
        long d6 = d[i + 6];
        long d7 = d[i + 7];
        switch (count) {
            case 8 -> WidePqKernels.pq8(p, q, d0, d1, d2, d3, d4, d5, d6, d7, bytes);
            case 9 -> WidePqKernels.pq9(p, q, d0, d1, d2, d3, d4, d5, d6, d7, d[i + 8], bytes);
            case 10 -> WidePqKernels.pq10(p, q, d0, d1, d2, d3, d4, d5, d6, d7, d[i + 8], d[i + 9], bytes);
            default -> throw new IllegalArgumentException(count + " data chunks in one kernel");
        }
    }

    private static void pqMore(long p, long q, long[] d, int i, int bytes) {
        WidePqKernels.pqMore8(p, q, d[i], d[i + 1], d[i + 2], d[i + 3], d[i + 4], d[i + 5], d[i + 6], d[i + 7], bytes);
    }

    @Override
    public void addDelta(long q, long delta, int power, int bytes) {
        if (power <= VectorKernels.DOUBLING_LIMIT) {
            VectorKernels.addDoubled(q, delta, power, bytes);
        } else {
            VectorKernels.addProduct(q, delta, NibbleTables.low(GaloisField.power(power)), bytes);
        }
    }

    @Override
    public void solveOne(long data, long q, int factor, int bytes) {
        VectorKernels.solveOne(data, q, NibbleTables.low(factor), bytes);
    }

    @Override
    public void solveTwo(long x, long y, long p, long q, int pFactor, int qFactor, int bytes) {
        VectorKernels.solveTwo(x, y, p, q, NibbleTables.low(pFactor), NibbleTables.low(qFactor), bytes);
    }

    @Override
    public boolean isZero(long block, int bytes) {
        return VectorKernels.isZero(block, bytes);
    }
}
