package io.restripe.assembly;

import io.restripe.disk.Disk;
import io.restripe.disk.DiskException;
import io.restripe.metadata.MemberDisk;
import io.restripe.rule.Problem;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What a disk carries that is not ours: partition tables, file systems, swap, encryption, volume managers, other RAID metadata. Asked
 * before a disk is taken for a container, so that nothing is overwritten unasked. The container's own format is not looked for
 * here: that is the format's to say. Reads only, at most {@link DiskEnds#END_BYTES} from either end. Stateless.
 */
public final class ForeignData {
    /**
     * A signature.
     *
     * @param what in words: "ext4 file system"
     * @param atByte where on the disk its signature was found
     */
    public record Finding(String what, long atByte) {
        @Override
        public String toString() {
            return what + " (signature at byte " + atByte + ")";
        }
    }

    private ForeignData() {}

    /** Everything that the disk's two ends show, in no order of importance; empty when they show nothing. */
    public static List<Finding> probe(Disk disk) throws DiskException {
        DiskEnds ends = DiskEnds.read(disk);
        List<Finding> found = new ArrayList<>();
        FileSystemSignatures.probe(ends, found);
        PartitionTables.probe(ends, disk.logicalSectorBytes(), found);
        RaidSignatures.probe(ends, found);
        return found;
    }

    /**
     * The refusal to take a disk that carries something.
     *
     * @param what what is not done: "cannot create imsm0"
     * @return empty when the disk carries nothing
     */
    public static Optional<Problem> refusal(String what, MemberDisk member) throws DiskException {
        List<Finding> found = probe(member.disk());
        if (found.isEmpty()) {
            return Optional.empty();
        }
        String list = found.stream().map(Finding::toString).collect(Collectors.joining(", "));
        return Optional.of(new Problem(
                what,
                "member " + member.name(),
                "it carries " + list + ", which would be lost",
                "Check that nobody needs it, then say --force"));
    }
}
