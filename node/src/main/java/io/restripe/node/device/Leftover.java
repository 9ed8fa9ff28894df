package io.restripe.node.device;

import io.restripe.os.Errno;
import io.restripe.os.Holder;
import io.restripe.os.LoopDevice;
import io.restripe.os.Mounts;
import io.restripe.os.SystemCallException;
import io.restripe.rule.Problem;
import io.restripe.rule.ProblemException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** What is left of an attached volume whose host process has died, while nobody goes on with it. Stateless. */
public final class Leftover {
    private Leftover() {}

    /**
     * Removes it.
     *
     * @param folder the container's run folder
     * @param force although somebody uses the device: he gets errors, and the device goes with the last user
     * @return the device that it was; empty: none any more
     */
    public static String remove(Path folder, String container, AttachmentRecord record, boolean force)
            throws ProblemException {
        String name = container + "/" + record.volume();
        try {
            Path file = AttachmentRecord.mountPoint(folder, record.volume());
            Optional<Path> device = device(record, file);
            List<String> users = device.isPresent() ? DeviceUsers.of(device.get()) : List.of();
            if (!users.isEmpty() && !force) {
                throw new ProblemException(inUse(name, container, device.get(), users));
            }
            if (record.driver().equals(NbdAttachment.DRIVER)) {
                NbdAttachment.disconnect(record);
            } else {
                removeFuse(record, file, device, users.isEmpty());
            }
            AttachmentRecord.delete(folder, record.volume());
            return device.map(Path::toString).orElse("");
        } catch (IOException e) {
            throw new ProblemException(
                    new Problem(
                            "cannot remove what is left of the device of " + name,
                            record.device().isEmpty() ? folder.toString() : record.device(),
                            String.valueOf(e.getMessage()),
                            "Run it as root, and again when whoever uses the device has gone"),
                    e);
        }
    }

    private static Optional<Path> device(AttachmentRecord record, Path file) throws IOException {
        if (record.driver().equals(NbdAttachment.DRIVER)) {
            return Optional.of(Path.of(record.device()));
        }
        return LoopDevices.of(file);
    }

    /** What a process left that died before it could record what it was making: nobody has used it yet. */
    static void removeUnrecorded(Path file) throws IOException {
        Optional<Path> device = LoopDevices.of(file);
        abort(file);
        if (device.isPresent()) {
            LoopDevice.releaseLater(device.get());
        }
    }

    private static void abort(Path file) throws IOException {
        try {
            Mounts.abort(file);
        } catch (SystemCallException e) {
            if (e.errno() != Errno.EINVAL && e.errno() != Errno.ENOENT) { // not mounted any more
                throw e;
            }
        }
    }

    private static void removeFuse(AttachmentRecord record, Path file, Optional<Path> device, boolean unused)
            throws IOException {
        abort(file);
        if (record.holderLives()) {
            Holder.end(record.holder());
        }
        if (device.isEmpty()) {
            return;
        }
        if (unused) {
            LoopDevice.release(device.get());
        } else {
            LoopDevice.releaseLater(device.get());
        }
    }

    private static Problem inUse(String name, String container, Path device, List<String> users) {
        return new Problem(
                "cannot detach " + name,
                device.toString(),
                "its host process has died, and the device is in use: " + String.join("; ", users),
                "Go on with it: restripe assemble " + container
                        + " MEMBER... Or give up what was not written yet, after which its users get errors: restripe detach "
                        + name + " --force, then unmount");
    }
}
