package io.restripe.node.cli;

import io.restripe.rule.Problem;
import io.restripe.rule.ProblemException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import picocli.CommandLine.Model.CommandSpec;

/** Writes the man pages and the shell completion into a folder: for the source tree and for packages. */
final class ManualVerb extends Verb {
    ManualVerb() {
        super("manual", "Write the man pages and the bash completion");
    }

    @Override
    boolean hidden() {
        return true;
    }

    @Override
    void describe(CommandSpec spec) {
        arguments(spec, "FOLDER", "FOLDER", "Where to, in the source tree: docs/man");
    }

    @Override
    int run(Line line, Session session) throws ProblemException {
        Path folder = Path.of(line.first("FOLDER"));
        line.atMost(1);
        try {
            Files.createDirectories(folder);
            for (Map.Entry<String, String> page : ManPages.all().entrySet()) {
                Files.writeString(folder.resolve(page.getKey()), page.getValue());
            }
        } catch (IOException e) {
            throw new ProblemException(
                    new Problem(
                            "cannot write the manual",
                            folder.toString(),
                            String.valueOf(e.getMessage()),
                            "Name a folder that can be written"),
                    e);
        }
        return Main.OK;
    }
}
