package io.restripe.node.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What tests need that make volumes block devices through FUSE and loop. */
public final class AttachingMachine {
    private AttachingMachine() {}

    /**
     * Skips the test on a machine that cannot, and fails it there under CI.
     *
     * @param programs paths of what else it needs
     */
    public static void assumed(String... programs) {
        List<String> needed = new ArrayList<>(List.of("/dev/fuse", "/dev/loop-control"));
        needed.addAll(List.of(programs));
        List<String> missing = new ArrayList<>();
        for (String path : needed) {
            if (!Files.exists(Path.of(path))) {
                missing.add(path);
            }
        }
        if (!"root".equals(System.getProperty("user.name"))) {
            missing.add("root");
        }
        boolean able = missing.isEmpty();
        assertThat(able || !"true".equals(System.getenv("CI")))
                .as("no test may be skipped under CI, and this is missing: " + missing)
                .isTrue();
        assumeTrue(able, "missing: " + missing + " (apt-get install e2fsprogs fio; run as root)");
    }
}
