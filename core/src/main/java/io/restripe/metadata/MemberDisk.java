package io.restripe.metadata;

import io.restripe.disk.Disk;
import java.util.Objects;

/**
 * A whole disk that is, or may become, member of a container.
 *
 * @param name the path by which people call it
 * @param serial its identity: formats that store no identity of their own (IMSM) find its table entry by this; at most 16
 *     printable ASCII characters
 * @param disk the whole disk
 */
public record MemberDisk(String name, String serial, Disk disk) {
    public MemberDisk {
        Objects.requireNonNull(name);
        Objects.requireNonNull(serial);
        Objects.requireNonNull(disk);
    }
}
