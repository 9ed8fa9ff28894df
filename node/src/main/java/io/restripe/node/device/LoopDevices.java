package io.restripe.node.device;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** What sysfs tells of loop devices. Stateless. */
final class LoopDevices {
    private static final Path BLOCK = Path.of("/sys/block");

    private LoopDevices() {}

    /** The loop device whose contents are that file. */
    static Optional<Path> of(Path file) throws IOException {
        try (DirectoryStream<Path> loops = Files.newDirectoryStream(BLOCK, "loop*")) {
            for (Path loop : loops) {
                if (backs(file, loop)) {
                    return Optional.of(Path.of("/dev", loop.getFileName().toString()));
                }
            }
        }
        return Optional.empty();
    }

    /** Whether the device is still the file's. */
    static boolean isOf(Path device, Path file) {
        return backs(file, BLOCK.resolve(device.getFileName().toString()));
    }

    private static boolean backs(Path file, Path loop) {
        try {
            return Files.readString(loop.resolve("loop/backing_file")).strip().equals(file.toString());
        } catch (IOException e) {
            return false; // there is none behind it
        }
    }
}
