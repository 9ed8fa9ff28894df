package io.restripe.lab.guest;

import io.restripe.lab.kernel.Guest;
import io.restripe.lab.kernel.GuestJava;
import io.restripe.lab.kernel.UserModeLinux;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Runs programs of this tree in a guest. */
final class Programs {
    static final int MEMORY_MIB = GuestJava.MEMORY_MIB;

    static final String JAVA_OPTIONS =
            "-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:-UsePerfData -Xmx128m -XX:CompressedClassSpaceSize=32m"
                    + " --add-modules jdk.incubator.vector --enable-native-access=ALL-UNNAMED -Xlog:disable"
                    + " -Djava.util.logging.config.file=/nonexistent -XX:+DisplayVMOutputToStderr";

    /** Before a script's time is over every JVM of the guest says what it does, in its log. */
    private static final Duration LAST_WORDS = Duration.ofSeconds(20);

    private Programs() {}

    /**
     * Boots a guest with memory for them.
     *
     * @param box its folder
     * @param images image n is the disk {@code /dev/ubda}, {@code /dev/ubdb}, ...
     */
    static Guest boot(Path box, List<Path> images) throws IOException {
        Map<Integer, Path> disks = new TreeMap<>();
        for (int i = 0; i < images.size(); i++) {
            disks.put(i, images.get(i));
        }
        return UserModeLinux.boot(box, disks, MEMORY_MIB);
    }

    /** The script that defines {@code program ARGUMENT...}, which runs {@link InGuest} there, and {@code last_words SECONDS COMMAND...}. */
    static String prelude() throws IOException {
        return GuestJava.exposed(List.of(testsOfCore()))
                + "JAVA_OPTIONS='" + JAVA_OPTIONS + "'\n"
                + """
                last_words() {
                    local after=$1 watch exit; shift
                    { nap "$after"; for f in /proc/[1-9]*/comm; do
                        read -r name <"$f" && [ "$name" = java ] && f=${f%/comm} && kill -QUIT "${f#/proc/}"; done; } 2>/dev/null &
                    watch=$!; "$@"; exit=$?; kill "$watch" 2>/dev/null; return $exit
                }
                """
                + "program() { \"$JAVA\" $JAVA_OPTIONS -Dbox=$BOX " + InGuest.class.getName()
                + " \"$@\" >$BOX/program.log 2>&1; local exit=$?; cat $BOX/program.log; return $exit; }\n";
    }

    /** Their contracts run in guests too. */
    private static Path testsOfCore() throws IOException {
        try {
            Path core = Path.of(io.restripe.env.Env.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI());
            return core.resolveSibling("test-classes").toRealPath();
        } catch (URISyntaxException e) {
            throw new IOException(e);
        }
    }

    /** Runs one; it must succeed. Gives its output. */
    static String run(Guest guest, String arguments, Duration atMost) throws IOException {
        return run(guest, "true", arguments, atMost);
    }

    /** The same, another command of the guest's first. */
    static String run(Guest guest, String first, String arguments, Duration atMost) throws IOException {
        return guest.must(
                prelude() + first + "\nlast_words " + atMost.minus(LAST_WORDS).toSeconds() + " program " + arguments
                        + " || die " + arguments,
                atMost);
    }
}
