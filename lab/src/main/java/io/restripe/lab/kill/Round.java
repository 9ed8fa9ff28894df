package io.restripe.lab.kill;

import io.restripe.assembly.Assembly;
import io.restripe.assembly.MemberOpener;
import io.restripe.assembly.OfflineVolume;
import io.restripe.disk.DiskException;
import io.restripe.disk.FileDisk;
import io.restripe.env.Env;
import io.restripe.env.SystemEnv;
import io.restripe.metadata.Activity;
import io.restripe.metadata.ContainerMetadata;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.MetadataFormat;
import io.restripe.metadata.Volume;
import io.restripe.metadata.imsm.ImsmFormat;
import io.restripe.rule.ProblemException;
import io.restripe.unit.Units;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** One round's folder: the members, the ledgers, the logs; and what all of its processes know of it. */
final class Round {
    static final String CONTAINER = "c0";
    private final Path folder;
    private final KillCase which;
    private final long seed;
    private final Env env = new SystemEnv();
    private final MetadataFormat format = new ImsmFormat(env);
    private final Map<Integer, Ledger> ledgers = new LinkedHashMap<>();

    Round(Path folder, KillCase which, long seed) {
        this.folder = folder;
        this.which = which;
        this.seed = seed;
    }

    Path folder() {
        return folder;
    }

    KillCase which() {
        return which;
    }

    long seed() {
        return seed;
    }

    Env env() {
        return env;
    }

    MetadataFormat format() {
        return format;
    }

    Ledger ledger(int volume) {
        return ledgers.computeIfAbsent(volume, v -> {
            long sectors =
                    KillCase.MEMBER_KIB * Units.SECTORS_PER_KIB * which.before().dataMembers();
            try {
                return new Ledger(
                        folder.resolve("ledger" + v), seed + v, Math.toIntExact(sectors / Ledger.BLOCK_SECTORS));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    /** New members, and the container on them. */
    void create() throws ProblemException, IOException {
        List<MemberDisk> disks = new ArrayList<>();
        MemberOpener opener = new MemberOpener(FileDisk.Access.EXCLUSIVE);
        try {
            for (int disk = 0; disk < which.disks(); disk++) {
                Path path = path(disk);
                FileDisk.create(path, KillCase.DISK_SECTORS, FileDisk.Caching.DIRECT)
                        .close();
                disks.add(opener.openNew(path + "@" + KillCase.serial(disk), env));
            }
            ContainerMetadata metadata = format.create(disks);
            for (int volume = 0; volume < which.volumes(); volume++) {
                metadata = metadata.withVolume(which.spec(volume));
            }
            Map<String, MemberDisk> bySerial = new LinkedHashMap<>();
            disks.forEach(disk -> bySerial.put(disk.serial(), disk));
            Map<String, String> failed = format.commit(metadata, bySerial).failed();
            if (!failed.isEmpty()) {
                throw new IOException("cannot create the container: " + failed);
            }
        } finally {
            disks.forEach(disk -> disk.disk().close());
        }
    }

    private Path path(int disk) {
        return folder.resolve("disk" + disk + ".img");
    }

    /** As a person names them, in an order on which nobody may rely. */
    List<String> memberNames() {
        List<String> names = new ArrayList<>();
        for (int disk = 0; disk < which.disks(); disk++) {
            names.add(path(disk) + "@" + KillCase.serial(disk));
        }
        Collections.shuffle(names, new java.util.Random(seed));
        return names;
    }

    List<MemberDisk> open(FileDisk.Access access) throws ProblemException {
        return new MemberOpener(access).openAll(memberNames());
    }

    /** What is recorded now; a commit in progress makes it wait for its end. */
    List<Volume> recorded() throws ProblemException {
        List<MemberDisk> disks = open(FileDisk.Access.BESIDE_OWNER);
        try {
            ProblemException last = null;
            for (int look = 0; look < 100; look++) {
                try {
                    return Assembly.look(format, disks).container().volumes();
                } catch (ProblemException e) {
                    last = e;
                    env.sleepNanos(5_000_000);
                }
            }
            throw last;
        } finally {
            disks.forEach(disk -> disk.disk().close());
        }
    }

    /**
     * Whether every volume has its new shape and nothing is under way.
     *
     * @param cleanToo nor owed to parity; what has none stays dirty as long as it runs
     */
    boolean isRecordedDone(boolean cleanToo) throws ProblemException {
        return recorded().stream()
                .allMatch(v -> v.geometry().equals(which.after())
                        && v.activity() instanceof Activity.Idle
                        && !(cleanToo && v.dirty() && v.geometry().redundancy() > 0));
    }

    /** Whether a reshape has been begun, or all of them have ended. */
    boolean isRecordedBegun() throws ProblemException {
        return recorded().stream()
                .anyMatch(v ->
                        v.activity() instanceof Activity.Reshape || v.geometry().equals(which.after()));
    }

    /** Reads everything from the members alone: with all of them, and with each one left out where the level allows. */
    void verifyOffline() throws ProblemException, IOException, User.Wrong {
        List<MemberDisk> disks = open(FileDisk.Access.READ_ONLY);
        try {
            Assembly assembly = Assembly.look(format, disks);
            for (Volume volume : assembly.container().volumes()) {
                verify(volume, assembly, assembly.disks());
                for (String serial : assembly.disks().keySet()) {
                    if (which.after().redundancy() > 0) {
                        Map<String, MemberDisk> without = new LinkedHashMap<>(assembly.disks());
                        without.remove(serial);
                        verify(volume, assembly, without);
                    }
                }
            }
        } finally {
            disks.forEach(disk -> disk.disk().close());
        }
    }

    private void verify(Volume volume, Assembly assembly, Map<String, MemberDisk> disks)
            throws IOException, User.Wrong {
        OfflineVolume contents = new OfflineVolume(volume, assembly.container(), disks);
        try {
            new User(ledger(volume.index()), new Target.OnDisk(contents), 0, 1).verifyAll();
        } catch (DiskException | User.Wrong e) {
            throw new User.Wrong(volume.name() + " from " + disks.keySet() + ": " + e.getMessage());
        }
    }

    /** Something was read that must not be: kept where a kill of the teller does not reach it. */
    void tellWrong(String what) {
        try {
            Files.writeString(
                    folder.resolve("wrong"), what + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What was told; empty when all was right. */
    String wrong() throws IOException {
        Path file = folder.resolve("wrong");
        return Files.exists(file) ? Files.readString(file) : "";
    }

    SplittableRandom random() {
        return new SplittableRandom(seed);
    }

    void close() {
        ledgers.values().forEach(Ledger::close);
    }
}
