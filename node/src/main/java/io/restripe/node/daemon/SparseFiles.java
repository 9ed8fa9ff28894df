package io.restripe.node.daemon;

import io.restripe.assembly.MemberOpener;
import io.restripe.metadata.MemberDisk;
import io.restripe.os.FileStatus;
import io.restripe.unit.Units;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Finds file systems that cannot hold what is not yet allocated of the sparse files on them. Stateless. */
final class SparseFiles {
    private SparseFiles() {}

    /** A note for a person about each of these file systems. */
    static List<String> notes(List<MemberDisk> disks) {
        Map<FileStore, Long> unallocated = new LinkedHashMap<>();
        List<String> notes = new ArrayList<>();
        try {
            for (MemberDisk disk : disks) {
                if (MemberOpener.isRemote(disk.name())) {
                    continue;
                }
                Path path = Path.of(disk.name());
                FileStatus status = FileStatus.of(path);
                long missing = status.sizeBytes() - status.allocatedBytes();
                if (status.kind() == FileStatus.Kind.REGULAR && missing > 0) {
                    unallocated.merge(Files.getFileStore(path), missing, Long::sum);
                }
            }
            for (Map.Entry<FileStore, Long> entry : unallocated.entrySet()) {
                long left = entry.getKey().getUsableSpace();
                if (left < entry.getValue()) {
                    notes.add("members are sparse files that may take up " + mib(entry.getValue())
                            + " more, and their file system (" + entry.getKey() + ") has " + mib(left)
                            + " left: a write that finds no space fails its member");
                }
            }
        } catch (IOException e) {
            // Only a note is lost: what is wrong with the file shows where it is used.
            System.getLogger("io.restripe.node.daemon").log(System.Logger.Level.DEBUG, "no note on space", e);
        }
        return notes;
    }

    private static String mib(long bytes) {
        return Units.ceilDiv(bytes, 1 << 20) + " MiB";
    }
}
