package io.restripe.node.device;

import io.restripe.disk.Disk;
import io.restripe.env.Env;
import io.restripe.os.FuseDevice;
import io.restripe.rule.ProblemException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Makes attachments, and goes on with those of a dead host process, by the way this machine has. Stateless but for the container. */
public final class Attacher {
    private static final long LONGEST_LOAD_SECONDS = 10;

    private final Env env;
    private final Path folder;
    private final String container;
    private final Path nbdSocket;

    /**
     * Of one container.
     *
     * @param folder its run folder
     * @param nbdSocket where this process serves its volumes
     */
    public Attacher(Env env, Path folder, String container, Path nbdSocket) {
        this.env = env;
        this.folder = folder;
        this.container = container;
        this.nbdSocket = nbdSocket;
    }

    private Place place(String volume, String uuid) {
        return new Place(folder, container, volume, uuid);
    }

    /**
     * Attaches a volume.
     *
     * @param driver {@code nbd}, {@code fuse}, or empty: the kernel's NBD client where it has one, else FUSE
     */
    public Attachment attach(String driver, String volume, String uuid, Disk disk, boolean readOnly)
            throws IOException {
        boolean nbd = driver.equals(NbdAttachment.DRIVER) || driver.isEmpty() && hasNbd();
        if (nbd) {
            if (!hasNbd()) {
                throw new IOException("this kernel has no NBD client (module nbd)");
            }
            return NbdAttachment.attach(env, place(volume, uuid), nbdSocket, disk);
        }
        if (!Files.exists(FuseDevice.PATH) || !Files.exists(Path.of("/dev/loop-control"))) {
            throw new IOException("this kernel has neither an NBD client (module nbd), nor FUSE and loop devices ("
                    + FuseDevice.PATH + ", /dev/loop-control)");
        }
        return FuseAttachment.attach(env, place(volume, uuid), disk, readOnly);
    }

    private static boolean hasNbd() {
        return NbdAttachment.possible() || load("nbd") && NbdAttachment.possible();
    }

    private static boolean load(String module) {
        try {
            Process process = new ProcessBuilder(List.of("modprobe", "-q", module))
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            if (!process.waitFor(LONGEST_LOAD_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                return false;
            }
            return process.exitValue() == 0;
        } catch (IOException e) {
            return false; // no program that loads modules: then there is what there is
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** Goes on with what a dead host process left: the device's users see a pause. */
    public Attachment resume(AttachmentRecord record, Disk disk, boolean readOnly) throws IOException {
        Place place = place(record.volume(), record.uuid());
        return record.driver().equals(NbdAttachment.DRIVER)
                ? NbdAttachment.resume(env, place, record, nbdSocket, disk)
                : FuseAttachment.resume(env, place, record, disk, readOnly);
    }

    /** The records that are in the folder. */
    public List<AttachmentRecord> records() throws IOException {
        return AttachmentRecord.all(folder);
    }

    /** Nothing is left of the volume's attachment. */
    public void forget(String volume) throws IOException {
        AttachmentRecord.delete(folder, volume);
    }

    /** Removes what nobody goes on with, see {@link Leftover}. */
    public String remove(AttachmentRecord record, boolean force) throws ProblemException {
        return Leftover.remove(folder, container, record, force);
    }
}
