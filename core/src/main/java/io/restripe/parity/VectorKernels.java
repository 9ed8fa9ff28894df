package io.restripe.parity;

import static io.restripe.parity.Memory.ALL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.LT;
import static jdk.incubator.vector.VectorOperators.NE;
import static jdk.incubator.vector.VectorOperators.OR;
import static jdk.incubator.vector.VectorOperators.XOR;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Vector kernels beside plain XOR and P+Q: products with one factor, and the test for zero. One block a call, by address; any
 * thread; needs the vector module. No helper methods around vector operations, see {@link XorKernels}.
 *
 * <p>A product with a factor looks up both nibbles of every byte in tables of 16 ({@link NibbleTables}), in vectors of 16 bytes
 * whatever the processor has: within 16 bytes the look-up is one instruction. There is no shift of bytes; shorts are shifted.
 */
final class VectorKernels {
    /** Up to this power doubling is cheaper than a product. */
    static final int DOUBLING_LIMIT = 3;

    static final int WIDTH_BITS = ByteVector.SPECIES_PREFERRED.vectorBitSize();

    private static final VectorSpecies<Byte> SPECIES = ByteVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Byte> TABLE = ByteVector.SPECIES_128;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final ByteVector ZERO = ByteVector.zero(SPECIES);
    private static final ByteVector REDUCTION = ByteVector.broadcast(SPECIES, GaloisField.REDUCTION);
    private static final ByteVector NIBBLE = ByteVector.broadcast(TABLE, 0x0f);

    private VectorKernels() {}

    /** Q ^= g^power * delta, by doubling. */
    static void addDoubled(long q, long delta, int power, int bytes) {
        MemorySegment from = ALL.asSlice(delta, bytes);
        MemorySegment to = ALL.asSlice(q, bytes);
        for (long i = 0; i < bytes; i += SPECIES.vectorByteSize()) {
            ByteVector product = ByteVector.fromMemorySegment(SPECIES, from, i, ORDER);
            for (int doubled = 0; doubled < power; doubled++) {
                ByteVector overflow = ZERO.blend(REDUCTION, product.compare(LT, ZERO));
                product = product.add(product).lanewise(XOR, overflow);
            }
            ByteVector.fromMemorySegment(SPECIES, to, i, ORDER)
                    .lanewise(XOR, product)
                    .intoMemorySegment(to, i, ORDER);
        }
    }

    /** Q ^= factor * delta. */
    static void addProduct(long q, long delta, long tables, int bytes) {
        MemorySegment from = ALL.asSlice(delta, bytes);
        MemorySegment to = ALL.asSlice(q, bytes);
        ByteVector low = ByteVector.fromMemorySegment(TABLE, ALL, tables, ORDER);
        ByteVector high = ByteVector.fromMemorySegment(TABLE, ALL, tables + NibbleTables.ENTRIES, ORDER);
        for (long i = 0; i < bytes; i += NibbleTables.ENTRIES) {
            ByteVector data = ByteVector.fromMemorySegment(TABLE, from, i, ORDER);
            ByteVector upper = data.reinterpretAsShorts()
                    .lanewise(LSHR, 4)
                    .reinterpretAsBytes()
                    .and(NIBBLE);
            ByteVector product = data.and(NIBBLE).selectFrom(low).lanewise(XOR, upper.selectFrom(high));
            ByteVector.fromMemorySegment(TABLE, to, i, ORDER)
                    .lanewise(XOR, product)
                    .intoMemorySegment(to, i, ORDER);
        }
    }

    /** data = factor * (data ^ q). */
    static void solveOne(long data, long q, long tables, int bytes) {
        MemorySegment to = ALL.asSlice(data, bytes);
        MemorySegment from = ALL.asSlice(q, bytes);
        ByteVector low = ByteVector.fromMemorySegment(TABLE, ALL, tables, ORDER);
        ByteVector high = ByteVector.fromMemorySegment(TABLE, ALL, tables + NibbleTables.ENTRIES, ORDER);
        for (long i = 0; i < bytes; i += NibbleTables.ENTRIES) {
            ByteVector sum = ByteVector.fromMemorySegment(TABLE, to, i, ORDER)
                    .lanewise(XOR, ByteVector.fromMemorySegment(TABLE, from, i, ORDER));
            ByteVector upper = sum.reinterpretAsShorts()
                    .lanewise(LSHR, 4)
                    .reinterpretAsBytes()
                    .and(NIBBLE);
            sum.and(NIBBLE)
                    .selectFrom(low)
                    .lanewise(XOR, upper.selectFrom(high))
                    .intoMemorySegment(to, i, ORDER);
        }
    }

    /** x = pFactor * (y ^ p) ^ qFactor * (x ^ q), y = y ^ p ^ x. */
    static void solveTwo(long x, long y, long p, long q, long pTables, long qTables, int bytes) {
        MemorySegment toX = ALL.asSlice(x, bytes);
        MemorySegment toY = ALL.asSlice(y, bytes);
        MemorySegment fromP = ALL.asSlice(p, bytes);
        MemorySegment fromQ = ALL.asSlice(q, bytes);
        ByteVector pLow = ByteVector.fromMemorySegment(TABLE, ALL, pTables, ORDER);
        ByteVector pHigh = ByteVector.fromMemorySegment(TABLE, ALL, pTables + NibbleTables.ENTRIES, ORDER);
        ByteVector qLow = ByteVector.fromMemorySegment(TABLE, ALL, qTables, ORDER);
        ByteVector qHigh = ByteVector.fromMemorySegment(TABLE, ALL, qTables + NibbleTables.ENTRIES, ORDER);
        for (long i = 0; i < bytes; i += NibbleTables.ENTRIES) {
            ByteVector both = ByteVector.fromMemorySegment(TABLE, toY, i, ORDER)
                    .lanewise(XOR, ByteVector.fromMemorySegment(TABLE, fromP, i, ORDER));
            ByteVector weighted = ByteVector.fromMemorySegment(TABLE, toX, i, ORDER)
                    .lanewise(XOR, ByteVector.fromMemorySegment(TABLE, fromQ, i, ORDER));
            ByteVector bothUpper = both.reinterpretAsShorts()
                    .lanewise(LSHR, 4)
                    .reinterpretAsBytes()
                    .and(NIBBLE);
            ByteVector weightedUpper = weighted.reinterpretAsShorts()
                    .lanewise(LSHR, 4)
                    .reinterpretAsBytes()
                    .and(NIBBLE);
            ByteVector found = both.and(NIBBLE)
                    .selectFrom(pLow)
                    .lanewise(XOR, bothUpper.selectFrom(pHigh))
                    .lanewise(XOR, weighted.and(NIBBLE).selectFrom(qLow))
                    .lanewise(XOR, weightedUpper.selectFrom(qHigh));
            found.intoMemorySegment(toX, i, ORDER);
            both.lanewise(XOR, found).intoMemorySegment(toY, i, ORDER);
        }
    }

    /**
     * Whether a block holds only zeros; ends at the first that is not. Nothing is carried from turn to turn: a vector that starts as a
     * constant field and is carried is boxed.
     */
    static boolean isZero(long block, int bytes) {
        MemorySegment from = ALL.asSlice(block, bytes);
        long half = SPECIES.vectorByteSize();
        for (long i = 0; i < bytes; i += 2 * half) {
            ByteVector seen = ByteVector.fromMemorySegment(SPECIES, from, i, ORDER)
                    .lanewise(OR, ByteVector.fromMemorySegment(SPECIES, from, i + half, ORDER));
            if (seen.compare(NE, (byte) 0).anyTrue()) {
                return false;
            }
        }
        return true;
    }
}
