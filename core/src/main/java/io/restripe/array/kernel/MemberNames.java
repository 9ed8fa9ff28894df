package io.restripe.array.kernel;

import io.restripe.array.AttributeException;
import io.restripe.array.Errno;
import io.restripe.disk.DiskException;
import io.restripe.metadata.MemberDisk;
import io.restripe.os.SystemCallException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/** Which disk the kernel calls what: the product names members by their serials, md by the kernel's names. Any thread. */
final class MemberNames {
    private final Supplier<Map<String, MemberDisk>> disks;
    private final Map<String, String> serials = new ConcurrentHashMap<>();
    private final Map<String, String> devices = new ConcurrentHashMap<>();

    /** @param disks serial to disk, of those at hand */
    MemberNames(Supplier<Map<String, MemberDisk>> disks) {
        this.disks = disks;
    }

    /** The serial of a member; of a disk that is not at hand the kernel's name, which is nobody's serial. */
    String serial(String device) {
        String known = serials.get(device);
        if (known != null) {
            return known;
        }
        for (MemberDisk disk : disks.get().values()) {
            learn(disk);
        }
        return serials.getOrDefault(device, device);
    }

    /** The kernel's name of a disk. */
    String device(String serial) {
        MemberDisk disk = disks.get().get(serial);
        if (disk != null) {
            learn(disk);
        }
        return devices.getOrDefault(serial, serial);
    }

    /** The disk of that serial, null when it is not at hand. */
    MemberDisk disk(String serial) {
        return disks.get().get(serial);
    }

    /** Flushes every disk at hand. */
    void flushAll(String array) throws AttributeException {
        for (MemberDisk disk : disks.get().values()) {
            try {
                disk.disk().flush();
            } catch (DiskException e) {
                throw new AttributeException(
                        array, disk.name(), null, Errno.EIO, "it cannot be flushed: " + e.getMessage());
            }
        }
    }

    private void learn(MemberDisk disk) {
        if (devices.containsKey(disk.serial())) {
            return;
        }
        try {
            String device = MdObjects.kernelName(Path.of(disk.name()));
            serials.put(device, disk.serial());
            devices.put(disk.serial(), device);
        } catch (SystemCallException e) {
            // A device that has been pulled out has no name any more; under the one it had it is known already.
            System.getLogger("io.restripe.kernel").log(System.Logger.Level.DEBUG, "{0}", e.getMessage());
        }
    }
}
