package io.restripe.array.kernel;

import io.restripe.array.Attribute;
import io.restripe.os.SystemCallException;

/** Changes of the level of an array that runs. Any thread; keeps nothing. */
final class LevelChange {
    private final MdFolder folder;
    private final ArrayDevice device;

    LevelChange(MdFolder folder, ArrayDevice device) {
        this.folder = folder;
        this.device = device;
    }

    /** Whether md would change the level of a RAID0, or to one, now. While it reshapes it does not. */
    boolean changesRaid0(String level) throws SystemCallException {
        boolean raid0 =
                level.equals("raid0") || folder.read(Attribute.LEVEL.mdName()).equals("raid0");
        return raid0
                && isRunning()
                && folder.read(Attribute.RESHAPE_POSITION.mdName()).equals("none");
    }

    private boolean isRunning() throws SystemCallException {
        return switch (folder.read(Attribute.ARRAY_STATE.mdName())) {
            case "clear", "inactive" -> false;
            default -> true;
        };
    }

    /**
     * Linux 6.1 misdirects requests of more than a chunk that are under way while a RAID0 becomes a RAID4 or that a RAID0 (seen with reads, by
     * KernelBackendTest), so nobody may have the device open. Whether anybody has is asked by what md refuses then.
     */
    void change(String level) throws SystemCallException {
        String state = Attribute.ARRAY_STATE.mdName();
        try {
            folder.write(state, "readonly");
        } catch (SystemCallException e) {
            throw e.errno() == io.restripe.os.Errno.EBUSY
                    ? new SystemCallException(
                            device.name()
                                    + " is open or being written, and the kernel misdirects requests that are under way"
                                    + " while the level changes: unmount it or stop what uses it",
                            e.errno())
                    : e;
        }
        folder.write(state, "active");
        folder.write(Attribute.LEVEL.mdName(), level);
    }
}
