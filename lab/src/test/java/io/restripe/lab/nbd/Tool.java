package io.restripe.lab.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A program of somebody else, found on the path. */
record Tool(String name) {
    private static final long LONGEST_SECONDS = 120;

    /** What a program said, errors included, and its exit code. */
    record Outcome(int code, String output) {
        Outcome succeeded() {
            assertThat(code).as(output).isZero();
            return this;
        }
    }

    /** Skips, saying why, where the program is missing; fails where that would be hidden from everybody: under CI. */
    static Tool found(String name, String debianPackage) {
        boolean there = Arrays.stream(System.getenv("PATH").split(File.pathSeparator, -1))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, name)));
        String why = name + " is not installed (apt-get install " + debianPackage + ")";
        if ("true".equals(System.getenv("CI"))) {
            assertThat(there).as(why).isTrue();
        }
        assumeTrue(there, why);
        return new Tool(name);
    }

    private ProcessBuilder command(String... arguments) {
        List<String> command = new ArrayList<>(List.of(name));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command).redirectErrorStream(true);
    }

    /** Runs it to its end. */
    Outcome run(Path folder, String... arguments) throws IOException, InterruptedException {
        Path output = Files.createTempFile(folder, name, ".out");
        Process process = command(arguments)
                .directory(folder.toFile())
                .redirectOutput(output.toFile())
                .start();
        try {
            assertThat(process.waitFor(LONGEST_SECONDS, TimeUnit.SECONDS))
                    .as("%s ends", name)
                    .isTrue();
        } finally {
            process.destroyForcibly();
        }
        return new Outcome(process.exitValue(), Files.readString(output, StandardCharsets.UTF_8));
    }
}
