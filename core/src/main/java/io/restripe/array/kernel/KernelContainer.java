package io.restripe.array.kernel;

import io.restripe.array.ArrayBackend;
import io.restripe.array.AttributeException;
import io.restripe.array.ServedArray;
import io.restripe.env.Env;
import io.restripe.metadata.MemberDisk;
import io.restripe.os.Errno;
import io.restripe.os.SystemCallException;
import io.restripe.rule.Problem;
import io.restripe.rule.ProblemException;
import io.restripe.unit.Units;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/**
 * The md object of a container and its volumes' arrays in the kernel: those that run already, whoever started them, else new ones. The
 * object claims its members, so that neither a mount nor another array takes one while it is there. One thread opens and closes it.
 */
public final class KernelContainer implements ArrayBackend {
    private static final System.Logger LOG = System.getLogger("io.restripe.kernel");
    /** The end of a disk, where the metadata is and no volume ever. */
    private static final long CLAIMED_SECTORS = 418;

    private final Env env;
    private final String name;
    private final MdFolder folder;
    private final MonitorPid pid;
    private final Map<Integer, String> running;
    /** Whether it was there before: then whoever made it decides when it goes, unless its arrays were stopped here. */
    private boolean closed;

    private KernelContainer(Env env, String name, MdFolder folder, MonitorPid pid) throws SystemCallException {
        this.env = env;
        this.name = name;
        this.folder = folder;
        this.pid = pid;
        this.running = new LinkedHashMap<>(MdObjects.volumesOf(folder.kernelName()));
    }

    /**
     * Finds the kernel's container that has these disks, or makes one of them.
     *
     * @param name the container's on this host, for messages
     * @param format the word of {@code metadata_version}, such as imsm
     * @throws ProblemException when a disk is claimed by somebody else, or another monitor keeps the container
     */
    public static KernelContainer open(Env env, String name, String format, Collection<MemberDisk> disks)
            throws ProblemException {
        Optional<String> why = MdObjects.unavailable();
        if (why.isPresent()) {
            throw new ProblemException(new Problem(
                    "cannot use the kernel's arrays",
                    "container " + name,
                    why.get(),
                    "Load the modules as root: modprobe -a md_mod raid0 raid1 raid10 raid456. Or serve it from this"
                            + " process: --backend embedded"));
        }
        try {
            Optional<String> found = find(name, format, disks);
            return found.isPresent() ? takeOver(env, name, found.get(), disks) : make(env, name, format, disks);
        } catch (SystemCallException e) {
            throw failed(name, e);
        }
    }

    /** The kernel's name of a container object that these disks are in, if there is one. */
    public static Optional<String> running(String format, Collection<Path> disks) throws ProblemException {
        try {
            Set<String> devices = new LinkedHashSet<>();
            for (Path disk : disks) {
                devices.add(MdObjects.kernelName(disk));
            }
            for (String container : MdObjects.containers(format)) {
                MdFolder folder = new MdFolder(container);
                try {
                    if (folder.devices().stream().anyMatch(devices::contains)) {
                        return Optional.of(container);
                    }
                } finally {
                    folder.close();
                }
            }
            return Optional.empty();
        } catch (SystemCallException e) {
            throw failed(String.valueOf(disks), e);
        }
    }

    private static Optional<String> find(String name, String format, Collection<MemberDisk> disks)
            throws SystemCallException, ProblemException {
        List<Path> paths = new ArrayList<>();
        for (MemberDisk disk : disks) {
            paths.add(Path.of(disk.name()));
        }
        Optional<String> first = running(format, paths);
        if (first.isPresent()) {
            for (String other : MdObjects.containers(format)) {
                MdFolder folder = new MdFolder(other);
                try {
                    for (Path path : paths) {
                        if (!other.equals(first.get()) && folder.devices().contains(MdObjects.kernelName(path))) {
                            throw new ProblemException(new Problem(
                                    "cannot take over container " + name,
                                    path.toString(),
                                    "it is in " + other + ", others of these disks are in " + first.get(),
                                    "Name the disks of one container only: cat /proc/mdstat shows them"));
                        }
                    }
                } finally {
                    folder.close();
                }
            }
        }
        return first;
    }

    private static KernelContainer takeOver(Env env, String name, String kernelName, Collection<MemberDisk> disks)
            throws SystemCallException, ProblemException {
        MonitorPid pid = MonitorPid.take(name, kernelName);
        KernelContainer container = new KernelContainer(env, name, new MdFolder(kernelName), pid);
        for (MemberDisk disk : disks) {
            container.join(disk);
        }
        return container;
    }

    private static KernelContainer make(Env env, String name, String format, Collection<MemberDisk> disks)
            throws SystemCallException, ProblemException {
        MdFolder folder = MdObjects.create();
        boolean made = false;
        try {
            MonitorPid pid = MonitorPid.take(name, folder.kernelName());
            folder.write("metadata_version", "external:" + format);
            KernelContainer container = new KernelContainer(env, name, folder, pid);
            for (MemberDisk disk : disks) {
                container.join(disk);
            }
            made = true;
            return container;
        } finally {
            if (!made) {
                MonitorPid.forget(folder.kernelName());
                clear(folder);
                folder.close();
            }
        }
    }

    private static ProblemException failed(String name, SystemCallException e) {
        return new ProblemException(
                new Problem(
                        "cannot use the kernel's arrays",
                        "container " + name,
                        String.valueOf(e.getMessage()),
                        e.errno() == Errno.EACCES || e.errno() == Errno.EPERM
                                ? "Run as root"
                                : "See what uses it: cat /proc/mdstat, and the kernel's messages: dmesg"),
                e);
    }

    @Override
    public String containerName() {
        return folder.kernelName();
    }

    @Override
    public boolean isRunning(int volume) {
        return running.containsKey(volume);
    }

    /** @throws ProblemException when one is in use; it goes on then */
    @Override
    public void stopRunning() throws ProblemException {
        for (String array : List.copyOf(running.values())) {
            MdFolder stopped = new MdFolder(array);
            try {
                if (!stopped.read("array_state").equals("inactive")) {
                    stopped.write("array_state", "inactive");
                }
                stopped.write("array_state", "clear");
            } catch (SystemCallException e) {
                if (e.errno() != Errno.ENODEV) {
                    throw failed(name, e);
                }
            } finally {
                stopped.close();
            }
        }
        running.clear();
    }

    @Override
    public ServedArray array(String arrayName, int volume, Supplier<Map<String, MemberDisk>> disks)
            throws AttributeException {
        String known = running.get(volume);
        try {
            return new KernelArray(env, arrayName, known == null ? MdObjects.create() : new MdFolder(known), disks);
        } catch (SystemCallException e) {
            throw new AttributeException(
                    arrayName, "new_array", null, io.restripe.array.Errno.EIO, String.valueOf(e.getMessage()));
        }
    }

    @Override
    public void join(MemberDisk disk) throws ProblemException {
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
                            "container " + name + ", " + folder.kernelName(),
                            String.valueOf(e.getMessage()),
                            e.errno() == Errno.EBUSY
                                    ? "A mount, another array or another process uses it: stop that, or name another disk"
                                    : "Name a whole disk; see the kernel's messages: dmesg"),
                    e);
        }
    }

    @Override
    public void leave(MemberDisk disk) {
        try {
            String device = MdObjects.kernelName(Path.of(disk.name()));
            if (folder.devices().contains(device)) {
                folder.write(MdFolder.member(device, "state"), "remove");
            }
        } catch (SystemCallException e) {
            LOG.log(System.Logger.Level.WARNING, "{0} stays claimed: {1}", disk.name(), e.getMessage());
        }
    }

    private static void clear(MdFolder object) {
        try {
            object.write("array_state", "clear");
        } catch (SystemCallException e) {
            if (e.errno() != Errno.ENODEV) {
                LOG.log(System.Logger.Level.WARNING, "{0} stays: {1}", object.kernelName(), e.getMessage());
            }
        }
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        try {
            if (MdObjects.volumesOf(folder.kernelName()).isEmpty()) {
                clear(folder);
            }
        } catch (SystemCallException e) {
            LOG.log(System.Logger.Level.WARNING, "{0}", e.getMessage());
        }
        pid.close();
        folder.close();
    }
}
