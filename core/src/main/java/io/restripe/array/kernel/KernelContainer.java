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
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Supplier;

/**
 * The md object of a container and its volumes' arrays in the kernel: those that run already, whoever started them, else new ones. The
 * object claims its members, so that neither a mount nor another array takes one while it is there. One thread opens and closes it.
 */
public final class KernelContainer implements ArrayBackend {
    private static final System.Logger LOG = System.getLogger("io.restripe.kernel");
    private final Env env;
    private final String name;
    private final MdFolder folder;
    private final ClaimedDisks claims;
    /** What a user of it is to the system. */
    private enum Role {
        /** Keeps the metadata, and ends the container when its arrays have ended. */
        HOST,
        /** Keeps the metadata, and leaves the container to whoever made it. */
        MONITOR,
        /** Works with arrays whose metadata somebody else keeps. */
        GUEST
    }

    private final Role role;
    /** Null for a guest. */
    private final MonitorPid pid;

    /** Number of a volume to the name of its object, whether or not that runs. */
    private final Map<Integer, String> objects;
    /** Null while nobody is answered. */
    private MdadmSocket messages;

    private volatile Look look = () -> {};
    /** Null for a guest. */
    private MemberMoves moves;

    private boolean closed;

    private KernelContainer(Env env, String name, MdFolder folder, Role role, MonitorPid pid)
            throws SystemCallException {
        this.env = env;
        this.name = name;
        this.folder = folder;
        this.claims = new ClaimedDisks(name, folder);
        this.role = role;
        this.pid = pid;
        this.objects = new ConcurrentSkipListMap<>(MdObjects.volumesOf(folder.kernelName()));
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
        Optional<String> why = new KernelMd().absent();
        if (why.isPresent()) {
            throw new ProblemException(new Problem(
                    "cannot use the kernel's arrays",
                    "container " + name,
                    why.get(),
                    "Load the modules as root: modprobe -a md_mod raid0 raid1 raid10 raid456. Or serve it from this"
                            + " process: --backend=embedded"));
        }
        try {
            Optional<String> found = find(name, format, disks);
            return found.isPresent()
                    ? takeOver(env, name, found.get(), disks, Role.HOST)
                    : make(env, name, format, disks);
        } catch (SystemCallException e) {
            throw failed(name, e);
        }
    }

    /**
     * The container that has these disks, for a monitor that stands in for mdmon: it must be there, and is not ended with its arrays.
     *
     * @throws ProblemException when there is none, another monitor keeps it, or mdadm is reshaping in it
     */
    public static KernelContainer standIn(Env env, String name, String format, Collection<MemberDisk> disks)
            throws ProblemException {
        try {
            String found = existing(name, format, disks);
            if (!MdObjects.claimed(found).isEmpty() && MdObjects.isMdadmRunning()) {
                throw new ProblemException(new Problem(
                        "cannot take over container " + name,
                        found,
                        "mdadm is at work on " + String.join(", ", MdObjects.claimed(found))
                                + " and asks its own monitor for what no other understands",
                        "Wait for it, or end it first: its reshape stands then, and restripe can go on with it"));
            }
            return takeOver(env, name, found, disks, Role.MONITOR);
        } catch (SystemCallException e) {
            throw failed(name, e);
        }
    }

    /** The same container for somebody who works with its arrays beside the monitor that keeps it. */
    public static KernelContainer beside(Env env, String name, String format, Collection<MemberDisk> disks)
            throws ProblemException {
        try {
            return new KernelContainer(env, name, new MdFolder(existing(name, format, disks)), Role.GUEST, null);
        } catch (SystemCallException e) {
            throw failed(name, e);
        }
    }

    private static String existing(String name, String format, Collection<MemberDisk> disks)
            throws ProblemException, SystemCallException {
        return find(name, format, disks)
                .orElseThrow(() -> new ProblemException(new Problem(
                        "cannot take over container " + name,
                        "the kernel's arrays",
                        "none has these disks",
                        "Start it: restripe assemble " + name + " --backend=kernel MEMBER...")));
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

    private static KernelContainer takeOver(
            Env env, String name, String kernelName, Collection<MemberDisk> disks, Role role)
            throws SystemCallException, ProblemException {
        MonitorPid pid = MonitorPid.take(name, kernelName);
        KernelContainer container = null;
        boolean taken = false;
        try {
            container = new KernelContainer(env, name, new MdFolder(kernelName), role, pid);
            for (MemberDisk disk : disks) {
                container.join(disk);
            }
            container.moves = new MemberMoves(container.folder);
            taken = true;
            return container;
        } finally {
            if (!taken) {
                pid.close();
                if (container != null) {
                    container.folder.close();
                }
            }
        }
    }

    private static KernelContainer make(Env env, String name, String format, Collection<MemberDisk> disks)
            throws SystemCallException, ProblemException {
        MdFolder folder = MdObjects.create();
        boolean made = false;
        try {
            MonitorPid pid = MonitorPid.take(name, folder.kernelName());
            folder.write("metadata_version", "external:" + format);
            KernelContainer container = new KernelContainer(env, name, folder, Role.HOST, pid);
            for (MemberDisk disk : disks) {
                container.join(disk);
            }
            container.moves = new MemberMoves(folder);
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
        String object = objects.get(volume);
        return object != null && MdObjects.runs(object);
    }

    @Override
    public boolean listsBadBlocks() {
        return true;
    }

    /** Volumes that run, as the kernel says at this moment; those that somebody is still configuring, or has stopped, do not. */
    public Set<Integer> runningNow() {
        try {
            Map<Integer, String> now = MdObjects.volumesOf(folder.kernelName());
            objects.putAll(now);
            objects.keySet().retainAll(now.keySet());
        } catch (SystemCallException e) {
            LOG.log(System.Logger.Level.WARNING, "{0}", e.getMessage());
        }
        Set<Integer> run = new LinkedHashSet<>(objects.keySet());
        run.removeIf(volume -> !isRunning(volume));
        return run;
    }

    /** Something that is to be done whenever mdadm asks for something. */
    public interface Look {
        void look() throws IOException;
    }

    /** Has this done before mdadm is answered; when it fails mdadm is not. */
    public void whenAsked(Look first) {
        look = first;
    }

    /** What others do with its disks, since it was opened. */
    public MemberMoves moves() {
        return moves;
    }

    /** Does now what is done when mdadm asks. */
    public void look() throws IOException {
        look.look();
    }

    @Override
    public void answer(Pinged pinged) {
        try {
            messages =
                    new MdadmSocket(env, MonitorPid.FOLDER.resolve(folder.kernelName() + ".sock"), pinged, this::look);
        } catch (IOException e) {
            LOG.log(System.Logger.Level.WARNING, "what mdadm asks is not answered: {0}", e.toString());
        }
    }

    /** @throws ProblemException when one is in use; it goes on then */
    @Override
    public void stopRunning() throws ProblemException {
        for (String array : List.copyOf(objects.values())) {
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
        objects.clear();
    }

    @Override
    public ServedArray array(String arrayName, int volume, Supplier<Map<String, MemberDisk>> disks)
            throws AttributeException {
        String known = objects.get(volume);
        try {
            MdFolder array = known == null ? MdObjects.create() : new MdFolder(known);
            return new KernelArray(env, arrayName, array, disks, role == Role.HOST);
        } catch (SystemCallException e) {
            throw new AttributeException(
                    arrayName, "new_array", null, io.restripe.array.Errno.EIO, String.valueOf(e.getMessage()));
        }
    }

    @Override
    public void join(MemberDisk disk) throws ProblemException {
        claims.join(disk);
    }

    @Override
    public void leave(MemberDisk disk) {
        claims.leave(disk);
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
        if (messages != null) {
            messages.close();
        }
        try {
            if (role == Role.HOST && MdObjects.volumesOf(folder.kernelName()).isEmpty()) {
                clear(folder);
            }
        } catch (SystemCallException e) {
            LOG.log(System.Logger.Level.WARNING, "{0}", e.getMessage());
        }
        if (pid != null) {
            pid.close();
        }
        folder.close();
    }
}
