package io.restripe.lab;

import io.restripe.lab.soak.Soak;
import java.io.PrintStream;
import java.nio.file.Path;

/** {@code lab soak}: a simulated day of containers, in a row of histories that can be interrupted and gone on with. */
final class SoakCommand {
    private static final String DAY = "24";

    private final Arguments arguments;
    private final PrintStream out;

    SoakCommand(Arguments arguments, PrintStream out) {
        this.arguments = arguments;
        this.out = out;
    }

    /** @return 0 when nothing was wrong */
    int run() {
        Path file = arguments.has("file") ? Path.of(arguments.text("file")) : null;
        Soak soak = new Soak(file, arguments.number("seed", 1), out);
        try {
            if (arguments.has("history")) {
                soak.live(arguments.number("history", 0));
            } else {
                soak.run(Double.parseDouble(arguments.has("hours") ? arguments.text("hours") : DAY));
            }
            return 0;
        } catch (IllegalStateException e) {
            out.println("WRONG " + e.getMessage());
            return 1;
        }
    }
}
