package io.restripe.node.daemon;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * The JVM that an array's processes run in: this command's own, with its memory bounded part by part (heap, direct memory, code, class
 * data) so that a process stays under 512 MiB.
 */
public final class HostJvm {
    private static final List<String> OPTIONS = List.of(
            "-XX:+UseSerialGC",
            "-Xms32m",
            "-Xmx160m",
            "-XX:MaxDirectMemorySize=160m",
            "-XX:ReservedCodeCacheSize=48m",
            "-XX:MaxMetaspaceSize=64m",
            "-Xss512k",
            "-XX:-UsePerfData",
            "-XX:+ExitOnOutOfMemoryError",
            "--add-modules",
            "jdk.incubator.vector",
            "--enable-native-access=ALL-UNNAMED",
            "--add-exports=java.base/sun.nio.ch=ALL-UNNAMED", // io.restripe.os.ReadableLook
            "-Djava.util.logging.SimpleFormatter.format=%1$tF %1$tT.%1$tL %4$s %5$s%6$s%n");

    /**
     * A monitor of the kernel's arrays must not wait for memory that the kernel can only get by writing to those arrays: all of the heap
     * is there from the start, and the process locks what it has (docs/kernel-backend.md). It computes little, and has to be quick in its
     * first seconds: the optimising compiler would cost more than it gains, memory too.
     */
    private static final List<String> RESIDENT =
            List.of("-Xms96m", "-Xmx96m", "-XX:+AlwaysPreTouch", "-XX:TieredStopAtLevel=1");

    private static final String STOP_AT_LEVEL = "-XX:TieredStopAtLevel=";
    private static final int OPTIMISING_LEVEL = 4;

    private HostJvm() {}

    /** The words before class path and main class. */
    public static List<String> command(Backend backend) {
        List<String> words = new ArrayList<>();
        words.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        words.addAll(OPTIONS);
        if (backend == Backend.KERNEL) {
            words.addAll(RESIDENT);
        }
        return words;
    }

    /** Whether this process's JVM has its optimising compiler: without it vector code is a thousand times slower than scalar code. */
    static boolean optimises() {
        String[] words = ProcessHandle.current().info().arguments().orElse(new String[0]);
        return Stream.of(words)
                .noneMatch(word -> word.equals("-Xint")
                        || (word.startsWith(STOP_AT_LEVEL) && !word.equals(STOP_AT_LEVEL + OPTIMISING_LEVEL)));
    }
}
