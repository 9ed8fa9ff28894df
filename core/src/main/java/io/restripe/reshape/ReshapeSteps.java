package io.restripe.reshape;

import io.restripe.array.ArrayControl;
import io.restripe.array.Attributes;
import io.restripe.env.Signal;
import io.restripe.metadata.Activity;
import io.restripe.reshape.ReshapeManager.Phase;
import io.restripe.rule.ProblemException;
import java.io.IOException;

/**
 * The steps of one volume's reshape from its birth to its end (docs/reshape-protocol.md, section 5): units that need a backup one by
 * one; others in steps whose writes are let through, or, where the array can only hold them, in a window that moves on while the array
 * works. Owner: the manager's thread.
 */
final class ReshapeSteps {
    private static final long NANOS_PER_MILLI = 1_000_000L;
    private static final long LOOK_NANOS = 500_000_000L;
    /** An array that a failed member interrupts goes on by itself at once; so long after that it has given up. */
    private static final long STUCK_NANOS = 5_000_000_000L;

    private static final long STOP_NANOS = 5_000_000_000L;

    private final Surroundings around;
    private final ReshapeManager manager;
    private final int volume;
    private final ArrayControl control;
    private final Attributes attributes;
    private final Signal signal;
    private final ReshapeMembers members;
    private final HeldWrites held;
    private ReshapeShape shape;
    private StepSize stepSize;
    private HeldWindow window;
    /** Array position up to which this manager has let the array go. */
    private long asked;

    /** @param signal raised when the array's attributes change */
    ReshapeSteps(
            Surroundings around,
            ReshapeManager manager,
            int volume,
            Signal signal,
            ReshapeMembers members,
            HeldWrites held) {
        this.around = around;
        this.manager = manager;
        this.volume = volume;
        this.control = around.arrays().apply(volume);
        this.attributes = new Attributes(control);
        this.signal = signal;
        this.members = members;
        this.held = held;
    }

    /** To be called before any step. */
    void use(ReshapeShape newShape) {
        shape = newShape;
        stepSize = new StepSize(shape, manager::maxHoldNanos);
        window = new HeldWindow(around.env()::nanoTime, shape, manager::maxHoldNanos, control::writesDone);
    }

    /** The durable checkpoint, as the array position up to which writes flow. */
    long position() {
        return switch (around.container().volumes().get(volume).activity()) {
            case Activity.Reshape reshape ->
                shape.positionOfUnit(reshape.progress().unit());
            case Activity.Idle _, Activity.Resync _, Activity.Rebuild _ -> end();
        };
    }

    /** Where the reshape ends; at once when it had ended before anybody asked for its shape. */
    long end() {
        return shape == null ? 0 : shape.end();
    }

    void step(long checkpoint) throws IOException, ProblemException {
        long unit = shape.unitAt(checkpoint);
        if (shape.isCritical(unit)) {
            savedStep(unit);
        } else if (held.canLetThrough()) {
            long began = around.env().nanoTime();
            long end = stepSize.endFrom(checkpoint);
            boolean through = held.through(end, manager.maxHoldNanos() / NANOS_PER_MILLI);
            release(end, false);
            stepSize.took(end - checkpoint, around.env().nanoTime() - began, through);
        } else {
            heldStep(checkpoint);
        }
    }

    private void savedStep(long unit) throws IOException, ProblemException {
        long end = shape.positionOfUnit(unit + 1);
        held.to(shape.heldWhileRead(end));
        manager.enter(Phase.BACKING_UP);
        members.save(unit);
        held.to(end);
        release(end, true);
        window.standsSince();
    }

    /** Holds and allows more while the array works at what it was allowed before; on return the checkpoint has moved. */
    private void heldStep(long checkpoint) throws IOException, ProblemException {
        long end = window.endFrom(checkpoint, Math.max(asked, checkpoint));
        if (end > asked && asked > checkpoint) {
            held.to(end);
            askEarly(end);
        } else if (end > checkpoint && asked <= checkpoint) {
            held.to(end);
            ask(end, false);
        }
        awaitReleased(checkpoint + 1);
        window.moved(position() - checkpoint);
    }

    void release(long end, boolean backedUp) throws IOException, ProblemException {
        ask(end, backedUp);
        awaitReleased(end);
    }

    /** An array that is interrupted at the moment, as by a member that fails, will be asked again when it has done what it was to do. */
    private void askEarly(long end) throws IOException {
        if (around.monitor().call(new Request.SetSyncMax(volume, shape.deviceOf(end), false)) instanceof Reply.Ok) {
            asked = end;
        }
    }

    private void ask(long end, boolean backedUp) throws IOException {
        manager.enter(Phase.RELOCATING);
        expectOk(new Request.SetSyncMax(volume, shape.deviceOf(end), backedUp));
        asked = end;
    }

    /**
     * Until the monitor has made the step durable and released it: waits for notification, looks now and then all the same (R10). Told to
     * stop it does not wait for ever: what is under way can be taken up again.
     */
    void awaitReleased(long end) throws IOException {
        long lastSeen = -1;
        long lastChange = around.env().nanoTime();
        while (position() < end && !manager.isStoppedSince(STOP_NANOS)) {
            String state = attributes.arrayState();
            if (state.equals("inactive") || state.equals("clear") || state.equals("broken")) {
                throw new IOException(control.name() + " is " + state);
            }
            long seen = attributes.syncCompleted();
            if (seen != lastSeen) {
                lastSeen = seen;
                lastChange = around.env().nanoTime();
            } else if (!attributes.syncAction().equals("reshape")
                    && around.env().nanoTime() - lastChange > STUCK_NANOS) {
                throw new IOException(control.name() + " has stopped to reshape, it says: " + attributes.syncAction());
            }
            if (!signal.await(LOOK_NANOS) || position() < end) {
                expectOk(new Request.PingMonitor());
            }
        }
    }

    /** Until the array has done what it was asked for, and nothing is held that it was not. */
    void comeToBound() throws IOException {
        awaitReleased(asked);
        if (held.any()) {
            held.giveUpStep();
        }
    }

    private void expectOk(Request request) throws IOException {
        if (around.monitor().call(request) instanceof Reply.Refused refused) {
            throw new IOException(request + " refused: " + refused.rule() + ": " + refused.why());
        }
    }
}
