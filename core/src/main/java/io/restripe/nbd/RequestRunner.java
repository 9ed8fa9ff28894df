package io.restripe.nbd;

import io.restripe.disk.Disk;
import io.restripe.disk.DiskException;
import io.restripe.disk.Extent;
import io.restripe.disk.Zeros;
import io.restripe.unit.Units;

/** Checks the requests of one connection and carries them out on the export's disk. Any thread may call. */
final class RequestRunner {
    private static final System.Logger LOG = System.getLogger("io.restripe.nbd");

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
            case Wire.CMD_WRITE, Wire.CMD_TRIM, Wire.CMD_WRITE_ZEROES -> checkMayChange();
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
        int error = 0;
        switch (request.type) {
            case Wire.CMD_READ -> disk.read(sector(request), request.payload.memory(request.payloadBytes()));
            case Wire.CMD_WRITE ->
                disk.write(Units.sectorsOfBytesExact(request.runOffset), request.payload.memory(request.runBytes));
            case Wire.CMD_TRIM -> {
                boolean _ = discard(request); // a hint: what became of it makes no difference
            }
            case Wire.CMD_WRITE_ZEROES -> error = writeZeros(request);
            case Wire.CMD_FLUSH -> disk.flush();
            case Wire.CMD_BLOCK_STATUS -> lookAt(request);
            default -> throw new IllegalStateException("request type " + request.type);
        }
        if (error == 0 && request.has(Wire.FLAG_FUA) && request.changes()) {
            disk.flush();
        }
        return error;
    }

    /** How its range begins. What is less than a block of the export counts as data. */
    private void lookAt(Request request) throws DiskException {
        Extent extent = disk.extent(sector(request), Units.sectorsOfBytesExact(request.length));
        long bytes = Units.bytesOfSectors(extent.sectors());
        int block = served.minimumBlockBytes();
        request.isHole = extent.hole() && bytes >= block;
        request.alikeBytes = request.isHole
                ? Units.floorToUnit(bytes, block)
                : Math.min(request.length, Units.ceilToUnit(bytes, block));
    }

    private boolean discard(Request request) throws DiskException {
        return disk.discard(sector(request), Units.sectorsOfBytesExact(request.length));
    }

    /** A range that keeps its space is written; where it must be fast, what has to be written is refused, as the protocol demands. */
    private int writeZeros(Request request) throws DiskException {
        boolean mayBeHole = !request.has(Wire.FLAG_NO_HOLE);
        if (request.has(Wire.FLAG_FAST_ZERO)) {
            return mayBeHole && discard(request) ? 0 : Wire.ENOTSUP;
        }
        long sectors = Units.sectorsOfBytesExact(request.length);
        if (mayBeHole) {
            Zeros.make(disk, sector(request), sectors);
        } else {
            Zeros.write(disk, sector(request), sectors);
        }
        return 0;
    }

    private static long sector(Request request) {
        return Units.sectorsOfBytesExact(request.offset);
    }
}
