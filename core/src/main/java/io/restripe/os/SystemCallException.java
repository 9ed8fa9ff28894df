package io.restripe.os;

import java.io.IOException;

/** A system call failed: which, with what arguments, and the system's reason. */
public final class SystemCallException extends IOException {
    private static final long serialVersionUID = 1L;
    private final Errno errno;

    /**
     * A failed call.
     *
     * @param call the function with its arguments, as a programmer would write it
     * @param number what the call left in errno
     */
    SystemCallException(String call, int number) {
        super(text(Errno.of(number), number) + ": " + call);
        this.errno = Errno.of(number);
    }

    /** What comes to the same as a failed call, seen otherwise. */
    public SystemCallException(String what, Errno errno) {
        this(what, errno.number());
    }

    private static String text(Errno errno, int number) {
        return errno.text() + " (" + (errno == Errno.OTHER ? "errno " + number : errno.name()) + ")";
    }

    public Errno errno() {
        return errno;
    }
}
