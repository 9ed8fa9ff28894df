package io.restripe.lab.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Something that serves a disk over NBD in a process of its own. */
interface Served extends AutoCloseable {
    String uri();

    /** The serving process. */
    long pid();

    @Override
    void close() throws IOException;

    /** CPU seconds that it has used since it began. */
    default double cpuSeconds() throws IOException {
        String stat = Files.readString(Path.of("/proc/" + pid() + "/stat"));
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
        return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) / 100.0;
    }

    /** nbdkit's file plugin on one file: the peer. */
    record Nbdkit(String uri, Process process) implements Served {
        /** @param parameters more of the plugin's, as "name=value" */
        static Nbdkit over(Path file, String... parameters) throws IOException {
            Path socket = file.resolveSibling("nbdkit.sock");
            Files.deleteIfExists(socket); // nbdkit leaves it behind
            List<String> command =
                    new ArrayList<>(List.of("nbdkit", "-f", "-U", socket.toString(), "file", file.toString()));
            command.addAll(List.of(parameters));
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(file.resolveSibling("nbdkit.log").toFile())
                    .start();
            awaitSocket(socket, process);
            return new Nbdkit("nbd+unix:///?socket=" + socket, process);
        }

        private static void awaitSocket(Path socket, Process process) throws IOException {
            for (int turn = 0; !Files.exists(socket); turn++) {
                if (turn > 1000 || !process.isAlive()) {
                    throw new IOException("nbdkit does not begin, see " + socket.resolveSibling("nbdkit.log"));
                }
                try {
                    TimeUnit.MILLISECONDS.sleep(10);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }
        }

        @Override
        public long pid() {
            return process.pid();
        }

        @Override
        public void close() {
            process.destroy();
        }
    }

    /** A volume of ours over files, in its host process, as a person starts it. */
    record Volume(Path folder, Path launcher, String container) implements Served {
        /** @param spare files of disks that are not members yet, besides */
        static Volume create(
                Path folder, Path launcher, String container, int level, int disks, int spare, long memberMib)
                throws IOException {
            Volume volume = new Volume(folder, launcher, container);
            List<String> command = new ArrayList<>(List.of(
                    "create",
                    container + "/data",
                    "--level=" + level,
                    "--raid-devices=" + disks,
                    "--file-size=" + memberMib + "M"));
            if (level != 0) {
                command.add("--assume-clean"); // new files hold zeroes
            }
            if (spare > 0) {
                command.add("--spare-devices=" + spare);
            }
            for (int i = 0; i < disks + spare; i++) {
                command.add(container + "-" + i + ".img");
            }
            volume.restripe(command.toArray(String[]::new));
            return volume;
        }

        /** A command of ours; what it says. */
        String restripe(String... arguments) throws IOException {
            List<String> command = new ArrayList<>(List.of(launcher.toString()));
            command.addAll(List.of(arguments));
            ProcessBuilder builder =
                    new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true);
            builder.environment().put("RESTRIPE_RUN", folder.resolve("run").toString());
            Process process = builder.start();
            String said = new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
            try {
                if (process.waitFor() != 0) {
                    throw new IOException(String.join(" ", command) + ": " + said);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            return said;
        }

        private Path run() {
            return folder.resolve("run").resolve(container);
        }

        @Override
        public String uri() {
            return "nbd+unix:///data?socket=" + run().resolve("nbd.sock");
        }

        @Override
        public long pid() {
            try {
                return Long.parseLong(
                        Files.readString(run().resolve("host.pid")).strip());
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        }

        @Override
        public void close() throws IOException {
            restripe("stop", container);
        }
    }
}
