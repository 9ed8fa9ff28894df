package io.restripe.disk;

import java.io.IOException;

/** A disk did not do what it was asked: which disk, which operation, where, how much, and why. */
public final class DiskException extends IOException {
    private static final long serialVersionUID = 1L;
    private final String disk;
    private final Operation operation;
    private final long sector;
    private final long lengthSectors;
    private final String why;

    /** What was asked. */
    public enum Operation {
        OPEN,
        READ,
        WRITE,
        FLUSH
    }

    /**
     * @param disk name of the disk
     * @param sector first sector of the request, -1 where there is none
     * @param lengthSectors sectors of the request, 0 where there are none
     * @param why the system's own words
     */
    public DiskException(String disk, Operation operation, long sector, long lengthSectors, String why) {
        super(text(disk, operation, sector, lengthSectors, why));
        this.disk = disk;
        this.operation = operation;
        this.sector = sector;
        this.lengthSectors = lengthSectors;
        this.why = why;
    }

    public DiskException(
            String disk, Operation operation, long sector, long lengthSectors, String why, Throwable cause) {
        this(disk, operation, sector, lengthSectors, why);
        initCause(cause);
    }

    private static String text(String disk, Operation operation, long sector, long lengthSectors, String why) {
        String place = sector < 0 ? "" : " of " + lengthSectors + " sectors at sector " + sector;
        return disk + ": " + operation.name().toLowerCase(java.util.Locale.ROOT) + place + " failed: " + why;
    }

    public String disk() {
        return disk;
    }

    public Operation operation() {
        return operation;
    }

    public long sector() {
        return sector;
    }

    public long lengthSectors() {
        return lengthSectors;
    }

    /** The reason alone, without disk and place. */
    public String why() {
        return why;
    }
}
