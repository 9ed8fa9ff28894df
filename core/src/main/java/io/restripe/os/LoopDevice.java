package io.restripe.os;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;

/**
 * The kernel's loop devices: a block device whose contents are a file. Stateless; needs root. Source: Linux's include/uapi/linux/loop.h and
 * the manual page loop(4).
 *
 * <pre> loop_config: 0 fd  4 block size  8 loop_info64 { +52 flags  +56 file name(64) ... 232 }  240 reserved ... 304 </pre>
 */
public final class LoopDevice {
    private static final Path CONTROL = Path.of("/dev/loop-control");
    private static final long LOOP_CLR_FD = 0x4C01;
    private static final long LOOP_CONFIGURE = 0x4C0A;
    private static final long LOOP_CTL_ADD = 0x4C80;
    private static final long LOOP_CTL_REMOVE = 0x4C81;
    private static final long LOOP_CTL_GET_FREE = 0x4C82;
    private static final int READ_ONLY = 1;
    private static final int DIRECT_IO = 16;
    private static final int CONFIG_BYTES = 304;
    private static final int INFO = 8;
    private static final int FLAGS = INFO + 52;
    private static final int FILE_NAME = INFO + 56;
    private static final int FILE_NAME_BYTES = 63;
    private static final int MOST_ATTEMPTS = 50;

    private LoopDevice() {}

    /**
     * Makes a free device one of the file, past the page cache.
     *
     * @param blockBytes the device's logical sector size
     * @return its path
     */
    public static Path bind(SystemFile file, Path fileName, int blockBytes, boolean readOnly)
            throws SystemCallException {
        SystemCallException last = null;
        try (Descriptor control = Descriptor.open(CONTROL)) {
            for (int attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
                int number = control.control("LOOP_CTL_GET_FREE", LOOP_CTL_GET_FREE, 0);
                renew(control, number);
                Path device = Path.of("/dev/loop" + number);
                try (Descriptor loop = Descriptor.open(device)) {
                    configure(loop, file, fileName, blockBytes, readOnly);
                    return device;
                } catch (SystemCallException e) {
                    if (e.errno() != Errno.EBUSY) {
                        throw e;
                    }
                    last = e; // somebody else took it between the two calls
                }
            }
        }
        throw last == null ? new SystemCallException("LOOP_CTL_GET_FREE", Errno.EBUSY.number()) : last;
    }

    /**
     * A free device whose last user forbade discards is made anew: the limit outlives the file, and the kernel (Linux 6.18) takes no other
     * value for it once it is 0.
     */
    private static void renew(Descriptor control, int number) {
        Path limit = Path.of("/sys/block/loop" + number + "/queue/discard_max_bytes");
        try {
            if (Files.readString(limit).strip().equals("0")) {
                control.control("LOOP_CTL_REMOVE", LOOP_CTL_REMOVE, number);
                control.control("LOOP_CTL_ADD", LOOP_CTL_ADD, number);
            }
        } catch (IOException e) {
            // Somebody else takes it just now, or it is as it is: configuring it says so, or discards go on being
            // refused.
            System.getLogger("io.restripe.os").log(System.Logger.Level.DEBUG, "loop{0}: {1}", number, e.getMessage());
        }
    }

    private static void configure(Descriptor loop, SystemFile file, Path fileName, int blockBytes, boolean readOnly)
            throws SystemCallException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment config = arena.allocate(CONFIG_BYTES, Long.BYTES);
            config.set(ValueLayout.JAVA_INT, 4, blockBytes);
            config.set(ValueLayout.JAVA_INT, FLAGS, DIRECT_IO | (readOnly ? READ_ONLY : 0));
            byte[] name = fileName.toString().getBytes(StandardCharsets.UTF_8);
            MemorySegment.copy(
                    MemorySegment.ofArray(name), 0, config, FILE_NAME, Math.min(name.length, FILE_NAME_BYTES));
            file.withNumber("LOOP_CONFIGURE", number -> {
                config.set(ValueLayout.JAVA_INT, 0, number);
                return loop.control("LOOP_CONFIGURE", LOOP_CONFIGURE, config);
            });
        }
    }

    /**
     * Gives the device up; EBUSY when somebody claims it, such as a mount. While others merely have it open it goes with the last of them.
     */
    public static void release(Path device) throws SystemCallException {
        try (SystemFile claimed = SystemFile.open(device, EnumSet.of(SystemFile.Option.CLAIM))) {
            claimed.withNumber("LOOP_CLR_FD", number -> clear(device, number));
        }
    }

    /** As {@link #release}, though somebody claims it: it goes when the last of them has gone. */
    public static void releaseLater(Path device) throws SystemCallException {
        try (SystemFile open = SystemFile.open(device, EnumSet.noneOf(SystemFile.Option.class))) {
            open.withNumber("LOOP_CLR_FD", number -> clear(device, number));
        }
    }

    private static int clear(Path device, int number) throws SystemCallException {
        try {
            int result = (int) Libc.IOCTL_NUMBER.invokeExact(Libc.errnoState(), number, LOOP_CLR_FD, 0L);
            if (result != 0) {
                throw new SystemCallException("ioctl(" + device + ", LOOP_CLR_FD)", Libc.errno());
            }
            return result;
        } catch (Throwable t) {
            throw Descriptor.orImpossible(t);
        }
    }
}
