package io.restripe.node.device;

import io.restripe.disk.Disk;
import io.restripe.env.Env;
import io.restripe.nbd.KernelClient;
import io.restripe.os.Descriptor;
import io.restripe.os.Errno;
import io.restripe.os.NbdNetlink;
import io.restripe.os.SystemCallException;
import io.restripe.unit.Units;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * The kernel's own NBD client, connected to the socket on which this process serves its volumes. When this process dies the kernel's
 * requests wait for the next connection.
 */
final class NbdAttachment implements Attachment {
    static final String DRIVER = "nbd";

    private static final String DEVICE_PREFIX = "/dev/nbd";
    private static final long LONGEST_NANOS = TimeUnit.SECONDS.toNanos(10);
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    private final Env env;
    private final Disk disk;
    private final int index;
    private long sizeBytes;

    private NbdAttachment(Env env, Disk disk, int index, long sizeBytes) {
        this.env = env;
        this.disk = disk;
        this.index = index;
        this.sizeBytes = sizeBytes;
    }

    /** Whether this kernel has the client, loaded. */
    static boolean possible() {
        return Files.isDirectory(Path.of("/sys/module/nbd"));
    }

    /** Attaches a volume, and records it. */
    static NbdAttachment attach(Env env, Place place, Path socket, Disk disk) throws IOException {
        try (Descriptor connection = Descriptor.connect(socket)) {
            KernelClient agreed = KernelClient.handshake(connection, place.volume());
            int index = NbdNetlink.connect(connection, agreed.sizeBytes(), agreed.blockBytes(), agreed.flags());
            NbdAttachment made = new NbdAttachment(env, disk, index, agreed.sizeBytes());
            boolean done = false;
            try {
                AttachmentRecord.of(place.volume(), place.uuid(), DRIVER, DEVICE_PREFIX + index, 0)
                        .save(place.folder());
                done = true;
                return made;
            } finally {
                if (!done) {
                    NbdNetlink.disconnect(index);
                }
            }
        }
    }

    /** Goes on where a dead process has stopped. */
    static NbdAttachment resume(Env env, Place place, AttachmentRecord record, Path socket, Disk disk)
            throws IOException {
        int index = index(record);
        long start = env.nanoTime();
        while (true) {
            try (Descriptor connection = Descriptor.connect(socket)) {
                KernelClient.handshake(connection, place.volume());
                NbdNetlink.reconnect(index, connection);
                return new NbdAttachment(env, disk, index, 0); // what size the device has is not known
            } catch (SystemCallException e) {
                // The kernel may have to notice first that its connection is lost.
                if (e.errno() != Errno.ENOSPC || env.nanoTime() - start > LONGEST_NANOS) {
                    throw e;
                }
                env.sleepNanos(LOOK_NANOS);
            }
        }
    }

    private static int index(AttachmentRecord record) throws IOException {
        try {
            return Integer.parseInt(record.device().substring(DEVICE_PREFIX.length()));
        } catch (NumberFormatException | StringIndexOutOfBoundsException e) {
            throw new IOException("\"" + record.device() + "\" is no device of NBD", e);
        }
    }

    /** Ends what a dead process left. */
    static void disconnect(AttachmentRecord record) throws IOException {
        disconnect(index(record));
    }

    private static void disconnect(int index) throws IOException {
        try {
            NbdNetlink.disconnect(index);
        } catch (SystemCallException e) {
            if (e.errno() != Errno.EINVAL && e.errno() != Errno.ENODEV) { // not connected any more
                throw e;
            }
        }
    }

    @Override
    public String driver() {
        return DRIVER;
    }

    @Override
    public Path device() {
        return Path.of(DEVICE_PREFIX + index);
    }

    @Override
    public void followSize() throws IOException {
        long now = Units.floorToUnit(Units.bytesOfSectors(disk.sectors()), disk.logicalSectorBytes());
        if (now != sizeBytes) {
            NbdNetlink.resize(index, now);
            sizeBytes = now;
        }
    }

    @Override
    public void detach() throws IOException {
        cutOff();
        long start = env.nanoTime();
        while (Files.exists(Path.of("/sys/block/nbd" + index + "/pid"))) {
            if (env.nanoTime() - start > LONGEST_NANOS) {
                throw new IOException("the kernel does not let go of " + device());
            }
            env.sleepNanos(LOOK_NANOS);
        }
        disk.flush();
    }

    @Override
    public void cutOff() throws IOException {
        disconnect(index);
    }

    @Override
    public void leave() {
        // The connection ends with this process, and no answer is sent on it after the arrays have stopped.
    }
}
