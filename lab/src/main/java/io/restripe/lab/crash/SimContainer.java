package io.restripe.lab.crash;

import io.restripe.assembly.Assembly;
import io.restripe.assembly.CopyAreaUse;
import io.restripe.check.ContainerCheck;
import io.restripe.consistency.BitmapArea;
import io.restripe.disk.Disk;
import io.restripe.disk.DiskException;
import io.restripe.disk.MemoryDisk;
import io.restripe.env.Env;
import io.restripe.host.RunningContainer;
import io.restripe.lab.sim.SimEnv;
import io.restripe.lab.sim.SimMachine;
import io.restripe.lab.sim.SimProcess;
import io.restripe.metadata.Inspection;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.MetadataException;
import io.restripe.metadata.MetadataFormat;
import io.restripe.metadata.Volume;
import io.restripe.metadata.VolumeSpec;
import io.restripe.metadata.imsm.ImsmFormat;
import io.restripe.rule.Finding;
import io.restripe.rule.ProblemException;
import java.util.ArrayList;
import java.util.List;

/** A simulated machine with a container's disks, and the product on it in a process of its own. */
public final class SimContainer {
    static final String NAME = "c0";
    private static final long BITMAP_CHUNK_SECTORS = 64;
    private final SimEnv sim;
    private final SimMachine machine;
    private final SimProcess process;
    private final Env env;
    private final MetadataFormat format;
    private final List<MemberDisk> members = new ArrayList<>();
    private boolean degraded;
    private boolean forced;
    private CopyAreaUse copyArea = CopyAreaUse.ASK;

    /** @param caches whether the disks forget what was not flushed when the power fails; cheaper without */
    public SimContainer(SimEnv sim, List<MemoryDisk> images, long diskNanos, boolean caches) {
        this.sim = sim;
        this.machine = new SimMachine(sim, caches);
        this.process = sim.process("node");
        this.env = process.env();
        this.format = new ImsmFormat(env);
        for (int d = 0; d < images.size(); d++) {
            var disk = machine.disk("disk" + d, images.get(d));
            disk.slow(diskNanos);
            members.add(new MemberDisk("disk" + d, ReshapeCase.serial(d), disk));
        }
    }

    /** Something that may fail with a product's or a disk's exception. */
    public interface Body {
        void run() throws ProblemException, DiskException;
    }

    /** Runs a program on this machine to its end. */
    public void run(Body body) {
        sim.run(() -> unchecked(body));
    }

    public static void unchecked(Body body) {
        try {
            body.run();
        } catch (ProblemException | DiskException e) {
            throw new IllegalStateException(e.getMessage(), e);
        }
    }

    public SimMachine machine() {
        return machine;
    }

    public Env env() {
        return env;
    }

    public List<MemberDisk> members() {
        return members;
    }

    /** New volumes on the first disks; nothing runs yet. */
    void create(ReshapeCase which) throws ProblemException {
        create(which.spec(0));
        if (which.mapsWrites()) {
            withSmallChunks(which.before().members());
        }
    }

    /** A bitmap whose bits stand for little, so that most of the volume is not resynced. */
    private void withSmallChunks(int count) throws ProblemException {
        try {
            Volume volume = look().container().volumes().getFirst();
            for (MemberDisk member : members.subList(0, count)) {
                new BitmapArea(member.disk(), volume.consistency()).create(volume.uuid(), BITMAP_CHUNK_SECTORS);
            }
        } catch (DiskException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The same, of one volume on as many of the first disks as it has members. */
    public void create(VolumeSpec spec) throws ProblemException {
        RunningContainer.create(format, members.subList(0, spec.geometry().members()), spec);
    }

    /** The product's process dies, and takes nothing with it that the disks have been given. */
    public void kill() {
        process.kill();
    }

    /** From now on it may start with a member missing, also when it was dirty: the end of a sync makes it so without any write. */
    public SimContainer allowDegraded(boolean allowed) {
        degraded = allowed;
        forced = allowed;
        return this;
    }

    /** The same, but never when what the missing member held is in doubt. */
    SimContainer allowDegradedUndoubted(boolean allowed) {
        degraded = allowed;
        return this;
    }

    /** From now on somebody has said where the parts of a saved unit are, should the bytes not settle it. */
    public SimContainer copyArea(CopyAreaUse use) {
        copyArea = use;
        return this;
    }

    /** What every disk that has metadata says. */
    Assembly look() throws ProblemException, DiskException {
        return Assembly.look(format, withMetadata());
    }

    /** What a strict look at the metadata finds that is at least so bad, but for disks that are known to be stale. Writes nothing. */
    public List<String> findings(Finding.Severity atLeast) throws DiskException {
        Inspection inspection = format.inspect(withMetadata());
        List<Finding> findings = new ArrayList<>(inspection.findings());
        inspection
                .selection()
                .ifPresent(chosen ->
                        findings.addAll(ContainerCheck.states(chosen.metadata().container(), chosen.members())));
        return findings.stream()
                .filter(finding -> finding.severity().compareTo(atLeast) >= 0 && finding.kind() != Finding.Kind.STALE)
                .map(finding -> finding.severity() + " " + finding.problem().text())
                .toList();
    }

    /** Makes metadata and copy area fit to run from, and starts nothing. */
    void recover() throws ProblemException, DiskException {
        look().recover(new Assembly.Options(degraded, forced));
    }

    private List<MemberDisk> withMetadata() throws DiskException {
        List<MemberDisk> mine = new ArrayList<>();
        for (MemberDisk member : members) {
            try {
                if (format.taste(member).isPresent()) {
                    mine.add(member);
                }
            } catch (MetadataException e) {
                mine.add(member); // the product shall say what it makes of it
            }
        }
        return mine;
    }

    /** Starts from every disk that has metadata. */
    public RunningContainer start(boolean readOnly) throws ProblemException, DiskException {
        return RunningContainer.start(
                env,
                NAME,
                format,
                withMetadata(),
                RunningContainer.Options.normal()
                        .withReadOnly(readOnly)
                        .withCopyArea(copyArea)
                        .withStartDegraded(degraded)
                        .withForce(forced));
    }

    public List<MemoryDisk> images() {
        return machine.disks().stream().map(d -> d.contents()).toList();
    }

    public static Disk volume(RunningContainer container, int volume) throws ProblemException {
        return container.volume(ReshapeCase.volumeName(volume));
    }
}
