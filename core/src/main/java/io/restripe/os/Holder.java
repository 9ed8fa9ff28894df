package io.restripe.os;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * A process that does nothing but keep descriptors open: what they belong to does not end with the process that uses them, and its
 * successor takes them by {@link Descriptor#ofProcess}. It is in a session of its own and has no other descriptor, no lock and no
 * terminal. The program is {@code sleep} of the system.
 */
public final class Holder {
    /** Number that the first descriptor has there; the others follow. */
    public static final int FIRST_NUMBER = 3;

    private static final Path PROGRAM = Path.of("/bin/sleep");
    private static final String LONG_SECONDS = "2147483647";
    private static final short SPAWN_SETSID = 0x80;
    /** More than what the C library's structures for posix_spawn take. */
    private static final int SPAWN_STRUCTURE_BYTES = 1024;

    private static final String CLOSE_FROM = "posix_spawn_file_actions_addclosefrom_np";
    private static final int SIGKILL = 9;

    private Holder() {}

    /** The calls, looked up when they are first needed: not every C library has all of them. */
    private static final class Spawn {
        static final MethodHandle RUN = Libc.function(
                "posix_spawn", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS));
        static final MethodHandle ACTIONS = on("posix_spawn_file_actions_init");
        static final MethodHandle NO_ACTIONS = on("posix_spawn_file_actions_destroy");
        static final MethodHandle DUP2 = Libc.function(
                "posix_spawn_file_actions_adddup2", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT));
        static final MethodHandle CLOSE_FROM =
                Libc.function(Holder.CLOSE_FROM, FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT));
        static final MethodHandle ATTRIBUTES = on("posix_spawnattr_init");
        static final MethodHandle NO_ATTRIBUTES = on("posix_spawnattr_destroy");
        static final MethodHandle FLAGS =
                Libc.function("posix_spawnattr_setflags", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_SHORT));

        private Spawn() {}

        private static MethodHandle on(String name) {
            return Libc.function(name, FunctionDescriptor.of(JAVA_INT, ADDRESS));
        }
    }

    /** Whether this system has what it takes: a C library that can close all other descriptors, glibc since 2.34, and the program. */
    public static boolean possible() {
        return Libc.has(CLOSE_FROM) && Files.isExecutable(PROGRAM);
    }

    /** Starts one; gives its process id. */
    public static long start(List<Descriptor> kept) throws SystemCallException {
        try (Descriptor nothing = Descriptor.open(Path.of("/dev/null"));
                Arena arena = Arena.ofConfined()) {
            MemorySegment actions = arena.allocate(SPAWN_STRUCTURE_BYTES, Long.BYTES);
            MemorySegment attributes = arena.allocate(SPAWN_STRUCTURE_BYTES, Long.BYTES);
            succeeded((int) Spawn.ACTIONS.invokeExact(Libc.errnoState(), actions));
            succeeded((int) Spawn.ATTRIBUTES.invokeExact(Libc.errnoState(), attributes));
            try {
                keep(actions, nothing, kept);
                succeeded((int) Spawn.FLAGS.invokeExact(Libc.errnoState(), attributes, SPAWN_SETSID));
                return spawn(arena, actions, attributes);
            } finally {
                int _ = (int) Spawn.NO_ACTIONS.invokeExact(Libc.errnoState(), actions);
                int _ = (int) Spawn.NO_ATTRIBUTES.invokeExact(Libc.errnoState(), attributes);
            }
        } catch (Throwable t) {
            throw Descriptor.orImpossible(t);
        }
    }

    private static void keep(MemorySegment actions, Descriptor nothing, List<Descriptor> kept) throws Throwable {
        for (int standard = 0; standard < FIRST_NUMBER; standard++) {
            dup(actions, nothing, standard);
        }
        int next = FIRST_NUMBER;
        for (Descriptor descriptor : kept) {
            if (descriptor.number() < FIRST_NUMBER + kept.size()) {
                throw new SystemCallException("dup2(" + descriptor.number() + ")", Errno.EBUSY.number());
            }
            dup(actions, descriptor, next++);
        }
        succeeded((int) Spawn.CLOSE_FROM.invokeExact(Libc.errnoState(), actions, next));
    }

    private static void dup(MemorySegment actions, Descriptor from, int to) throws Throwable {
        succeeded((int) Spawn.DUP2.invokeExact(Libc.errnoState(), actions, from.number(), to));
    }

    private static long spawn(Arena arena, MemorySegment actions, MemorySegment attributes) throws Throwable {
        MemorySegment pid = arena.allocate(JAVA_INT);
        MemorySegment path = arena.allocateFrom(PROGRAM.toString());
        MemorySegment words = arena.allocate(ADDRESS, 3);
        words.setAtIndex(ADDRESS, 0, path);
        words.setAtIndex(ADDRESS, 1, arena.allocateFrom(LONG_SECONDS));
        MemorySegment noVariables = arena.allocate(ADDRESS, 1);
        succeeded((int) Spawn.RUN.invokeExact(Libc.errnoState(), pid, path, actions, attributes, words, noVariables));
        return pid.get(JAVA_INT, 0);
    }

    /** These functions answer with the error number itself. */
    private static void succeeded(int error) throws SystemCallException {
        if (error != 0) {
            throw new SystemCallException("posix_spawn(" + PROGRAM + ")", error);
        }
    }

    /**
     * Ends a holder, also one that another process started; does nothing when it has ended. Of a child of this process the descriptors are
     * closed on return, of another's a moment later.
     */
    public static void end(long pid) throws SystemCallException {
        try {
            int killed = (int) Libc.KILL.invokeExact(Libc.errnoState(), Math.toIntExact(pid), SIGKILL);
            if (killed != 0 && Errno.of(Libc.errno()) != Errno.ESRCH) {
                throw new SystemCallException("kill(" + pid + ")", Libc.errno());
            }
            // Buried here when it is a child of this process; of another's child nothing is left to do.
            int _ = (int) Libc.WAITPID.invokeExact(Libc.errnoState(), Math.toIntExact(pid), MemorySegment.NULL, 0);
        } catch (Throwable t) {
            throw Descriptor.orImpossible(t);
        }
    }
}
