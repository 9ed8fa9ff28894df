package io.restripe.node.daemon;

import io.restripe.disk.Disk;
import io.restripe.node.rpc.ContainerStatus;
import io.restripe.node.rpc.ScrubResult;
import io.restripe.rule.Finding;
import io.restripe.rule.Problem;
import io.restripe.rule.ProblemException;
import java.util.List;
import java.util.Optional;

/** A running container as requests see it. Any thread may call; what changes the container is refused while it cannot be. */
public interface HostedContainer {
    String name();

    ContainerStatus status();

    /** The contents of a volume; it lives as long as the container runs and must not be closed. */
    Disk volume(String volume) throws ProblemException;

    /** Looks for what others have done to it. */
    default void lookAround() {}

    /** A further volume. */
    void createVolume(CreateRequest request) throws ProblemException;

    /**
     * A disk joins as spare.
     *
     * @param files how it is made when it does not exist
     * @param force although it carries something else
     * @return notes for a person
     */
    List<String> add(String member, NewFiles files, boolean force) throws ProblemException;

    /** A member is marked failed in every volume that uses it; by path or serial. */
    void fail(String volume, String member) throws ProblemException;

    /** A failed disk or a spare leaves; by path or serial. */
    void remove(String member) throws ProblemException;

    /** Volumes that run are kept consistent in another way: in force and recorded on return. */
    void changePolicy(PolicyRequest wanted) throws ProblemException;

    /** What {@link #grow} would do, or why it would be refused. Changes nothing. */
    PlanText plan(GrowArguments wanted) throws ProblemException;

    /**
     * Begins a reshape; on return it is durably begun and goes on in the background.
     *
     * @return notes for a person
     */
    List<String> grow(GrowArguments wanted) throws ProblemException;

    /** Background work that stands goes on. */
    void resume() throws ProblemException;

    /** The reshape stops at its next checkpoint until {@link #resume}. */
    void pause() throws ProblemException;

    /** Background work goes no faster than so many KiB a second; 0: as fast as it can. */
    void speedLimit(long kibPerSecond) throws ProblemException;

    /** A reshape makes a write wait no longer than so, as far as the disks allow it. */
    void maxHold(long nanos) throws ProblemException;

    /** Waits until nothing goes on in the background, or it stands, or the time is over; whether it is idle. */
    boolean awaitIdle(long timeoutNanos);

    /** What is wrong with the metadata on the members, and worth knowing. */
    List<Finding> checkMetadata() throws ProblemException;

    /**
     * Begins a check, or a repair, of a volume's parity or copies in the background.
     *
     * @return why there is nothing to compare; empty when it has begun
     */
    Optional<String> scrub(String volume, boolean repair) throws ProblemException;

    /** Ends a check or repair that runs. */
    void endScrub(String volume) throws ProblemException;

    /** What the last check or repair of a volume came to. */
    ScrubResult scrubResult(String volume) throws ProblemException;

    /** Whether somebody else has stopped its arrays, so that there is nothing left to host. */
    boolean gone();

    /** Whether {@link #stop} has begun, so that whatever is refused now is refused for that. */
    boolean stopping();

    /**
     * Stops the arrays cleanly; background work is at a checkpoint and goes on with the next start.
     *
     * @return what could not be recorded of that: all has ended, and it is as after a power cut; empty: it is recorded
     * @throws ProblemException when it goes on running
     */
    Optional<Problem> stop() throws ProblemException;
}
