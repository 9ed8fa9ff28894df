package io.restripe.os;

import java.lang.foreign.Arena;
import java.nio.file.Path;

/** Special files that stand for devices, where neither the kernel nor a daemon makes them. */
public final class DeviceNode {
    private static final int BLOCK_OWNER_ONLY = 0x6000 | 0x180;

    private DeviceNode() {}

    /** Makes a block device's node, for its owner only. EEXIST when there is something of that name. Needs root. */
    public static void makeBlock(Path path, int major, int minor) throws SystemCallException {
        String call = "mknod(\"" + path + "\", block " + major + ":" + minor + ")";
        try (Arena arena = Arena.ofConfined()) {
            int result = (int) Libc.MKNOD.invokeExact(
                    Libc.errnoState(), arena.allocateFrom(path.toString()), BLOCK_OWNER_ONLY, number(major, minor));
            if (result != 0) {
                throw new SystemCallException(call, Libc.errno());
            }
        } catch (SystemCallException e) {
            throw e;
        } catch (Throwable t) {
            throw SystemFile.impossible(t);
        }
    }

    /** {@code dev_t} of the C library: minor bits 0 to 7, major 8 to 19, minor 20 to 31, the rest of the major above. */
    static long number(int major, int minor) {
        long high = Integer.toUnsignedLong(major) & 0xFFFF_F000L;
        return (Integer.toUnsignedLong(minor) & 0xFF)
                | ((major & 0xFFFL) << 8)
                | ((Integer.toUnsignedLong(minor) & 0xFFFF_FF00L) << 12)
                | (high << 32);
    }
}
