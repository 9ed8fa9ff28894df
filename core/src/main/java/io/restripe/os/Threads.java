package io.restripe.os;

/** What a thread may tell the system of itself. Stateless. */
public final class Threads {
    private static final int PR_SET_IO_FLUSHER = 57;
    private static final int PRIO_PROCESS = 0;
    private static final int THIS_THREAD = 0;
    private static final int LEAST_PRIORITY = 19;

    private Threads() {}

    /**
     * The calling thread serves a block device: when it needs memory the system must not wait for a write to that device, which only this
     * thread can do. Linux 5.6; needs CAP_SYS_RESOURCE.
     *
     * @return whether the system took it
     */
    public static boolean servesDevice() {
        try {
            int result = (int) Libc.PRCTL.invokeExact(Libc.errnoState(), PR_SET_IO_FLUSHER, 1L, 0L, 0L, 0L);
            return result == 0;
        } catch (Throwable t) {
            throw SystemFile.impossible(t);
        }
    }

    /**
     * The calling thread runs when nobody else wants the processor. For its whole life: going back takes privileges. On Linux a priority is a
     * thread's, not its process's (setpriority(2), "C library/kernel differences").
     *
     * @return whether the system took it
     */
    public static boolean yieldsToAll() {
        try {
            return (int) Libc.SETPRIORITY.invokeExact(Libc.errnoState(), PRIO_PROCESS, THIS_THREAD, LEAST_PRIORITY)
                    == 0;
        } catch (Throwable t) {
            throw SystemFile.impossible(t);
        }
    }
}
