package io.restripe.array;

import io.restripe.disk.Disk;
import java.util.List;
import java.util.Optional;

/** An array as the process has it that serves it: its control, and its contents as a disk. Any thread may call. */
public interface ServedArray extends ArrayControl, AutoCloseable {
    /** The array as a disk of array_size sectors; requests fail with a DiskException while it does not run. */
    Disk disk();

    /**
     * The same control for the thread that answers {@code write-pending}: no write through it waits for what only that answer can end.
     * A write that would is carried out later, or refused with EBUSY and to be tried again.
     */
    default ArrayControl forMonitor() {
        return this;
    }

    /** As {@link ArrayControl#members}; none when the array has gone. */
    default List<String> membersNow() {
        try {
            return members();
        } catch (AttributeException e) {
            return List.of();
        }
    }

    /** Whether it could not serve all of its contents without this member; false for a name that is no member. */
    boolean needs(String member) throws AttributeException;

    /**
     * Fails a member that the array can do without; else nothing changes. The attribute's word {@code faulty}, for a disk that cannot be
     * used whatever follows from it, fails it in any case.
     *
     * @throws AttributeException when the array needs it, or does not have it
     */
    void giveUp(String member) throws AttributeException;

    /** Whether it changes the policy that keeps it consistent while it runs. */
    default boolean changesPolicy() {
        return true;
    }

    /** Its block device, where it has one of its own. */
    default Optional<String> device() {
        return Optional.empty();
    }

    /** How long requests were held by what goes on in the background, as far as it is known. */
    Holds holds();

    /** Takes an array back that was configured and is not to run after all. */
    default void discard() {
        close();
    }

    /** Ends what this process does for the array. Flushes nothing. Idempotent. */
    @Override
    void close();
}
