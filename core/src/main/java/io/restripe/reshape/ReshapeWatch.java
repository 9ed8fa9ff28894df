package io.restripe.reshape;

import io.restripe.array.Attribute;
import io.restripe.array.AttributeException;
import io.restripe.array.Attributes;
import io.restripe.disk.DiskException;
import io.restripe.metadata.Activity;
import io.restripe.metadata.Progress;
import io.restripe.metadata.Volume;
import io.restripe.reshape.MonitorMachine.Effect;
import io.restripe.reshape.MonitorMachine.Event;
import io.restripe.reshape.MonitorMachine.State;
import io.restripe.reshape.MonitorMachine.Step;
import io.restripe.rule.Rule;
import io.restripe.unit.Units;

/**
 * Carries the monitor's state machine of one array's reshape: feeds it what the array publishes and the manager asks, and does the
 * effects, each checked, before the next state counts. Owner: the monitor thread.
 */
final class ReshapeWatch {
    private final int volume;
    private final Attributes attributes;
    private final MetadataKeeper keeper;
    private final ResyncDebts debts;
    private MonitorMachine machine;
    private ReshapeShape shape;
    private State state;
    /** Whether the array has been seen to show the capacity that is recorded. */
    private boolean capacityShown;

    ReshapeWatch(int volume, Attributes attributes, MetadataKeeper keeper, ResyncDebts debts) {
        this.volume = volume;
        this.attributes = attributes;
        this.keeper = keeper;
        this.debts = debts;
    }

    /** One pass: follow the array's progress, notice the end. */
    void act(String action) throws AttributeException, DiskException {
        Volume recorded = keeper.container().volumes().get(volume);
        if (!(recorded.activity() instanceof Activity.Reshape reshape)) {
            machine = null;
            showCapacity(recorded);
            return;
        }
        capacityShown = false;
        if (machine == null) {
            begin(recorded, reshape, action);
        }
        if (action.equals("reshape")) {
            long done = attributes.syncCompleted();
            if (done != Attributes.NONE) {
                take(new Event.SyncCompleted(done, attributes.numberOr(Attribute.SUSPEND_HI, 0)));
            }
        } else if (ended(action)) {
            take(new Event.SyncCompleted(shape.deviceEnd(), attributes.numberOr(Attribute.SUSPEND_HI, 0)));
            finish();
        }
    }

    private void begin(Volume recorded, Activity.Reshape reshape, String action) throws AttributeException {
        shape = ReshapeShape.of(recorded, reshape);
        machine = new MonitorMachine(shape);
        if (action.equals("reshape") || relocates()) {
            state = machine.takeUp(reshape.progress(), attributes.number(Attribute.SYNC_MAX));
        } else if (action.equals("idle") && showsNewGeometry()) {
            state = machine.takeUp(reshape.progress(), shape.deviceEnd()); // the end came while no monitor looked
        } else {
            // It has not begun: its sync_max is a left-over that allows nothing.
            state = machine.start(reshape.progress());
        }
        catchUp();
    }

    /** The monitor before may have died between a checkpoint and {@code suspend_lo}; at the last one nobody else would move it. */
    private void catchUp() throws AttributeException {
        long from = attributes.numberOr(Attribute.SUSPEND_LO, 0);
        boolean held = from < attributes.numberOr(Attribute.SUSPEND_HI, 0);
        if (held && from < state.checkpoint()) {
            setSuspendLo(state.checkpoint());
        }
    }

    /** Between its start and its end an array has a position, whether it goes on at the moment or stands. */
    private boolean relocates() throws AttributeException {
        return attributes.numberOr(Attribute.RESHAPE_POSITION, Attributes.NONE) != Attributes.NONE;
    }

    /** Before its start and after its end an array looks alike but for the geometry. */
    private boolean showsNewGeometry() throws AttributeException {
        boolean parity = shape.after().parityMembers() > 0;
        return shows(Attribute.RAID_DISKS, shape.after().members() + (parity ? 0 : 1)) // a RAID0 is carried by a RAID4
                && shows(
                        Attribute.CHUNK_SIZE, Units.bytesOfSectors(shape.after().chunkSectors()))
                && (!parity || shows(Attribute.LAYOUT, shape.after().mdLayout()));
    }

    /** In force, and with nothing else in prospect. */
    private boolean shows(Attribute attribute, long value) throws AttributeException {
        return attributes.textOr(attribute, "").strip().equals(Long.toString(value));
    }

    /** "idle" and no position: finished. "idle" and a position: interrupted. Before the first step both look alike, but it was never let. */
    private boolean ended(String action) throws AttributeException {
        return action.equals("idle") && state.syncMax() == shape.deviceEnd() && !relocates();
    }

    private void finish() throws AttributeException, DiskException {
        Rule.R12_BORN_SAFE.holds(
                state instanceof State.Finished, "checkpoint at the end of a reshape", state.checkpoint(), shape.end());
        attributes.control().flushMembers();
        keeper.commit(debts.recordedIn(keeper.current().withReshapeFinished(volume)));
        machine = null;
        showCapacity(keeper.container().volumes().get(volume));
    }

    /** The array's size follows what is recorded; tried again until it does, by the next monitor too. */
    private void showCapacity(Volume recorded) throws AttributeException {
        if (capacityShown) {
            return;
        }
        long kib = recorded.arraySectors() / Units.SECTORS_PER_KIB;
        String shown = attributes.textOr(Attribute.ARRAY_SIZE, "").strip();
        if (!shown.isEmpty() && !shown.equals("default") && !shown.equals(Long.toString(kib))) {
            attributes.set(Attribute.ARRAY_SIZE, kib);
        }
        capacityShown = !shown.isEmpty();
    }

    /** Whether the array has been allowed to relocate anything since this reshape began or was taken up. */
    boolean released() {
        return machine != null && state.syncMax() > 0;
    }

    /** Whether the array has begun: what is recorded of it cannot be taken back any more. */
    boolean begun() throws AttributeException {
        return released() || relocates();
    }

    /** The manager gives up the step that it was preparing. */
    Reply withdraw() throws AttributeException, DiskException {
        keeper.settle();
        Volume recorded = keeper.container().volumes().get(volume);
        if (!(recorded.activity() instanceof Activity.Reshape reshape)) {
            return new Reply.Ok();
        }
        if (machine == null) {
            begin(recorded, reshape, attributes.syncAction());
        }
        if (durable().inCopyArea()) {
            return new Reply.Refused(
                    Rule.R1_NO_OVERWRITE.name(), "unit " + durable().unit() + " is in the copy area by the record");
        }
        if (!(state instanceof State.WaitBackup)) {
            return new Reply.Refused(
                    Rule.R3_SUSPENDED.name(), "the array may relocate up to sync_max " + state.syncMax());
        }
        return new Reply.Ok();
    }

    /**
     * R1 at a birth: what is in the copy area stands for the first unit only while nobody writes there, and nobody may have since it was
     * saved. Null when writes up to {@code end} are held.
     */
    Reply.Refused refuseBirth(long end) throws AttributeException {
        long from = attributes.numberOr(Attribute.SUSPEND_LO, Attributes.MAX);
        long to = attributes.numberOr(Attribute.SUSPEND_HI, 0);
        if (relocates()) {
            return new Reply.Refused(Rule.R6_MONOTONIC.name(), "the array is relocating already");
        }
        if (HeldWrites.lettingThrough(attributes)) {
            return new Reply.Refused(
                    Rule.R1_NO_OVERWRITE.name(), "writes to the first unit are let through, so its copy is old");
        }
        return from == 0 && to >= end
                ? null
                : new Reply.Refused(
                        Rule.R1_NO_OVERWRITE.name(),
                        "writes to the first unit, up to " + end + ", are not held: suspended are " + from + " to "
                                + to);
    }

    /** The manager asks for more. */
    Reply ask(long devicePosition, boolean backedUp) throws AttributeException, DiskException {
        Volume recorded = keeper.container().volumes().get(volume);
        if (!(recorded.activity() instanceof Activity.Reshape reshape)) {
            return new Reply.Refused("section 3", "no reshape is active on " + recorded.name());
        }
        String action = attributes.syncAction();
        if (machine == null) {
            begin(recorded, reshape, action);
        }
        if (!action.equals("reshape")) {
            return new Reply.Refused("section 3", recorded.name() + " does not reshape, it says: " + action);
        }
        if (backedUp && HeldWrites.lettingThrough(attributes)) {
            return new Reply.Refused(
                    Rule.R1_NO_OVERWRITE.name(), "writes into what is to be in the copy area are let through");
        }
        Effect.Refuse refusal =
                take(new Event.SyncMaxAsked(devicePosition, backedUp, attributes.number(Attribute.SUSPEND_HI)));
        return refusal == null
                ? new Reply.Ok()
                : new Reply.Refused(refusal.rule().name(), refusal.why());
    }

    private Effect.Refuse take(Event event) throws AttributeException, DiskException {
        Step step = machine.on(state, event);
        Effect.Refuse refusal = null;
        for (Effect effect : step.effects()) {
            switch (effect) {
                case Effect.WriteRecord w -> writeRecord(w.progress());
                case Effect.SetSyncMax s -> setSyncMax(s.devicePosition());
                case Effect.SetSuspendLo s -> setSuspendLo(s.arrayPosition());
                case Effect.Refuse r -> refusal = r;
            }
        }
        state = step.next();
        return refusal;
    }

    private void writeRecord(Progress progress) throws AttributeException, DiskException {
        Progress durable = durable();
        Rule.R6_MONOTONIC.holds(
                progress.unit() >= durable.unit(), "unit of the record", progress.unit(), durable.unit());
        if (!progress.equals(durable)) {
            if (progress.unit() > durable.unit()) {
                attributes.control().flushMembers();
            }
            keeper.writeProgress(volume, progress);
        }
    }

    private Progress durable() {
        return ((Activity.Reshape) keeper.container().volumes().get(volume).activity()).progress();
    }

    /** The last line before the array may relocate: R2 and R3 once more, against what is durable and what is in force. */
    private void setSyncMax(long devicePosition) throws AttributeException {
        Progress durable = durable();
        long checkpoint = shape.positionOfUnit(durable.unit());
        long saved = durable.inCopyArea() ? shape.deviceEndOfUnit(durable.unit()) : 0;
        long bound = Math.max(shape.safeBound(checkpoint), saved);
        Rule.R2_BOUND.holds(devicePosition <= bound, "sync_max", devicePosition, bound);
        long end = Math.multiplyExact(devicePosition, (long) shape.after().dataMembers());
        long suspendHi = attributes.number(Attribute.SUSPEND_HI);
        long suspendLo = attributes.number(Attribute.SUSPEND_LO);
        Rule.R3_SUSPENDED.holds(end <= suspendHi, "end of the step", end, suspendHi);
        Rule.R3_SUSPENDED.holds(suspendLo <= checkpoint, "suspend_lo", suspendLo, checkpoint);
        boolean oldPlacesHold = devicePosition <= shape.safeBound(checkpoint);
        Rule.R3_SUSPENDED.holds(
                oldPlacesHold || !HeldWrites.lettingThrough(attributes),
                "sync_max with writes let through",
                devicePosition,
                shape.safeBound(checkpoint));
        attributes.set(Attribute.SYNC_MAX, devicePosition);
    }

    private void setSuspendLo(long arrayPosition) throws AttributeException {
        long durable = shape.positionOfUnit(durable().unit());
        Rule.R4_LATE_RELEASE.holds(arrayPosition <= durable, "suspend_lo", arrayPosition, durable);
        attributes.set(Attribute.SUSPEND_LO, arrayPosition);
    }
}
