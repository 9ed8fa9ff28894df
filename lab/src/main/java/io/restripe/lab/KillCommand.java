package io.restripe.lab;

import io.restripe.lab.kill.Result;
import io.restripe.lab.kill.Rounds;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** {@code lab kill}: rounds of real processes that are killed while they reshape real files in use. */
final class KillCommand {
    private final Arguments arguments;
    private final PrintStream out;

    KillCommand(Arguments arguments, PrintStream out) {
        this.arguments = arguments;
        this.out = out;
    }

    /** @return 0 when every round was right */
    int run() {
        long seed = arguments.number("seed", 1);
        long rounds = arguments.number("runs", 10);
        long began = System.nanoTime();
        long kills = 0;
        long wrong = 0;
        try {
            Path folder = arguments.has("folder")
                    ? Path.of(arguments.text("folder"))
                    : Files.createTempDirectory("restripe-kill-");
            Rounds all = new Rounds(folder);
            for (long round = 0; round < rounds; round++) {
                Result result = all.run(seed + round);
                out.println(result);
                kills += result.kills().size();
                wrong += result.failure() == null ? 0 : 1;
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        out.printf(
                "%d rounds from seed %d, %d kills, %d wrong, %.0f s%n",
                rounds, seed, kills, wrong, (System.nanoTime() - began) / 1e9);
        return wrong == 0 ? 0 : 1;
    }
}
