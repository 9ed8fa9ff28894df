package io.restripe.node.daemon;

import io.restripe.disk.Disk;
import io.restripe.env.Env;
import io.restripe.node.device.Attacher;
import io.restripe.node.device.Attachment;
import io.restripe.node.device.AttachmentRecord;
import io.restripe.node.device.DeviceUsers;
import io.restripe.node.rpc.ContainerStatus;
import io.restripe.node.rpc.Json;
import io.restripe.node.rpc.VolumeStatus;
import io.restripe.rule.Problem;
import io.restripe.rule.ProblemException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Lock;

/** The volumes of a running container that are block devices. Any thread may call. */
final class Attachments {
    private static final System.Logger LOG = System.getLogger("io.restripe.node.daemon");
    private static final long LOOK_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long LONGEST_FAREWELL_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final long FAREWELL_LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    private final Env env;
    private final HostedContainer container;
    private final VolumeExports exports;
    private final Attacher attacher;
    private final boolean forgetful;
    private final Lock lock;
    /** By the names of their volumes. */
    private final Map<String, Attachment> attached = new TreeMap<>();

    private boolean watched;

    private Attachments(
            Env env, HostedContainer container, VolumeExports exports, Attacher attacher, boolean forgetful) {
        this.env = env;
        this.container = container;
        this.exports = exports;
        this.attacher = attacher;
        this.forgetful = forgetful;
        this.lock = env.newLock();
    }

    /**
     * Goes on with the devices that a dead host process of this container left, as far as that is possible: what is not is told in the log,
     * and stays until it is detached.
     *
     * @param forgetful the members forget what was not flushed when this process dies
     */
    static Attachments resumed(
            Env env, HostedContainer container, VolumeExports exports, Attacher attacher, boolean forgetful) {
        Attachments made = new Attachments(env, container, exports, attacher, forgetful);
        made.lock.lock();
        try {
            for (AttachmentRecord record : forgetful ? List.<AttachmentRecord>of() : attacher.records()) {
                made.resume(record);
            }
        } catch (IOException e) {
            LOG.log(System.Logger.Level.WARNING, "devices of an earlier host process: {0}", e.getMessage());
        } finally {
            made.lock.unlock();
        }
        return made;
    }

    private void resume(AttachmentRecord record) {
        ContainerStatus status = container.status();
        Optional<VolumeStatus> volume = status.volume(record.volume());
        try {
            if (volume.isEmpty() || !volume.get().uuid().equals(record.uuid())) {
                throw new IOException("it was one of another volume, " + record.uuid());
            }
            Disk disk = container.volume(record.volume());
            attached.put(record.volume(), attacher.resume(record, disk, status.readOnly()));
            watch();
            LOG.log(System.Logger.Level.INFO, "{0} goes on as {1}", name(record.volume()), record.device());
        } catch (IOException | ProblemException e) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "cannot go on with {0}, which an earlier host process left of {1}: {2}. Remove it: restripe detach {1}",
                    record.device(),
                    name(record.volume()),
                    e.getMessage());
        }
    }

    private String name(String volume) {
        return container.name() + "/" + volume;
    }

    /**
     * Makes a block device of the volume. One that Linux md runs is one already.
     *
     * @param driver {@code nbd}, {@code fuse}, or empty for the best there is
     * @return the volume, the device and the driver
     */
    Map<String, Object> attach(String volume, String driver) throws ProblemException {
        lock.lock();
        try {
            Disk disk = container.volume(volume); // refuses a volume that is not there
            ContainerStatus status = container.status();
            if (status.backend().equals(Backend.KERNEL.word())) {
                return asItIs(volume, driver, disk.name());
            }
            requireNew(volume);
            String uuid = status.volume(volume).orElseThrow().uuid();
            Attachment made = attacher.attach(driver, volume, uuid, disk, status.readOnly());
            attached.put(volume, made);
            watch();
            return Json.map("volume", volume, "device", made.device().toString(), "driver", made.driver());
        } catch (IOException e) {
            throw failed("attach", volume, e, "It takes root, and the kernel's NBD client or FUSE and loop devices");
        } finally {
            lock.unlock();
        }
    }

    private Map<String, Object> asItIs(String volume, String driver, String device) throws ProblemException {
        if (!driver.isEmpty()) {
            throw refused(
                    "attach", volume, "it is " + device + " of Linux md already", "Use that, or leave --driver out");
        }
        return Json.map("volume", volume, "device", device, "driver", "md");
    }

    private void requireNew(String volume) throws ProblemException, IOException {
        if (forgetful) {
            throw refused("attach", volume, "its members forget what was not flushed", "Assemble it without that");
        }
        if (attached.containsKey(volume)) {
            throw refused(
                    "attach",
                    volume,
                    "it is " + attached.get(volume).device() + " already",
                    "Use that, or detach it first: restripe detach " + name(volume));
        }
        Optional<AttachmentRecord> left = record(volume);
        if (left.isPresent()) {
            throw refused(
                    "attach",
                    volume,
                    "what an earlier host process left of its device "
                            + left.get().device() + " is still there",
                    "Remove that first: restripe detach " + name(volume));
        }
    }

    private Optional<AttachmentRecord> record(String volume) throws IOException {
        return attacher.records().stream()
                .filter(r -> r.volume().equals(volume))
                .findFirst();
    }

    private ProblemException refused(String verb, String volume, String why, String remedy) {
        return new ProblemException(new Problem("cannot " + verb + " " + name(volume), name(volume), why, remedy));
    }

    private ProblemException failed(String verb, String volume, IOException e, String remedy) {
        return new ProblemException(
                new Problem(
                        "cannot " + verb + " " + name(volume), name(volume), String.valueOf(e.getMessage()), remedy),
                e);
    }

    /**
     * Ends a device, or removes what a dead host process left of one.
     *
     * @param force although somebody uses it: he gets errors
     * @return the volume and the device that it was
     */
    Map<String, Object> detach(String volume, boolean force) throws ProblemException {
        lock.lock();
        try {
            Attachment attachment = attached.get(volume);
            if (attachment != null) {
                end(volume, attachment, force);
                return Json.map("volume", volume, "device", attachment.device().toString());
            }
            Optional<AttachmentRecord> left = record(volume);
            if (left.isPresent()) {
                return Json.map("volume", volume, "device", attacher.remove(left.get(), force));
            }
            container.volume(volume); // refuses a volume that is not there
            throw refused("detach", volume, "it is not attached", "See what is: restripe detail " + container.name());
        } catch (IOException e) {
            throw failed("detach", volume, e, "Try it again when whoever uses the device has gone");
        } finally {
            lock.unlock();
        }
    }

    private void end(String volume, Attachment attachment, boolean force) throws ProblemException, IOException {
        List<String> users = DeviceUsers.of(attachment.device());
        if (!users.isEmpty() && !force) {
            throw new ProblemException(new Problem(
                    "cannot detach " + name(volume),
                    attachment.device().toString(),
                    "the device is in use: " + String.join("; ", users),
                    "Unmount it, or end what uses it, then detach it again; --force gives its users errors"));
        }
        int clients = exports.clients();
        if (users.isEmpty()) {
            attachment.detach();
        } else {
            attachment.cutOff();
        }
        attached.remove(volume);
        attacher.forget(volume);
        awaitClientGone(attachment, clients);
    }

    /** So that the kernel's own client does not stand in the way of a stop a moment later. */
    private void awaitClientGone(Attachment attachment, int clients) {
        long start = env.nanoTime();
        while (attachment.driver().equals("nbd")
                && exports.clients() >= clients
                && env.nanoTime() - start < LONGEST_FAREWELL_NANOS) {
            env.sleepNanos(FAREWELL_LOOK_NANOS);
        }
    }

    /** A container whose volumes are devices is not stopped unasked; when asked, all devices end, whoever uses them. */
    void endAll(boolean force) throws ProblemException {
        lock.lock();
        try {
            if (attached.isEmpty()) {
                return;
            }
            if (!force) {
                throw inUse();
            }
            for (Map.Entry<String, Attachment> entry : new ArrayList<>(attached.entrySet())) {
                try {
                    end(entry.getKey(), entry.getValue(), true);
                } catch (IOException e) {
                    throw failed("detach", entry.getKey(), e, "Stop it again");
                }
            }
        } finally {
            lock.unlock();
        }
    }

    private ProblemException inUse() {
        List<String> devices = new ArrayList<>();
        List<String> remedies = new ArrayList<>();
        attached.forEach((volume, attachment) -> {
            devices.add(volume + " as " + attachment.device());
            remedies.add("restripe detach " + name(volume));
        });
        return new ProblemException(new Problem(
                "cannot stop " + container.name(),
                "container " + container.name(),
                "volumes are attached as block devices: " + String.join(", ", devices),
                "Unmount and detach them: " + String.join("; ", remedies)
                        + ". Or give their users errors: restripe stop " + container.name() + " --force"));
    }

    /** This process is told to end: devices that nobody uses end too, the others wait for the next host process of this container. */
    void leaveAll() {
        lock.lock();
        try {
            for (Map.Entry<String, Attachment> entry : new ArrayList<>(attached.entrySet())) {
                try {
                    end(entry.getKey(), entry.getValue(), false);
                } catch (IOException | ProblemException e) {
                    LOG.log(
                            System.Logger.Level.WARNING,
                            "{0} waits for the next host process of {1}: {2}",
                            entry.getValue().device(),
                            container.name(),
                            e.getMessage());
                    entry.getValue().leave();
                }
            }
        } finally {
            lock.unlock();
        }
    }

    /** The status, telling which volumes are devices. These are as large as the status says when this returns. */
    ContainerStatus told(ContainerStatus status) {
        lock.lock();
        try {
            followSizes();
            return status.withVolumes(status.volumes().stream()
                    .map(volume -> volume.withDevice(Optional.ofNullable(attached.get(volume.name()))
                            .map(attachment -> attachment.device().toString())
                            .orElse("")))
                    .toList());
        } finally {
            lock.unlock();
        }
    }

    private void followSizes() {
        attached.forEach((volume, attachment) -> {
            try {
                attachment.followSize();
            } catch (IOException e) {
                LOG.log(
                        System.Logger.Level.WARNING,
                        "{0} is not as large as {1} yet: {2}",
                        attachment.device(),
                        name(volume),
                        e.getMessage());
            }
        });
    }

    /** A volume grows when its reshape ends, whether somebody looks or not. */
    private void watch() {
        if (!watched) {
            watched = true;
            env.start("device sizes", () -> {
                while (!container.stopping()) {
                    env.sleepNanos(LOOK_NANOS);
                    lock.lock();
                    try {
                        followSizes();
                    } finally {
                        lock.unlock();
                    }
                }
            });
        }
    }
}
