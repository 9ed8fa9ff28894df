package io.restripe.lab.guest;

import io.restripe.lab.kernel.Guest;
import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Runs programs of this tree in a guest, with this JVM's Java and class path. The guest's root is the host's, but its /tmp and /run are
 * its own: what the class path has there is mounted first.
 */
final class Programs {
    /** Memory of a guest in which a JVM or two run. */
    static final int MEMORY_MIB = 640;

    static final String JAVA_OPTIONS =
            "-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:-UsePerfData -Xmx128m -XX:CompressedClassSpaceSize=32m"
                    + " --add-modules jdk.incubator.vector --enable-native-access=ALL-UNNAMED -Xlog:disable"
                    + " -Djava.util.logging.config.file=/nonexistent";

    private Programs() {}

    /** The script that defines {@code program ARGUMENT...}: runs {@link InGuest} there. */
    static String prelude() throws IOException {
        StringBuilder script =
                new StringBuilder("expose() { [ -e \"$1\" ] || { mkdir -p \"$1\" && mount -t hostfs none \"$1\" -o"
                        + " \"$1\"; } || die \"expose $1\"; }\n");
        Path java = Path.of(System.getProperty("java.home"));
        Set<Path> folders = new LinkedHashSet<>(List.of(java));
        List<Path> classPath = classPath();
        for (Path entry : classPath) {
            folders.add(Files.isDirectory(entry) ? entry : entry.getParent());
        }
        folders.forEach(folder -> script.append("expose '").append(folder).append("'\n"));
        script.append("export CLASSPATH='").append(joined(classPath)).append("' RESTRIPE_RUN=/run/restripe\n");
        script.append("JAVA='").append(java.resolve("bin/java")).append("'\n");
        script.append("program() { \"$JAVA\" ").append(JAVA_OPTIONS);
        script.append(" -Dbox=$BOX ")
                .append(InGuest.class.getName())
                .append(" \"$@\" >$BOX/program.log 2>&1; local exit=$?; cat $BOX/program.log; return $exit; }\n");
        return script.toString();
    }

    private static String joined(List<Path> paths) {
        return String.join(":", paths.stream().map(Path::toString).toList());
    }

    /** This JVM's, and the tests of core, whose contracts run in guests too. */
    private static List<Path> classPath() throws IOException {
        List<Path> entries = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
            Path path = Path.of(entry);
            if (Files.exists(path)) {
                entries.add(path.toRealPath());
            }
        }
        try {
            Path core = Path.of(io.restripe.env.Env.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI());
            entries.add(core.resolveSibling("test-classes").toRealPath());
        } catch (URISyntaxException e) {
            throw new IOException(e);
        }
        return entries;
    }

    /** Runs one; it must succeed. Gives its output. */
    static String run(Guest guest, String arguments, Duration atMost) throws IOException {
        return run(guest, "true", arguments, atMost);
    }

    /** The same, another command of the guest's first. */
    static String run(Guest guest, String first, String arguments, Duration atMost) throws IOException {
        return guest.must(prelude() + first + "\nprogram " + arguments + " || die " + arguments, atMost);
    }
}
