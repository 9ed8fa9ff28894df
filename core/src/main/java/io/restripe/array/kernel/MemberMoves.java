package io.restripe.array.kernel;

import io.restripe.metadata.MemberDisk;
import io.restripe.os.Errno;
import io.restripe.os.SystemCallException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What others do with the disks of a container's md object: mdadm puts one in, or takes one out, without a word beforehand. What was in it
 * at the beginning is nobody's move. One thread at a time.
 */
public final class MemberMoves {
    private static final System.Logger LOG = System.getLogger("io.restripe.kernel");

    private final MdFolder folder;
    private Set<String> before;

    MemberMoves(MdFolder folder) {
        this.folder = folder;
        this.before = now(Set.of());
    }

    /**
     * What has changed since the last look.
     *
     * @param came devices that are in it and not known
     * @param left known disks that are not in it any more
     */
    public record Moves(List<Path> came, List<MemberDisk> left) {}

    /** @param known the container's own disks: that these are in it is no news */
    public Moves look(Collection<MemberDisk> known) {
        Map<String, MemberDisk> ours = new HashMap<>();
        for (MemberDisk disk : known) {
            name(disk).ifPresent(name -> ours.put(name, disk));
        }
        Set<String> now = now(before);
        List<Path> came = now.stream()
                .filter(device -> !before.contains(device) && !ours.containsKey(device))
                .map(MemberMoves::node)
                .toList();
        List<MemberDisk> left = new ArrayList<>();
        ours.forEach((device, disk) -> {
            if (before.contains(device) && !now.contains(device)) {
                left.add(disk);
            }
        });
        before = now;
        return new Moves(came, left);
    }

    /** Takes a device out again; false when it has to stay. */
    public boolean putOut(Path device) {
        try {
            folder.write(MdFolder.member(MdObjects.kernelName(device), "state"), "remove");
            return true;
        } catch (SystemCallException e) {
            LOG.log(System.Logger.Level.WARNING, "{0} stays in {1}: {2}", device, folder.kernelName(), e.getMessage());
            return false;
        }
    }

    private static Optional<String> name(MemberDisk disk) {
        try {
            return Optional.of(MdObjects.kernelName(Path.of(disk.name())));
        } catch (SystemCallException e) {
            return Optional.empty(); // pulled out: whether it is in the container cannot be told by its name
        }
    }

    /** The kernel writes ! where the device's own name has a slash. */
    private static Path node(String device) {
        return Path.of("/dev").resolve(device.replace('!', '/'));
    }

    private Set<String> now(Set<String> otherwise) {
        try {
            return new LinkedHashSet<>(folder.devices());
        } catch (SystemCallException e) {
            if (e.errno() != Errno.ENODEV) {
                LOG.log(System.Logger.Level.WARNING, "{0}", e.getMessage());
            }
            return otherwise; // it is being ended: nobody moves anything any more
        }
    }
}
