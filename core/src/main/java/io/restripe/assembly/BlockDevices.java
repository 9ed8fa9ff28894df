package io.restripe.assembly;

import io.restripe.os.FileStatus;
import io.restripe.os.FileStatus.Kind;
import io.restripe.os.SystemCallException;
import io.restripe.rule.ProblemException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;

/** Which members, as people name them, are block devices. Stateless. */
public final class BlockDevices {
    private BlockDevices() {}

    /** The device that a member is; empty when it is a file, on a server, or not there. */
    public static Optional<Path> of(String member) {
        if (MemberOpener.isRemote(member)) {
            return Optional.empty();
        }
        try {
            Path path = NamedFile.parse(member).path();
            return FileStatus.of(path).kind() == Kind.BLOCK_DEVICE ? Optional.of(path) : Optional.empty();
        } catch (ProblemException | SystemCallException | InvalidPathException e) {
            return Optional.empty(); // opening it tells what is wrong with it
        }
    }
}
