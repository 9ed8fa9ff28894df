package io.restripe.array.engine;

import io.restripe.array.Attribute;
import io.restripe.array.AttributeException;
import io.restripe.array.Errno;
import io.restripe.array.Holds;
import io.restripe.array.MemberAttribute;
import io.restripe.array.ServedArray;
import io.restripe.disk.Disk;
import io.restripe.disk.DiskException;
import io.restripe.env.Env;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Lock;
import java.util.function.Function;

/**
 * An array in this process, behind md's own control surface: RAID0, 1, 4, 5, 6 and 10 over any disks, with external metadata, that
 * relocates while it serves (docs/md-control.md). Any thread may call anything. It keeps no metadata: what must survive, a monitor
 * reads from the attributes and records.
 *
 * <p>Differences from Linux, all allowed by section 10: an old row that the reshape position cuts keeps working; progress is
 * published only after a flush of every member that was written; a write that met a failed member completes only when the member is
 * no longer {@code blocked}, that is when its failure has been recorded; suspend_lo and suspend_hi wake watchers; an array that has
 * lost too much shows {@code broken} whether clean or not, fails writes and flushes at once, and can be stopped.
 */
public final class EmbeddedArray implements ServedArray {
    private final ArrayState state;
    private final Lock configLock;
    private final Function<String, Disk> resolver;
    private final MemberThreads memberThreads;
    private final Admission admission;
    private final ArrayDisk disk;
    private final PartialParityLog log;
    /** For tests of this package too. */
    final Parts parts;

    private final ArrayAttributes attributes;
    private final MemberAttributes memberAttributes;
    private final List<Env.Worker> workers = new ArrayList<>();

    /**
     * An array in state {@code clear}. Its threads begin now and end with {@link #close}.
     *
     * @param resolver from a member's name to the whole disk, null if there is none of that name; the array never closes it
     */
    public EmbeddedArray(Env env, String name, Function<String, Disk> resolver) {
        this.state = new ArrayState(env, name);
        this.configLock = env.newLock();
        this.resolver = resolver;
        this.memberThreads = new MemberThreads(env, name + "-io");
        MemberIo io = new MemberIo(env, memberThreads);
        this.admission = new Admission(state);
        this.log = new PartialParityLog(state, admission, io);
        this.parts = new Parts(
                state,
                admission,
                new StripeLocks(env),
                io,
                new Scratch(env),
                new ScratchRoom(env, ScratchRoom.USUAL_SECTORS),
                log,
                new WriteIntentBitmap(state, admission, io));
        Transform.Set transforms = new Transform.Set(parts);
        SyncWords syncs = new SyncWords(state);
        this.disk = new ArrayDisk(parts, transforms);
        this.attributes = new ArrayAttributes(parts, syncs);
        this.memberAttributes = new MemberAttributes(state, admission);
        workers.add(env.start(name + "-safemode", new SafeMode(state)));
        workers.add(env.start(name + "-sync", new SyncThread(parts, syncs)));
    }

    /** The array as a disk of array_size sectors; requests fail with a DiskException while it does not run. */
    @Override
    public Disk disk() {
        return disk;
    }

    @Override
    public String name() {
        return state.name;
    }

    @Override
    public String read(Attribute attribute) throws AttributeException {
        state.lock.lock();
        try {
            return attributes.read(attribute);
        } finally {
            state.lock.unlock();
        }
    }

    @Override
    public void write(Attribute attribute, String value) throws AttributeException {
        state.lock.lock();
        boolean free;
        try {
            free = attributes.isFree(attribute, value);
        } finally {
            state.lock.unlock();
        }
        if (free) {
            writeNow(attribute, value);
            return;
        }
        configLock.lock();
        try {
            writeNow(attribute, value);
        } finally {
            configLock.unlock();
        }
    }

    private void writeNow(Attribute attribute, String value) throws AttributeException {
        state.lock.lock();
        try {
            attributes.write(attribute, value);
        } finally {
            state.lock.unlock();
        }
    }

    @Override
    public List<String> members() {
        state.lock.lock();
        try {
            return List.copyOf(state.members.keySet());
        } finally {
            state.lock.unlock();
        }
    }

    @Override
    public void addMember(String member) throws AttributeException {
        Disk found = resolver.apply(member);
        configLock.lock();
        try {
            state.lock.lock();
            try {
                if (found == null) {
                    throw state.refusal("new_dev", member, Errno.ENODEV, "no disk of that name");
                }
                if (state.members.containsKey(member)) {
                    throw state.refusal("new_dev", member, Errno.EEXIST, "it is a member already");
                }
                state.members.put(member, new Member(member, found));
                state.changed();
            } finally {
                state.lock.unlock();
            }
        } finally {
            configLock.unlock();
        }
    }

    @Override
    public String read(String member, MemberAttribute attribute) throws AttributeException {
        state.lock.lock();
        try {
            return memberAttributes.read(member, attribute);
        } finally {
            state.lock.unlock();
        }
    }

    @Override
    public void write(String member, MemberAttribute attribute, String value) throws AttributeException {
        configLock.lock();
        try {
            state.lock.lock();
            try {
                memberAttributes.write(member, attribute, value);
            } finally {
                state.lock.unlock();
            }
            if (attribute == MemberAttribute.PPL_SIZE) {
                clearLog(member, value);
            }
        } finally {
            configLock.unlock();
        }
    }

    private void clearLog(String member, String value) throws AttributeException {
        Member found;
        state.lock.lock();
        try {
            found = state.running ? state.member(member) : null;
        } finally {
            state.lock.unlock();
        }
        try {
            if (found != null) {
                log.clear(found);
            }
        } catch (DiskException e) {
            throw state.refusal("dev-" + member + "/ppl_size", value, Errno.EIO, e.getMessage());
        }
    }

    /** How long requests were held by what goes on in the background. */
    @Override
    public Holds holds() {
        state.lock.lock();
        try {
            return state.holds.picture();
        } finally {
            state.lock.unlock();
        }
    }

    /** Whether it could not serve all of its contents without this member; false for a name that is no member. */
    @Override
    public boolean needs(String member) {
        state.lock.lock();
        try {
            Member found = state.members.get(member);
            return found != null && state.needs(found);
        } finally {
            state.lock.unlock();
        }
    }

    /**
     * Fails a member that the array can do without; else nothing changes. The attribute's word {@code faulty}, for a disk that cannot be
     * used whatever follows from it, fails it in any case.
     *
     * @throws AttributeException when the array needs it, or does not have it
     */
    @Override
    public void giveUp(String member) throws AttributeException {
        configLock.lock();
        try {
            state.lock.lock();
            try {
                Member found = state.member(member);
                if (state.needs(found)) {
                    throw state.refusal("dev-" + member, "faulty", Errno.EBUSY, "the array needs it");
                }
                state.failLocked(found, "declared faulty");
            } finally {
                state.lock.unlock();
            }
        } finally {
            configLock.unlock();
        }
    }

    @Override
    public Runnable subscribe(Runnable wake) {
        return state.subscribe(wake);
    }

    private void drain() {
        state.lock.lock();
        try {
            admission.drain();
        } finally {
            state.lock.unlock();
        }
    }

    /** Ends its threads and refuses all further requests; those inside are finished first. Flushes nothing. Idempotent. */
    @Override
    public void close() {
        state.lock.lock();
        try {
            state.closed = true;
            state.changed();
        } finally {
            state.lock.unlock();
        }
        try {
            workers.forEach(Env.Worker::join);
            drain();
        } finally {
            memberThreads.close();
        }
    }
}
