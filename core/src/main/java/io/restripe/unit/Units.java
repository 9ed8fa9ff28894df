package io.restripe.unit;

/**
 * The only conversions between sectors and bytes, and the only roundings. A sector is 512 bytes everywhere, whatever the disks'
 * own sector size; positions and lengths are 64-bit (rule R11) and overflow is an {@link ArithmeticException}, never a wrap.
 */
public final class Units {
    /** Bytes in a sector. */
    public static final int SECTOR_BYTES = 512;

    /** Sectors in a KiB. */
    public static final int SECTORS_PER_KIB = 2;

    private Units() {}

    /** Bytes of so many sectors. */
    public static long bytesOfSectors(long sectors) {
        return Math.multiplyExact(sectors, (long) SECTOR_BYTES);
    }

    /** Bytes of so many sectors, for buffer sizes: throws when the result does not fit an {@code int}. */
    public static int bufferBytesOfSectors(long sectors) {
        return Math.toIntExact(bytesOfSectors(sectors));
    }

    /** Sectors of so many bytes, which must be whole sectors. */
    public static long sectorsOfBytesExact(long bytes) {
        if (bytes % SECTOR_BYTES != 0) {
            throw new ArithmeticException(bytes + " bytes are not whole sectors of " + SECTOR_BYTES);
        }
        return bytes / SECTOR_BYTES;
    }

    /** Whole sectors in so many bytes, rounding down. */
    public static long sectorsOfBytesFloor(long bytes) {
        return bytes / SECTOR_BYTES;
    }

    /** The largest multiple of {@code unit} that is not above {@code value}; neither is negative, {@code unit} not 0. */
    public static long floorToUnit(long value, long unit) {
        return value - value % unit;
    }

    /** The smallest multiple of {@code unit} that is not below {@code value}; neither is negative, {@code unit} not 0. */
    public static long ceilToUnit(long value, long unit) {
        long rest = value % unit;
        return rest == 0 ? value : Math.addExact(value, unit - rest);
    }

    /** {@code a / b} rounded up; neither is negative, {@code b} not 0. */
    public static long ceilDiv(long a, long b) {
        return a / b + (a % b == 0 ? 0 : 1);
    }
}
