package io.restripe.os;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;

/** Mounting and unmounting. Stateless; needs root. */
public final class Mounts {
    private static final Path MOUNTS = Path.of("/proc/self/mountinfo");
    private static final int MOUNT_POINT_FIELD = 4;
    private static final int MNT_FORCE = 1;
    private static final int MNT_DETACH = 2;
    private static final int UMOUNT_NOFOLLOW = 8;

    private Mounts() {}

    /** Whether something is mounted there, as this process sees it. Asks nobody who serves it. Source: proc_pid_mountinfo(5), field 5. */
    public static boolean isMounted(Path on) throws IOException {
        String escaped = on.toString()
                .replace("\\", "\\134")
                .replace(" ", "\\040")
                .replace("\t", "\\011")
                .replace("\n", "\\012");
        for (String line : Files.readAllLines(MOUNTS)) {
            if (line.split(" ", MOUNT_POINT_FIELD + 2)[MOUNT_POINT_FIELD].equals(escaped)) {
                return true;
            }
        }
        return false;
    }

    static void mount(String source, Path on, String type, long flags, String options) throws SystemCallException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment from = arena.allocateFrom(source);
            MemorySegment target = arena.allocateFrom(on.toString());
            MemorySegment typeName = arena.allocateFrom(type);
            MemorySegment data = arena.allocateFrom(options);
            int result = (int) Libc.MOUNT.invokeExact(Libc.errnoState(), from, target, typeName, flags, data);
            if (result != 0) {
                throw new SystemCallException("mount(" + source + ", " + on + ", " + type + ")", Libc.errno());
            }
        } catch (Throwable t) {
            throw Descriptor.orImpossible(t);
        }
    }

    /** Unmounts what nobody uses; EBUSY while somebody does, EINVAL when nothing is mounted there. */
    public static void unmount(Path mounted) throws SystemCallException {
        unmount(mounted, UMOUNT_NOFOLLOW);
    }

    /**
     * Ends a FUSE connection, whoever serves it and whether anybody answers: requests fail from now on. Then takes the mount out of sight;
     * it goes when nobody uses it any more.
     */
    public static void abort(Path mounted) throws SystemCallException {
        try {
            unmount(mounted, UMOUNT_NOFOLLOW | MNT_FORCE);
        } catch (SystemCallException e) {
            if (e.errno() != Errno.EBUSY) {
                throw e;
            }
            unmount(mounted, UMOUNT_NOFOLLOW | MNT_DETACH);
        }
    }

    private static void unmount(Path mounted, int flags) throws SystemCallException {
        try (Arena arena = Arena.ofConfined()) {
            int result =
                    (int) Libc.UMOUNT2.invokeExact(Libc.errnoState(), arena.allocateFrom(mounted.toString()), flags);
            if (result != 0) {
                throw new SystemCallException("umount2(" + mounted + ", " + flags + ")", Libc.errno());
            }
        } catch (Throwable t) {
            throw Descriptor.orImpossible(t);
        }
    }
}
