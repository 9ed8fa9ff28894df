package io.restripe.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The real loop devices of this machine. */
class LoopDeviceTest {
    private static final int BLOCK_BYTES = 512;

    @TempDir
    Path folder;

    @Test
    void a_device_whose_last_user_forbade_discards_takes_them_from_the_next() throws Exception {
        assumeTrue(Files.isWritable(Path.of("/dev/loop-control")), "no loop devices here, or not for this user");
        Path file = folder.resolve("a.img");
        try (SystemFile made =
                SystemFile.open(file, EnumSet.of(SystemFile.Option.WRITE, SystemFile.Option.CREATE_NEW))) {
            made.truncate(1 << 20);
        }
        Path forbidding = bind(file);
        try {
            Files.writeString(limit(forbidding), "0");
        } finally {
            LoopDevice.release(forbidding);
        }
        Path next = bind(file);
        try {
            assertThat(Files.readString(limit(next)).strip()).isNotEqualTo("0");
        } finally {
            LoopDevice.release(next);
        }
    }

    private static Path bind(Path file) throws Exception {
        try (SystemFile open = SystemFile.open(file, EnumSet.of(SystemFile.Option.WRITE, SystemFile.Option.DIRECT))) {
            return LoopDevice.bind(open, file, BLOCK_BYTES, false);
        }
    }

    private static Path limit(Path device) {
        return Path.of("/sys/block").resolve(device.getFileName()).resolve("queue/discard_max_bytes");
    }
}
