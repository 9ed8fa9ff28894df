package io.restripe.lab.bench;

import io.restripe.node.rpc.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** One job of fio's against an NBD export. */
record Fio(Path folder, String uri) {
    private static final double NANOS_PER_MICRO = 1000;

    /**
     * What a job came to.
     *
     * @param rate requests a second
     * @param p50 microseconds, as the two that follow
     */
    record Outcome(double rate, double p50, double p99, double p999) {}

    /** A workload by fio's words, for example "randread 4k 32". */
    record Work(String name, String pattern, String block, int depth) {
        boolean writes() {
            return pattern.endsWith("write");
        }
    }

    private List<String> command(Work work, int rampSeconds, int seconds, long bytes, Path output) {
        return List.of(
                "fio",
                "--name=x",
                "--ioengine=nbd",
                "--uri=" + uri,
                "--rw=" + work.pattern(),
                "--bs=" + work.block(),
                "--iodepth=" + work.depth(),
                "--size=" + bytes,
                "--ramp_time=" + rampSeconds,
                "--runtime=" + seconds,
                "--time_based",
                "--output-format=json",
                "--output=" + output);
    }

    /** @param rampSeconds of the beginning that do not count */
    Process start(Work work, int rampSeconds, int seconds, long bytes, Path output) throws IOException {
        return new ProcessBuilder(command(work, rampSeconds, seconds, bytes, output))
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("fio.log").toFile())
                .start();
    }

    /** Runs it on the first so many bytes. */
    Outcome run(Work work, int seconds, long bytes) throws IOException, InterruptedException {
        Path output = Files.createTempFile(folder, "fio", ".json");
        Process process = start(work, 0, seconds, bytes, output);
        try {
            if (process.waitFor() != 0) {
                throw new IOException("fio failed: " + Files.readString(folder.resolve("fio.log")));
            }
            return outcome(work, output);
        } finally {
            process.destroyForcibly();
        }
    }

    static Outcome outcome(Work work, Path output) throws IOException {
        String text = Files.readString(output, StandardCharsets.UTF_8);
        Map<String, Object> all = Json.parse(text.substring(text.indexOf('{'))); // warnings may stand before it
        Map<?, ?> job = (Map<?, ?>) ((List<?>) all.get("jobs")).getFirst();
        Map<?, ?> side = (Map<?, ?>) job.get(work.writes() ? "write" : "read");
        Map<?, ?> times = (Map<?, ?>) ((Map<?, ?>) side.get("clat_ns")).get("percentile");
        if (times == null) {
            throw new IOException("fio counted no request of the job " + work.name() + ": it ended too early");
        }
        return new Outcome(
                ((Number) side.get("iops")).doubleValue(),
                micros(times, "50.000000"),
                micros(times, "99.000000"),
                micros(times, "99.900000"));
    }

    private static double micros(Map<?, ?> times, String quantile) {
        return ((Number) times.get(quantile)).doubleValue() / NANOS_PER_MICRO;
    }
}
