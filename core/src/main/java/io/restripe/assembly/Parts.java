package io.restripe.assembly;

import io.restripe.metadata.Container;
import io.restripe.metadata.ContainerDisk;
import io.restripe.metadata.ContainerMetadata;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.MetadataFormat;
import io.restripe.metadata.Selection;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A container while it is put together: what its disks were found to say, and what has become of it since. The caller's thread. */
final class Parts {
    final MetadataFormat format;
    /** By serial: those that the container uses or knows as spares. */
    final Map<String, MemberDisk> disks;
    /** What a person should know. */
    final List<String> notes;
    /** Disk table indexes of members that are listed as working and not at hand. */
    final List<Integer> missing;
    /** Members whose metadata is not the chosen one yet. */
    final List<MemberDisk> behind;
    /** As chosen, later as last made durable. */
    ContainerMetadata metadata;

    Parts(MetadataFormat format, Selection selection) {
        this.format = format;
        this.metadata = selection.metadata();
        this.disks = new LinkedHashMap<>(selection.members());
        this.notes = new ArrayList<>(selection.notes());
        this.missing = new ArrayList<>(selection.missing());
        this.behind = new ArrayList<>(selection.behind());
        selection
                .stale()
                .forEach(stale -> notes.add(stale.name()
                        + " carries an older state of this container and is left alone; add it again to use it"));
    }

    Container container() {
        return metadata.container();
    }

    /** The disk table's index of a working member; -1 when it has none of this serial. */
    int workingIndex(String serial) {
        return container().disks().stream()
                .filter(disk -> disk.index() >= 0
                        && disk.status() == ContainerDisk.Status.MEMBER
                        && disk.serial().equals(serial))
                .mapToInt(ContainerDisk::index)
                .findFirst()
                .orElse(-1);
    }
}
