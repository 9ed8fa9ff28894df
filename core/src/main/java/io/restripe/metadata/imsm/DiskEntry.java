package io.restripe.metadata.imsm;

/**
 * An entry of the disk table (docs/imsm.md, 2.2).
 *
 * @param raw the 48 bytes it was read from
 * @param serial the disk's serial, or a place-holder for a failed or missing one
 * @param totalSectors size of the disk when it joined
 * @param scsiId {@link #NO_SCSI_ID} when missing
 * @param status {@link #SPARE}, {@link #CONFIGURED}, {@link #FAILED} and bits unknown to us
 */
record DiskEntry(Raw raw, String serial, long totalSectors, long scsiId, long status) {
    static final int BYTES = 48;
    static final long SPARE = 1;
    static final long CONFIGURED = 2;
    static final long FAILED = 4;
    static final long NO_SCSI_ID = 0xffff_ffffL;

    /** A disk that is new to the table. */
    static DiskEntry fresh(String serial, long totalSectors, long status) {
        return new DiskEntry(Raw.zeros(BYTES), serial, totalSectors, 0, status);
    }

    /** Member of a volume, and not failed. */
    boolean isWorking() {
        return (status & (CONFIGURED | FAILED | SPARE)) == CONFIGURED;
    }

    boolean isFailed() {
        return (status & FAILED) != 0;
    }

    boolean isMissing() {
        return isFailed() && scsiId == NO_SCSI_ID;
    }

    DiskEntry withFailure(String placeHolder, long newScsiId) {
        return new DiskEntry(raw, placeHolder, totalSectors, newScsiId, CONFIGURED | FAILED);
    }
}
