package io.restripe.node.device;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;

/**
 * Makes a file that this process serves, and the loop device over it, as large as they are now: by programs of the system, since the kernel
 * asks this process meanwhile. A thread of its own that waited for the answer would outlive a kill -9, and keep the members' locks with it; a
 * program has no locks, and the next host process answers it (docs of {@link io.restripe.fuse.FuseMount#sizeBytes}).
 */
final class FollowedSize {
    /** For {@code losetup}, which not everybody's PATH leads to. */
    private static final String TOOLS = "PATH=$PATH:/usr/sbin:/sbin:/usr/bin:/bin\n";

    private static final String SET_LENGTH = TOOLS + "truncate -c -s \"$1\" \"$2\" && losetup -c \"$3\"";
    /** What nobody writes the kernel need not be told: no write makes it forget the answer. */
    private static final String ASK_LENGTH = TOOLS + "stat \"$2\" >/dev/null && losetup -c \"$3\"";

    private FollowedSize() {}

    /** @param lengthBytes what the file says that it has; empty where it is not written and so only asked for */
    static void set(Path file, OptionalLong lengthBytes, Path device) throws IOException {
        String script = lengthBytes.isPresent() ? SET_LENGTH : ASK_LENGTH;
        List<String> command = List.of(
                "/bin/sh",
                "-c",
                script,
                "sh",
                Long.toString(lengthBytes.orElse(0)),
                file.toString(),
                device.toString());
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        try {
            process.getOutputStream().close();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (process.waitFor() != 0) {
                throw new IOException("cannot set the size of " + device + ": " + said.strip());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while the size of " + device + " is set", e);
        } finally {
            process.destroyForcibly();
        }
    }
}
