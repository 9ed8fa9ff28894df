package io.restripe.reshape;

import io.restripe.array.ArrayControl;
import io.restripe.array.Attribute;
import io.restripe.array.AttributeException;
import io.restripe.array.Attributes;
import io.restripe.array.Errno;
import io.restripe.array.MemberAttribute;
import io.restripe.disk.DiskException;
import io.restripe.metadata.Activity;
import io.restripe.metadata.ContainerDisk;
import io.restripe.metadata.ContainerMetadata;
import io.restripe.metadata.Volume;
import io.restripe.rule.Problem;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What the monitor does for one array: looks at its attributes, records what changed, and only then lets the array go on. The order is
 * that of docs/md-control.md, sections 2 and 4. Owner: the monitor thread.
 */
final class WatchedArray {
    private final int volume;
    private final Attributes attributes;
    private final MetadataKeeper keeper;
    private final ReshapeWatch reshape;
    private final BadBlockWatch badBlocks;
    private final Set<String> recordedFaulty = new LinkedHashSet<>();
    private final Set<String> toUnblock = new LinkedHashSet<>();
    private final Set<String> toRemove = new LinkedHashSet<>();
    /** Members whose failures nothing survives. They are not recorded. */
    private final Set<String> unbearable = new LinkedHashSet<>();

    private long lastRecordedPosition;
    private final ResyncDebts debts;
    /** Whether the array has been seen at the resync that is recorded. */
    private boolean resyncing;

    WatchedArray(int volume, ArrayControl control, MetadataKeeper keeper, ResyncDebts debts) {
        this.volume = volume;
        this.attributes = new Attributes(control);
        this.keeper = keeper;
        this.debts = debts;
        this.reshape = new ReshapeWatch(volume, attributes, keeper, debts);
        this.badBlocks = new BadBlockWatch(volume, attributes);
    }

    int volume() {
        return volume;
    }

    Attributes attributes() {
        return attributes;
    }

    ReshapeWatch reshape() {
        return reshape;
    }

    Volume recorded() {
        return keeper.container().volumes().get(volume);
    }

    /** One pass. Never blocks on the array: of the blocking writes it issues none. */
    void act() throws AttributeException, DiskException {
        String state = attributes.arrayState();
        if (state.equals("clear")) {
            recordGone();
            return;
        }
        String action = attributes.syncAction();
        if (recorded().missingSlots() > 0) {
            debts.settle(volume); // nothing is left to compare; a rebuild makes parity right by itself
        }
        boolean all = false;
        while (!all) {
            all = record(state, action);
        }
        // What a member has lost and nothing records would be acknowledged: it fails first.
        // Asked once more: recording takes time, and the word would start an array that has been stopped meanwhile.
        if (state.equals("write-pending")
                && Collections.disjoint(badBlocks.failing(), unbearable)
                && attributes.arrayState().equals("write-pending")) {
            attributes.set(Attribute.ARRAY_STATE, "active");
        }
        badBlocks.acknowledge();
        expelUnrecorded(); // first: while that has to be tried again, what is blocked stays so
        unblockFailed();
        removeFailed();
        reshape.act(action);
        if (state.equals("inactive")) {
            attributes.control().release();
        }
    }

    /** Records what the array shows. False when it shows by then what was not seen, and is not to be answered yet. */
    private boolean record(String state, String action) throws AttributeException, DiskException {
        // The end of a rebuild first: a failure behind it is one that the volume bears.
        ContainerMetadata wanted = recordSync(keeper.current(), action);
        List<String> seen = newlyFaulty();
        wanted = badBlocks.recorded(wanted, state);
        Set<String> lost = new LinkedHashSet<>(seen);
        lost.addAll(badBlocks.failing());
        List<String> distrusted = badBlocks.distrusted(wanted, lost);
        distrusted.removeAll(recordedFaulty);
        lost.addAll(distrusted);
        List<String> faulty = bearable(wanted, List.copyOf(lost));
        for (String member : faulty) {
            wanted = wanted.withMemberFailed(member);
        }
        wanted = recordState(wanted, state);
        if (saysMoreIsDone(wanted.container().volumes().get(volume))) {
            attributes.control().flushMembers();
        }
        keeper.commit(wanted);
        boolean all = !state.equals("write-pending") || !badBlocks.hasMore() && seen.containsAll(newlyFaulty());
        recordedFaulty.addAll(faulty);
        faulty.forEach(unbearable::remove);
        toUnblock.addAll(faulty);
        for (String member : distrusted) {
            expel(member); // before the write that waits is acknowledged; others that it missed may have been
        }
        return all;
    }

    /** What it said last is recorded; that it was stopped in between, in order, makes it clean where nothing else is under way. */
    private void recordGone() throws AttributeException, DiskException {
        Volume now = recorded();
        if (attributes.control().wentInOrder()
                && now.dirty()
                && now.activity() instanceof Activity.Idle
                && now.missingSlots() <= now.geometry().redundancy()
                && unbearable.isEmpty()
                && !debts.owes(volume)) {
            attributes.control().flushMembers();
            keeper.commit(keeper.current().withDirty(volume, false));
        }
    }

    /** Clean, or further with a sync: then what was written has to be durable before the record of it is. */
    private boolean saysMoreIsDone(Volume wanted) {
        return recorded().dirty() && !wanted.dirty()
                || !wanted.activity().equals(recorded().activity());
    }

    /** Recorded: the writes that wait for that may go on. */
    private void unblockFailed() throws AttributeException {
        for (String member : List.copyOf(toUnblock)) {
            try {
                attributes.control().write(member, MemberAttribute.STATE, "-blocked");
            } catch (AttributeException e) {
                if (e.errno() != Errno.ENODEV) {
                    throw e; // tried again at the next pass
                }
            }
            toUnblock.remove(member);
            toRemove.add(member);
        }
    }

    /** What is recorded as failed may not go on as a member: the monitor that recorded it may have died before it could tell the array. */
    private void expelUnrecorded() throws AttributeException {
        for (String member : attributes.control().members()) {
            List<String> words = stateWords(member);
            if (words.contains("in_sync") && !words.contains("faulty") && isRecordedFailed(member)) {
                expel(member);
            }
        }
    }

    private void expel(String member) throws AttributeException {
        try {
            attributes.control().write(member, MemberAttribute.STATE, "faulty");
        } catch (AttributeException e) {
            if (e.errno() != Errno.EBUSY && e.errno() != Errno.ENODEV) { // EBUSY: the array cannot do without it
                throw e;
            }
        }
    }

    private boolean isRecordedFailed(String member) throws AttributeException {
        long slot = attributes.memberSlot(member);
        return switch (recorded().activity()) {
            case Activity.Idle _, Activity.Resync _ ->
                slot >= 0
                        && slot < recorded().slots().size()
                        && !recorded().slots().get((int) slot).inSync();
            case Activity.Rebuild _, Activity.Reshape _ ->
                keeper.container().disks().stream()
                        .noneMatch(disk -> disk.serial().equals(member)
                                && (disk.status() == ContainerDisk.Status.MEMBER
                                        || disk.status() == ContainerDisk.Status.SPARE));
        };
    }

    private List<String> newlyFaulty() throws AttributeException {
        List<String> faulty = new ArrayList<>();
        for (String member : attributes.control().members()) {
            if (!recordedFaulty.contains(member) && stateWords(member).contains("faulty")) {
                faulty.add(member);
            }
        }
        return faulty;
    }

    /**
     * A failure is recorded because the array goes on without the member, which then misses what is written. When no volume goes on, the
     * member misses nothing: writes that wait for the record fail (see Admission), all that was acknowledged is still on it, and recorded
     * as failed it would count as failed for good, though a cable or a full file system was all there was to it.
     */
    private List<String> bearable(ContainerMetadata metadata, List<String> faulty) {
        List<String> needed = faulty.stream()
                .filter(member -> Losses.isUsed(metadata.container(), member))
                .toList();
        if (needed.isEmpty() || Losses.anyBears(metadata, needed)) {
            return faulty;
        }
        unbearable.addAll(needed);
        return faulty.stream().filter(member -> !needed.contains(member)).toList();
    }

    /** What is wrong with the volume and not with what could be recorded of it. */
    Optional<Problem> problem() {
        if (unbearable.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(new Problem(
                "volume " + recorded().name() + " is broken",
                "container " + keeper.container().uuid(),
                "it cannot do without " + String.join(", ", unbearable) + ", which failed; that is not recorded, and"
                        + " writes fail",
                "Stop the container and see to its disks; what was acknowledged and flushed is on them"));
    }

    private List<String> stateWords(String member) throws AttributeException {
        try {
            return attributes.memberState(member);
        } catch (AttributeException e) {
            if (e.errno() == Errno.ENOENT || e.errno() == Errno.ENODEV) {
                return List.of(); // it left between the listing and the look
            }
            throw e;
        }
    }

    private ContainerMetadata recordState(ContainerMetadata wanted, String state) throws AttributeException {
        Volume now = wanted.container().volumes().get(volume);
        boolean dirty = now.dirty();
        // of a broken one nobody knows what was in flight
        boolean whole =
                unbearable.isEmpty() && now.missingSlots() <= now.geometry().redundancy();
        return switch (state) {
            case "write-pending", "active" -> dirty ? wanted : wanted.withDirty(volume, true);
            case "active-idle" ->
                dirty && !debts.owes(volume) && nothingRuns() && acceptsClean()
                        ? wanted.withDirty(volume, false)
                        : wanted;
            case "clean", "inactive" ->
                dirty && whole && !debts.owes(volume) ? wanted.withDirty(volume, false) : wanted;
            default -> wanted;
        };
    }

    private boolean nothingRuns() throws AttributeException {
        return attributes.numberOr(Attribute.RESYNC_START, Attributes.NONE) == Attributes.NONE;
    }

    /** The array first, the metadata after: the other order could record clean while a write slips in. */
    private boolean acceptsClean() throws AttributeException {
        try {
            attributes.set(Attribute.ARRAY_STATE, "clean");
            return true;
        } catch (AttributeException e) {
            if (e.errno() == Errno.EBUSY) {
                return false; // a write came in between; active-idle will be shown again
            }
            throw e;
        }
    }

    private ContainerMetadata recordSync(ContainerMetadata wanted, String action) throws AttributeException {
        return switch (wanted.container().volumes().get(volume).activity()) {
            case Activity.Idle _, Activity.Reshape _ -> {
                resyncing = false;
                yield wanted;
            }
            case Activity.Resync r -> recordResync(wanted, action, r);
            case Activity.Rebuild r -> {
                if (!action.equals("recover") && slotInSync(r.slot())) {
                    lastRecordedPosition = 0;
                    yield wanted.withSyncFinished(volume);
                }
                yield progress(wanted, action, r.memberSector());
            }
        };
    }

    /** An array that is idle has finished its resync only if it was seen at it: else it has not been told yet (or nobody saw the end). */
    private ContainerMetadata recordResync(ContainerMetadata wanted, String action, Activity.Resync resync)
            throws AttributeException {
        boolean known = attributes.numberOr(Attribute.RESYNC_START, Attributes.NONE) == Attributes.NONE;
        if (!known || action.equals("resync")) {
            resyncing = true;
            debts.settle(volume);
        }
        if (!known || !action.equals("idle")) {
            return progress(wanted, action, resync.memberSector());
        }
        if (!resyncing) {
            debts.owe(volume);
            return wanted;
        }
        lastRecordedPosition = 0;
        return wanted.withSyncFinished(volume);
    }

    private boolean slotInSync(int slot) throws AttributeException {
        for (String member : attributes.control().members()) {
            if (stateWords(member).contains("in_sync") && attributes.memberSlot(member) == slot) {
                return true;
            }
        }
        return false;
    }

    private ContainerMetadata progress(ContainerMetadata wanted, String action, long recorded)
            throws AttributeException {
        if (action.equals("idle") || action.equals("frozen")) {
            return wanted;
        }
        long done = attributes.syncCompleted();
        long base = Math.max(recorded, lastRecordedPosition);
        if (done - base < recorded().componentSectors() / 16) {
            return wanted;
        }
        lastRecordedPosition = done;
        return wanted.withSyncPosition(volume, done);
    }

    private void removeFailed() throws AttributeException {
        for (String member : List.copyOf(toRemove)) {
            try {
                attributes.control().write(member, MemberAttribute.STATE, "remove");
                toRemove.remove(member);
            } catch (AttributeException e) {
                switch (e.errno()) {
                    case EBUSY -> {} // in use by a sync or a reshape: tried again at the next pass
                    case ENOENT, ENODEV -> toRemove.remove(member);
                    default -> throw e;
                }
            }
        }
    }

    /** A member that has come back as another member of the same name may fail again. */
    void forget(String member) {
        recordedFaulty.remove(member);
        unbearable.remove(member);
        toUnblock.remove(member);
        toRemove.remove(member);
    }

    /** Whether parity has to be made sure of when nothing else is to be done first. Any thread. */
    boolean owesResync() {
        Volume now = recorded();
        return debts.owes(volume)
                && now.geometry().redundancy() > 0
                && now.missingSlots() == 0
                && (now.activity() instanceof Activity.Idle || now.activity() instanceof Activity.Resync);
    }

    /** That begins now: parity counts as unknown from the start of the volume, durably; where that is recorded already, from there. */
    void beginResync() throws DiskException {
        if (recorded().activity() instanceof Activity.Idle) {
            keeper.commit(keeper.current().withResync(volume, false));
        }
        resyncing = true;
        debts.settle(volume);
    }
}
