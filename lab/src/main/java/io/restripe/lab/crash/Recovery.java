package io.restripe.lab.crash;

import io.restripe.disk.DiskException;
import io.restripe.disk.MemoryDisk;
import io.restripe.host.RunningContainer;
import io.restripe.lab.sim.Recorder;
import io.restripe.lab.sim.SimEnv;
import io.restripe.lab.sim.SimOptions;
import io.restripe.lab.sim.SimulationFailed;
import io.restripe.lab.sim.Trace;
import io.restripe.metadata.Activity;
import io.restripe.metadata.Container;
import io.restripe.metadata.Volume;
import io.restripe.rule.Finding;
import io.restripe.rule.ProblemException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** What the product makes of disks after a crash: assembled, read at once, finished, stopped, and read again from outside. */
public final class Recovery {
    private final ReshapeCase which;
    private final Expectation expected;
    private final List<String> wrong = new ArrayList<>();

    private final boolean degraded;

    private Recovery(ReshapeCase which, Expectation expected, boolean degraded) {
        this.which = which;
        this.expected = expected;
        this.degraded = degraded;
        if (degraded && which.logsParity()) {
            expected.withoutWritesInFlight();
        }
    }

    /**
     * @param wrong empty when everything is right
     * @param trace what was written meanwhile, null when it was not recorded
     */
    public record Result(List<String> wrong, Trace trace) {}

    public static Result of(ReshapeCase which, List<MemoryDisk> images, Expectation expected, boolean recorded) {
        boolean degraded = which.past() == ReshapeCase.Past.LOST_A_MEMBER;
        return of(new Recovery(which, expected, degraded), images, recorded);
    }

    /** The same where a member is lost, or gone with its metadata: what is left must give everything. */
    public static Result afterLoss(ReshapeCase which, List<MemoryDisk> images, Expectation expected) {
        return of(new Recovery(which, expected, true), images, false);
    }

    private static Result of(Recovery recovery, List<MemoryDisk> images, boolean recorded) {
        Recorder recorder = recorded ? new Recorder() : null;
        SimContainer machine = recovery.machine(images);
        if (recorded) {
            machine.machine().record(recorder);
        }
        try {
            machine.run(() -> recovery.run(machine));
            recovery.fromOutside(machine.images());
        } catch (SimulationFailed e) {
            if (!recovery.mustAsk(e)) {
                recovery.wrong.add(e.getMessage() + Trail.of(e));
            }
        }
        return new Result(recovery.wrong, recorded ? recorder.trace() : null);
    }

    /**
     * A member lost under load can leave copies of a unit and records that contradict each other: it is right to ask a person then. Nothing has
     * been changed.
     */
    private boolean mustAsk(SimulationFailed failure) {
        return degraded
                && which.logsParity()
                && which.reshapes()
                && String.valueOf(failure.getMessage()).contains("cannot restore unit");
    }

    /** Looks without starting anything: what a power cut left is all there. */
    public static Result readOnly(ReshapeCase which, List<MemoryDisk> images, Expectation expected) {
        Recovery recovery = new Recovery(which, expected, false);
        SimContainer machine = recovery.machine(images);
        try {
            machine.run(() -> recovery.volumes(machine.start(true), "read-only after the cut"));
        } catch (SimulationFailed e) {
            recovery.wrong.add(e.getMessage() + Trail.of(e));
        }
        return new Result(recovery.wrong, null);
    }

    /** What is made fit to run from twice is as what was made so once, byte for byte: a crash in recovery is an ordinary crash. */
    public static List<String> twice(ReshapeCase which, List<MemoryDisk> images, Expectation expected) {
        Recovery recovery = new Recovery(which, expected, which.past() == ReshapeCase.Past.LOST_A_MEMBER);
        try {
            List<MemoryDisk> once = recovery.recovered(images);
            List<MemoryDisk> twice = recovery.recovered(once);
            for (int d = 0; d < once.size(); d++) {
                recovery.note("recovered twice", Checks.difference(once.get(d), twice.get(d)));
            }
        } catch (SimulationFailed | DiskException e) {
            recovery.wrong.add(e.getMessage() + Trail.of(e));
        }
        return recovery.wrong;
    }

    private List<MemoryDisk> recovered(List<MemoryDisk> images) {
        SimContainer machine = machine(images);
        machine.run(machine::recover);
        return machine.images();
    }

    /** Nobody but damage or a bug leaves an error in the metadata. */
    private void strictly(SimContainer machine, String when, Finding.Severity atLeast) throws DiskException {
        if (!degraded) {
            machine.findings(atLeast).forEach(finding -> note(when + ", checked strictly", finding));
        }
    }

    private SimContainer machine(List<MemoryDisk> images) {
        SimContainer machine = new SimContainer(new SimEnv(SimOptions.fast(1)), images, 0, false);
        return which.logsParity() ? machine.allowDegradedUndoubted(degraded) : machine.allowDegraded(degraded);
    }

    private void note(String when, String what) {
        if (what != null) {
            wrong.add(when + ": " + what);
        }
    }

    /** Real mdadm destroys a volume that says so (R12), so the disks may never say it, whatever we could make of it. */
    private void bornSafe(SimContainer machine) throws ProblemException, DiskException {
        for (Volume volume : machine.look().container().volumes()) {
            if (volume.activity() instanceof Activity.Reshape reshape
                    && reshape.progress().unit() == 0
                    && !reshape.progress().inCopyArea()) {
                note("R12", volume.name() + " says that it is being reshaped, and nothing is saved of unit 0");
            }
        }
    }

    private void run(SimContainer machine) throws ProblemException, DiskException {
        if (!degraded) {
            bornSafe(machine);
        }
        strictly(machine, "before assembly", Finding.Severity.ERROR);
        RunningContainer container = machine.start(false);
        volumes(container, "right after assembly");
        if (which.logsParity() && container.container().volumes().getFirst().activity() instanceof Activity.Resync) {
            note("right after assembly", "a resync, although the log tells what was being written");
        }
        if (!container.awaitIdle(Recording.HOUR)) {
            note("finish", "not idle after an hour: " + container.status());
        }
        container.status().problem().ifPresent(p -> note("finish", p.text()));
        finished(container.container());
        container.stop();
    }

    private void volumes(RunningContainer container, String when) throws ProblemException, DiskException {
        for (int v = 0; v < expected.volumes(); v++) {
            note(when, Checks.contents(SimContainer.volume(container, v), v, expected));
        }
    }

    private void finished(Container container) {
        long reshaped = container.volumes().stream()
                .filter(v -> v.geometry().equals(which.after()))
                .count();
        boolean idle = container.volumes().stream().allMatch(v -> v.activity() instanceof Activity.Idle);
        if (!idle || reshaped != 0 && reshaped != which.volumes() || reshaped == 0 && expected.isBorn()) {
            note(
                    "finish",
                    reshaped + " of " + which.volumes() + " volumes are reshaped"
                            + (expected.isBorn() ? ", and the reshape had begun: " : ": ")
                            + container.volumes().stream()
                                    .map(v -> v.name() + " " + v.geometry() + " " + v.activity())
                                    .toList());
        }
    }

    private void fromOutside(List<MemoryDisk> images) {
        SimContainer machine = machine(images);
        machine.run(() -> {
            strictly(machine, "after a stop", Finding.Severity.WARNING);
            RunningContainer container = machine.start(true);
            volumes(container, "read-only after a stop");
            for (Volume volume : container.container().volumes()) {
                note("read-only", volume.dirty() ? volume.name() + " is dirty after a stop" : null);
                note("members", Checks.parity(volume, container.container(), serial -> image(images, serial)));
            }
        });
    }

    private static MemoryDisk image(List<MemoryDisk> images, String serial) {
        for (int d = 0; d < images.size(); d++) {
            if (Objects.equals(ReshapeCase.serial(d), serial)) {
                return images.get(d);
            }
        }
        throw new IllegalStateException("no disk " + serial);
    }
}
