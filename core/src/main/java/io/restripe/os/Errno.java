package io.restripe.os;

import java.util.Arrays;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Error numbers of Linux that the product meets, with their names and what they mean here. */
public enum Errno {
    EPERM(1, "operation not permitted"),
    ENOENT(2, "no such file or directory"),
    EINTR(4, "interrupted"),
    ESRCH(3, "no such process"),
    EIO(5, "input/output error"),
    ENXIO(6, "no such device or address"),
    E2BIG(7, "too large"),
    EBADF(9, "not open, or not open for this"),
    EAGAIN(11, "held by somebody else"),
    ENOMEM(12, "out of memory"),
    EACCES(13, "permission denied"),
    EFAULT(14, "bad address"),
    EBUSY(16, "in use"),
    EEXIST(17, "exists already"),
    ENODEV(19, "no such device"),
    ENOTDIR(20, "not a directory"),
    EISDIR(21, "is a directory"),
    EINVAL(22, "invalid argument"),
    ENFILE(23, "too many open files in the system"),
    EMFILE(24, "too many open files in this process"),
    ENOTTY(25, "not a device that knows this request"),
    ETXTBSY(26, "being executed"),
    EFBIG(27, "file too large, or the limit on the size of files reached"),
    ENOSPC(28, "no space left on the file system"),
    EROFS(30, "read-only file system or device"),
    ERANGE(34, "number out of range"),
    ENAMETOOLONG(36, "name too long"),
    ENOLCK(37, "no locks available"),
    ELOOP(40, "too many symbolic links"),
    ENODATA(61, "no data, or a medium error that the device reported"),
    ENOSYS(38, "not known to this system"),
    EOVERFLOW(75, "value too large"),
    EOPNOTSUPP(95, "not supported by this file system or device"),
    ECONNABORTED(103, "connection aborted"),
    ENOTCONN(107, "not connected"),
    ETIMEDOUT(110, "the device did not answer in time"),
    ECONNREFUSED(111, "nobody listens there"),
    EREMOTEIO(121, "remote input/output error"),
    ENOMEDIUM(123, "no medium"),
    EDQUOT(122, "disk quota exceeded"),
    /** Any other number. */
    OTHER(0, "unknown error");

    private static final Map<Integer, Errno> BY_NUMBER =
            Arrays.stream(values()).collect(Collectors.toUnmodifiableMap(Errno::number, Function.identity()));

    private final int number;
    private final String text;

    Errno(int number, String text) {
        this.number = number;
        this.text = text;
    }

    /** The name of a number; {@link #OTHER} for those that the product does not expect. */
    public static Errno of(int number) {
        return BY_NUMBER.getOrDefault(number, OTHER);
    }

    public int number() {
        return number;
    }

    /** What it means, in words. */
    public String text() {
        return text;
    }
}
