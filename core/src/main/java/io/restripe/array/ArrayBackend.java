package io.restripe.array;

import io.restripe.metadata.MemberDisk;
import io.restripe.rule.ProblemException;
import java.io.IOException;
import java.util.Map;
import java.util.function.Supplier;

/** Where the arrays of one container come from: the embedded engine, or the kernel. */
public interface ArrayBackend extends AutoCloseable {
    /** The container's name in {@code metadata_version}. */
    String containerName();

    /**
     * Whether this volume's array runs already, without anybody who keeps its metadata: it is to be taken over, not configured. One that is
     * there and has not been started, or has been stopped, does not run: what is recorded of it stands.
     */
    boolean isRunning(int volume);

    /** Stops arrays that run, so that all can be started from what is recorded: some were found to run and others not. */
    void stopRunning() throws ProblemException;

    /**
     * The array of a volume: the one that runs, else a new one in state {@code clear}.
     *
     * @param name CONTAINER/VOLUME
     * @param disks serial to disk, of the disks at hand at the moment it is asked
     */
    ServedArray array(String name, int volume, Supplier<Map<String, MemberDisk>> disks) throws AttributeException;

    /** Whether its arrays keep to the lists of bad blocks that they are given. */
    default boolean listsBadBlocks() {
        return false;
    }

    /** What other programs of the system may ask of whoever keeps the container's metadata. */
    interface Pinged {
        /** On return everything is recorded that the arrays showed before. */
        void record() throws IOException;

        /** On return arrays that are new are looked after. */
        void lookAgain() throws IOException;
    }

    /** From now on such questions are answered; where nobody asks nothing happens. */
    default void answer(Pinged pinged) {}

    /** A disk has joined the container. Called before any array uses it. */
    void join(MemberDisk disk) throws ProblemException;

    /** A disk has left the container: no array uses it any more. */
    void leave(MemberDisk disk);

    /** Ends the container, when its arrays have been stopped; else its arrays go on and can be taken over. Idempotent. */
    @Override
    void close();
}
