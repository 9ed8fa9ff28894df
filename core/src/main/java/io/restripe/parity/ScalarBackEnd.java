package io.restripe.parity;

import static io.restripe.parity.Memory.ALL;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Eight bytes in a {@code long} at a time: needs nothing but the JDK, runs at once, and is what other back ends are compared with.
 * The order of the bytes in the word does not matter to any operation here. No state, any thread.
 */
final class ScalarBackEnd implements BackEnd {
    private static final ValueLayout.OfLong WORD = ValueLayout.JAVA_LONG_UNALIGNED;
    private static final long HIGH_BITS = 0x8080_8080_8080_8080L;

    /** Up to this power doubling is cheaper than a general product, which doubles seven times. */
    private static final int DOUBLING_LIMIT = 7;

    @Override
    public String name() {
        return "scalar";
    }

    @Override
    public void xor(long target, long[] sources, int bytes) {
        if (sources.length == 1) {
            copy(target, sources[0], bytes);
            return;
        }
        xorOfTwo(target, sources[0], sources[1], bytes);
        int next = 2;
        for (; next + 1 < sources.length; next += 2) {
            xorIntoOfTwo(target, sources[next], sources[next + 1], bytes);
        }
        if (next < sources.length) {
            xorInto(target, sources[next], bytes);
        }
    }

    private static void copy(long target, long source, int bytes) {
        MemorySegment.copy(ALL, source, ALL, target, bytes);
    }

    private static void xorOfTwo(long target, long a, long b, int bytes) {
        for (long i = 0; i < bytes; i += Long.BYTES) {
            ALL.set(WORD, target + i, ALL.get(WORD, a + i) ^ ALL.get(WORD, b + i));
        }
    }

    private static void xorIntoOfTwo(long target, long a, long b, int bytes) {
        for (long i = 0; i < bytes; i += Long.BYTES) {
            ALL.set(WORD, target + i, ALL.get(WORD, target + i) ^ ALL.get(WORD, a + i) ^ ALL.get(WORD, b + i));
        }
    }

    @Override
    public void xorInto(long target, long source, int bytes) {
        for (long i = 0; i < bytes; i += Long.BYTES) {
            ALL.set(WORD, target + i, ALL.get(WORD, target + i) ^ ALL.get(WORD, source + i));
        }
    }

    @Override
    public void pq(long p, long q, long[] byPower, int bytes) {
        for (long i = 0; i < bytes; i += Long.BYTES) {
            long sum = 0;
            long syndrome = 0;
            for (int power = byPower.length - 1; power >= 0; power--) {
                long data = ALL.get(WORD, byPower[power] + i);
                sum ^= data;
                syndrome = twice(syndrome) ^ data;
            }
            ALL.set(WORD, p + i, sum);
            ALL.set(WORD, q + i, syndrome);
        }
    }

    @Override
    public void addDelta(long q, long delta, int power, int bytes) {
        if (power <= DOUBLING_LIMIT) {
            for (long i = 0; i < bytes; i += Long.BYTES) {
                long product = ALL.get(WORD, delta + i);
                for (int doubled = 0; doubled < power; doubled++) {
                    product = twice(product);
                }
                ALL.set(WORD, q + i, ALL.get(WORD, q + i) ^ product);
            }
            return;
        }
        int factor = GaloisField.power(power);
        for (long i = 0; i < bytes; i += Long.BYTES) {
            ALL.set(WORD, q + i, ALL.get(WORD, q + i) ^ product(factor, ALL.get(WORD, delta + i)));
        }
    }

    @Override
    public void solveOne(long data, long q, int factor, int bytes) {
        for (long i = 0; i < bytes; i += Long.BYTES) {
            ALL.set(WORD, data + i, product(factor, ALL.get(WORD, data + i) ^ ALL.get(WORD, q + i)));
        }
    }

    @Override
    public void solveTwo(long x, long y, long p, long q, int pFactor, int qFactor, int bytes) {
        for (long i = 0; i < bytes; i += Long.BYTES) {
            long both = ALL.get(WORD, y + i) ^ ALL.get(WORD, p + i);
            long weighted = ALL.get(WORD, x + i) ^ ALL.get(WORD, q + i);
            long found = product(pFactor, both) ^ product(qFactor, weighted);
            ALL.set(WORD, x + i, found);
            ALL.set(WORD, y + i, both ^ found);
        }
    }

    @Override
    public boolean isZero(long block, int bytes) {
        long seen = 0;
        for (long i = 0; i < bytes; i += Long.BYTES) {
            seen |= ALL.get(WORD, block + i);
        }
        return seen == 0;
    }

    /** Eight elements times the generator. */
    private static long twice(long elements) {
        long overflow = elements & HIGH_BITS;
        return ((elements ^ overflow) << 1) ^ ((overflow >>> 7) * GaloisField.REDUCTION);
    }

    /** Eight elements times a factor, bit by bit from its highest. */
    private static long product(int factor, long elements) {
        long product = 0;
        for (int bit = Byte.SIZE - 1; bit >= 0; bit--) {
            product = twice(product) ^ (elements & -((factor >>> bit) & 1L));
        }
        return product;
    }
}
