package io.restripe.reshape;

import io.restripe.array.ArrayControl;
import io.restripe.array.Attribute;
import io.restripe.array.AttributeException;
import io.restripe.array.Attributes;
import io.restripe.array.Errno;
import io.restripe.env.Signal;
import io.restripe.geometry.Level;
import io.restripe.metadata.Activity;
import io.restripe.metadata.Container;
import io.restripe.metadata.ContainerMetadata;
import io.restripe.metadata.Progress;
import io.restripe.metadata.ReshapeGoal;
import io.restripe.metadata.Volume;
import io.restripe.reshape.ReshapeManager.Phase;
import io.restripe.rule.Problem;
import io.restripe.rule.ProblemException;
import java.io.IOException;
import java.util.List;

/**
 * One volume's reshape as its manager drives it (docs/reshape-protocol.md, section 5): birth, steps, end. Owner: the manager's thread.
 */
final class VolumeReshape {
    private static final long LOOK_NANOS = 500_000_000L;
    private static final long STANDSTILL_NANOS = 30_000_000_000L;
    private final Surroundings around;
    private final ReshapeManager manager;
    private final int volume;
    private final ArrayControl control;
    private final Attributes attributes;
    private final Signal signal;
    private final ReshapeMembers members;
    private final HeldWrites held;
    private final Carrier carrier;
    private final ReshapeSteps steps;
    private ReshapeShape shape;

    VolumeReshape(Surroundings around, ReshapeManager manager, int volume) {
        this.around = around;
        this.manager = manager;
        this.volume = volume;
        this.control = around.arrays().apply(volume);
        this.attributes = new Attributes(control);
        this.signal = new Signal(around.env());
        this.members = new ReshapeMembers(around, volume, control);
        this.held = new HeldWrites(around.monitor(), volume, attributes);
        this.carrier = new Carrier(control);
        this.steps = new ReshapeSteps(around, manager, volume, signal, members, held);
    }

    /** From an idle volume to its end, or to where the manager is told to stop. */
    void begin(ReshapeGoal goal) throws ProblemException {
        manager.enter(Phase.PREPARING);
        Container planned = planned(goal);
        drive(() -> {
            beBorn(goal, planned);
            firstUnit();
        });
    }

    private Container planned(ReshapeGoal goal) throws ProblemException {
        ContainerMetadata metadata = around.metadata().get();
        List<Problem> problems = metadata.refuseReshape(goal);
        if (!problems.isEmpty()) {
            throw new ProblemException(problems.getFirst());
        }
        KeptPolicy.requireReshapable(control, metadata.container().volumes().get(volume));
        return metadata.withReshape(goal, true).container();
    }

    /** From what the durable record and the array say to the end. */
    void resume() throws ProblemException {
        manager.enter(Phase.PREPARING);
        drive(() -> {
            expectOk(new Request.PingMonitor()); // an end that no monitor has seen yet is recorded now
            if (recorded().activity() instanceof Activity.Reshape reshape) {
                shapeUp(around.container());
                boolean relocates = attributes.numberOr(Attribute.RESHAPE_POSITION, Attributes.NONE) != Attributes.NONE;
                if (relocates || reshape.progress().unit() > 0) {
                    manager.markBorn();
                    takeUp();
                } else {
                    beBornAgain(reshape);
                    firstUnit();
                }
            }
        });
    }

    /** A part of the work that talks to the array and the monitor. */
    private interface Part {
        void run() throws IOException, ProblemException;
    }

    private void drive(Part opening) throws ProblemException {
        Runnable unsubscribe = control.subscribe(signal::raise);
        try {
            opening.run();
            while (steps.position() < steps.end()) {
                if (manager.isHalting()) {
                    steps.comeToBound();
                    if (!manager.mayGoOn()) {
                        return;
                    }
                }
                steps.step(steps.position());
            }
            finish();
        } catch (IOException e) {
            throw stopped(
                    new Problem(
                            "the reshape of " + recorded().name() + " stopped",
                            "volume " + recorded().name(),
                            String.valueOf(e.getMessage()),
                            "Nothing is lost and the array goes on serving. Repair the cause, then: restripe grow --continue"),
                    e);
        } catch (ProblemException e) {
            throw stopped(e.problem(), e);
        } finally {
            unsubscribe.run();
        }
    }

    /** Lets go the writes that nothing needs held, and says which ones wait. */
    private ProblemException stopped(Problem problem, Exception cause) {
        held.giveUpStep();
        return new ProblemException(
                new Problem(problem.what(), problem.where(), problem.why(), problem.remedy() + held.told()), cause);
    }

    private Volume recorded() {
        return around.container().volumes().get(volume);
    }

    private static Activity.Reshape activityOf(Volume during) {
        return (Activity.Reshape) during.activity();
    }

    private void shapeUp(Container begun) {
        Activity.Reshape reshape = activityOf(begun.volumes().get(volume));
        shape = ReshapeShape.of(begun.volumes().get(volume), reshape);
        steps.use(shape);
        members.use(shape, reshape, begun);
    }

    /**
     * R12: writes to unit 0 held, unit 0 in the copy area, the record, and only then metadata that says "migrating"; then the array.
     */
    private void beBorn(ReshapeGoal goal, Container planned) throws IOException, ProblemException {
        shapeUp(planned);
        manager.freeze();
        try {
            if (held.any()) {
                expectOk(new Request.WithdrawStep(
                        volume)); // held by a birth whose outcome nobody learned: there was none
            }
            carrier.take(shape.after().level());
            long end = shape.positionOfUnit(1);
            held.fromStart(shape.heldWhileRead(end));
            manager.enter(Phase.BACKING_UP);
            members.save(0);
            held.to(end);
            record(goal);
        } catch (IOException | ProblemException e) {
            backOut();
            throw e;
        }
        bringUp(goal);
    }

    /** An answer that is lost is no "no": what the monitor has made of it, it can be asked. */
    private void record(ReshapeGoal goal) throws IOException {
        try {
            expectOk(new Request.BeginReshape(goal));
        } catch (IOException e) {
            boolean settled = around.monitor().call(new Request.WithdrawStep(volume)) instanceof Reply.Refused;
            boolean born = settled
                    && recorded().activity() instanceof Activity.Reshape reshape
                    && reshape.progress().inCopyArea();
            if (!born) {
                throw e;
            }
        }
    }

    /** Nothing has begun. If the monitor says that nothing is recorded either, all is as before; else writes stay held for who comes next. */
    private void backOut() {
        try {
            if (held.giveUpStep()) {
                held.letGo();
                carrier.takeBack(shape.before().level());
            }
        } catch (IOException e) {
            logSecond(e);
        }
    }

    /** The first failure is what is reported; grow --continue or the next grow finds what this one left. */
    private static void logSecond(IOException e) {
        System.getLogger("io.restripe.reshape").log(System.Logger.Level.WARNING, "{0}", e.getMessage());
    }

    /** The reshape is recorded, and the array has not begun. */
    private void beBornAgain(Activity.Reshape reshape) throws IOException, ProblemException {
        ReshapeGoal goal = new ReshapeGoal(volume, reshape.after(), members.joining(reshape));
        if (!reshape.progress().inCopyArea()) {
            beBorn(goal, around.container());
        } else if (held.holdFromStart(shape.positionOfUnit(1))) {
            // Saving it again would break the copy that the record names.
            manager.freeze();
            bringUp(goal);
        } else {
            expectOk(new Request.CancelReshape(volume)); // writes went on: what was saved is old
            beBorn(goal, planned(goal));
        }
    }

    /**
     * Unit 0 is saved, the record names it, and its writes are held until it is relocated. An array that refuses to begin is a reason to
     * take the reshape back; one that cannot be asked, or a monitor, is not: whoever comes next goes on from here.
     */
    private void bringUp(ReshapeGoal goal) throws IOException {
        try {
            startArray(goal);
        } catch (AttributeException e) {
            if (e.errno() != Errno.ENODEV) {
                takeBackRecord(goal);
            }
            throw e;
        }
    }

    private void takeBackRecord(ReshapeGoal goal) {
        try {
            expectOk(new Request.CancelReshape(volume));
            members.leave(goal);
            held.letGo();
            carrier.takeBack(shape.before().level());
        } catch (IOException e) {
            logSecond(e);
        }
    }

    private void startArray(ReshapeGoal goal) throws IOException {
        manager.enter(Phase.PREPARING);
        members.join(goal);
        if (shape.after().chunkSectors() != shape.before().chunkSectors()) {
            attributes.set(Attribute.CHUNK_SIZE, members.chunkBytes());
        }
        if (changesLayout()) {
            attributes.set(Attribute.LAYOUT, shape.after().mdLayout());
        }
        attributes.set(Attribute.SYNC_MIN, 0);
        attributes.set(Attribute.SYNC_MAX, 0);
        control.write(Attribute.SYNC_ACTION, "reshape");
        awaitAction();
        manager.markBorn();
    }

    private boolean changesLayout() {
        return shape.before().level() instanceof Level.Striped && shape.after().level() instanceof Level.Parity;
    }

    private void awaitAction() throws IOException {
        long deadline = around.env().nanoTime() + STANDSTILL_NANOS;
        while (!attributes.syncAction().equals("reshape")) {
            if (around.env().nanoTime() - deadline > 0) {
                throw new IOException(
                        control.name() + " does not begin to reshape, it says: " + attributes.syncAction());
            }
            signal.await(LOOK_NANOS);
            expectOk(new Request.PingMonitor());
        }
    }

    private void firstUnit() throws IOException, ProblemException {
        steps.release(shape.positionOfUnit(1), true);
    }

    /**
     * Another manager was here before, or this one before it met with a problem: the array may have stopped by itself, what was asked
     * for may be under way, and what was suspended still is.
     */
    private void takeUp() throws IOException, ProblemException {
        if (!attributes.syncAction().equals("reshape")) {
            letRelocate();
        }
        long allowed = attributes.number(Attribute.SYNC_MAX);
        Progress progress = activityOf(recorded()).progress();
        long checkpoint = shape.positionOfUnit(progress.unit());
        if (allowed != Attributes.MAX && allowed > shape.deviceOf(checkpoint)) {
            steps.awaitReleased(Math.min(shape.end(), allowed * shape.after().dataMembers()));
        } else if (progress.inCopyArea()) {
            held.to(shape.positionOfUnit(progress.unit() + 1));
            steps.release(shape.positionOfUnit(progress.unit() + 1), true);
        }
    }

    /** A reshape that stands at its position, because a source could not be read or somebody froze it, goes on from there. */
    private void letRelocate() throws IOException {
        try {
            control.write(Attribute.SYNC_ACTION, "reshape");
        } catch (AttributeException e) {
            if (e.errno() != Errno.EBUSY) { // EBUSY: it is about to go on by itself
                throw e;
            }
        }
        awaitAction();
    }

    private void finish() throws IOException {
        manager.enter(Phase.FINISHING);
        long deadline = around.env().nanoTime() + STANDSTILL_NANOS;
        while (recorded().activity() instanceof Activity.Reshape) {
            if (around.env().nanoTime() - deadline > 0) {
                throw new IOException("the end of the reshape is not recorded");
            }
            signal.await(LOOK_NANOS);
            expectOk(new Request.PingMonitor());
        }
        expectOk(new Request.PingMonitor());
        held.letGo();
        carrier.takeBack(recorded().geometry().level());
    }

    private void expectOk(Request request) throws IOException {
        if (around.monitor().call(request) instanceof Reply.Refused refused) {
            throw new IOException(request + " refused: " + refused.rule() + ": " + refused.why());
        }
    }
}
