package io.restripe.metadata.imsm;

import io.restripe.consistency.ConsistencyPolicy;
import io.restripe.metadata.Container;
import io.restripe.metadata.ContainerMetadata;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.Progress;
import io.restripe.metadata.ReshapeGoal;
import io.restripe.metadata.VolumeSpec;
import io.restripe.rule.Problem;
import io.restripe.unit.SectorRange;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The metadata of one IMSM container as a value: the MPB, and beside it what the format keeps elsewhere (spares' own records, the
 * migration record). Immutable; every transition returns a new value (docs/imsm.md, 6.2). Invariants: {@code reshape} is present if
 * and only if a volume of the MPB is reshaping; a spare is not a working entry of the disk table.
 */
final class ImsmMetadata implements ContainerMetadata {
    /** What the first write of a volume says. */
    static final long FIRST_GENERATION = 2;

    private final Mpb mpb;
    private final Blocks blocks;
    private final List<SpareDisk> spares;
    private final Optional<ReshapeState> reshape;
    private final Stamp stamp;
    private final boolean recordsToClear;
    /** Null until somebody asks. */
    private volatile Container view;

    /**
     * All of it.
     *
     * @param recordsToClear whether the next commit zeroes the members' record sectors, after the MPBs
     */
    ImsmMetadata(
            Mpb mpb,
            Blocks blocks,
            List<SpareDisk> spares,
            Optional<ReshapeState> reshape,
            Stamp stamp,
            boolean recordsToClear) {
        if (reshape.isPresent() != mpb.reshapingVolume() >= 0) {
            throw new IllegalStateException("a reshape's record goes with a reshaping volume, and with nothing else");
        }
        this.mpb = mpb;
        this.blocks = blocks;
        this.spares = List.copyOf(spares);
        this.reshape = reshape;
        this.stamp = stamp;
        this.recordsToClear = recordsToClear;
    }

    /** The MPB of a container without volumes: it is never written, each disk carries a spare's record. */
    static Mpb emptyMpb() {
        MpbHeader header = new MpbHeader(MpbCodec.freshHead(), "1.3.00", 0, 1, Attributes.VERIFY_CHECKSUM, 0, 0, 0);
        return new Mpb(header, List.of(), List.of(), Raw.zeros(0), List.of());
    }

    Mpb mpb() {
        return mpb;
    }

    Blocks blocks() {
        return blocks;
    }

    List<SpareDisk> spares() {
        return spares;
    }

    Optional<ReshapeState> reshape() {
        return reshape;
    }

    Stamp stamp() {
        return stamp;
    }

    boolean recordsToClear() {
        return recordsToClear;
    }

    ImsmMetadata withMpb(Mpb changed) {
        return new ImsmMetadata(changed, blocks, spares, reshape, stamp, recordsToClear);
    }

    ImsmMetadata withSpares(List<SpareDisk> changed) {
        return new ImsmMetadata(mpb, blocks, changed, reshape, stamp, recordsToClear);
    }

    ImsmMetadata withMpbAndReshape(Mpb changed, Optional<ReshapeState> state, boolean clear) {
        return new ImsmMetadata(changed, blocks, spares, state, stamp, clear);
    }

    /** The spare of this serial; asking for one that is none is the caller's bug. */
    SpareDisk spare(String serial) {
        return spares.stream()
                .filter(s -> s.serial().equals(serial))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException(serial + " is no spare of this container"));
    }

    boolean isSpare(String serial) {
        return spares.stream().anyMatch(s -> s.serial().equals(serial));
    }

    /** Size of a spare or working member, as recorded. */
    OptionalLong sizeOf(String serial) {
        int disk = mpb.workingDisk(serial);
        if (disk >= 0) {
            return OptionalLong.of(mpb.disks().get(disk).totalSectors());
        }
        return isSpare(serial) ? OptionalLong.of(spare(serial).totalSectors()) : OptionalLong.empty();
    }

    private VolumeEntry volume(int index) {
        return mpb.volumes().get(index);
    }

    private ImsmMetadata withVolumeEntry(int index, VolumeEntry changed) {
        return changed.equals(volume(index)) ? this : withMpb(mpb.withVolume(index, changed));
    }

    /** The view is made once: whoever asks first, asks often. Threads that ask at once make equal ones. */
    @Override
    public Container container() {
        Container made = view;
        if (made == null) {
            made = ContainerView.of(this);
            view = made;
        }
        return made;
    }

    @Override
    public ContainerMetadata withDirty(int volume, boolean dirty) {
        return withVolumeEntry(
                volume,
                volume(volume)
                        .withDirty(
                                dirty ? volume(volume).dirty() | volume(volume).dirtyMark() : 0));
    }

    @Override
    public ContainerMetadata withMemberFailed(String serial) {
        int disk = mpb.workingDisk(serial);
        return disk >= 0 ? withMpb(FailureTransitions.failed(mpb, disk)) : withoutDisk(serial);
    }

    @Override
    public ContainerMetadata withMemberMissing(int diskIndex) {
        return mpb.disks().get(diskIndex).isWorking() ? withMpb(FailureTransitions.missing(mpb, diskIndex)) : this;
    }

    @Override
    public List<Problem> refuseSpare(MemberDisk disk) {
        if (mpb.workingDisk(disk.serial()) >= 0) {
            return List.of(new Problem(
                    "cannot use " + disk.name() + " as a spare",
                    "disk " + disk.name(),
                    "its serial " + disk.serial() + " is that of a working member",
                    "Fail and remove that one first, or give this one another serial: PATH@SERIAL"));
        }
        return Refusals.size(this, disk);
    }

    @Override
    public ContainerMetadata withSpare(MemberDisk disk) {
        if (mpb.workingDisk(disk.serial()) >= 0) {
            throw new IllegalStateException(disk.serial() + " is a working member of this container");
        }
        if (isSpare(disk.serial())) {
            return this;
        }
        List<SpareDisk> more = new ArrayList<>(spares);
        more.add(new SpareDisk(disk.serial(), Placement.usableSectors(disk.disk()), true));
        return withSpares(more);
    }

    @Override
    public ContainerMetadata withoutDisk(String serial) {
        if (mpb.workingDisk(serial) >= 0) {
            throw new IllegalStateException(serial + " is a working member of this container");
        }
        return isSpare(serial)
                ? withSpares(
                        spares.stream().filter(s -> !s.serial().equals(serial)).toList())
                : this;
    }

    @Override
    public ContainerMetadata withResync(int volume, boolean initial) {
        return withVolumeEntry(volume, SyncTransitions.resync(volume(volume), initial));
    }

    @Override
    public boolean fits(int volume, MemberDisk disk) {
        boolean known = mpb.workingDisk(disk.serial()) >= 0;
        return Refusals.hasRoom(mpb, known ? 0 : 1) && Refusals.size(this, disk).isEmpty();
    }

    @Override
    public ContainerMetadata withRebuild(int volume, int slot, String serial) {
        return SyncTransitions.rebuild(this, volume, slot, serial);
    }

    @Override
    public ContainerMetadata withSyncPosition(int volume, long memberSector) {
        return withVolumeEntry(volume, SyncTransitions.position(volume(volume), memberSector));
    }

    @Override
    public ContainerMetadata withSyncFinished(int volume) {
        return withVolumeEntry(volume, SyncTransitions.finished(volume(volume)));
    }

    @Override
    public List<Problem> refuseActivation(int volume) {
        List<Problem> problems = new ArrayList<>(Refusals.activation(mpb, volume));
        problems.addAll(Refusals.place(mpb, volume, blocks));
        return problems;
    }

    @Override
    public List<Problem> refuseReading(int volume) {
        return Refusals.reading(mpb, volume);
    }

    @Override
    public List<SectorRange> knownBad(int diskIndex) {
        return BadBlockLog.of(mpb, diskIndex);
    }

    @Override
    public Optional<ContainerMetadata> withKnownBad(String serial, SectorRange bounds, List<SectorRange> bad) {
        int disk = mpb.workingDisk(serial);
        return disk < 0
                ? Optional.empty()
                : BadBlockLog.with(mpb, blocks, disk, bounds, bad)
                        .map(changed -> changed == mpb ? this : withMpb(changed));
    }

    @Override
    public List<Problem> refuseVolume(VolumeSpec spec) {
        return new VolumeRefusals(this, spec).problems();
    }

    @Override
    public ContainerMetadata withVolume(VolumeSpec spec) {
        requireNone(refuseVolume(spec));
        return VolumeCreation.added(this, spec);
    }

    @Override
    public List<Problem> refusePolicy(int volume, ConsistencyPolicy policy) {
        return PolicyChange.refuse(this, volume, policy);
    }

    @Override
    public ContainerMetadata withPolicy(int volume, ConsistencyPolicy policy) {
        requireNone(refusePolicy(volume, policy));
        return withVolumeEntry(volume, PolicyChange.changed(volume(volume), policy));
    }

    @Override
    public List<Problem> refuseReshape(ReshapeGoal goal) {
        return new ReshapeRefusals(this, goal).problems();
    }

    @Override
    public ContainerMetadata withReshape(ReshapeGoal goal, boolean firstUnitSaved) {
        requireNone(refuseReshape(goal));
        return ReshapeTransitions.begin(this, goal, firstUnitSaved);
    }

    private static void requireNone(List<Problem> problems) {
        if (!problems.isEmpty()) {
            throw new IllegalStateException(problems.getFirst().text());
        }
    }

    @Override
    public ContainerMetadata withProgress(int volume, Progress progress) {
        return ReshapeTransitions.progress(this, volume, progress);
    }

    @Override
    public ContainerMetadata withReshapeFinished(int volume) {
        return ReshapeTransitions.finished(this, volume);
    }

    @Override
    public ContainerMetadata withReshapeCancelled(int volume) {
        return ReshapeTransitions.cancelled(this, volume);
    }
}
