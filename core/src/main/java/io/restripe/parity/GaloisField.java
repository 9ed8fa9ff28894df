package io.restripe.parity;

/**
 * GF(2^8) with the polynomial x^8+x^4+x^3+x^2+1 and the generator 2 (docs/layouts.md, section 5), one element at a time: for
 * factors, never for data. Elements are 0..255. Immutable tables, any thread.
 */
final class GaloisField {
    /** What is left of the polynomial below x^8: the reduction of a byte that overflows when it is doubled. */
    static final int REDUCTION = 0x1d;

    /** Powers of the generator repeat after so many: distinct powers are 0..254. */
    static final int ORDER = 255;

    private static final int[] POWER = new int[ORDER];
    private static final int[] LOGARITHM = new int[ORDER + 1];

    static {
        int element = 1;
        for (int exponent = 0; exponent < ORDER; exponent++) {
            POWER[exponent] = element;
            LOGARITHM[element] = exponent;
            element = twice(element);
        }
    }

    private GaloisField() {}

    private static int twice(int element) {
        int shifted = element << 1;
        return shifted > 0xff ? (shifted & 0xff) ^ REDUCTION : shifted;
    }

    /** The generator to a power, which may be negative. */
    static int power(int exponent) {
        return POWER[Math.floorMod(exponent, ORDER)];
    }

    static int multiply(int a, int b) {
        return a == 0 || b == 0 ? 0 : POWER[(LOGARITHM[a] + LOGARITHM[b]) % ORDER];
    }

    /** The element whose product with {@code element} is 1. */
    static int inverse(int element) {
        if (element == 0) {
            throw new ArithmeticException("0 has no inverse");
        }
        return POWER[(ORDER - LOGARITHM[element]) % ORDER];
    }
}
