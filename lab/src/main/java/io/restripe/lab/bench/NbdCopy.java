package io.restripe.lab.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** The nbdcopy of libnbd, as it is. */
final class NbdCopy {
    private NbdCopy() {}

    /** How long a copy takes, with the start of the program. */
    static double seconds(String from, String to) throws IOException, InterruptedException {
        long began = System.nanoTime();
        run("nbdcopy", from, to);
        return (System.nanoTime() - began) / 1e9;
    }

    /** The size of an export. */
    static long bytes(String uri) throws IOException, InterruptedException {
        return Long.parseLong(run("nbdinfo", "--size", uri).strip());
    }

    private static String run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException(String.join(" ", command) + ": " + said);
        }
        return said;
    }
}
