package io.restripe.array.kernel;

import io.restripe.metadata.MemberDisk;
import io.restripe.os.Errno;
import io.restripe.os.SystemCallException;
import io.restripe.rule.Problem;
import io.restripe.rule.ProblemException;
import io.restripe.unit.Units;
import java.nio.file.Path;

/** The disks that the md object of a container has, so that nobody else takes them. Any thread; keeps nothing. */
final class ClaimedDisks {
    private static final System.Logger LOG = System.getLogger("io.restripe.kernel");
    /** The end of a disk, where the metadata is and no volume ever. */
    private static final long CLAIMED_SECTORS = 418;

    private final String container;
    private final MdFolder folder;

    /** @param container its name on this host, for messages */
    ClaimedDisks(String container, MdFolder folder) {
        this.container = container;
        this.folder = folder;
    }

    void join(MemberDisk disk) throws ProblemException {
        try {
            Path path = Path.of(disk.name());
            String device = MdObjects.kernelName(path);
            if (folder.devices().contains(device)) {
                return;
            }
            folder.write("new_dev", MdObjects.number(path));
            folder.write(
                    MdFolder.member(device, "offset"), Long.toString(disk.disk().sectors() - CLAIMED_SECTORS));
            folder.write(MdFolder.member(device, "size"), Long.toString(CLAIMED_SECTORS / Units.SECTORS_PER_KIB));
        } catch (SystemCallException e) {
            throw new ProblemException(
                    new Problem(
                            "cannot use " + disk.name() + " as a member",
                            "container " + container + ", " + folder.kernelName(),
                            String.valueOf(e.getMessage()),
                            e.errno() == Errno.EBUSY
                                    ? "A mount, another array or another process uses it: stop that, or name another disk"
                                    : "Name a whole disk; see the kernel's messages: dmesg"),
                    e);
        }
    }

    void leave(MemberDisk disk) {
        try {
            String device = MdObjects.kernelName(Path.of(disk.name()));
            if (folder.devices().contains(device)) {
                folder.write(MdFolder.member(device, "state"), "remove");
            }
        } catch (SystemCallException e) {
            LOG.log(System.Logger.Level.WARNING, "{0} stays claimed: {1}", disk.name(), e.getMessage());
        }
    }
}
