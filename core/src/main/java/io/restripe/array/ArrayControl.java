package io.restripe.array;

import io.restripe.consistency.ConsistencyPolicy;
import java.util.List;
import java.util.OptionalLong;

/**
 * The control surface of one array, as md has it: named attributes whose values are texts, members in slots, and notification of
 * changes. The embedded engine is one implementation, the real kernel's sysfs another; callers cannot tell which they have.
 * docs/md-control.md is the contract: states, words, who wakes, error numbers.
 *
 * <p>Any thread may call. A write may block as md's does: {@code suspend_lo}, {@code suspend_hi} until admitted requests have
 * drained; {@code sync_action} idle and frozen, and stopping states, until the sync thread has ended; {@code raid_disks}, {@code
 * chunk_size}, {@code layout}, {@code level} until somebody answers {@code write-pending}. So the thread that answers write-pending must
 * not issue those.
 */
public interface ArrayControl {
    /** The array's name: CONTAINER/VOLUME. */
    String name();

    /** The text of an attribute, without a newline. ENOENT where the level or the state does not offer it. */
    String read(Attribute attribute) throws AttributeException;

    /** Writes an attribute; on return the change is in force. */
    void write(Attribute attribute, String value) throws AttributeException;

    /** Names of the members (the X of md's {@code dev-X}), slots or not, in no particular order. */
    List<String> members() throws AttributeException;

    /**
     * Attaches a disk of the container to the array, without a slot ({@code new_dev}). The caller then writes offset, size, slot and
     * state. EEXIST when it is in already, ENODEV when the array's owner knows no disk of that name.
     */
    void addMember(String member) throws AttributeException;

    String read(String member, MemberAttribute attribute) throws AttributeException;

    void write(String member, MemberAttribute attribute, String value) throws AttributeException;

    /**
     * On return, what the array shows as done at this moment ({@code sync_completed}, a member in sync, {@code clean}) survives a power
     * cut. Arrays that flush their members before they show anything need do nothing; the kernel's flush only where they write
     * metadata themselves, which with external metadata is never (docs/md-control.md, section 8.3).
     */
    default void flushMembers() throws AttributeException {}

    /** How many writes of users have been done since it was started, where the array counts them; those that are held do not count yet. */
    default OptionalLong writesDone() {
        return OptionalLong.empty();
    }

    /**
     * Whether an array that has gone was stopped in order, so that nothing was under way; false where all that is known is that it cannot
     * be reached any more.
     */
    default boolean wentInOrder() {
        return false;
    }

    /** Whether it changes its shape while it keeps a policy. */
    default boolean reshapes(ConsistencyPolicy policy) {
        return true;
    }

    /** What there was to record of an array that has stopped is recorded: it may go. Called again until it has. */
    default void release() throws AttributeException {}

    /**
     * Asks to be woken when an attribute that md notifies changes: array_state, sync_action, sync_completed, degraded, level, a
     * member's state. More wake-ups are harmless, fewer are a bug (R10).
     *
     * @param wake called by any thread; must not block or call back into the array
     * @return ends the subscription when run
     */
    Runnable subscribe(Runnable wake);
}
