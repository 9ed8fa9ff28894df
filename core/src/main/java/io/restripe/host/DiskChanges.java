package io.restripe.host;

import io.restripe.array.ArrayBackend;
import io.restripe.array.AttributeException;
import io.restripe.metadata.MemberDisk;
import io.restripe.reshape.Monitor;
import io.restripe.reshape.Request;
import io.restripe.rule.Problem;
import io.restripe.rule.ProblemException;

/** Disks that join, fail and leave a running container. Any thread. */
final class DiskChanges {
    private final String container;
    private final Monitor monitor;
    private final ContainerArrays arrays;
    private final MonitorCalls calls;
    private final ArrayBackend backend;

    DiskChanges(String container, Monitor monitor, ContainerArrays arrays, MonitorCalls calls, ArrayBackend backend) {
        this.container = container;
        this.monitor = monitor;
        this.arrays = arrays;
        this.calls = calls;
        this.backend = backend;
    }

    /** See {@link RunningContainer#add}. */
    void add(MemberDisk spare) throws ProblemException {
        if (monitor.disks().containsKey(spare.serial()) && isKnown(spare.serial())) {
            throw new ProblemException(new Problem(
                    "cannot add " + spare.name(),
                    "member " + spare.name(),
                    "a disk with its serial " + spare.serial() + " is in the container already",
                    "Remove that one first, or give this one another serial: PATH@SERIAL"));
        }
        MonitorCalls.refuse(monitor.metadata().refuseSpare(spare));
        backend.join(spare);
        boolean recorded = false;
        try {
            calls.ask("add " + spare.name(), new Request.ChangeDisks(spare.serial(), spare));
            recorded = true;
        } finally {
            if (!recorded) {
                backend.leave(spare);
            }
        }
    }

    private boolean isKnown(String serial) {
        return monitor.container().disks().stream().anyMatch(d -> d.serial().equals(serial));
    }

    /** See {@link RunningContainer#fail}. */
    void fail(String serial) throws ProblemException {
        if (!arrays.use(serial)) {
            throw new ProblemException(new Problem(
                    "cannot fail " + serial,
                    "container " + container,
                    "no array has it as a member",
                    "Look at its members: restripe detail " + container));
        }
        try {
            arrays.fail(serial);
        } catch (AttributeException e) {
            throw MonitorCalls.problem("cannot fail " + serial, e);
        }
        calls.ask("fail " + serial, new Request.PingMonitor());
    }

    /** See {@link RunningContainer#remove}. */
    MemberDisk remove(String serial) throws ProblemException {
        MemberDisk leaving = monitor.disks().get(serial);
        boolean inUse = arrays.use(serial);
        if (leaving == null || inUse) {
            throw new ProblemException(new Problem(
                    "cannot remove " + serial,
                    "container " + container,
                    leaving == null ? "it has no such disk" : "an array uses it",
                    leaving == null
                            ? "Look at its disks: restripe detail " + container
                            : "Declare it failed first: restripe fail " + container + " " + serial));
        }
        calls.ask("remove " + serial, new Request.ChangeDisks(serial, null));
        backend.leave(leaving);
        return leaving;
    }
}
