package io.restripe.lab.kernel;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;

/** A guest over image files for a person: each line of standard input is a script, its output is printed. See docs/oracle.md. */
public final class KernelShell {
    private static final Duration LONGEST_SCRIPT = Duration.ofMinutes(5);

    /** Enough for a host process of ours, and a command that talks to it. */
    private static final int MEMORY_MIB = 512;

    private KernelShell() {}

    /** Arguments: a folder for the guest's files, then the images in order. */
    public static void main(String[] arguments) throws IOException {
        if (arguments.length == 0) {
            throw new IllegalArgumentException("usage: KernelShell FOLDER [IMAGE...]");
        }
        Map<Integer, Path> disks = new TreeMap<>();
        for (int i = 1; i < arguments.length; i++) {
            disks.put(i - 1, Path.of(arguments[i]));
        }
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        try (Guest guest = UserModeLinux.boot(Path.of(arguments[0]), disks, MEMORY_MIB)) {
            System.out.println("ready");
            for (String line = lines.readLine(); line != null && !line.equals("exit"); line = lines.readLine()) {
                Guest.Outcome outcome = guest.run(line, LONGEST_SCRIPT);
                System.out.print(outcome.output());
                if (outcome.died()) {
                    System.out.println("the guest died\n" + guest.consoleEnd());
                    return;
                }
                System.out.println("[" + outcome.exit() + "]");
            }
            guest.powerOff();
        }
    }
}
