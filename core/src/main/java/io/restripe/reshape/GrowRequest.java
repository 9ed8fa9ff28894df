package io.restripe.reshape;

import io.restripe.metadata.MemberDisk;
import java.util.List;
import java.util.OptionalInt;

/**
 * What a person asks for.
 *
 * @param volume name of one volume; null: the container, which is what a change of the disk count is about
 * @param raidDisks wanted number of disks, parity included
 * @param chunkSectors wanted chunk
 * @param level wanted md level
 * @param add disks that join the container as spares first
 */
public record GrowRequest(
        String volume, OptionalInt raidDisks, OptionalInt chunkSectors, OptionalInt level, List<MemberDisk> add) {
    public GrowRequest {
        add = List.copyOf(add);
    }
}
