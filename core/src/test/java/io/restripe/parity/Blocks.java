package io.restripe.parity;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;

/** Buffers for parity tests, and the same arithmetic a byte at a time, written without a thought of speed. */
final class Blocks {
    private Blocks() {}

    /** Random buffers, 1536 bytes apart from each other modulo a page. */
    static MemorySegment[] random(Arena arena, Random random, int count, long bytes) {
        MemorySegment[] blocks = new MemorySegment[count];
        for (int i = 0; i < count; i++) {
            blocks[i] = arena.allocate(bytes + 1536L * 8, 512).asSlice(1536L * (i % 8), bytes);
            fill(blocks[i], random);
        }
        return blocks;
    }

    static MemorySegment one(Arena arena, Random random, long bytes) {
        return random(arena, random, 1, bytes)[0];
    }

    static void fill(MemorySegment block, Random random) {
        byte[] bytes = new byte[Math.toIntExact(block.byteSize())];
        random.nextBytes(bytes);
        block.copyFrom(MemorySegment.ofArray(bytes));
    }

    static byte[] bytes(MemorySegment block) {
        return block.toArray(ValueLayout.JAVA_BYTE);
    }

    /** Carry-less product modulo x^8+x^4+x^3+x^2+1. */
    static int multiply(int a, int b) {
        int product = 0;
        for (int bit = 0; bit < 8; bit++) {
            if ((b >>> bit & 1) != 0) {
                product ^= a << bit;
            }
        }
        for (int bit = 14; bit >= 8; bit--) {
            if ((product >>> bit & 1) != 0) {
                product ^= 0x11d << (bit - 8);
            }
        }
        return product;
    }

    static int power(int exponent) {
        int power = 1;
        for (int i = 0; i < exponent; i++) {
            power = multiply(power, 2);
        }
        return power;
    }

    static byte[] xor(MemorySegment... blocks) {
        return weighted(blocks, new int[blocks.length]);
    }

    /** Sum of g^powers[i] * blocks[i]. */
    static byte[] weighted(MemorySegment[] blocks, int[] powers) {
        byte[] sum = new byte[Math.toIntExact(blocks[0].byteSize())];
        for (int i = 0; i < blocks.length; i++) {
            int factor = power(powers[i]);
            byte[] products = new byte[256];
            for (int element = 0; element < products.length; element++) {
                products[element] = (byte) multiply(factor, element);
            }
            byte[] data = bytes(blocks[i]);
            for (int at = 0; at < sum.length; at++) {
                sum[at] ^= products[data[at] & 0xff];
            }
        }
        return sum;
    }
}
