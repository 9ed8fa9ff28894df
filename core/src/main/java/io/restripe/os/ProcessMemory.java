package io.restripe.os;

/** The memory of this process. */
public final class ProcessMemory {
    private static final int MCL_CURRENT = 1;
    private static final int MCL_FUTURE = 2;

    private ProcessMemory() {}

    /**
     * Keeps all memory of the process resident, what it has and what it will get: none of it is ever written to a swap device or has to be
     * read back from a file. Needs root, or a limit on locked memory (RLIMIT_MEMLOCK) that is large enough for all of the JVM.
     */
    public static void lockAll() throws SystemCallException {
        try {
            int result = (int) Libc.MLOCKALL.invokeExact(Libc.errnoState(), MCL_CURRENT | MCL_FUTURE);
            if (result != 0) {
                throw new SystemCallException("mlockall(MCL_CURRENT | MCL_FUTURE)", Libc.errno());
            }
        } catch (SystemCallException e) {
            throw e;
        } catch (Throwable t) {
            throw SystemFile.impossible(t);
        }
    }
}
