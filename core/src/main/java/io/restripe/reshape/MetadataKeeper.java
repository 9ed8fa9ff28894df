package io.restripe.reshape;

import io.restripe.disk.DiskException;
import io.restripe.env.Env;
import io.restripe.metadata.Activity;
import io.restripe.metadata.Committed;
import io.restripe.metadata.Container;
import io.restripe.metadata.ContainerDisk;
import io.restripe.metadata.ContainerMetadata;
import io.restripe.metadata.Inspection;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.MetadataFormat;
import io.restripe.metadata.Progress;
import io.restripe.metadata.Volume;
import io.restripe.rule.Rule;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.Lock;

/**
 * The container's metadata as last made durable, and the disks it lives on. Owner: the monitor thread, which alone writes; others may
 * read {@link #container} and {@link #disks}. What could not be written is remembered as failed until {@link #takeFailed}.
 */
final class MetadataKeeper {
    private static final Progress NOTHING_SAVED = new Progress(0, false);

    private final MetadataFormat format;
    private final Lock lock;
    /** Held while the disks' metadata is written, and while it is looked at: a look sees no half of a change. */
    private final Lock writing;

    private final Map<String, MemberDisk> disks;
    private final Set<String> failed = new LinkedHashSet<>();
    private ContainerMetadata current;
    /** A write may have reached some disks: what is durable is not known. */
    private boolean unsettled;
    /** Every member at hand has been made to say the same since this monitor began. */
    private boolean equal;

    MetadataKeeper(Env env, MetadataFormat format, ContainerMetadata current, Map<String, MemberDisk> disks) {
        this.format = format;
        this.lock = env.newLock();
        this.writing = env.newLock();
        this.current = current;
        this.disks = new LinkedHashMap<>(disks);
    }

    ContainerMetadata current() {
        lock.lock();
        try {
            return current;
        } finally {
            lock.unlock();
        }
    }

    Container container() {
        return current().container();
    }

    /** Serial to disk, of all disks at hand: a copy. */
    Map<String, MemberDisk> disks() {
        lock.lock();
        try {
            return Collections.unmodifiableMap(new LinkedHashMap<>(disks));
        } finally {
            lock.unlock();
        }
    }

    void join(MemberDisk disk) {
        lock.lock();
        try {
            disks.put(disk.serial(), disk);
        } finally {
            lock.unlock();
        }
    }

    /** The container writes to this disk no more. */
    void leave(String serial) {
        lock.lock();
        try {
            disks.remove(serial);
        } finally {
            lock.unlock();
        }
    }

    /** A change of what is on the disks. */
    private interface Change {
        void run() throws DiskException;
    }

    /** No look at the disks sees half of it. */
    private void writing(Change change) throws DiskException {
        writing.lock();
        try {
            change.run();
        } finally {
            writing.unlock();
        }
    }

    /**
     * Makes {@code wanted} durable and current; does nothing when it is current already. Members that could not be written are recorded
     * as failed before this returns (R9).
     *
     * @throws DiskException when that is not so, because no disk could be written or nobody can do without one that could not. What is
     *     durable is then unknown until {@link #settle}
     */
    void commit(ContainerMetadata wanted) throws DiskException {
        if (wanted != current() || unsettled) {
            writing(() -> {
                Map<String, String> missed = new LinkedHashMap<>(makeEqual());
                if (DataClaims.grow(container(), wanted.container())) {
                    missed.putAll(flush());
                }
                ContainerMetadata next = withoutFailed(wanted, missed);
                unsettled = true;
                missed = write(next);
                while (!missed.isEmpty()) {
                    missed = write(withoutFailed(current(), missed));
                }
                unsettled = false;
            });
        }
    }

    /**
     * Before its first change, whatever the monitor before was in the middle of when it died: every member says what this one began
     * with, and so does each copy of the record. Else a member left behind once would be behind twice when this one dies too, which is
     * more than a crash explains, and the one copy that is not behind could leave with its disk. Serial -> why, of members that could
     * not be written.
     */
    private Map<String, String> makeEqual() throws DiskException {
        if (equal) {
            return Map.of();
        }
        Map<String, String> missed = new LinkedHashMap<>(new LeftBehind(format, disks()).makeEqual());
        Optional<Volume> half = container().reshaping();
        if (half.isPresent()
                && half.get().activity() instanceof Activity.Reshape reshape
                && !reshape.progress().equals(NOTHING_SAVED)) {
            missed.putAll(format.writeProgress(current(), half.get().index(), reshape.progress(), disks()));
        }
        equal = true;
        return members(missed);
    }

    /** Serial -> why, of members that could not be written. */
    private Map<String, String> write(ContainerMetadata wanted) throws DiskException {
        long before = container().generation();
        Committed committed = format.commit(wanted, disks());
        long after = committed.metadata().container().generation();
        Rule.R6_MONOTONIC.holds(after > before, "generation", after, before);
        become(committed.metadata());
        return members(committed.failed());
    }

    private void become(ContainerMetadata durable) {
        lock.lock();
        try {
            current = durable;
        } finally {
            lock.unlock();
        }
    }

    /** Those that carry something others rely on: members, not spares. */
    private Map<String, String> members(Map<String, String> serials) {
        Map<String, String> members = new LinkedHashMap<>(serials);
        members.keySet().removeIf(serial -> !Losses.isMember(container(), serial));
        return members;
    }

    /** What users and syncs have written becomes durable. Serial -> why, of members that could not flush. */
    private Map<String, String> flush() {
        Map<String, String> missed = new LinkedHashMap<>();
        for (MemberDisk disk : disks().values()) {
            try {
                if (Losses.isMember(container(), disk.serial())) {
                    disk.disk().flush();
                }
            } catch (DiskException e) {
                // Its failure is recorded by this commit, or the commit is refused.
                missed.put(disk.serial(), String.valueOf(e.getMessage()));
            }
        }
        return missed;
    }

    /** The same with these members failed, and remembered so that the arrays are told. */
    private ContainerMetadata withoutFailed(ContainerMetadata metadata, Map<String, String> missed)
            throws DiskException {
        if (missed.isEmpty()) {
            return metadata;
        }
        if (!Losses.anyBears(metadata, missed.keySet())) {
            Map.Entry<String, String> first = missed.entrySet().iterator().next();
            throw new DiskException(
                    first.getKey(),
                    DiskException.Operation.WRITE,
                    -1,
                    0,
                    first.getValue() + "; no volume can do without this member");
        }
        ContainerMetadata without = metadata;
        for (String serial : missed.keySet()) {
            without = without.withMemberFailed(serial);
        }
        lock.lock();
        try {
            failed.addAll(missed.keySet());
        } finally {
            lock.unlock();
        }
        return without;
    }

    /** Makes sure that what counts as current is what is durable, whatever became of a write that failed half-way. */
    void settle() throws DiskException {
        if (unsettled) {
            writing(() -> {
                Optional<Volume> half = container().reshaping();
                if (half.isPresent() && half.get().activity() instanceof Activity.Reshape reshape) {
                    failMissed(format.writeProgress(current(), half.get().index(), reshape.progress(), disks()));
                }
                commit(current());
            });
        }
    }

    /** Makes all that is current durable once more, a record and what goes with it. */
    void writeAll() throws DiskException {
        unsettled = true;
        settle();
    }

    /** Makes the progress of a reshape durable in its record, then current. */
    void writeProgress(int volume, Progress progress) throws DiskException {
        writing(() -> {
            settle();
            failMissed(makeEqual());
            ContainerMetadata with = current().withProgress(volume, progress);
            unsettled = true;
            Map<String, String> missed = format.writeProgress(with, volume, progress, disks());
            become(with);
            unsettled = false;
            failMissed(missed);
        });
    }

    /**
     * Makes the record of metadata that is not committed yet durable (R12). Members that could not take it are failed; what was planned
     * with them must not be committed then.
     *
     * @return whether all who must carry it do
     */
    boolean writePendingProgress(ContainerMetadata pending, int volume, Progress progress) throws DiskException {
        Map<String, String> missed = new LinkedHashMap<>();
        writing(() -> {
            settle();
            missed.putAll(makeEqual());
            missed.putAll(format.writeProgress(pending, volume, progress, disks()));
            failMissed(missed);
        });
        return missed.isEmpty();
    }

    private void failMissed(Map<String, String> missed) throws DiskException {
        Map<String, String> members = members(missed);
        if (!members.isEmpty()) {
            unsettled = true;
            commit(withoutFailed(current(), members));
        }
    }

    /** What the metadata of the disks that are in use says, looked at strictly. Any thread; changes wait for it. */
    Inspection inspect() {
        writing.lock();
        try {
            Map<String, MemberDisk> at = disks();
            return format.inspect(container().disks().stream()
                    .filter(disk ->
                            disk.status() == ContainerDisk.Status.MEMBER || disk.status() == ContainerDisk.Status.SPARE)
                    .map(disk -> at.get(disk.serial()))
                    .filter(Objects::nonNull)
                    .toList());
        } finally {
            writing.unlock();
        }
    }

    /** Serials of disks that could not be written since the last call. */
    Set<String> takeFailed() {
        lock.lock();
        try {
            Set<String> taken = new LinkedHashSet<>(failed);
            failed.clear();
            return taken;
        } finally {
            lock.unlock();
        }
    }
}
