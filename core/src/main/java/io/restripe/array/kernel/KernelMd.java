package io.restripe.array.kernel;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * Whether the md of this system can run arrays for this process. Looks at files alone: loads nothing, and makes nothing. A personality
 * that is not there counts when the kernel would load it by itself, at the start of such an array.
 */
public final class KernelMd {
    private static final Path MODULE = Path.of("sys/module/md_mod/parameters");
    private static final Path PERSONALITIES = Path.of("proc/mdstat");
    private static final Path SETTINGS = Path.of("proc/sys/kernel");

    private final Path root;

    public KernelMd() {
        this(Path.of("/"));
    }

    /** @param root where proc, sys, lib and run are */
    KernelMd(Path root) {
        this.root = root;
    }

    /** Why there can be no arrays at all; empty when there can. */
    Optional<String> absent() {
        if (!Files.isDirectory(root.resolve(MODULE))) {
            return Optional.of("the kernel has no md: " + root.resolve(MODULE) + " is not there");
        }
        Path maker = root.resolve(MODULE).resolve("new_array");
        return Files.isWritable(maker) ? Optional.empty() : Optional.of(maker + " cannot be written");
    }

    /**
     * Why arrays of these levels cannot be run and their metadata kept; empty when they can.
     *
     * @param levels md's words for them, such as raid5
     */
    public Optional<String> unavailable(Set<String> levels) {
        return absent().or(this::withoutMonitors).or(() -> missing(levels));
    }

    /** mdadm must be told who keeps the metadata. */
    private Optional<String> withoutMonitors() {
        Path folder = root.resolve(Path.of("/").relativize(MonitorPid.FOLDER));
        Path there = Files.exists(folder) ? folder : folder.getParent();
        return there != null && Files.isWritable(there) ? Optional.empty() : Optional.of(there + " cannot be written");
    }

    private Optional<String> missing(Set<String> levels) {
        Set<String> missing = new TreeSet<>(levels);
        String loaded = text(root.resolve(PERSONALITIES)).lines().findFirst().orElse("");
        missing.removeIf(level -> loaded.contains("[" + level + "]"));
        if (!missing.isEmpty() && loadsModules()) {
            missing.removeIf(this::isLoadable);
        }
        return missing.isEmpty()
                ? Optional.empty()
                : Optional.of("the kernel's md has no " + String.join(", no ", missing)
                        + ", and cannot load it by itself (modprobe -a raid0 raid1 raid10 raid456)");
    }

    private boolean loadsModules() {
        String loader = text(root.resolve(SETTINGS).resolve("modprobe"));
        return !loader.isEmpty()
                && !text(root.resolve(SETTINGS).resolve("modules_disabled")).equals("1")
                && Files.isExecutable(root.resolve(loader.replaceFirst("^/+", "")));
    }

    /** The kernel asks for a module of this name. */
    private boolean isLoadable(String level) {
        Path aliases = root.resolve("lib/modules")
                .resolve(text(root.resolve(SETTINGS).resolve("osrelease")))
                .resolve("modules.alias");
        try (Stream<String> lines = Files.lines(aliases, StandardCharsets.ISO_8859_1)) {
            return lines.anyMatch(line -> line.startsWith("alias md-" + level + " "));
        } catch (IOException e) {
            return false;
        }
    }

    private static String text(Path file) {
        try {
            return Files.readString(file, StandardCharsets.ISO_8859_1).strip();
        } catch (IOException e) {
            return "";
        }
    }
}
