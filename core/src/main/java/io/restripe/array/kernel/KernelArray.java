package io.restripe.array.kernel;

import io.restripe.array.ArrayControl;
import io.restripe.array.Attribute;
import io.restripe.array.AttributeException;
import io.restripe.array.Attributes;
import io.restripe.array.Errno;
import io.restripe.array.Holds;
import io.restripe.array.MemberAttribute;
import io.restripe.array.ServedArray;
import io.restripe.consistency.ConsistencyPolicy;
import io.restripe.disk.Disk;
import io.restripe.disk.DiskException;
import io.restripe.env.Env;
import io.restripe.metadata.MemberDisk;
import io.restripe.os.SystemCallException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Supplier;

/**
 * An array of the kernel's md with external metadata. Its control are the files of sysfs, with md's own answers; members go by their
 * serials. Any thread may call; a write may block as md's does, see {@link ArrayControl}, and through {@link #forMonitor} it does not.
 */
public final class KernelArray implements ServedArray {
    /** Stripe heads that a reshape needs for each page of the larger chunk (docs/md-control.md, chunk_size). */
    private static final long HEADS_PER_CHUNK_PAGE = 4;

    private static final long PAGE_BYTES = 4096;
    private static final String STRIPE_CACHE_SIZE = "stripe_cache_size";

    private final String name;
    private final MdFolder folder;
    private final MemberNames names;
    private final ArrayDevice device;
    private final ChangeWatch changes;
    private final MonitorSide monitorSide;
    private final LevelChange level;
    private final KernelBitmap bitmap;
    private final boolean letsGo;

    /**
     * @param name CONTAINER/VOLUME
     * @param folder the array's, empty or configured
     * @param disks serial to disk, of those at hand
     * @param letsGo when it has been stopped, {@link #close} lets go of its object: it is this process's to end
     */
    KernelArray(Env env, String name, MdFolder folder, Supplier<Map<String, MemberDisk>> disks, boolean letsGo)
            throws AttributeException {
        this.letsGo = letsGo;
        this.name = name;
        this.folder = folder;
        this.names = new MemberNames(disks);
        this.device = new ArrayDevice(env, folder);
        this.level = new LevelChange(folder, device);
        this.bitmap = new KernelBitmap(folder, names);
        try {
            this.changes = new ChangeWatch(env, name, folder);
        } catch (SystemCallException e) {
            throw refusal("changes", null, e);
        }
        this.monitorSide = new MonitorSide(env, this);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Optional<String> device() {
        return Optional.of(device.name());
    }

    @Override
    public Disk disk() {
        return device;
    }

    @Override
    public ArrayControl forMonitor() {
        return monitorSide;
    }

    private AttributeException refusal(String attribute, String value, SystemCallException e) {
        return new AttributeException(name, attribute, value, errno(e), folder.kernelName() + ": " + e.getMessage());
    }

    private static Errno errno(SystemCallException e) {
        try {
            return Errno.valueOf(e.errno().name());
        } catch (IllegalArgumentException other) {
            return Errno.EIO; // one that nobody branches on; the message has its name
        }
    }

    @Override
    public String read(Attribute attribute) throws AttributeException {
        try {
            return folder.read(attribute.mdName());
        } catch (SystemCallException e) {
            throw refusal(attribute.mdName(), null, e);
        }
    }

    @Override
    public void write(Attribute attribute, String value) throws AttributeException {
        if (attribute == Attribute.SUSPEND_LO || attribute == Attribute.SUSPEND_HI) {
            monitorSide.awaitSuspendLo();
        }
        writeNow(attribute, value);
    }

    /** Without regard to what the monitor has asked for and is still to be done. */
    void writeNow(Attribute attribute, String value) throws AttributeException {
        try {
            if (attribute == Attribute.ARRAY_STATE && isStop(value)) {
                device.close(); // md stops no array that is open
            }
            if (attribute == Attribute.CHUNK_SIZE) {
                makeRoom(value);
            }
            if (attribute == Attribute.RESYNC_START) {
                bitmap.beforeResync(value);
            }
            if (attribute == Attribute.LEVEL && level.changesRaid0(value)) {
                device.whileClosed(() -> level.change(value));
            } else if (!bitmap.keeps(attribute, value)) {
                boolean starts = attribute == Attribute.ARRAY_STATE && bitmap.beforeStart(value);
                folder.write(attribute.mdName(), value);
                if (starts) {
                    bitmap.started();
                }
            }
        } catch (SystemCallException e) {
            throw refusal(attribute.mdName(), value, e);
        }
        changes.lookAgain();
    }

    /** By the monitor: what md carries out without waiting, on a descriptor that nobody blocks. */
    void writeAtOnce(Attribute attribute, String value) throws AttributeException {
        try {
            folder.writeOnKept(attribute.mdName(), value);
        } catch (SystemCallException e) {
            throw refusal(attribute.mdName(), value, e);
        }
        changes.lookAgain();
    }

    private static boolean isStop(String state) {
        return switch (state) {
            case "inactive", "clear", "readonly", "read-auto" -> true;
            default -> false;
        };
    }

    /** A running array takes a larger chunk only when its stripe cache has room for it. */
    private void makeRoom(String chunkBytes) throws SystemCallException {
        try {
            long wanted = HEADS_PER_CHUNK_PAGE * Long.parseLong(chunkBytes) / PAGE_BYTES;
            if (wanted > Long.parseLong(folder.read(STRIPE_CACHE_SIZE))) {
                folder.write(STRIPE_CACHE_SIZE, Long.toString(wanted));
            }
        } catch (NumberFormatException e) {
            return; // for md to refuse
        } catch (SystemCallException e) {
            if (e.errno() != io.restripe.os.Errno.ENOENT) { // ENOENT: it does not run, or its level has none
                throw e;
            }
        }
    }

    @Override
    public List<String> members() throws AttributeException {
        try {
            List<String> serials = new ArrayList<>();
            for (String found : folder.devices()) {
                serials.add(names.serial(found));
            }
            return serials;
        } catch (SystemCallException e) {
            if (e.errno() == io.restripe.os.Errno.ENODEV) {
                return List.of(); // it has gone
            }
            throw refusal("dev-*", null, e);
        }
    }

    @Override
    public void addMember(String member) throws AttributeException {
        MemberDisk disk = names.disk(member);
        if (disk == null) {
            throw new AttributeException(name, "new_dev", member, Errno.ENODEV, "no disk of that name is at hand");
        }
        if (members().contains(member)) {
            throw new AttributeException(name, "new_dev", member, Errno.EEXIST, "it is a member already");
        }
        try {
            folder.write("new_dev", MdObjects.number(Path.of(disk.name())));
        } catch (SystemCallException e) {
            throw refusal("new_dev", member, e);
        }
        changes.lookAgain();
    }

    @Override
    public String read(String member, MemberAttribute attribute) throws AttributeException {
        String file = file(member, attribute);
        try {
            return folder.read(file);
        } catch (SystemCallException e) {
            throw refusal(file, null, gone(e));
        }
    }

    @Override
    public void write(String member, MemberAttribute attribute, String value) throws AttributeException {
        String file = file(member, attribute);
        try {
            if (attribute == MemberAttribute.SLOT) {
                bitmap.give(member, value);
            }
            folder.write(file, value);
        } catch (SystemCallException e) {
            throw refusal(file, value, gone(e));
        }
        changes.lookAgain();
    }

    /** Fails a member although somebody may hold the array's configuration mutex, who waits for nothing else. */
    void failPastMutex(String member) throws AttributeException {
        try {
            device.fail(MdObjects.deviceNumber(Path.of(names.disk(member).name())));
        } catch (SystemCallException e) {
            throw refusal("SET_DISK_FAULTY", member, e);
        }
    }

    /** Whoever watches the array looks at it again. */
    void wakeSubscribers() {
        changes.tell();
    }

    private String file(String member, MemberAttribute attribute) {
        return MdFolder.member(names.device(member), attribute.mdName());
    }

    /** A member whose folder is not there has left: the array's owner knows no disk of that name. */
    private static SystemCallException gone(SystemCallException e) {
        return e.errno() == io.restripe.os.Errno.ENOENT
                ? new SystemCallException(String.valueOf(e.getMessage()), io.restripe.os.Errno.ENODEV)
                : e;
    }

    @Override
    public Runnable subscribe(Runnable wake) {
        return changes.subscribe(wake);
    }

    @Override
    public boolean needs(String member) throws AttributeException {
        return new Redundancy(this).needs(member);
    }

    @Override
    public void giveUp(String member) throws AttributeException {
        if (needs(member)) {
            throw new AttributeException(name, "dev-" + member, "faulty", Errno.EBUSY, "the array needs it");
        }
        write(member, MemberAttribute.STATE, "faulty");
    }

    /**
     * The kernel flushes no member while metadata is external. A member whose flush fails is failed, so that its failure is recorded before
     * anything that it may have lost counts as done; one that the array needs is not.
     */
    @Override
    public void flushMembers() throws AttributeException {
        flushMembers(this);
    }

    void flushMembers(ArrayControl through) throws AttributeException {
        if (new Attributes(this).arrayState().equals("clear")) {
            names.flushAll(name); // it does not say any more which it had
        }
        for (String member : members()) {
            MemberDisk disk = names.disk(member);
            if (disk == null || through.read(member, MemberAttribute.STATE).contains("faulty")) {
                continue;
            }
            try {
                disk.disk().flush();
            } catch (DiskException e) {
                if (!needs(member)) {
                    through.write(member, MemberAttribute.STATE, "faulty");
                }
                throw new AttributeException(
                        name, "dev-" + member, null, Errno.EIO, "it cannot be flushed: " + e.getMessage());
            }
        }
    }

    /** md refuses a reshape with a partial parity log, and mdadm one with an IMSM bitmap. */
    @Override
    public boolean reshapes(ConsistencyPolicy policy) {
        return policy == ConsistencyPolicy.RESYNC;
    }

    @Override
    public boolean changesPolicy() {
        return false;
    }

    @Override
    public OptionalLong writesDone() {
        return device.writesDone();
    }

    /** md lets nothing go while a request is under way. */
    @Override
    public boolean wentInOrder() {
        return true;
    }

    @Override
    public void release() throws AttributeException {
        try {
            writeNow(Attribute.ARRAY_STATE, "clear");
        } catch (AttributeException e) {
            if (e.errno() != Errno.EBUSY && e.errno() != Errno.ENODEV) { // in use for a moment, or gone
                throw e;
            }
        }
    }

    @Override
    public Holds holds() {
        return Holds.NONE;
    }

    /** What was stopped and recorded, but was in use for a moment when the monitor was about to let it go. */
    private void clearIfStopped() {
        try {
            if (new Attributes(this).arrayState().equals("inactive")) {
                release();
            }
        } catch (AttributeException e) {
            System.getLogger("io.restripe.kernel").log(System.Logger.Level.WARNING, "{0}", e.getMessage());
        }
    }

    @Override
    public void discard() {
        try {
            if (!new Attributes(this).arrayState().equals("clear")) {
                writeNow(Attribute.ARRAY_STATE, "inactive");
                writeNow(Attribute.ARRAY_STATE, "clear");
            }
        } catch (AttributeException e) {
            System.getLogger("io.restripe.kernel").log(System.Logger.Level.WARNING, "{0}", e.getMessage());
        } finally {
            close();
        }
    }

    @Override
    public void close() {
        monitorSide.close();
        if (letsGo) {
            clearIfStopped();
        }
        changes.close();
        device.close();
        folder.close();
    }
}
