package io.restripe.fuse;

/** Numbers of the protocol, see the package. */
final class Protocol {
    static final int MAJOR = 7;
    /** The oldest that knows how many pages a request may have. */
    static final int OLDEST_MINOR = 28;
    /** The newest of which we use something. */
    static final int NEWEST_MINOR = 40;

    static final int IN_HEADER_BYTES = 40;
    static final int OUT_HEADER_BYTES = 16;
    /** READ and WRITE alike: file handle, offset, size, flags, lock owner, flags, padding. */
    static final int TRANSFER_BYTES = 40;

    /** The file system's root, and all that there is. */
    static final long ROOT = 1;

    static final int FORGET = 2;
    static final int GETATTR = 3;
    static final int SETATTR = 4;
    static final int OPEN = 14;
    static final int READ = 15;
    static final int WRITE = 16;
    static final int STATFS = 17;
    static final int RELEASE = 18;
    static final int FSYNC = 20;
    static final int FLUSH = 25;
    static final int INIT = 26;
    static final int DESTROY = 38;
    static final int BATCH_FORGET = 42;
    static final int FALLOCATE = 43;

    /** Modes of fallocate: the length stays; the range reads as zeros afterwards, in one way or the other. */
    static final int KEEP_SIZE = 1;

    static final int PUNCH_HOLE = 2;
    static final int ZERO_RANGE = 16;

    static final int NOTIFY_RESEND = 7;

    static final long INIT_ASYNC_READ = 1;
    static final long INIT_BIG_WRITES = 1 << 5;
    static final long INIT_ASYNC_DIO = 1 << 15;
    static final long INIT_MAX_PAGES = 1 << 22;
    /** There is a second word of flags. */
    static final long INIT_EXT = 1 << 30;
    /** Unanswered requests can be asked for again. */
    static final long INIT_HAS_RESEND = 1L << 39;

    static final int OPEN_DIRECT_IO = 1;
    static final int OPEN_PARALLEL_DIRECT_WRITES = 1 << 6;

    static final int O_ACCMODE = 3;

    /** What SETATTR is to set: a bit for the mode, the owner, the group; and one for the length. */
    static final int SET_OWNER_AND_MODE = 7;

    static final int SET_SIZE = 1 << 3;

    private Protocol() {}
}
