package io.restripe.parity;

import io.restripe.unit.Units;
import java.lang.foreign.MemorySegment;

/** The checks of {@link Parity}'s arguments, made once a call so that kernels need none. */
final class Operands {
    private Operands() {}

    /** The length of a segment that is written, which all others of the call must have. */
    static long lengthOf(MemorySegment target) {
        requireUsable(target, target.byteSize());
        if (target.isReadOnly()) {
            throw new IllegalArgumentException("the target is read-only memory");
        }
        return target.byteSize();
    }

    /** Address of a segment that is only read. */
    static long source(MemorySegment source, long bytes) {
        requireUsable(source, bytes);
        return source.address();
    }

    /** Address of a further segment that is written. */
    static long target(MemorySegment target, long bytes) {
        if (lengthOf(target) != bytes) {
            throw new IllegalArgumentException("segments of " + bytes + " and " + target.byteSize() + " bytes");
        }
        return target.address();
    }

    private static void requireUsable(MemorySegment segment, long bytes) {
        if (segment.byteSize() != bytes) {
            throw new IllegalArgumentException("segments of " + bytes + " and " + segment.byteSize() + " bytes");
        }
        if (!segment.isNative()) {
            throw new IllegalArgumentException("heap memory: parity is computed over native memory only");
        }
        if (bytes % Units.SECTOR_BYTES != 0) {
            throw new IllegalArgumentException(bytes + " bytes are not whole sectors");
        }
        if (!segment.scope().isAlive()) {
            throw new IllegalStateException("the memory's arena is closed");
        }
        if (!segment.isAccessibleBy(Thread.currentThread())) {
            throw new WrongThreadException("the memory belongs to another thread");
        }
    }

    /** Refuses a target that shares bytes with something the call reads or writes besides. */
    static void requireApart(long target, long other, long bytes) {
        if (Math.abs(target - other) < bytes) {
            throw new IllegalArgumentException("a target overlaps another operand");
        }
    }

    /** Addresses of segments that are only read, none overlapping the target. */
    static long[] sources(MemorySegment[] sources, long target, long bytes) {
        if (sources.length == 0 || sources.length > GaloisField.ORDER) {
            throw new IllegalArgumentException(
                    sources.length + " sources; 1 to " + GaloisField.ORDER + " are possible");
        }
        long[] addresses = new long[sources.length];
        for (int i = 0; i < sources.length; i++) {
            addresses[i] = source(sources[i], bytes);
            requireApart(target, addresses[i], bytes);
        }
        return addresses;
    }

    /** The data's addresses in order of their powers; {@link Memory#ZERO_BLOCK} at powers that none has. */
    static long[] byPower(long[] data, int[] powers) {
        if (powers.length != data.length) {
            throw new IllegalArgumentException(data.length + " data segments, " + powers.length + " powers");
        }
        int highest = 0;
        for (int power : powers) {
            requirePower(power);
            highest = Math.max(highest, power);
        }
        long[] ordered = new long[highest + 1];
        for (int i = 0; i < powers.length; i++) {
            if (ordered[powers[i]] != 0) {
                throw new IllegalArgumentException("power " + powers[i] + " twice");
            }
            ordered[powers[i]] = data[i];
        }
        for (int power = 0; power < ordered.length; power++) {
            if (ordered[power] == 0) {
                ordered[power] = Memory.ZERO_BLOCK;
            }
        }
        return ordered;
    }

    static void requirePower(int power) {
        if (power < 0 || power >= GaloisField.ORDER) {
            throw new IllegalArgumentException(
                    "power " + power + "; 0 to " + (GaloisField.ORDER - 1) + " are possible");
        }
    }
}
