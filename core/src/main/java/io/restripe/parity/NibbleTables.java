package io.restripe.parity;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * For each factor, its products with the 16 low nibbles and, behind them, with the 16 high nibbles: a product of any byte is the
 * XOR of two of them. 8 KiB of native memory, filled once, then only read; any thread.
 */
final class NibbleTables {
    /** Entries of a table, one byte each. */
    static final int ENTRIES = 16;

    private static final int FACTORS = 256;
    private static final MemorySegment TABLES = fill(Arena.global().allocate(2L * ENTRIES * FACTORS, 2 * ENTRIES));

    private NibbleTables() {}

    private static MemorySegment fill(MemorySegment tables) {
        for (int factor = 0; factor < FACTORS; factor++) {
            for (int nibble = 0; nibble < ENTRIES; nibble++) {
                long at = 2L * ENTRIES * factor + nibble;
                tables.set(ValueLayout.JAVA_BYTE, at, (byte) GaloisField.multiply(factor, nibble));
                tables.set(ValueLayout.JAVA_BYTE, at + ENTRIES, (byte) GaloisField.multiply(factor, nibble * ENTRIES));
            }
        }
        return tables;
    }

    /** Address of a factor's table for low nibbles; that for high ones is {@link #ENTRIES} bytes behind. */
    static long low(int factor) {
        return TABLES.address() + 2L * ENTRIES * factor;
    }
}
