package io.restripe.os;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;

/** What is particular about {@code /dev/fuse}. Source: Linux's include/uapi/linux/fuse.h. Stateless. */
public final class FuseDevice {
    /** Where it is. */
    public static final Path PATH = Path.of("/dev/fuse");
    /** FUSE_DEV_IOC_CLONE. */
    private static final long CLONE = 0x8004_E500L;

    private static final long MS_RDONLY = 1;
    private static final long MS_NOSUID = 2;
    private static final long MS_NODEV = 4;
    private static final long MS_NOEXEC = 8;

    private FuseDevice() {}

    /**
     * Mounts a file system that is one regular file on a regular file. The kernel's INIT request is waiting on the device when this
     * returns; whoever opens the file waits for the answer.
     *
     * @param device {@code /dev/fuse}, opened and never mounted before
     * @param source what the list of mounts shows as the source
     * @param mostReadBytes longest READ request
     */
    public static void mountFile(Descriptor device, String source, Path onFile, boolean readOnly, int mostReadBytes)
            throws SystemCallException {
        String options = "fd=" + device.number() + ",rootmode=100000,user_id=0,group_id=0,max_read=" + mostReadBytes;
        long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC | (readOnly ? MS_RDONLY : 0);
        Mounts.mount(source, onFile, "fuse.restripe", flags, options);
    }

    /** A further descriptor of the same connection: what is read from one is answered on that one. */
    public static Descriptor clone(Descriptor mounted) throws SystemCallException {
        Descriptor made = Descriptor.open(PATH);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment number = arena.allocate(ValueLayout.JAVA_INT);
            number.set(ValueLayout.JAVA_INT, 0, mounted.number());
            made.control("FUSE_DEV_IOC_CLONE", CLONE, number);
            return made;
        } catch (SystemCallException e) {
            made.close();
            throw e;
        }
    }
}
