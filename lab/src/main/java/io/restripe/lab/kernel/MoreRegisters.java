package io.restripe.lab.kernel;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Helps User Mode Linux to boot on processors with AMX, which have more registers than Linux 6.1's knows: see {@code registers.c}.
 * Stateless.
 */
final class MoreRegisters {
    static final String SOURCE = "registers.c";
    static final String COMPILER = "cc";

    private static final Path PROCESSORS = Path.of("/proc/cpuinfo");
    private static final String AMX = "amx_tile";
    private static final int LONGEST_COMPILATION_SECONDS = 60;

    private MoreRegisters() {}

    /** Whether this machine's processors have them. */
    static boolean needed() {
        try (Stream<String> lines = Files.lines(PROCESSORS)) {
            return lines.filter(line -> line.startsWith("flags"))
                    .findFirst()
                    .map(flags -> List.of(flags.split("\\s+")).contains(AMX))
                    .orElse(false);
        } catch (IOException e) {
            return false; // nobody says so
        }
    }

    /**
     * Compiles the help.
     *
     * @param source where it lies; the library is put beside it
     * @return the library, for LD_PRELOAD
     */
    static Path build(Path source) throws IOException {
        Path library = source.resolveSibling("registers.so");
        Path said = source.resolveSibling("registers.log");
        Process compiler = new ProcessBuilder(
                        COMPILER, "-O2", "-shared", "-fPIC", "-o", library.toString(), source.toString())
                .redirectErrorStream(true)
                .redirectOutput(said.toFile())
                .start();
        try {
            if (!compiler.waitFor(LONGEST_COMPILATION_SECONDS, TimeUnit.SECONDS) || compiler.exitValue() != 0) {
                throw new IOException(COMPILER + " does not compile " + source + ": " + Files.readString(said)
                        + " (gcc and libc6-dev are needed)");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(COMPILER + " was interrupted", e);
        } finally {
            compiler.destroyForcibly();
        }
        return library;
    }
}
