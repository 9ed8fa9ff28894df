package io.restripe.lab.kernel;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The User Mode Linux of this machine: a kernel that runs as ordinary processes, needs no virtualisation, and is gone when they
 * are. A guest's root is the host's, read-only; image files are its disks {@code /dev/ubda}, {@code /dev/ubdb}, ...; writes of the
 * guest are in the image file as soon as the guest's disk has finished them.
 *
 * <p>Needs the programs of Debian's user-mode-linux, mdadm and kmod, and root.
 */
public final class UserModeLinux {
    /** The guest's console, kept beside its images: what to read when something failed. */
    public static final String CONSOLE = "console.log";

    private static final int MOST_DISKS = 16;
    private static final int USUAL_MEMORY_MIB = 192;
    private static final Duration LONGEST_LIFE = Duration.ofMinutes(15);
    private static final Duration LONGEST_BOOT = Duration.ofSeconds(90);

    /**
     * timeout makes a process group of its own: what Guest ends, and the last resort when nobody does. In a process namespace, where
     * one may be made, the kernel itself buries what the guest leaves. Real-time scheduling, where allowed: every system call in the
     * guest is several switches between processes of ours, and on a busy machine each would wait for its turn.
     */
    private static final String LAUNCH = """
            ulimit -c 0
            if [ -n "$REGISTERS" ]; then set -- env LD_PRELOAD="$REGISTERS" "$@"; fi
            now=; chrt --rr 1 true 2>/dev/null && now="chrt --rr 1"
            if unshare --pid --fork true 2>/dev/null; then
                exec timeout --signal=KILL "$0" $now unshare --pid --fork --kill-child bash -c '"$@"; exit' guest "$@"
            fi
            exec timeout --signal=KILL "$0" $now "$@"
            """;

    private static final List<String> PROGRAMS = List.of("linux.uml", "mdadm", "modprobe", "bash", "timeout");

    private UserModeLinux() {}

    /** Why no guest can be booted here, and what to install; empty when it can. */
    public static Optional<String> unavailable() {
        List<String> missing =
                PROGRAMS.stream().filter(name -> find(name).isEmpty()).toList();
        if (!missing.isEmpty()) {
            return Optional.of("not installed: " + String.join(", ", missing)
                    + "; apt-get install user-mode-linux mdadm kmod, then again");
        }
        if (MoreRegisters.needed() && find(MoreRegisters.COMPILER).isEmpty()) {
            return Optional.of(
                    "this processor has more registers than User Mode Linux knows, and no C compiler is here to help it; "
                            + "apt-get install gcc libc6-dev, then again");
        }
        if (!"root".equals(System.getProperty("user.name"))) {
            return Optional.of("the guest's mdadm needs root's files; run as root");
        }
        return Optional.empty();
    }

    /**
     * Boots a guest and waits until it takes commands.
     *
     * @param folder where its console, scripts and outputs go; it may exist, and stays for whoever looks into a failure
     * @param disks image file of each disk: 0 is /dev/ubda; not above 15
     * @throws IOException when it does not come up; the message has the end of its console
     */
    public static Guest boot(Path folder, Map<Integer, Path> disks) throws IOException {
        return boot(folder, disks, USUAL_MEMORY_MIB);
    }

    /**
     * The same with so much memory, for programs of ours that run in the guest.
     *
     * @param memoryMib taken from the host only as the guest uses it
     */
    public static Guest boot(Path folder, Map<Integer, Path> disks, int memoryMib) throws IOException {
        if (disks.keySet().stream().anyMatch(at -> at < 0 || at >= MOST_DISKS)) {
            throw new IllegalArgumentException("disks " + disks.keySet() + ": 0 to " + (MOST_DISKS - 1) + " there are");
        }
        Path box = Files.createDirectories(folder).toRealPath();
        Path init = copyOfResource(box, "init.sh");
        copyOfResource(box, "md.sh");
        if (!init.toFile().setExecutable(true)) {
            throw new IOException("cannot make " + init + " executable; is its file system mounted noexec?");
        }
        Path console = box.resolve(CONSOLE);
        ProcessBuilder builder = new ProcessBuilder(commandLine(box, init, disks, memoryMib))
                .redirectError(ProcessBuilder.Redirect.appendTo(console.toFile()));
        if (MoreRegisters.needed()) {
            builder.environment()
                    .put(
                            "REGISTERS",
                            MoreRegisters.build(copyOfResource(box, MoreRegisters.SOURCE))
                                    .toString());
        }
        Process process = builder.start();
        Guest guest = new Guest(process, box, console);
        guest.awaitReady(LONGEST_BOOT);
        return guest;
    }

    private static List<String> commandLine(Path box, Path init, Map<Integer, Path> disks, int memoryMib)
            throws IOException {
        List<String> command = new ArrayList<>(List.of(
                "bash",
                "-c",
                LAUNCH,
                Long.toString(LONGEST_LIFE.toSeconds()),
                find("linux.uml")
                        .orElseThrow(() -> new IOException("no linux.uml"))
                        .toString()));
        command.addAll(List.of(
                "mem=" + memoryMib + "M",
                "root=/dev/root",
                "rootfstype=hostfs",
                "rootflags=/",
                "ro",
                "init=" + init,
                "BOX=" + box));
        // No terminal anywhere: the kernel's messages go to our standard error, the serial line is our standard input
        // and output.
        command.addAll(List.of("con=null", "con0=null,fd:2", "ssl=null", "ssl0=fd:0,fd:1"));
        command.addAll(List.of("quiet", "panic=-1", "uml_dir=" + box.resolve("uml") + "/"));
        Files.createDirectories(box.resolve("uml"));
        for (Map.Entry<Integer, Path> disk : disks.entrySet()) {
            // Through a link: commas and spaces mean something in a kernel's arguments.
            Path link = box.resolve("disk" + disk.getKey());
            Files.deleteIfExists(link);
            Files.createSymbolicLink(link, disk.getValue().toRealPath());
            command.add("ubd" + disk.getKey() + "=" + link);
        }
        return command;
    }

    private static Path copyOfResource(Path box, String name) throws IOException {
        Path copy = box.resolve(name);
        try (InputStream resource = UserModeLinux.class.getResourceAsStream(name)) {
            if (resource == null) {
                throw new IOException("resource " + name + " is not beside " + UserModeLinux.class);
            }
            Files.write(copy, resource.readAllBytes());
        }
        return copy;
    }

    private static Optional<Path> find(String program) {
        return Stream.of("/usr/bin", "/usr/sbin", "/bin", "/sbin")
                .map(folder -> Path.of(folder, program))
                .filter(Files::isExecutable)
                .findFirst();
    }
}
