package io.restripe.fuse;

import io.restripe.disk.Disk;
import io.restripe.env.Env;
import io.restripe.os.Descriptor;
import io.restripe.os.Errno;
import io.restripe.os.FuseDevice;
import io.restripe.os.Holder;
import io.restripe.os.Mounts;
import io.restripe.os.SystemCallException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;

/**
 * A disk that is mounted as a regular file on a regular file, and served by threads of this process. Needs root. One owner calls; the file
 * may be used by anybody who may open it.
 *
 * <p>Where the kernel gives unanswered requests again (Linux 6.9), a {@link Holder} keeps the connection: when this process ends without
 * {@link #unmount}, however it ends, requests wait, and {@link #resume} in another process goes on with them. Elsewhere they fail.
 */
public final class FuseMount {
    /** Descriptors of the connection; with two, two threads do not wait for each other. */
    private static final int DESCRIPTORS = 2;

    private static final long LONGEST_GREETING_NANOS = TimeUnit.SECONDS.toNanos(20);
    private static final long LONGEST_FAREWELL_NANOS = TimeUnit.SECONDS.toNanos(20);

    private final Env env;
    private final Path file;
    private final FuseFile served;
    private final List<Descriptor> descriptors;
    private final FuseServer server;
    private OptionalLong holder;

    private FuseMount(Env env, Path file, FuseFile served, List<Descriptor> descriptors, OptionalLong holder) {
        this.env = env;
        this.file = file;
        this.served = served;
        this.descriptors = descriptors;
        this.server = new FuseServer(
                env, "fuse", served, descriptors.stream().map(KernelLink::new).toList());
        this.holder = holder;
    }

    /**
     * Mounts.
     *
     * @param file an existing regular file, which is covered
     * @param source what the list of mounts tells of it
     */
    public static FuseMount mount(Env env, Path file, String source, Disk disk, boolean readOnly) throws IOException {
        List<Descriptor> descriptors = new ArrayList<>();
        FuseFile served = new FuseFile(disk, readOnly);
        boolean mounted = false;
        boolean done = false;
        try {
            descriptors.add(Descriptor.open(FuseDevice.PATH));
            FuseDevice.mountFile(descriptors.getFirst(), source, file, readOnly, FuseBuffer.MOST_PAYLOAD_BYTES);
            mounted = true;
            while (descriptors.size() < DESCRIPTORS) {
                descriptors.add(FuseDevice.clone(descriptors.getFirst()));
            }
            FuseMount made = new FuseMount(env, file, served, descriptors, OptionalLong.empty());
            made.server.start();
            if (!made.server.awaitInitialized(LONGEST_GREETING_NANOS)) {
                throw new IOException("the kernel does not speak on " + FuseDevice.PATH);
            }
            if (served.resends() && Holder.possible()) {
                made.holder = OptionalLong.of(Holder.start(descriptors));
            }
            done = true;
            return made;
        } finally {
            if (!done) {
                if (mounted) {
                    Mounts.abort(file);
                }
                descriptors.forEach(Descriptor::close);
            }
        }
    }

    /**
     * Goes on serving what a process mounted that has ended since: requests that it did not answer come again.
     *
     * @param disk the same bytes as it served
     * @param holder what {@link #holder} said there
     */
    public static FuseMount resume(Env env, Path file, Disk disk, boolean readOnly, long holder) throws IOException {
        List<Descriptor> descriptors = new ArrayList<>();
        boolean done = false;
        try {
            for (int i = 0; i < DESCRIPTORS; i++) {
                descriptors.add(Descriptor.ofProcess(holder, Holder.FIRST_NUMBER + i, FuseDevice.PATH.toString()));
            }
            FuseFile served = new FuseFile(disk, readOnly);
            served.takeOver();
            FuseMount made = new FuseMount(env, file, served, descriptors, OptionalLong.of(holder));
            askAgain(descriptors.getFirst());
            made.server.start();
            done = true;
            return made;
        } finally {
            if (!done) {
                descriptors.forEach(Descriptor::close);
            }
        }
    }

    /** A notification is an answer to request 0 with a code in the place of the error. */
    private static void askAgain(Descriptor device) throws SystemCallException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment notification = arena.allocate(Protocol.OUT_HEADER_BYTES, Long.BYTES);
            notification.set(ValueLayout.JAVA_INT, 0, Protocol.OUT_HEADER_BYTES);
            notification.set(ValueLayout.JAVA_INT, 4, Protocol.NOTIFY_RESEND);
            device.write(notification);
        }
    }

    /** Where it is mounted. */
    public Path file() {
        return file;
    }

    /** Process id of who keeps the connection when this process dies; empty: it ends with this process. */
    public OptionalLong holder() {
        return holder;
    }

    /**
     * Length of the file now. The kernel may know another: until it has asked, or been told, reads behind the length that it knew find
     * nothing. To ask it is not enough: an answer to that is dropped by the kernel when a write ended while it was on its way (seen with Linux
     * 6.18: a loop device that has grown fails to read its new part). A length that is set is always taken, and none is but this.
     *
     * <p>Whoever sets it, or asks for it, waits for an answer of this process, and must not belong to it: a thread that waits for its own
     * process when that is killed never ends, and with it stays all that the process held.
     */
    public long sizeBytes() {
        return served.sizeBytes();
    }

    /** See {@link FuseServer#leave}: for when the disk goes and the connection is to be resumed by another process. */
    public void leave() {
        server.leave();
    }

    /** Ends it when nobody has the file open, else EBUSY and it goes on. */
    public void unmount() throws IOException {
        Mounts.unmount(file);
        end();
    }

    /** Ends it at once: whoever uses the file gets errors from now on. */
    public void abort() throws IOException {
        try {
            Mounts.abort(file);
        } catch (SystemCallException e) {
            if (e.errno() != Errno.EINVAL) { // unmounted by somebody else: that is what is wanted
                throw e;
            }
        }
        end();
    }

    private void end() throws IOException {
        if (holder.isPresent()) {
            Holder.end(holder.getAsLong());
        }
        if (!server.awaitEnd(LONGEST_FAREWELL_NANOS)) {
            // A request is held at the disk, and its thread will need the descriptor: it stays open, for no one else.
            env.start("fuse end", () -> {
                while (!server.awaitEnd(TimeUnit.HOURS.toNanos(1))) {
                    // Nothing to do but wait on.
                }
                descriptors.forEach(Descriptor::close);
            });
            return;
        }
        descriptors.forEach(Descriptor::close);
    }
}
