package io.restripe.lab.kill;

import io.restripe.array.ArrayControl;
import io.restripe.array.Attribute;
import io.restripe.array.AttributeException;
import io.restripe.assembly.Assembly;
import io.restripe.disk.FileDisk;
import io.restripe.host.ArrayHost;
import io.restripe.host.LoneManager;
import io.restripe.host.LoneMonitor;
import io.restripe.reshape.GrowRequest;
import io.restripe.rule.ProblemException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * One actor as a process: {@code array}, {@code monitor} or {@code manager} over the members of a round's folder. The process of the
 * arrays also is their users.
 */
final class Actor {
    private static final String SAFE_MODE_DELAY = "0.200";
    private static final long LOOK_NANOS = 10_000_000;
    private static final PrintStream OUT = new PrintStream(System.out, true, StandardCharsets.UTF_8);

    private final Round round;
    private final Path arrays;
    private final Path monitor;

    private Actor(Round round) {
        this.round = round;
        this.arrays = round.folder().resolve("arrays.sock");
        this.monitor = round.folder().resolve("monitor.sock");
    }

    /** Role, folder, case, seed, and of the arrays the number of their life and their speed in KiB/s. */
    public static void main(String[] args) throws Exception {
        Actor actor = new Actor(new Round(Path.of(args[1]), KillCase.valueOf(args[2]), Long.parseLong(args[3])));
        switch (args[0]) {
            case "array" -> actor.array(Long.parseLong(args[4]), args[5]);
            case "monitor" -> actor.monitor();
            case "manager" -> actor.manager();
            default -> throw new IllegalArgumentException(args[0]);
        }
    }

    private void array(long life, String speed) throws ProblemException, IOException {
        Files.deleteIfExists(arrays);
        Assembly assembly = Assembly.look(round.format(), round.open(FileDisk.Access.EXCLUSIVE));
        assembly.recover(new Assembly.Options(false, false));
        try (ArrayHost host = ArrayHost.start(round.env(), Round.CONTAINER, assembly, arrays)) {
            for (int volume = 0; volume < round.which().volumes(); volume++) {
                ArrayControl control = host.control(name(volume));
                control.write(Attribute.SAFE_MODE_DELAY, SAFE_MODE_DELAY);
                round.env().start("limit", () -> limit(control, speed));
            }
            OUT.println("ready");
            Users users = Users.start(
                    round.env(),
                    round,
                    volume -> new Target.OnDisk(host.volume(name(volume))),
                    round.seed() + 1000 * life);
            obey(host, users);
        }
    }

    /** A RAID0 takes a limit only once it relocates. */
    private void limit(ArrayControl control, String speed) {
        while (true) {
            try {
                control.write(Attribute.SYNC_SPEED_MAX, speed);
                return;
            } catch (AttributeException e) {
                round.env().sleepNanos(LOOK_NANOS);
            }
        }
    }

    private static String name(int volume) {
        return Round.CONTAINER + "/" + KillCase.volumeName(volume);
    }

    private static void obey(ArrayHost host, Users users) throws IOException {
        BufferedReader commands = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String command = commands.readLine(); command != null; command = commands.readLine()) {
            switch (command) {
                case "fast" -> {
                    for (int volume = 0; volume < users.volumes(); volume++) {
                        hurry(host.control(name(volume)));
                    }
                }
                case "quiet" -> {
                    String lost = users.end();
                    OUT.println((lost == null ? "quiet" : "lost " + lost) + " " + users.writtenBlocks()
                            + " blocks written, " + users.verifiedBlocks() + " verified");
                }
                default -> throw new IOException("command " + command);
            }
        }
    }

    /** What is owed to parity need not be slow; and a RAID0 that has become a RAID5 had no delay to keep. */
    private static void hurry(ArrayControl control) throws AttributeException {
        if (!control.read(Attribute.LEVEL).strip().equals("raid0")) {
            control.write(Attribute.SYNC_SPEED_MAX, "1000000");
            control.write(Attribute.SAFE_MODE_DELAY, SAFE_MODE_DELAY);
        }
    }

    private void monitor() throws ProblemException, IOException {
        Files.deleteIfExists(monitor);
        try (LoneMonitor lone = LoneMonitor.start(
                round.env(),
                Round.CONTAINER,
                round.format(),
                round.open(FileDisk.Access.BESIDE_OWNER),
                arrays,
                monitor)) {
            OUT.println("ready " + lone.monitor().container().generation());
            System.in.transferTo(System.out); // until the end of its input
        }
    }

    private void manager() throws ProblemException, IOException {
        try (LoneManager lone = new LoneManager(
                round.env(),
                Round.CONTAINER,
                round.format(),
                round.open(FileDisk.Access.BESIDE_OWNER),
                arrays,
                monitor)) {
            OUT.println("ready");
            Optional<GrowRequest> request = round.isRecordedBegun()
                    ? Optional.empty()
                    : Optional.of(round.which().request());
            lone.run(request);
        }
    }
}
