package io.restripe.node.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.restripe.node.rpc.RunFolder;
import io.restripe.node.rpc.VolumeStatus;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

/** Reshapes, rebuilds and what people ask for meanwhile; a low speed limit keeps them under way. */
class BackgroundWorkTest extends ArrayFiles {
    private static final String CREATE = "create c0/v0 --level=5 -n3 --file-size=32M --assume-clean @a @b @c";

    private static final int SIGINT = 2;

    private VolumeStatus volume() {
        return status().volumes().getFirst();
    }

    private void await(Predicate<VolumeStatus> reached) throws InterruptedException {
        while (!reached.test(volume())) {
            Thread.sleep(50);
        }
    }

    @Test
    void a_paused_reshape_stands_until_it_is_continued() throws Exception {
        good(CREATE);
        byte[] data = bytes(9_000_000, 1);
        good(data, "write c0/v0");
        refused("grow c0 --pause", "no reshape is under way");
        good("grow c0 -n4 --speed-limit=1024 --file-size=32M --add @d");
        assertThat(good("grow c0 --pause").out).contains("restripe grow c0 --continue");
        await(v -> v.work().phase().equals("paused"));
        assertThat(volume().work().speedKib()).isEqualTo(-1);
        good("grow c0 --speed-limit=0");
        refused("wait c0 --timeout=1", "not done yet");
        assertThat(volume().work().phase()).isEqualTo("paused");
        good("stop c0");
        Invocation cat = good("cat --length=9000000 @a @b @c @d");
        assertSame(cat.data, data);
        assertThat(cat.err).contains("note: v0 is half-way to raid5 of 4");
        good("assemble c0 @a @b @c @d");
        good("grow c0 --speed-limit=1024");
        good("grow c0 --pause");
        await(v -> v.work().phase().equals("paused"));
        good("grow c0 --speed-limit=0");
        good("grow c0 --continue --wait");
        assertThat(volume().shape().raidDevices()).isEqualTo(4);
        assertSame(good("cat c0/v0 --length=9000000").data, data);
    }

    @Test
    void how_long_writes_were_held_is_told() throws Exception {
        good(CREATE);
        assertThat(good("detail c0/v0").out).doesNotContain("Held:");
        assertThat(restripe("grow c0 --max-hold=0").status).isEqualTo(2);
        good("grow c0 -n4 --max-hold=20 --speed-limit=1024 --file-size=32M --add @d");
        good(bytes(9_000_000, 1), "write c0/v0"); // comes to the place where the reshape is
        good("grow c0 --speed-limit=0 --wait");
        assertThat(good("detail c0/v0").out).containsPattern("Held: +\\d+ requests waited .* longest [0-9.]+ ms");
        assertThat(volume().holds().count()).isPositive();
    }

    @Test
    void what_is_under_way_keeps_a_reshape_out_and_wait_sees_the_rebuild_behind_a_reshape() throws Exception {
        good(CREATE);
        byte[] data = bytes(9_000_000, 2);
        good(data, "write c0/v0");
        good("grow c0 --speed-limit=1024");
        good("fail c0/v0 @a");
        good("remove c0 @a");
        good("add c0 --file-size=32M @d");
        refused("grow c0 -n4 --file-size=32M --add @e", "resync or rebuild is not finished", "restripe wait c0");
        refused("grow c0 --pause", "no reshape is under way");
        good("grow c0 --speed-limit=0");
        // With --wait it is waited for first.
        good("grow c0 -n4 --wait --file-size=32M --add @e");
        good("add c0 --file-size=32M @f @g");
        good("grow c0 --speed-limit=1024");
        good("grow c0 -n5");
        refused("grow c0 -n6", "cannot reshape");
        good("fail c0/v0 @b");
        refused("fail c0/v0 @c", "no redundancy left");
        good("grow c0 --speed-limit=0");
        good("wait c0");
        assertThat(volume().degraded()).isZero();
        assertThat(volume().shape().raidDevices()).isEqualTo(5);
        assertSame(good("cat c0/v0 --length=9000000").data, data);
    }

    @Test
    void a_first_resync_keeps_a_reshape_out_until_it_is_over() throws Exception {
        good("create c0/v0 --level=5 -n3 --file-size=256M --sparse @a @b @c");
        good("grow c0 --speed-limit=1024");
        assertThat(volume().work().action()).isEqualTo("resync");
        refused("grow c0 -n4 --file-size=256M --sparse --add @d", "volume v0", "resync or rebuild is not finished");
        assertThat(folder.resolve("d.img")).doesNotExist();
        refused("grow c0 --pause", "no reshape is under way");
        good("grow c0 --speed-limit=0");
        good("wait c0");
        good("grow c0 -n4 --file-size=256M --sparse --plan --add @d");
    }

    @Test
    void two_changes_at_once_are_refused_as_that_whatever_disks_there_are() {
        good(CREATE);
        good("add c0 --file-size=32M @d");
        refused("grow c0 -n4 -c128", "new members and a new chunk at once", "one after the other");
        refused("grow c0 -n5", "5 disks need 2 spares, the container has 1", "restripe add c0 MEMBER");
    }

    @Test
    void in_the_foreground_a_signal_stops_it_cleanly_with_status_0() throws Exception {
        good(CREATE + " --no-start");
        for (String signal : List.of("INT", "TERM")) {
            Process command = start("assemble", "c0", "--foreground", "@a", "@b", "@c");
            while (!Files.readString(folder.resolve("err")).contains("In the foreground") && command.isAlive()) {
                Thread.sleep(50);
            }
            good("detail c0");
            assertThat(command.isAlive()).isTrue();
            send(signal, command);
            assertThat(command.waitFor()).isZero();
            assertThat(good("status").out).contains("No array is running");
            assertThat(run().resolve("c0/host.pid")).doesNotExist();
        }
    }

    private static void send(String signal, Process to) throws Exception {
        // Whoever runs this test in the background ignores Ctrl-C, and processes inherit that.
        String heard = signal.equals("INT") && ignoresInterrupts(to) ? "TERM" : signal;
        new ProcessBuilder("kill", "-" + heard, Long.toString(to.pid())).start().waitFor();
    }

    private static boolean ignoresInterrupts(Process process) throws Exception {
        try (var lines = Files.lines(Path.of("/proc", Long.toString(process.pid()), "status"))) {
            String ignored = lines.filter(line -> line.startsWith("SigIgn:"))
                    .findFirst()
                    .orElseThrow()
                    .replaceAll("SigIgn:\\s*", "");
            return (Long.parseUnsignedLong(ignored, 16) & 1L << SIGINT - 1) != 0;
        }
    }

    private Process start(String... words) throws Exception {
        List<String> line = new ArrayList<>(List.of(
                System.getProperty("java.home") + "/bin/java",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName()));
        for (String word : words) {
            line.add(
                    word.startsWith("@")
                            ? folder.resolve(word.substring(1) + ".img").toString()
                            : word);
        }
        ProcessBuilder builder = new ProcessBuilder(line)
                .redirectOutput(folder.resolve("out").toFile())
                .redirectError(folder.resolve("err").toFile());
        builder.environment().put("RESTRIPE_RUN", run().toString());
        return builder.start();
    }

    @Test
    void the_demonstration_survives_and_leaves_nothing() {
        Invocation demo = good("demo --cuts=1 --file-size=32M --folder=" + folder.resolve("demo"));
        assertThat(demo.out + demo.err).contains("POWER CUT 1", "SURVIVED: 1 power cuts");
        assertThat(folder.resolve("demo")).doesNotExist();
    }

    @Test
    void an_interrupted_wait_leaves_the_work_to_go_on() throws Exception {
        good(CREATE);
        newFile("d");
        Process grow = start("grow", "c0", "-n4", "--speed-limit=1024", "--wait", "--add", "@d");
        while (!Files.readString(folder.resolve("err")).contains("reshape") && grow.isAlive()) {
            Thread.sleep(20);
        }
        send("INT", grow);
        assertThat(grow.waitFor()).isNotZero();
        assertThat(Files.readString(folder.resolve("err"))).contains("Follow it: restripe wait c0");
        assertThat(volume().work().action()).isEqualTo("reshape");
        good("grow c0 --speed-limit=0");
        good("wait c0");
        assertThat(volume().shape().raidDevices()).isEqualTo(4);
    }

    @Test
    void an_interrupted_demonstration_leaves_no_process_and_no_file() throws Exception {
        Path made = folder.resolve("demo");
        Process demo = start("demo", "--file-size=32M", "--folder=" + made);
        while (!Files.readString(folder.resolve("out")).contains("$ restripe grow") && demo.isAlive()) {
            Thread.sleep(20);
        }
        long host = new RunFolder(made.resolve("run")).pid("demo").orElseThrow();
        ProcessHandle running = ProcessHandle.of(host).orElseThrow();
        send("INT", demo);
        assertThat(demo.waitFor()).isNotZero();
        running.onExit().get();
        assertThat(made).doesNotExist();
        assertThat(Files.readString(folder.resolve("err")))
                .contains("Interrupted.")
                .doesNotContain("not all of it");
    }
}
