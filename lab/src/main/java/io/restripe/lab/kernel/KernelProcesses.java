package io.restripe.lab.kernel;

import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/**
 * The processes that are a guest's kernel: the kernel itself and its disk thread, not the processes that it traces, which are the guest's
 * own programs and stand still without it. Stopped by a signal that cannot be caught, as fast as a system call is.
 */
final class KernelProcesses {
    private static final int SIGCONT = 18;
    private static final int SIGSTOP = 19;
    private static final long LONGEST_STOP_NANOS = 5_000_000_000L;
    private static final int LOOKS = 3;
    private static final long BETWEEN_LOOKS_NANOS = 10_000_000L;
    private static final MethodHandle KILL = Linker.nativeLinker()
            .downcallHandle(
                    Linker.nativeLinker().defaultLookup().find("kill").orElseThrow(),
                    FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));

    private List<Long> known = List.of();

    /** Of a guest that has booted: what it consists of does not change any more. */
    synchronized void freeze(ProcessHandle guest) throws IOException {
        if (known.isEmpty()) {
            known = find(guest);
        }
        for (long pid : known) {
            signal(pid, SIGSTOP);
        }
        long deadline = System.nanoTime() + LONGEST_STOP_NANOS;
        for (long pid : known) {
            while (!isStopped(pid)) {
                if (System.nanoTime() > deadline) {
                    throw new IOException("process " + pid + " of the guest does not stop");
                }
                Thread.onSpinWait();
            }
        }
    }

    synchronized void thaw() throws IOException {
        for (long pid : known) {
            signal(pid, SIGCONT);
        }
    }

    /** A program of the guest is not traced yet when it has just begun: what is not traced a while later too is the kernel. */
    private static List<Long> find(ProcessHandle guest) throws IOException {
        List<Long> found = untraced(guest);
        for (int look = 0; look < LOOKS; look++) {
            LockSupport.parkNanos(BETWEEN_LOOKS_NANOS);
            found.retainAll(untraced(guest));
        }
        if (found.isEmpty()) {
            throw new IOException("no process of the guest's kernel is there");
        }
        return found;
    }

    private static List<Long> untraced(ProcessHandle guest) throws IOException {
        List<Long> untraced = new ArrayList<>();
        for (ProcessHandle process : guest.descendants().toList()) {
            boolean isOfGuest = process.info()
                    .command()
                    .filter(c -> c.endsWith("linux.uml"))
                    .isPresent();
            if (isOfGuest && status(process.pid(), "TracerPid:").equals("0")) {
                untraced.add(process.pid());
            }
        }
        return untraced;
    }

    private static boolean isStopped(long pid) throws IOException {
        return isGone(pid) || status(pid, "State:").startsWith("T");
    }

    /** A program of the guest that was taken for its kernel after all; that a kernel has gone is noticed by everybody. */
    private static boolean isGone(long pid) {
        return ProcessHandle.of(pid).isEmpty();
    }

    /** Empty of a process that is gone. */
    private static String status(long pid, String field) throws IOException {
        try {
            return Files.readAllLines(Path.of("/proc", Long.toString(pid), "status")).stream()
                    .filter(line -> line.startsWith(field))
                    .map(line -> line.substring(field.length()).strip())
                    .findFirst()
                    .orElse("");
        } catch (IOException e) {
            if (isGone(pid)) {
                return "";
            }
            throw e;
        }
    }

    private static void signal(long pid, int signal) throws IOException {
        try {
            if ((int) KILL.invokeExact(Math.toIntExact(pid), signal) != 0 && !isGone(pid)) {
                throw new IOException("cannot signal process " + pid + " of the guest");
            }
        } catch (IOException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IOException("cannot signal process " + pid, e);
        }
    }
}
