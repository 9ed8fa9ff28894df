package io.restripe.assembly;

import io.restripe.disk.DiskException;
import io.restripe.metadata.Activity;
import io.restripe.metadata.Committed;
import io.restripe.metadata.ContainerMetadata;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.Progress;
import io.restripe.metadata.Volume;
import io.restripe.reshape.ReshapeManager;
import io.restripe.reshape.ReshapeShape;
import io.restripe.reshape.ResyncDebts;
import io.restripe.rule.Problem;
import io.restripe.rule.ProblemException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Brings a container's metadata, and a unit left in the copy area, into a state that arrays can start from: the half of assembly that
 * writes. Each change is durable, on all members that can be written, before the next. One use; the caller's thread.
 */
final class Recovery {
    private static final String WHAT = "cannot assemble";

    private final Parts parts;
    private final CopyAreaUse copyArea;
    private final Assembly.Options options;
    private final LoggedParity logs;
    private final Set<Integer> needRepair = new LinkedHashSet<>();
    /** Volumes that were stopped uncleanly and whose parity is right all the same. */
    private final Set<Integer> restored = new LinkedHashSet<>();

    Recovery(Parts parts, CopyAreaUse copyArea, Assembly.Options options) {
        this.parts = parts;
        this.logs = new LoggedParity(parts);
        this.copyArea = copyArea;
        this.options = options;
    }

    /**
     * All of it; see {@link Assembly#recover}.
     *
     * @return volumes that were stopped uncleanly in a reshape: their parity is made sure of when it is over
     */
    Set<Integer> run() throws ProblemException {
        for (Volume volume : parts.container().volumes()) {
            for (Problem problem : parts.metadata.refuseActivation(volume.index())) {
                throw new ProblemException(problem);
            }
            if (!options.listsBadBlocks() || volume.geometry().redundancy() == 0) {
                KnownBad.refuse(volume, parts.metadata, parts.disks);
            }
        }
        leaveOutUnwritable();
        refuseIncomplete();
        try {
            settle();
            for (Volume volume : parts.container().volumes()) {
                if (logs.replayed(volume)) {
                    restored.add(volume.index());
                }
            }
            ContainerMetadata wanted = parts.metadata;
            for (int disk : parts.missing) {
                wanted = wanted.withMemberMissing(disk);
            }
            for (Volume volume : wanted.container().volumes()) {
                wanted = withoutImpossibleReshape(wanted, volume);
            }
            for (Volume volume : wanted.container().volumes()) {
                wanted = afterUncleanStop(wanted, volume);
            }
            commit(wanted);
            logs.empty();
            for (Volume volume : parts.container().volumes()) {
                if (volume.activity() instanceof Activity.Reshape reshape) {
                    recoverReshape(volume, reshape);
                }
            }
            commit(ResyncDebts.recorded(parts.metadata, needRepair));
        } catch (DiskException e) {
            throw new ProblemException(
                    new Problem(
                            WHAT,
                            "member " + e.disk(),
                            String.valueOf(e.getMessage()),
                            "Repair or leave out this member, then assemble again: nothing is lost"),
                    e);
        }
        return needRepair;
    }

    /**
     * A disk that takes no writes would miss the first change of the metadata and everything written after it: it counts as missing
     * from the start, before the others have changed (R9).
     */
    private void leaveOutUnwritable() {
        for (MemberDisk member : List.copyOf(parts.disks.values())) {
            try {
                WriteProbe.of(member.disk());
            } catch (DiskException e) {
                leaveOut(member.serial(), String.valueOf(e.getMessage()));
            }
        }
    }

    private void leaveOut(String serial, String why) {
        parts.notes.add(serial + " is left out, it cannot be written: " + why);
        parts.disks.remove(serial);
        int index = parts.workingIndex(serial);
        if (index >= 0) {
            parts.missing.add(index);
        }
    }

    private void refuseIncomplete() throws ProblemException {
        StartCheck check = new StartCheck(parts.container(), parts.missing, logs);
        for (Volume volume : parts.container().volumes()) {
            check.refuse(volume, options);
        }
    }

    /** What its starter recorded as begun and could not begin, and nobody can carry out, is taken back (docs/imsm.md, 13.4). */
    private ContainerMetadata withoutImpossibleReshape(ContainerMetadata wanted, Volume volume) {
        if (!(volume.activity() instanceof Activity.Reshape reshape)
                || reshape.units() > 0
                || !reshape.progress().equals(new Progress(0, false))) {
            return wanted;
        }
        parts.notes.add("volume " + volume.name()
                + ": its reshape can never be carried out; it is taken back, nothing was moved");
        return wanted.withReshapeCancelled(volume.index());
    }

    private ContainerMetadata afterUncleanStop(ContainerMetadata wanted, Volume volume) {
        if (volume.dirty() && restored.contains(volume.index())) {
            return wanted.withDirty(volume.index(), false);
        }
        if (volume.dirty()
                && volume.activity() instanceof Activity.Reshape reshape
                && reshape.after().redundancy() > 0) {
            needRepair.add(volume.index()); // of a RAID0 that becomes a RAID5 too: its new rows have parity
            return wanted;
        }
        if (!volume.dirty() || volume.geometry().redundancy() == 0) {
            return volume.dirty() && !(volume.activity() instanceof Activity.Reshape)
                    ? wanted.withDirty(volume.index(), false)
                    : wanted;
        }
        return switch (volume.activity()) {
            case Activity.Idle _ -> {
                if (volume.missingSlots() > 0) {
                    yield wanted.withDirty(volume.index(), false); // degraded and forced: nothing left to compare
                }
                if (ReshapeManager.hasWork(wanted.container())) {
                    needRepair.add(
                            volume.index()); // a reshape of the container goes first and must not find a resync in
                    // its way
                    yield wanted;
                }
                yield wanted.withResync(volume.index(), false);
            }
            case Activity.Resync r ->
                r.initial() ? wanted.withResync(volume.index(), true) : wanted.withResync(volume.index(), false);
            case Activity.Rebuild _ -> wanted.withDirty(volume.index(), false);
            case Activity.Reshape _ -> wanted; // one without redundancy on either side
        };
    }

    private void settle() throws DiskException, ProblemException {
        parts.behind.removeIf(member -> !parts.disks.containsKey(member.serial()));
        Committed settled = parts.format.settle(parts.metadata, parts.behind, parts.disks);
        parts.behind.clear();
        parts.metadata = settled.metadata();
        lose(settled.failed());
    }

    private void commit(ContainerMetadata wanted) throws DiskException, ProblemException {
        if (wanted != parts.metadata) {
            write(wanted);
        }
    }

    private void write(ContainerMetadata wanted) throws DiskException, ProblemException {
        Committed committed = parts.format.commit(wanted, parts.disks);
        parts.metadata = committed.metadata();
        lose(committed.failed());
    }

    /** R9: what could not be written is no member any more, as far as the volumes can do without it; the others say so. */
    private void lose(Map<String, String> failed) throws DiskException, ProblemException {
        if (failed.isEmpty()) {
            return;
        }
        ContainerMetadata without = parts.metadata;
        for (Map.Entry<String, String> entry : failed.entrySet()) {
            leaveOut(entry.getKey(), entry.getValue());
            without = without.withMemberFailed(entry.getKey());
        }
        refuseIncomplete();
        commit(without);
    }

    private void recoverReshape(Volume volume, Activity.Reshape reshape) throws DiskException, ProblemException {
        Progress progress = reshape.progress();
        ReshapeShape shape = ReshapeShape.of(volume, reshape);
        if (progress.inCopyArea()) {
            parts.notes.add("volume " + volume.name() + ": unit " + progress.unit()
                    + " was being relocated; it is restored from its backup");
            lose(new CopyAreaReplay(volume, reshape, parts.container(), parts.disks, copyArea).run());
            progress = new Progress(progress.unit() + 1, false);
            parts.metadata = parts.metadata.withProgress(volume.index(), progress);
            lose(parts.format.writeProgress(parts.metadata, volume.index(), progress, parts.disks));
        }
        if (shape.positionOfUnit(progress.unit()) >= shape.end()) {
            parts.notes.add("volume " + volume.name() + ": its reshape was complete; that is recorded now");
            ContainerMetadata finished = parts.metadata.withReshapeFinished(volume.index());
            commit(afterUncleanStop(finished, finished.container().volumes().get(volume.index())));
        } else if (progress.unit() > 0) {
            parts.notes.add("volume " + volume.name() + ": its reshape goes on from unit " + progress.unit() + " of "
                    + shape.units());
            // All metadata says so before the record gets any further: a record alone may be another volume's.
            ContainerMetadata saying = parts.metadata.withProgress(volume.index(), progress);
            if (reshape.progress().inCopyArea() || saying != parts.metadata) {
                write(saying);
            }
        }
    }
}
