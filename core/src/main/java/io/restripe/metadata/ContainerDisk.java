package io.restripe.metadata;

import io.restripe.unit.SectorRange;
import java.util.List;

/**
 * One disk as its container's metadata sees it.
 *
 * @param index position in the metadata's disk table, -1 for a spare that has no entry
 * @param serial identity as recorded (a failed or missing member may carry a place-holder)
 * @param totalSectors size recorded, in sectors of 512 bytes
 * @param bad sectors of the whole disk that are recorded as lost
 */
public record ContainerDisk(int index, String serial, long totalSectors, Status status, List<SectorRange> bad) {
    public ContainerDisk {
        bad = List.copyOf(bad);
    }

    /** One of which no sector is lost. */
    public ContainerDisk(int index, String serial, long totalSectors, Status status) {
        this(index, serial, totalSectors, status, List.of());
    }

    /** What the container makes of the disk. */
    public enum Status {
        MEMBER,
        SPARE,
        FAILED,
        MISSING
    }
}
