package io.restripe.os;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.OptionalInt;

/** What a terminal says of itself. Stateless. */
public final class Terminal {
    /** Standard error's descriptor. */
    public static final int STANDARD_ERROR = 2;

    private static final long TIOCGWINSZ = 0x5413;
    /** struct winsize: rows, columns, and two that count pixels; each 16 bits. */
    private static final int WINDOW_SIZE_BYTES = 8;

    private static final int COLUMNS_OFFSET = 2;

    private Terminal() {}

    /** Width of the terminal behind a descriptor; empty when there is none, or it does not know. */
    public static OptionalInt columns(int descriptor) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment size = arena.allocate(WINDOW_SIZE_BYTES, Short.BYTES);
            int result = (int) Libc.IOCTL.invokeExact(Libc.errnoState(), descriptor, TIOCGWINSZ, size);
            int columns = Short.toUnsignedInt(size.get(ValueLayout.JAVA_SHORT, COLUMNS_OFFSET));
            return result == 0 && columns > 0 ? OptionalInt.of(columns) : OptionalInt.empty();
        } catch (Throwable t) {
            throw SystemFile.impossible(t);
        }
    }
}
