package io.restripe.array.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MdObjectsTest {
    @TempDir
    private Path folder;

    @Test
    void an_mdadm_that_only_watches_is_not_at_work() throws Exception {
        for (String word : List.of("--monitor", "--mon", "--follow", "-F", "-Fs")) {
            assertThat(seenWhileItRuns(word, "--scan")).as(word).isFalse();
        }
        for (String word : List.of("--grow", "--wait", "-G", "--")) {
            assertThat(seenWhileItRuns(word, "--raid-devices=4")).as(word).isTrue();
        }
    }

    /** A program of that name which does nothing. */
    private boolean seenWhileItRuns(String... words) throws IOException, InterruptedException {
        Path mdadm = folder.resolve("mdadm");
        Files.deleteIfExists(mdadm);
        Files.copy(Path.of("/bin/bash"), mdadm, java.nio.file.StandardCopyOption.COPY_ATTRIBUTES);
        List<String> command = new ArrayList<>(List.of(mdadm.toString(), "-c", "echo runs; read -r", "mdadm"));
        command.addAll(List.of(words));
        Process process = new ProcessBuilder(command).start();
        try {
            assertThat(process.inputReader().readLine()).isEqualTo("runs");
            return MdObjects.isMdadmRunning();
        } finally {
            process.destroyForcibly().waitFor();
        }
    }
}
