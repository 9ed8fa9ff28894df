package io.restripe.os;

/** Where a regular file has data and where it has none (lseek with SEEK_DATA and SEEK_HOLE, Linux 3.1 and newer). Stateless. */
public final class FileHoles {
    /** No data from there to the end. */
    public static final long NO_DATA = -1;

    private static final int SEEK_DATA = 3;
    private static final int SEEK_HOLE = 4;

    private FileHoles() {}

    /**
     * First byte, from this one on, that may be data.
     *
     * @return {@link #NO_DATA} when there is none before the end of the file
     * @throws SystemCallException EINVAL where the system cannot tell, as of most devices
     */
    public static long nextData(SystemFile file, long byteOffset) throws SystemCallException {
        try {
            return seek(file, byteOffset, SEEK_DATA);
        } catch (SystemCallException e) {
            if (e.errno() == Errno.ENXIO) {
                return NO_DATA;
            }
            throw e;
        }
    }

    /** First byte, from this one on, of a hole; the end of the file counts as one. */
    public static long nextHole(SystemFile file, long byteOffset) throws SystemCallException {
        return seek(file, byteOffset, SEEK_HOLE);
    }

    private static long seek(SystemFile file, long byteOffset, int whence) throws SystemCallException {
        return file.withNumber("lseek", number -> {
            try {
                long found = (long) Libc.LSEEK.invokeExact(Libc.errnoState(), number, byteOffset, whence);
                if (found < 0) {
                    throw new SystemCallException("lseek(" + file + ", byte " + byteOffset + ")", Libc.errno());
                }
                return found;
            } catch (Throwable t) {
                throw Descriptor.orImpossible(t);
            }
        });
    }
}
