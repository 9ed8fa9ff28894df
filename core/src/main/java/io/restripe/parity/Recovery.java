package io.restripe.parity;

import static io.restripe.parity.Memory.BLOCK_BYTES;

import java.lang.foreign.MemorySegment;

/**
 * Lost data from what is left of a row (docs/layouts.md, section 5). In place and block by block: the surviving chunks' share of P
 * and Q is computed into the lost chunks themselves, then solved there. No state, any thread.
 */
final class Recovery {
    private Recovery() {}

    static void recover(
            BackEnd backEnd, MemorySegment[] data, boolean[] lost, MemorySegment p, MemorySegment q, int[] powers) {
        if (lost.length != data.length) {
            throw new IllegalArgumentException(data.length + " data segments, " + lost.length + " marks of loss");
        }
        int first = nextLost(lost, 0);
        if (first < 0) {
            return;
        }
        int second = nextLost(lost, first + 1);
        requireEnough(lost, second, p, q);
        long bytes = Operands.lengthOf(data[first]);
        if (second >= 0) {
            Operands.requireApart(data[first].address(), Operands.target(data[second], bytes), bytes);
            two(backEnd, data, first, second, p, q, powers);
        } else if (p != null) {
            oneFromP(backEnd, data, first, p);
        } else {
            oneFromQ(backEnd, data, first, q, powers);
        }
    }

    private static int nextLost(boolean[] lost, int from) {
        for (int i = from; i < lost.length; i++) {
            if (lost[i]) {
                return i;
            }
        }
        return -1;
    }

    private static void requireEnough(boolean[] lost, int second, MemorySegment p, MemorySegment q) {
        int missing = second < 0 ? 1 : 2;
        if (second >= 0 && nextLost(lost, second + 1) >= 0) {
            throw new IllegalArgumentException("more than two data chunks of a row are lost");
        }
        int parity = (p == null ? 0 : 1) + (q == null ? 0 : 1);
        if (missing > parity) {
            throw new IllegalArgumentException(missing + " data chunks of a row are lost, " + parity + " parity left");
        }
    }

    private static void oneFromP(BackEnd backEnd, MemorySegment[] data, int x, MemorySegment p) {
        MemorySegment[] left = data.clone();
        left[x] = p;
        long bytes = data[x].byteSize();
        long to = data[x].address();
        long[] from = Operands.sources(left, to, bytes);
        for (long done = 0; done < bytes; done += BLOCK_BYTES) {
            backEnd.xor(to + done, from, Parity.blockAt(done, bytes));
            Memory.advance(from);
        }
    }

    private static void oneFromQ(BackEnd backEnd, MemorySegment[] data, int x, MemorySegment q, int[] powers) {
        long bytes = data[x].byteSize();
        long to = data[x].address();
        long fromQ = Operands.source(q, bytes);
        Operands.requireApart(to, fromQ, bytes);
        long[] byPower = Operands.byPower(survivors(data, x, x, bytes), powers);
        int factor = GaloisField.power(-powers[x]);
        for (long done = 0; done < bytes; done += BLOCK_BYTES) {
            int block = Parity.blockAt(done, bytes);
            backEnd.pq(to + done, to + done, byPower, block);
            backEnd.solveOne(to + done, fromQ + done, factor, block);
            Memory.advance(byPower);
        }
    }

    private static void two(
            BackEnd backEnd, MemorySegment[] data, int x, int y, MemorySegment p, MemorySegment q, int[] powers) {
        long bytes = data[x].byteSize();
        long toX = data[x].address();
        long toY = data[y].address();
        long fromP = Operands.source(p, bytes);
        long fromQ = Operands.source(q, bytes);
        for (long parity : new long[] {fromP, fromQ}) {
            Operands.requireApart(toX, parity, bytes);
            Operands.requireApart(toY, parity, bytes);
        }
        long[] byPower = Operands.byPower(survivors(data, x, y, bytes), powers);
        // x = (g^b * pSum + qSum) / (g^a + g^b), with a the power of x, b that of y
        int divisor = GaloisField.inverse(GaloisField.power(powers[x]) ^ GaloisField.power(powers[y]));
        int pFactor = GaloisField.multiply(GaloisField.power(powers[y]), divisor);
        for (long done = 0; done < bytes; done += BLOCK_BYTES) {
            int block = Parity.blockAt(done, bytes);
            backEnd.pq(toY + done, toX + done, byPower, block);
            backEnd.solveTwo(toX + done, toY + done, fromP + done, fromQ + done, pFactor, divisor, block);
            Memory.advance(byPower);
        }
    }

    /** Addresses of the data, the block of zeros in place of x and y. */
    private static long[] survivors(MemorySegment[] data, int x, int y, long bytes) {
        long[] addresses = new long[data.length];
        for (int i = 0; i < data.length; i++) {
            if (i == x || i == y) {
                addresses[i] = Memory.ZERO_BLOCK;
            } else {
                addresses[i] = Operands.source(data[i], bytes);
                Operands.requireApart(data[x].address(), addresses[i], bytes);
                Operands.requireApart(data[y].address(), addresses[i], bytes);
            }
        }
        return addresses;
    }
}
