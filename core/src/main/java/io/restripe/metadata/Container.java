package io.restripe.metadata;

import java.util.List;
import java.util.Optional;

/**
 * A container as its metadata describes it, whatever the format.
 *
 * @param format "imsm"
 * @param uuid in the form the format prints
 * @param generation number of the write it comes from
 * @param disks the disk table, by index; then known spares (index -1)
 * @param volumes by index
 * @param logsBadBlocks whether the format has a place for sectors that members have lost
 */
public record Container(
        String format,
        String uuid,
        long generation,
        List<ContainerDisk> disks,
        List<Volume> volumes,
        boolean logsBadBlocks) {
    public Container {
        disks = List.copyOf(disks);
        volumes = List.copyOf(volumes);
    }

    public Optional<Volume> volume(String name) {
        return volumes.stream().filter(v -> v.name().equals(name)).findFirst();
    }

    /** The volume whose geometry is changing: at most one (R7). */
    public Optional<Volume> reshaping() {
        return volumes.stream()
                .filter(v -> v.activity() instanceof Activity.Reshape)
                .findFirst();
    }
}
