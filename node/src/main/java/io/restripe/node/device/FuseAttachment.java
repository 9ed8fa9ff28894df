package io.restripe.node.device;

import io.restripe.disk.Disk;
import io.restripe.env.Env;
import io.restripe.fuse.FuseMount;
import io.restripe.os.Errno;
import io.restripe.os.LoopDevice;
import io.restripe.os.Mounts;
import io.restripe.os.SystemCallException;
import io.restripe.os.SystemFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;

/**
 * The volume as a file that this process serves through FUSE, in the run folder, and a loop device over that file. When this process dies the
 * kernel's requests wait for the next one, where the kernel can (see {@link FuseMount}).
 */
final class FuseAttachment implements Attachment {
    static final String DRIVER = "fuse";

    private static final long LONGEST_RELEASE_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

    private final Env env;
    private final Disk disk;
    private final boolean readOnly;
    private final FuseMount mount;
    private final Path device;
    private long sectors;

    private FuseAttachment(Env env, Disk disk, boolean readOnly, FuseMount mount, Path device, long sectors) {
        this.env = env;
        this.disk = disk;
        this.readOnly = readOnly;
        this.mount = mount;
        this.device = device;
        this.sectors = sectors;
    }

    /**
     * Attaches a volume, and records it.
     *
     * @param place names the volume and the folder for the file and the record
     */
    static FuseAttachment attach(Env env, Place place, Disk disk, boolean readOnly) throws IOException {
        Path file = AttachmentRecord.mountPoint(place.folder(), place.volume());
        Leftover.removeUnrecorded(file);
        Files.deleteIfExists(file);
        Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        long sectors = disk.sectors();
        FuseMount mount = FuseMount.mount(env, file, place.container() + "/" + place.volume(), disk, readOnly);
        boolean done = false;
        try {
            AttachmentRecord record = AttachmentRecord.of(
                    place.volume(), place.uuid(), DRIVER, "", mount.holder().orElse(0));
            record.save(place.folder());
            Path device = bind(file, disk, readOnly);
            AttachmentRecord.of(place.volume(), place.uuid(), DRIVER, device.toString(), record.holder())
                    .save(place.folder());
            done = true;
            return new FuseAttachment(env, disk, readOnly, mount, device, sectors);
        } finally {
            if (!done) {
                mount.abort();
                Files.deleteIfExists(file);
            }
        }
    }

    private static Path bind(Path file, Disk disk, boolean readOnly) throws IOException {
        EnumSet<SystemFile.Option> how = EnumSet.of(SystemFile.Option.DIRECT);
        if (!readOnly) {
            how.add(SystemFile.Option.WRITE);
        }
        Path device;
        try (SystemFile open = SystemFile.open(file, how)) {
            open.status(); // so that the kernel knows the file's size: until Linux 6.15 a loop device takes what is
            // known
            device = LoopDevice.bind(open, file, disk.logicalSectorBytes(), readOnly);
        }
        return device;
    }

    /** Goes on where a dead process has stopped; the record says what it left. */
    static FuseAttachment resume(Env env, Place place, AttachmentRecord record, Disk disk, boolean readOnly)
            throws IOException {
        Path file = AttachmentRecord.mountPoint(place.folder(), place.volume());
        Path device = LoopDevices.of(file).orElseThrow(() -> new IOException("no loop device is left of it"));
        if (!record.holderLives()) {
            throw new IOException("nobody kept its connection to the kernel, and its users got errors");
        }
        FuseMount mount = FuseMount.resume(env, file, disk, readOnly, record.holder());
        // What size the device has is not known: the first look sets it.
        return new FuseAttachment(env, disk, readOnly, mount, device, 0);
    }

    @Override
    public String driver() {
        return DRIVER;
    }

    @Override
    public Path device() {
        return device;
    }

    @Override
    public void followSize() throws IOException {
        long now = disk.sectors();
        if (now != sectors) {
            if (!Mounts.isMounted(mount.file())) {
                throw new IOException("somebody has unmounted " + mount.file()); // what is there is the file below
            }
            FollowedSize.set(
                    mount.file(), readOnly ? OptionalLong.empty() : OptionalLong.of(mount.sizeBytes()), device);
            sectors = now;
        }
    }

    @Override
    public void detach() throws IOException {
        if (LoopDevices.isOf(device, mount.file())) { // else an attempt before has come so far
            LoopDevice.release(device);
        }
        long start = env.nanoTime();
        while (!unmounted()) {
            if (env.nanoTime() - start > LONGEST_RELEASE_NANOS) {
                throw new IOException("somebody has " + device + " open still; it goes with the last of them");
            }
            env.sleepNanos(LOOK_NANOS);
        }
        if (!readOnly) {
            disk.flush();
        }
        Files.deleteIfExists(mount.file());
    }

    /** The device lets go of the file a moment after it was released. */
    private boolean unmounted() throws IOException {
        if (LoopDevices.isOf(device, mount.file())) {
            return false;
        }
        try {
            mount.unmount();
            return true;
        } catch (SystemCallException e) {
            if (e.errno() == Errno.EBUSY) {
                return false;
            }
            throw e;
        }
    }

    @Override
    public void cutOff() throws IOException {
        boolean bound = LoopDevices.isOf(device, mount.file()); // while the file has its name
        mount.abort();
        if (bound) {
            LoopDevice.releaseLater(device);
        }
        Files.deleteIfExists(mount.file());
    }

    @Override
    public void leave() {
        mount.leave();
    }
}
