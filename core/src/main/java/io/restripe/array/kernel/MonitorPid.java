package io.restripe.array.kernel;

import io.restripe.rule.Problem;
import io.restripe.rule.ProblemException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The file by which mdadm and mdmon find out which process keeps a container's metadata: {@code /run/mdadm/<container>.pid}, the number
 * and a newline (seen with mdadm 4.2). While it names this process mdadm starts no mdmon for the container.
 */
final class MonitorPid implements AutoCloseable {
    static final Path FOLDER = Path.of("/run/mdadm");

    private final Path file;

    private MonitorPid(Path file) {
        this.file = file;
    }

    /**
     * @param container its name on this host, for the message
     * @throws ProblemException when a process that lives keeps it
     */
    static MonitorPid take(String container, String kernelName) throws ProblemException {
        Path file = file(kernelName);
        try {
            long other = read(file);
            if (other > 0 && other != ProcessHandle.current().pid() && lives(other)) {
                throw new ProblemException(new Problem(
                        "cannot take over container " + container,
                        kernelName,
                        "process " + other + " keeps its metadata, by " + file,
                        "Two monitors of one container destroy each other's records. End that one first: kill " + other
                                + "; the arrays go on meanwhile"));
            }
            Files.createDirectories(FOLDER);
            Files.writeString(file, ProcessHandle.current().pid() + "\n");
            return new MonitorPid(file);
        } catch (IOException e) {
            throw new ProblemException(
                    new Problem(
                            "cannot take over container " + container,
                            file.toString(),
                            "it cannot be written, so that mdadm would start a monitor of its own: " + e,
                            "Make " + FOLDER + " writable"),
                    e);
        }
    }

    private static Path file(String kernelName) {
        return FOLDER.resolve(kernelName + ".pid");
    }

    private static long read(Path file) throws IOException {
        if (!Files.exists(file)) {
            return 0;
        }
        try {
            return Long.parseLong(Files.readString(file).strip());
        } catch (NumberFormatException e) {
            return 0; // whoever wrote it did not come to the end of it
        }
    }

    /** A number may belong to another process by now: only a monitor counts. */
    private static boolean lives(long pid) {
        try {
            String command = Files.readString(Path.of("/proc", Long.toString(pid), "comm"))
                    .strip();
            return command.equals("mdmon") || command.equals("java");
        } catch (IOException e) {
            return false;
        }
    }

    static void forget(String kernelName) {
        try {
            Files.deleteIfExists(file(kernelName));
        } catch (IOException e) {
            System.getLogger("io.restripe.kernel").log(System.Logger.Level.WARNING, "{0}", e.toString());
        }
    }

    /** Somebody else may keep the container from now on. */
    @Override
    public void close() {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            System.getLogger("io.restripe.kernel").log(System.Logger.Level.WARNING, "{0}", e.toString());
        }
    }
}
