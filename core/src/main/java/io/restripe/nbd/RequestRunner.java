package io.restripe.nbd;

import io.restripe.disk.Buffers;
import io.restripe.disk.Disk;
import io.restripe.disk.DiskException;
import io.restripe.unit.Units;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Checks the requests of one connection and carries them out on the export's disk. Any thread may call. */
final class RequestRunner {
    private static final System.Logger LOG = System.getLogger("io.restripe.nbd");
    private static final int ZEROS_BYTES = 1 << 20;
    /** What zeros are written from; never changed. */
    private static final MemorySegment ZEROS = Buffers.allocate(Arena.global(), Units.sectorsOfBytesExact(ZEROS_BYTES))
            .asReadOnly();

    private final ServedExport served;
    private final Disk disk;
    private final Agreement agreement;

    RequestRunner(Agreement agreement) {
        this.served = agreement.export();
        this.disk = served.export().disk();
        this.agreement = agreement;
    }

    /** What is wrong with the request, as an error number of the protocol; 0 when nothing is. */
    int check(Request request) {
        int form = checkForm(request);
        if (form != 0 || request.type == Wire.CMD_FLUSH) {
            return form;
        }
        return checkRange(request);
    }

    private int checkForm(Request request) {
        if ((request.flags & ~allowedFlags(request.type)) != 0) {
            return Wire.EINVAL;
        }
        return switch (request.type) {
            case Wire.CMD_READ -> 0;
            case Wire.CMD_WRITE, Wire.CMD_TRIM -> checkMayChange();
            case Wire.CMD_WRITE_ZEROES -> {
                int refused = checkMayChange();
                yield refused == 0 && request.has(Wire.FLAG_FAST_ZERO) ? Wire.ENOTSUP : refused;
            }
            case Wire.CMD_FLUSH -> request.offset == 0 && request.length == 0 ? 0 : Wire.EINVAL;
            case Wire.CMD_BLOCK_STATUS -> agreement.allocationContext() && request.length > 0 ? 0 : Wire.EINVAL;
            default -> Wire.EINVAL;
        };
    }

    /** FUA is allowed everywhere, and means nothing where nothing is written. */
    private int allowedFlags(int type) {
        return Wire.FLAG_FUA
                | switch (type) {
                    case Wire.CMD_READ -> agreement.structuredReplies() ? Wire.FLAG_DF : 0;
                    case Wire.CMD_WRITE_ZEROES -> Wire.FLAG_NO_HOLE | Wire.FLAG_FAST_ZERO;
                    case Wire.CMD_BLOCK_STATUS -> Wire.FLAG_REQ_ONE;
                    default -> 0;
                };
    }

    private int checkMayChange() {
        return served.export().readOnly() ? Wire.EPERM : 0;
    }

    private int checkRange(Request request) {
        int unit = served.minimumBlockBytes();
        if (request.offset % unit != 0 || request.length % unit != 0) {
            return Wire.EINVAL;
        }
        if (request.carriesPayload() && request.length > Wire.MAX_PAYLOAD_BYTES) {
            return Wire.EINVAL;
        }
        if (request.offset < 0 || request.offset > served.sizeBytes() - request.length) {
            boolean writes = request.type == Wire.CMD_WRITE || request.type == Wire.CMD_WRITE_ZEROES;
            return writes ? Wire.ENOSPC : Wire.EINVAL;
        }
        return 0;
    }

    /** Carries out a request that was checked. Answers 0 or an error number; with FUA or FLUSH, 0 means durable. */
    int run(Request request) {
        if (!served.enter()) {
            return Wire.ESHUTDOWN;
        }
        try {
            return runInside(request);
        } catch (DiskException e) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "a client of export \"{0}\": {1}",
                    served.export().name(),
                    e.getMessage());
            return Wire.EIO;
        } catch (RuntimeException | Error e) {
            LOG.log(
                    System.Logger.Level.ERROR,
                    "a request to export \"" + served.export().name() + "\" broke",
                    e);
            return Wire.EIO;
        } finally {
            served.leave();
        }
    }

    private int runInside(Request request) throws DiskException {
        switch (request.type) {
            case Wire.CMD_READ -> disk.read(sector(request), request.payload.memory(request.payloadBytes()));
            case Wire.CMD_WRITE -> disk.write(sector(request), request.payload.memory(request.runBytes));
            case Wire.CMD_WRITE_ZEROES -> writeZeros(request);
            case Wire.CMD_FLUSH -> disk.flush();
            default -> {} // TRIM may do nothing, and BLOCK_STATUS is the same everywhere
        }
        if (request.has(Wire.FLAG_FUA) && (request.type == Wire.CMD_WRITE || request.type == Wire.CMD_WRITE_ZEROES)) {
            disk.flush();
        }
        return 0;
    }

    private static long sector(Request request) {
        return Units.sectorsOfBytesExact(request.offset);
    }

    private void writeZeros(Request request) throws DiskException {
        long sector = sector(request);
        for (long left = request.length; left > 0; ) {
            long bytes = Math.min(left, ZEROS_BYTES);
            disk.write(sector, ZEROS.asSlice(0, bytes));
            sector += Units.sectorsOfBytesExact(bytes);
            left -= bytes;
        }
    }
}
