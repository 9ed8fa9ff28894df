package io.restripe.assembly;

import io.restripe.metadata.Activity;
import io.restripe.metadata.Container;
import io.restripe.metadata.ContainerMetadata;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.MetadataException;
import io.restripe.metadata.MetadataFormat;
import io.restripe.metadata.Progress;
import io.restripe.metadata.RecordDoubt;
import io.restripe.metadata.ReshapeGoal;
import io.restripe.metadata.Selection;
import io.restripe.metadata.Volume;
import io.restripe.reshape.ReshapePlanner;
import io.restripe.rule.Problem;
import io.restripe.rule.ProblemException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Puts a container together from its disks: reads what they say ({@link #look}, strictly read-only), and, to run it, brings the
 * metadata and a unit left in the copy area into a state that arrays can start from ({@link #recover}). Recovering twice gives the same
 * result; a crash in the middle of it is an ordinary crash.
 */
public final class Assembly {
    private static final String WHAT = "cannot assemble";

    /**
     * What the caller allows.
     *
     * @param startDegraded start volumes with members missing, within their redundancy
     * @param force start a volume that was being written when it stopped and lacks a member: what was in flight then may be wrong
     * @param listsBadBlocks the arrays keep to the lists of bad blocks that they are given
     */
    public record Options(boolean startDegraded, boolean force, boolean listsBadBlocks) {
        /** For arrays that keep no such list. */
        public Options(boolean startDegraded, boolean force) {
            this(startDegraded, force, false);
        }
    }

    private final Parts parts;
    private final CopyAreaUse copyArea;
    private final Set<Integer> needRepair = new LinkedHashSet<>();

    private Assembly(Parts parts, CopyAreaUse copyArea) {
        this.parts = parts;
        this.copyArea = copyArea;
    }

    /**
     * Reads the disks and chooses the container's state. Writes nothing.
     *
     * @throws ProblemException when they are not one container, or contradict each other
     */
    public static Assembly look(MetadataFormat format, List<MemberDisk> members) throws ProblemException {
        return look(format, members, CopyAreaUse.ASK);
    }

    /** The same by somebody who has decided what a doubtful copy area holds. */
    public static Assembly look(MetadataFormat format, List<MemberDisk> members, CopyAreaUse copyArea)
            throws ProblemException {
        MemberClaims claims = MemberClaims.of(WHAT, format, members);
        try {
            Selection selection = claims.choose();
            claims.refuseDamaged();
            Assembly assembly = new Assembly(new Parts(format, selection), copyArea);
            assembly.settleDoubt(selection.doubt());
            assembly.noteDoubts();
            return assembly;
        } catch (MetadataException e) {
            throw new ProblemException(
                    new Problem(
                            WHAT,
                            e.member() + ", " + e.structure(),
                            String.valueOf(e.getMessage()),
                            "Nothing was changed. Look at each member: restripe examine MEMBER..."),
                    e);
        }
    }

    /** Where the records leave open whether a unit is in the copy area, its bytes say so. */
    private void settleDoubt(RecordDoubt doubt) throws ProblemException {
        Volume volume = container().reshaping().orElse(null);
        if (doubt == RecordDoubt.NONE
                || volume == null
                || !(volume.activity() instanceof Activity.Reshape reshape)
                || !parts.metadata.refuseReading(volume.index()).isEmpty()) {
            return;
        }
        boolean saved = new CopyAreaPlacement(volume, reshape, container(), parts.disks, copyArea).holdsUnit(doubt);
        if (saved != (doubt == RecordDoubt.SAYS_SAVED)) {
            parts.notes.add("volume " + volume.name()
                    + ": the migration record that is left says otherwise, but the bytes of unit "
                    + reshape.progress().unit() + " say that it is " + (saved ? "" : "not ") + "in the copy area");
        }
        if (saved) {
            parts.metadata = parts.metadata.withProgress(
                    volume.index(), new Progress(reshape.progress().unit(), true));
        }
    }

    private void noteDoubts() {
        for (ReshapeGoal goal : ReshapePlanner.narrower(container())) {
            parts.notes.add("volume " + container().volumes().get(goal.volume()).name()
                    + " has fewer members than the first one; if a grow was to go on in it: restripe grow --continue");
        }
        StartCheck check = new StartCheck(container(), parts.missing, new LoggedParity(parts));
        for (Volume volume : container().volumes()) {
            if (check.isDoubtful(volume)) {
                parts.notes.add("volume " + volume.name()
                        + ": a member is missing and parity was not made sure of since the last unclean stop: what the missing"
                        + " member held may be wrong");
            }
        }
    }

    /**
     * A volume's contents, read from the members without starting anything.
     *
     * @throws ProblemException when its metadata does not say where they are
     */
    public OfflineVolume view(Volume volume) throws ProblemException {
        for (Problem problem : parts.metadata.refuseReading(volume.index())) {
            throw new ProblemException(problem);
        }
        return new OfflineVolume(volume, container(), KnownBad.hidden(parts.metadata, parts.disks), copyArea);
    }

    public Container container() {
        return parts.container();
    }

    public ContainerMetadata metadata() {
        return parts.metadata;
    }

    /** Serial to disk, of the disks that the container uses or knows as spares. */
    public Map<String, MemberDisk> disks() {
        return Collections.unmodifiableMap(new LinkedHashMap<>(parts.disks));
    }

    /** What a person should know. */
    public List<String> notes() {
        return List.copyOf(parts.notes);
    }

    /** Volumes that were stopped uncleanly in a reshape: their parity is made sure of when it is over. */
    public boolean needsRepair(int volume) {
        return needRepair.contains(volume);
    }

    /**
     * Makes metadata and copy area fit to run from; everything it changes is durable on return.
     *
     * @throws ProblemException when a volume cannot be started with what is there, or a write failed; nothing is half done that a
     *     second call would not do again
     */
    public void recover(Options options) throws ProblemException {
        needRepair.addAll(new Recovery(parts, copyArea, options).run());
    }
}
