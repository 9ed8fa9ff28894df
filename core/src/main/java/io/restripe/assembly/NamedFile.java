package io.restripe.assembly;

import io.restripe.disk.Serials;
import io.restripe.rule.Problem;
import io.restripe.rule.ProblemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** A file or device as people name it, {@code PATH} or {@code PATH@SERIAL}, taken apart. */
record NamedFile(Path path, Optional<String> serial) {
    private static final String WHAT = "cannot open member";

    /** The whole text is a path when there is such a file; else what follows the last @ is a serial. */
    static NamedFile parse(String member) throws ProblemException {
        int at = member.lastIndexOf('@');
        Path whole = Path.of(member);
        if (at < 0) {
            return new NamedFile(whole, Optional.empty());
        }
        Path before = Path.of(member.substring(0, at));
        if (Files.exists(whole)) {
            if (at > 0 && Files.isRegularFile(before)) {
                throw new ProblemException(new Problem(
                        WHAT,
                        member,
                        "there is a file " + before + " and a file " + whole + ", so that it could mean either",
                        "Use a symbolic link without an @ in its name, followed by @SERIAL where it needs one"));
            }
            return new NamedFile(whole, Optional.empty());
        }
        String serial = Serials.normalise(member.substring(at + 1));
        if (at == 0 || serial.isEmpty()) {
            throw new ProblemException(new Problem(
                    WHAT,
                    member,
                    (at == 0 ? "there is no path before" : "there is no serial behind") + " its last @",
                    "Name it PATH or PATH@SERIAL"));
        }
        return new NamedFile(before, Optional.of(serial));
    }
}
