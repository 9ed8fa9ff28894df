package io.restripe.node.rpc;

import io.restripe.os.Errno;
import io.restripe.os.FileStatus;
import io.restripe.os.SystemCallException;
import io.restripe.os.SystemFile;
import io.restripe.os.SystemFile.Option;
import io.restripe.rule.Problem;
import io.restripe.rule.ProblemException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.FileChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * The folder in which the running containers of this host are known: {@code $RESTRIPE_RUN}, else the user's runtime folder, else
 * /run/restripe. A folder a container, mode 0700, in it:
 *
 * <pre>
 * host.lock     locked by the host process as long as it lives
 * host.pid      its process id; left behind only by a process that died
 * host.sock     where it answers, mode 0600; left behind likewise
 * nbd.sock      where it serves its volumes, mode 0600; left behind likewise
 * host.log      what it had to say
 * </pre>
 *
 * A host that ends in order removes its folder; whoever gets a lock makes sure that it is on the file that is there now.
 *
 * Whether a host lives is decided by its lock, which the system frees with the process, never by a pid. Stateless.
 */
public final class RunFolder {
    private static final String OLD_LOG = "host.log.old";
    private static final int MOST_ATTEMPTS = 100;

    private final Path root;

    public RunFolder(Path root) {
        this.root = root;
    }

    /** The folder that these environment variables choose. Nothing is created. */
    public static RunFolder of(Map<String, String> variables) {
        String own = variables.getOrDefault("RESTRIPE_RUN", "");
        String runtime = variables.getOrDefault("XDG_RUNTIME_DIR", "");
        if (!own.isBlank()) {
            return new RunFolder(Path.of(own).toAbsolutePath().normalize());
        }
        if (!runtime.isBlank()) {
            return new RunFolder(Path.of(runtime).toAbsolutePath().resolve("restripe"));
        }
        if ("root".equals(System.getProperty("user.name"))) {
            return new RunFolder(Path.of("/run/restripe"));
        }
        return new RunFolder(Path.of(System.getProperty("user.home"), ".local", "run", "restripe"));
    }

    public Path root() {
        return root;
    }

    public Path folder(String container) {
        return root.resolve(container);
    }

    /** Where locks of members are that cannot be locked themselves: a name that no container can have. */
    public Path memberLocks() {
        return root.resolve(".members");
    }

    /** Where managers ask a monitor that runs by itself: in a folder of a name that no container can have. */
    public Path monitorSocket(String container) {
        return root.resolve(".monitors").resolve(container + ".sock");
    }

    /** What such a monitor has to say. */
    public Path monitorLog(String container) {
        return root.resolve(".monitors").resolve(container + ".log");
    }

    public Path socket(String container) {
        return folder(container).resolve("host.sock");
    }

    public Path nbdSocket(String container) {
        return folder(container).resolve("nbd.sock");
    }

    public Path log(String container) {
        return folder(container).resolve("host.log");
    }

    private Path pidFile(String container) {
        return folder(container).resolve("host.pid");
    }

    private Path lockFile(String container) {
        return folder(container).resolve("host.lock");
    }

    /** Containers whose host is running, or died without stopping; by name. */
    public List<String> containers() throws ProblemException {
        if (!Files.isDirectory(root)) {
            return List.of();
        }
        Predicate<Path> known = folder -> Files.exists(folder.resolve("host.pid"));
        try (Stream<Path> entries = Files.list(root)) {
            return entries.filter(known)
                    .map(folder -> folder.getFileName().toString())
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw unusable(root, e);
        }
    }

    /** Process id that the container's host left, whether it lives or not. */
    public OptionalLong pid(String container) {
        try {
            return OptionalLong.of(
                    Long.parseLong(Files.readString(pidFile(container)).strip()));
        } catch (IOException | NumberFormatException e) {
            return OptionalLong.empty(); // no host, or one that is just writing it
        }
    }

    /** Whether a process holds the container's lock. */
    public boolean alive(String container) throws ProblemException {
        if (!Files.exists(lockFile(container))) {
            return false;
        }
        try (FileChannel channel = FileChannel.open(lockFile(container), StandardOpenOption.WRITE);
                var lock = channel.tryLock()) {
            return lock == null;
        } catch (java.nio.channels.OverlappingFileLockException e) {
            return true; // held by this very process
        } catch (NoSuchFileException e) {
            return false; // removed this moment by a host that ended
        } catch (IOException e) {
            throw unusable(lockFile(container), e);
        }
    }

    /** Removes what a dead host left. Does nothing while one lives. */
    public void clean(String container) throws ProblemException {
        if (!alive(container)) {
            claim(container).close();
        }
    }

    private void remove(String container) throws ProblemException {
        try {
            Files.deleteIfExists(socket(container));
            Files.deleteIfExists(nbdSocket(container));
            Files.deleteIfExists(pidFile(container));
        } catch (IOException e) {
            throw unusable(folder(container), e);
        }
    }

    /** The right to be the container's host. Closing gives it back and removes the traces. */
    public final class Claim implements AutoCloseable {
        private final String container;
        private final SystemFile locked;
        private boolean logStays;

        private Claim(String container, SystemFile locked) {
            this.container = container;
            this.locked = locked;
        }

        /** The log is of interest beyond the host's end. */
        public void keepLog() {
            logStays = true;
        }

        @Override
        public void close() throws ProblemException {
            try (locked) {
                remove(container);
                if (!logStays) {
                    Files.deleteIfExists(log(container));
                    Files.deleteIfExists(folder(container).resolve(OLD_LOG));
                }
                Files.deleteIfExists(lockFile(container)); // from here on the name is free
                Files.deleteIfExists(folder(container));
            } catch (DirectoryNotEmptyException e) {
                // Somebody else's file is in it, or the next host is just moving in: the folder stays.
            } catch (IOException e) {
                throw unusable(lockFile(container), e);
            }
        }
    }

    /**
     * Makes this process the container's host: creates the folder, takes the lock, removes what a dead host left and records the pid.
     *
     * @throws ProblemException when another process is
     */
    public Claim claim(String container) throws ProblemException {
        IOException last = null;
        for (int attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
            try {
                prepare(container);
                SystemFile file = openOrMake(lockFile(container));
                if (!file.tryLock(true)) {
                    file.close();
                    throw taken(container);
                }
                if (isInPlace(file, container)) {
                    remove(container);
                    Files.writeString(
                            pidFile(container), ProcessHandle.current().pid() + "\n");
                    return new Claim(container, file);
                }
                file.close();
            } catch (SystemCallException e) {
                if (e.errno() != Errno.ENOENT) {
                    throw unusable(folder(container), e);
                }
                last = e; // a host that ends removed the folder meanwhile: once more
            } catch (IOException e) {
                throw unusable(folder(container), e);
            }
        }
        throw unusable(folder(container), last == null ? new IOException("its lock file keeps vanishing") : last);
    }

    /** Makes the container's folder, for its owner alone, if it is not there. */
    public void prepare(String container) throws IOException {
        Files.createDirectories(root);
        if (!Files.isDirectory(folder(container))) {
            try {
                Files.createDirectory(
                        folder(container),
                        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            } catch (FileAlreadyExistsException e) {
                // Made by somebody else this moment: it is there, and that is what is wanted.
            }
        }
    }

    private static SystemFile openOrMake(Path path) throws SystemCallException {
        try {
            return SystemFile.open(path, EnumSet.of(Option.WRITE, Option.CREATE_NEW));
        } catch (SystemCallException e) {
            if (e.errno() != Errno.EEXIST) {
                throw e;
            }
            return SystemFile.open(path, EnumSet.of(Option.WRITE));
        }
    }

    /** Whether the lock is on the file that is there now, and not on one that a host removed when it ended. */
    private boolean isInPlace(SystemFile locked, String container) throws SystemCallException {
        return FileStatus.of(lockFile(container))
                .identity()
                .equals(locked.status().identity());
    }

    private ProblemException taken(String container) {
        String who = pid(container).isPresent() ? "process " + pid(container).getAsLong() : "another process";
        return new ProblemException(new Problem(
                "cannot start " + container,
                folder(container).toString(),
                "a container of that name is running already, hosted by " + who,
                "Choose another name, or stop it first: restripe stop " + container));
    }

    /** A connection to the container's host; IOException when nobody answers there. */
    SocketChannel connect(String container) throws IOException {
        SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            channel.connect(UnixDomainSocketAddress.of(socket(container)));
            return channel;
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    static ProblemException unusable(Path path, IOException e) {
        return new ProblemException(
                new Problem(
                        "cannot use the run folder",
                        path.toString(),
                        e.getClass().getSimpleName() + ": " + e.getMessage(),
                        "Make it accessible, or set RESTRIPE_RUN to a folder of yours"),
                e);
    }
}
