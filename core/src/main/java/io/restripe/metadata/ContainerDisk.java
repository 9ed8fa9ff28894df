package io.restripe.metadata;

/**
 * One disk as its container's metadata sees it.
 *
 * @param index position in the metadata's disk table, -1 for a spare that has no entry
 * @param serial identity as recorded (a failed or missing member may carry a place-holder)
 * @param totalSectors size recorded, in sectors of 512 bytes
 */
public record ContainerDisk(int index, String serial, long totalSectors, Status status) {
    /** What the container makes of the disk. */
    public enum Status {
        MEMBER,
        SPARE,
        FAILED,
        MISSING
    }
}
