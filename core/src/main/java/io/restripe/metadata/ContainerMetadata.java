package io.restripe.metadata;

import io.restripe.consistency.ConsistencyPolicy;
import io.restripe.rule.Problem;
import io.restripe.unit.SectorRange;
import java.util.List;
import java.util.Optional;

/**
 * The metadata of one container as a value. Every transition is pure and returns a new value; nothing is durable before {@link
 * MetadataFormat#commit}. A transition that the present state does not allow is an IllegalStateException: the caller's bug. What a
 * user may ask for and be refused has a {@code refuse...} method instead.
 *
 * <p>Owner: the container's monitor (or assembly, before there is one).
 */
public interface ContainerMetadata {
    /** The neutral description. */
    Container container();

    /** Marks a volume as being written, or as clean. */
    ContainerMetadata withDirty(int volume, boolean dirty);

    /** A member failed: in every volume that uses it, it is out of sync from now on; states become degraded or failed. */
    ContainerMetadata withMemberFailed(String serial);

    /** A member that the table names was not found when the container was started. */
    ContainerMetadata withMemberMissing(int diskIndex);

    /** Everything that stands against a disk as a spare that may take any slot of any volume; empty when it can join. */
    List<Problem> refuseSpare(MemberDisk disk);

    /** A disk without volumes is now known as spare of this container. Its own record is written by the next commit. */
    ContainerMetadata withSpare(MemberDisk disk);

    /** A spare, or a failed disk, has left. */
    ContainerMetadata withoutDisk(String serial);

    /** A resync begins ({@code initial}: after creation; else repair after an unclean stop). */
    ContainerMetadata withResync(int volume, boolean initial);

    /** Whether a disk is large enough to take a slot of a volume, by the format's rule. */
    boolean fits(int volume, MemberDisk disk);

    /** A slot will be rebuilt onto this disk: a spare, or one that already is member of another volume. */
    ContainerMetadata withRebuild(int volume, int slot, String serial);

    /** Position per member of the running resync or rebuild, rounded down to the format's unit. */
    ContainerMetadata withSyncPosition(int volume, long memberSector);

    /** The running resync or rebuild is complete. */
    ContainerMetadata withSyncFinished(int volume);

    /** Everything that stands against running the volume, such as features that nobody here knows; it may still be looked at. */
    default List<Problem> refuseActivation(int volume) {
        return List.of();
    }

    /**
     * Everything that stands against even reading the volume's contents: what is recorded of it makes no sense, or none that is known
     * here. Part of {@link #refuseActivation}.
     */
    default List<Problem> refuseReading(int volume) {
        return List.of();
    }

    /** Sectors of a whole disk that are recorded as lost: what can be read there is not what was written. */
    default List<SectorRange> knownBad(int diskIndex) {
        return List.of();
    }

    /**
     * Within {@code bounds} exactly these sectors of a member are lost, where the format has a log of them ({@link
     * Container#logsBadBlocks}).
     *
     * @return the same object when that is recorded already; empty when the log has no room for so many, or the disk is no member
     */
    default Optional<ContainerMetadata> withKnownBad(String serial, SectorRange bounds, List<SectorRange> bad) {
        return Optional.empty();
    }

    /** Everything that stands against the volume, as the format and {@code spec} demand; empty when it can be created. */
    List<Problem> refuseVolume(VolumeSpec spec);

    /** A new volume. */
    ContainerMetadata withVolume(VolumeSpec spec);

    /** Everything that stands against another consistency policy of an idle volume; empty when it can be recorded. */
    List<Problem> refusePolicy(int volume, ConsistencyPolicy policy);

    /**
     * The volume is kept consistent in another way. Durable after the array does it when that is more than before, and before the array
     * ceases to do it when it is less: what is recorded is what is counted on after a crash.
     */
    ContainerMetadata withPolicy(int volume, ConsistencyPolicy policy);

    /** Everything that stands against the goal on the side of the format; empty when it can be recorded. */
    List<Problem> refuseReshape(ReshapeGoal goal);

    /**
     * The reshape is recorded as begun; the volume's activity becomes {@link Activity.Reshape} with progress (0, false), or, when {@code
     * firstUnitSaved}, (0, true): rule R12.
     */
    ContainerMetadata withReshape(ReshapeGoal goal, boolean firstUnitSaved);

    /** The reshape's progress. Only ever forward (R6). The same object when all of the metadata says so already. */
    ContainerMetadata withProgress(int volume, Progress progress);

    /** The reshape is complete: one geometry, the new one. */
    ContainerMetadata withReshapeFinished(int volume);

    /** The reshape never moved anything (progress unit 0) and is taken back: one geometry, the old one. New members become spares. */
    ContainerMetadata withReshapeCancelled(int volume);
}
