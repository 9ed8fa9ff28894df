package io.restripe.lab.kill;

import io.restripe.assembly.Assembly;
import io.restripe.assembly.MemberOpener;
import io.restripe.assembly.OfflineVolume;
import io.restripe.disk.FileDisk;
import io.restripe.env.Env;
import io.restripe.env.SystemEnv;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.MetadataFormat;
import io.restripe.metadata.Volume;
import io.restripe.metadata.imsm.ImsmFormat;
import io.restripe.node.daemon.GrowArguments;
import io.restripe.node.daemon.NewFiles;
import io.restripe.node.rpc.Json;
import io.restripe.rule.ProblemException;
import io.restripe.unit.Units;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.SplittableRandom;

/**
 * Minutes of real load with faults: a host process whose members are files and disks on servers, all of which forget what was not flushed
 * when their process dies; users over NBD; one reshape after another. In one reshape the host is killed again and again, and servers come
 * back within the time that they have; in the next a server never does, its member fails, the reshape goes on degraded, and another disk
 * takes its place. Nothing is killed while a member is missing: what is being written then may be lost with the host.
 */
public final class Load {
    private static final long MEMBER_MIB = 96;
    private static final int MOST_MEMBERS = 7;
    private static final int USERS = 4;
    /** In one reshape: it is to come to its end. */
    private static final int MOST_KILLS = 8;

    private static final int SPEED_KIB = 3000;
    private static final long SECOND = 1_000_000_000L;

    private final Env env = new SystemEnv();
    private final Path folder;
    private final long seed;
    private final SplittableRandom random;
    private final PrintStream out;
    private final LoadMachine machine;
    private int members = 3;
    private int chunkKib = 64;
    private String server;
    private LoadUsers users;
    private int reshapes;
    private int hostKills;
    private int serverKills;
    private int failures;

    /** @param folder an empty one, which is left as it is at the end */
    public Load(Path folder, long seed, PrintStream out) {
        this.folder = folder;
        this.seed = seed;
        this.random = new SplittableRandom(seed);
        this.out = out;
        this.machine = new LoadMachine(env, folder, Units.sectorsOfBytesExact((MEMBER_MIB + 8) << 20));
    }

    /**
     * Goes on for so long, and finishes what is under way then.
     *
     * @return null when every byte that was acknowledged is there; else what is wrong
     */
    public String run(long minutes) {
        long blocks = 2 * (MEMBER_MIB << 20) / Ledger.BLOCK_BYTES;
        try (Ledger ledger = new Ledger(folder.resolve("ledger"), seed, Math.toIntExact(blocks))) {
            try {
                under(ledger, minutes);
            } finally {
                machine.end();
                if (users != null) {
                    users.abandon(); // before the ledger goes
                }
            }
            return null;
        } catch (ProblemException e) {
            return e.problem().text();
        } catch (IOException | User.Wrong e) {
            return e.getMessage();
        }
    }

    private void under(Ledger ledger, long minutes) throws ProblemException, IOException, User.Wrong {
        begin(ledger);
        long end = env.nanoTime() + minutes * 60 * SECOND;
        for (int turn = 0; env.nanoTime() - end < 0; turn++) {
            users.requireRight();
            if (turn % 3 == 1) {
                loseAMember();
            } else {
                killAllTheWhile();
            }
            out.println(this);
        }
        finish(ledger);
    }

    private void begin(Ledger ledger) throws IOException {
        String first = machine.newFile();
        String second = machine.newFile();
        server = machine.newServer();
        machine.restripe(
                "create",
                Round.CONTAINER + "/" + KillCase.volumeName(0),
                "--level=5",
                "-n3",
                "--assume-clean",
                "--size=" + MEMBER_MIB + "M",
                first,
                second,
                server);
        machine.restripe("stop", Round.CONTAINER);
        machine.startHost();
        users = LoadUsers.start(env, machine.run(), ledger, USERS, random.split());
    }

    /** A disk more, or another chunk. */
    private void reshape() throws ProblemException, IOException {
        machine.awaitIdle();
        machine.call("speed-limit", Json.map("kib", SPEED_KIB));
        OptionalInt disks = OptionalInt.empty();
        OptionalInt chunk = OptionalInt.empty();
        List<String> joining = List.of();
        if (members < MOST_MEMBERS && reshapes % 2 == 0) {
            disks = OptionalInt.of(++members);
            joining = List.of(machine.newFile());
        } else {
            chunkKib = chunkKib == 64 ? 128 : 64;
            chunk = OptionalInt.of(chunkKib);
        }
        String volume = disks.isPresent() ? "" : KillCase.volumeName(0);
        machine.call(
                "grow", new GrowArguments(volume, disks, chunk, OptionalInt.empty(), NewFiles.NONE, joining).toMap());
        reshapes++;
    }

    private void killAllTheWhile() throws ProblemException, IOException {
        reshape();
        int left = MOST_KILLS;
        while (left > 0 && !machine.isIdleWithin(1000 + random.nextInt(9000))) {
            left--;
            if (random.nextInt(5) < 3) {
                machine.killHost();
                hostKills++;
                machine.startHost();
                machine.call("speed-limit", Json.map("kib", SPEED_KIB));
            } else {
                machine.killServer(server, false);
                serverKills++;
                env.sleepNanos(random.nextLong(3 * SECOND));
                machine.startServer(server);
                env.sleepNanos(2 * SECOND);
                if (machine.volume().degraded() > 0) {
                    throw new IOException("a server that came back was too late: this machine is too busy");
                }
            }
        }
    }

    private void loseAMember() throws ProblemException, IOException {
        reshape();
        env.sleepNanos(random.nextLong(4 * SECOND));
        String lost = server;
        machine.killServer(lost, true);
        machine.awaitDegraded();
        failures++;
        machine.awaitIdle();
        server = machine.newServer();
        machine.call("speed-limit", Json.map("kib", 0));
        machine.add(server);
        machine.awaitIdle();
        if (machine.volume().degraded() != 0) {
            throw new IOException("not rebuilt: " + machine.volume());
        }
        machine.call("remove", Json.map("member", lost));
    }

    private void finish(Ledger ledger) throws ProblemException, IOException, User.Wrong {
        machine.call("speed-limit", Json.map("kib", 0));
        machine.awaitIdle();
        users.end();
        machine.stopHost();
        offline(ledger);
        String[] check = new String[machine.members().size() + 1];
        check[0] = "check";
        for (int i = 1; i < check.length; i++) {
            check[i] = machine.members().get(i - 1);
        }
        machine.restripe(check);
    }

    /** Everything from the members alone: from all of them, and without each one. */
    private void offline(Ledger ledger) throws ProblemException, IOException, User.Wrong {
        MetadataFormat format = new ImsmFormat(env);
        List<MemberDisk> disks = new MemberOpener(FileDisk.Access.READ_ONLY)
                .allowRemote(env, format, 10 * SECOND)
                .openAll(machine.members());
        try {
            Assembly assembly = Assembly.look(format, disks);
            Volume volume = assembly.container().volumes().getFirst();
            if (volume.geometry().members() != members || volume.dirty()) {
                throw new User.Wrong("in the end it is " + volume);
            }
            verify(ledger, volume, assembly, assembly.disks());
            for (String serial : assembly.disks().keySet()) {
                Map<String, MemberDisk> without = new LinkedHashMap<>(assembly.disks());
                without.remove(serial);
                verify(ledger, volume, assembly, without);
            }
        } finally {
            disks.forEach(disk -> disk.disk().close());
        }
    }

    private static void verify(Ledger ledger, Volume volume, Assembly assembly, Map<String, MemberDisk> disks)
            throws IOException, User.Wrong {
        new User(ledger, new Target.OnDisk(new OfflineVolume(volume, assembly.container(), disks)), 0, 1).verifyAll();
    }

    @Override
    public String toString() {
        return reshapes + " reshapes, to " + members + " disks and " + chunkKib + " KiB chunks; " + hostKills
                + " hosts and " + serverKills + " servers of members killed, " + failures
                + " members lost and replaced; " + users + "; seed " + seed;
    }
}
