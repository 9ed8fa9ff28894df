package io.restripe.lab;

import io.restripe.lab.kill.Load;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** {@code lab load}: minutes of real load over NBD on a real host, with kills and members that fail. */
final class LoadCommand {
    private final Arguments arguments;
    private final PrintStream out;

    LoadCommand(Arguments arguments, PrintStream out) {
        this.arguments = arguments;
        this.out = out;
    }

    /** @return 0 when every acknowledged byte was there */
    int run() {
        try {
            Path folder = arguments.has("folder")
                    ? Files.createDirectories(Path.of(arguments.text("folder")))
                    : Files.createTempDirectory("restripe-load-");
            Load load = new Load(folder, arguments.number("seed", 1), out);
            String wrong = load.run(arguments.number("minutes", 10));
            out.println(load);
            out.println(wrong == null ? "everything that was acknowledged is there" : "WRONG " + wrong);
            out.println("files in " + folder);
            return wrong == null ? 0 : 1;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
