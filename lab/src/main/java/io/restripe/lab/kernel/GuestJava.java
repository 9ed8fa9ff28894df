package io.restripe.lab.kernel;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * This JVM's Java and class path in a guest. The guest's root is the host's, but its /tmp and /run are its own: what the class path has
 * there is mounted first.
 */
public final class GuestJava {
    /** Memory of a guest in which a JVM or two run. */
    public static final int MEMORY_MIB = 900;

    private GuestJava() {}

    /**
     * Script that sets CLASSPATH, and JAVA to the program; run it once a boot or oftener.
     *
     * @param more folders that come behind this JVM's own class path
     */
    public static String exposed(List<Path> more) throws IOException {
        StringBuilder script =
                new StringBuilder("expose() { [ -e \"$1\" ] || { mkdir -p \"$1\" && mount -t hostfs none \"$1\" -o"
                        + " \"$1\"; } || die \"expose $1\"; }\n");
        Path java = Path.of(System.getProperty("java.home"));
        Set<Path> folders = new LinkedHashSet<>(List.of(java));
        List<Path> classPath = new ArrayList<>(classPath());
        classPath.addAll(more);
        for (Path entry : classPath) {
            folders.add(Files.isDirectory(entry) ? entry : entry.getParent());
        }
        folders.forEach(folder -> script.append("expose '").append(folder).append("'\n"));
        script.append("export CLASSPATH='")
                .append(String.join(":", classPath.stream().map(Path::toString).toList()))
                .append("' RESTRIPE_RUN=/run/restripe\n");
        script.append("JAVA='").append(java.resolve("bin/java")).append("'\n");
        return script.toString();
    }

    private static List<Path> classPath() throws IOException {
        List<Path> entries = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
            Path path = Path.of(entry);
            if (Files.exists(path)) {
                entries.add(path.toRealPath());
            }
        }
        return entries;
    }
}
