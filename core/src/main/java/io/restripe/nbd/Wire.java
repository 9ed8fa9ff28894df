package io.restripe.nbd;

/** The numbers of the NBD protocol. Everything on the wire is big-endian; names follow the published specification. */
final class Wire {
    static final long NBD_MAGIC = 0x4e42444d41474943L;
    static final long OPTION_MAGIC = 0x49484156454f5054L;
    static final long OPTION_REPLY_MAGIC = 0x0003e889045565a9L;
    static final int REQUEST_MAGIC = 0x25609513;
    static final int SIMPLE_REPLY_MAGIC = 0x67446698;
    static final int STRUCTURED_REPLY_MAGIC = 0x668e33ef;

    static final int REQUEST_BYTES = 28;
    static final int SIMPLE_REPLY_BYTES = 16;
    static final int CHUNK_HEADER_BYTES = 20;

    /** Largest payload of one read or write. */
    static final int MAX_PAYLOAD_BYTES = 32 << 20;

    /** Longest export name or description in bytes of UTF-8. */
    static final int MAX_STRING_BYTES = 4096;

    /** Handshake flags, the same bits from both sides. */
    static final int FIXED_NEWSTYLE = 1;

    static final int NO_ZEROES = 1 << 1;

    /** Zeros behind the answer to EXPORT_NAME, unless both sides agreed to leave them out. */
    static final int EXPORT_NAME_ZEROES = 124;

    static final int OPT_EXPORT_NAME = 1;
    static final int OPT_ABORT = 2;
    static final int OPT_LIST = 3;
    static final int OPT_STARTTLS = 5;
    static final int OPT_INFO = 6;
    static final int OPT_GO = 7;
    static final int OPT_STRUCTURED_REPLY = 8;
    static final int OPT_LIST_META_CONTEXT = 9;
    static final int OPT_SET_META_CONTEXT = 10;

    static final int REP_ACK = 1;
    static final int REP_SERVER = 2;
    static final int REP_INFO = 3;
    static final int REP_META_CONTEXT = 4;
    /** The bit that makes an option's reply an error. */
    static final int REP_ERROR = 1 << 31;

    static final int REP_ERR_UNSUP = REP_ERROR | 1;
    static final int REP_ERR_INVALID = REP_ERROR | 3;
    static final int REP_ERR_TLS_REQD = REP_ERROR | 5;
    static final int REP_ERR_UNKNOWN = REP_ERROR | 6;

    static final int INFO_EXPORT = 0;
    static final int INFO_NAME = 1;
    static final int INFO_DESCRIPTION = 2;
    static final int INFO_BLOCK_SIZE = 3;

    static final int HAS_FLAGS = 1;
    static final int READ_ONLY = 1 << 1;
    static final int SEND_FLUSH = 1 << 2;
    static final int SEND_FUA = 1 << 3;
    static final int SEND_TRIM = 1 << 5;
    static final int SEND_WRITE_ZEROES = 1 << 6;
    static final int SEND_DF = 1 << 7;
    static final int CAN_MULTI_CONN = 1 << 8;
    static final int SEND_FAST_ZERO = 1 << 11;

    static final int CMD_READ = 0;
    static final int CMD_WRITE = 1;
    static final int CMD_DISC = 2;
    static final int CMD_FLUSH = 3;
    static final int CMD_TRIM = 4;
    static final int CMD_WRITE_ZEROES = 6;
    static final int CMD_BLOCK_STATUS = 7;

    static final int FLAG_FUA = 1;
    static final int FLAG_NO_HOLE = 1 << 1;
    static final int FLAG_DF = 1 << 2;
    static final int FLAG_REQ_ONE = 1 << 3;
    static final int FLAG_FAST_ZERO = 1 << 4;

    /** Set in the last chunk of a structured reply. */
    static final int CHUNK_DONE = 1;

    static final int CHUNK_NONE = 0;
    static final int CHUNK_OFFSET_DATA = 1;
    static final int CHUNK_OFFSET_HOLE = 2;
    static final int CHUNK_BLOCK_STATUS = 5;
    /** The bit that makes a chunk an error. */
    static final int CHUNK_ERROR_BIT = 1 << 15;

    static final int CHUNK_ERROR = CHUNK_ERROR_BIT | 1;

    static final int EPERM = 1;
    static final int EIO = 5;
    static final int ENOMEM = 12;
    static final int EINVAL = 22;
    static final int ENOSPC = 28;
    static final int EOVERFLOW = 75;
    static final int ENOTSUP = 95;
    static final int ESHUTDOWN = 108;

    /** The one metadata context that is spoken here: which blocks are allocated. */
    static final String BASE_ALLOCATION = "base:allocation";

    /** Its flags. */
    static final int STATE_HOLE = 1;

    static final int STATE_ZERO = 2;

    /** Its number within a connection. */
    static final int BASE_ALLOCATION_ID = 1;

    private Wire() {}

    /** An error number of the protocol in words. */
    static String errorText(int error) {
        return switch (error) {
            case EPERM -> "not permitted (EPERM)";
            case EIO -> "input/output error (EIO)";
            case ENOMEM -> "no memory (ENOMEM)";
            case EINVAL -> "invalid request (EINVAL)";
            case ENOSPC -> "no space (ENOSPC)";
            case EOVERFLOW -> "too large (EOVERFLOW)";
            case ENOTSUP -> "not supported (ENOTSUP)";
            case ESHUTDOWN -> "shutting down (ESHUTDOWN)";
            default -> "error " + Integer.toUnsignedString(error);
        };
    }
}
