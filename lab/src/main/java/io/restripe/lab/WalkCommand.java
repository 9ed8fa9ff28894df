package io.restripe.lab;

import io.restripe.lab.walk.Bounds;
import io.restripe.lab.walk.Walk;
import java.io.PrintStream;

/** {@code lab walk}: all states of manager, monitor and array for given bounds. */
final class WalkCommand {
    private final Arguments arguments;
    private final PrintStream out;

    WalkCommand(Arguments arguments, PrintStream out) {
        this.arguments = arguments;
        this.out = out;
    }

    /** @return 0 when every state was right */
    int run() {
        long states = 0;
        boolean good = true;
        for (Bounds bounds : Bounds.named(arguments.text("bounds"))) {
            long began = System.nanoTime();
            Walk.Result result = new Walk(bounds, arguments.count("most", 20_000_000)).run();
            out.printf("%s, %.1f s%n", result, (System.nanoTime() - began) / 1e9);
            states += result.states();
            good &= result.broken() == null;
        }
        out.println(states + " states");
        return good ? 0 : 1;
    }
}
