package io.restripe.reshape;

import static org.assertj.core.api.Assertions.assertThat;

import io.restripe.geometry.Geometry;
import io.restripe.metadata.Progress;
import io.restripe.reshape.MonitorMachine.Effect;
import io.restripe.reshape.MonitorMachine.Event;
import io.restripe.reshape.MonitorMachine.State;
import io.restripe.reshape.MonitorMachine.Step;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Walks every state that the monitor's machine can reach together with a ghost array and a ghost manager that asks for anything at any
 * time, and checks the rules in each. The ghost array relocates chunk row by chunk row and remembers which source rows it overwrote.
 */
class MonitorMachineWalkTest {
    private static final int CHUNK = 2;

    /** Small shapes of each kind: growing, growing by two, equal data members. */
    static Stream<ReshapeShape> shapes() {
        return Stream.of(
                shape(Geometry.ofMd(5, 0, 3, CHUNK), Geometry.ofMd(5, 0, 4, CHUNK), 4, 40),
                shape(Geometry.ofMd(5, 0, 3, CHUNK), Geometry.ofMd(5, 0, 5, CHUNK), 4, 24),
                shape(Geometry.ofMd(5, 0, 4, CHUNK), Geometry.ofMd(5, 0, 5, CHUNK), 4, 40),
                shape(Geometry.ofMd(0, 0, 2, CHUNK), Geometry.ofMd(0, 0, 3, CHUNK), 4, 30),
                shape(Geometry.ofMd(5, 0, 3, CHUNK), Geometry.ofMd(5, 0, 3, 2 * CHUNK), 4, 12),
                shape(Geometry.ofMd(0, 0, 3, CHUNK), Geometry.ofMd(5, 0, 4, CHUNK), 4, 12));
    }

    private static ReshapeShape shape(Geometry before, Geometry after, long depth, long end) {
        return new ReshapeShape(before, after, depth * after.dataMembers(), depth, end);
    }

    /**
     * Everything there is at one instant.
     *
     * @param reached device position up to which the array has overwritten the new places
     * @param copied the unit whose source the copy area really holds, -1 none
     * @param record the durable record
     */
    private record World(State state, long reached, long copied, Progress record, long suspendLo, long suspendHi) {}

    @ParameterizedTest
    @MethodSource("shapes")
    void no_reachable_state_breaks_a_rule_and_every_one_can_finish(ReshapeShape shape) {
        MonitorMachine machine = new MonitorMachine(shape);
        Progress none = new Progress(0, false);
        World first = new World(machine.start(none), 0, -1, none, 0, 0);
        Set<World> seen = new HashSet<>(Set.of(first));
        ArrayDeque<World> open = new ArrayDeque<>(seen);
        while (!open.isEmpty()) {
            World world = open.poll();
            check(shape, world);
            for (World next : successors(shape, machine, world)) {
                if (seen.add(next)) {
                    open.add(next);
                }
            }
            World restarted = restart(shape, machine, world);
            if (seen.add(restarted)) {
                open.add(restarted);
            }
        }
        long finished =
                seen.stream().filter(w -> w.state() instanceof State.Finished).count();
        System.out.println(shape.before() + " -> " + shape.after() + ": " + seen.size() + " states, " + finished
                + " of them finished");
        assertThat(finished).isPositive();
        seen.forEach(world -> assertThat(canFinish(shape, machine, world))
                .as("from %s", world)
                .isTrue());
    }

    private static void check(ReshapeShape shape, World w) {
        long checkpoint = shape.positionOfUnit(w.record().unit());
        long firstSource = checkpoint >= shape.end() ? shape.deviceEnd() : shape.safeBound(checkpoint);
        long protectedFrom = w.record().inCopyArea()
                ? Math.max(firstSource, shape.deviceEndOfUnit(w.record().unit()))
                : firstSource;
        assertThat(w.reached()).as("R1 in %s", w).isLessThanOrEqualTo(protectedFrom);
        if (w.record().inCopyArea()) {
            assertThat(w.copied())
                    .as("R1, what the record names, in %s", w)
                    .isEqualTo(w.record().unit());
        }
        assertThat(w.state().syncMax()).as("R2 in %s", w).isLessThanOrEqualTo(protectedFrom);
        assertThat(w.suspendLo()).as("R4 in %s", w).isLessThanOrEqualTo(checkpoint);
        if (w.state() instanceof State.WaitArray) {
            assertThat(w.state().syncMax() * shape.after().dataMembers())
                    .as("R3 in %s", w)
                    .isLessThanOrEqualTo(w.suspendHi());
        }
    }

    private static Set<World> successors(ReshapeShape shape, MonitorMachine machine, World w) {
        Set<World> next = new HashSet<>();
        long checkpoint = w.state().checkpoint();
        if (!(w.state() instanceof State.Finished)) {
            long unit = shape.unitAt(checkpoint);
            for (long units = 1; units <= 3; units++) { // the manager suspends ahead, also while the array works
                long hi = shape.positionOfUnit(Math.min(shape.units(), unit + units));
                next.add(new World(
                        w.state(), w.reached(), w.copied(), w.record(), w.suspendLo(), Math.max(hi, w.suspendHi())));
            }
        }
        if (w.state() instanceof State.WaitBackup) {
            long unit = shape.unitAt(checkpoint);
            if (w.suspendHi() >= shape.positionOfUnit(unit + 1)
                    && w.record().unit() == unit
                    && !w.record().inCopyArea()) {
                // ... and saves the unit, which is still intact at its place
                next.add(new World(w.state(), w.reached(), unit, w.record(), w.suspendLo(), w.suspendHi()));
            }
        }
        for (long to = 1; to <= shape.deviceEnd(); to++) { // any request at any time; "saved" only when it is
            apply(machine, w, new Event.SyncMaxAsked(to, false, w.suspendHi()), next);
            if (w.copied() >= 0 && to == shape.deviceEndOfUnit(w.copied())) {
                apply(machine, w, new Event.SyncMaxAsked(to, true, w.suspendHi()), next);
            }
        }
        apply(machine, w, new Event.SyncMaxAsked(MonitorMachine.MAX, false, w.suspendHi()), next);
        if (w.reached() < w.state().syncMax()) { // the array goes on by one row
            next.add(new World(w.state(), w.reached() + CHUNK, w.copied(), w.record(), w.suspendLo(), w.suspendHi()));
        }
        apply(machine, w, new Event.SyncCompleted(w.reached(), w.suspendHi()), next);
        return next;
    }

    private static void apply(MonitorMachine machine, World w, Event event, Set<World> into) {
        Step step = machine.on(w.state(), event);
        Progress record = w.record();
        long suspendLo = w.suspendLo();
        for (Effect effect : step.effects()) {
            switch (effect) {
                case Effect.WriteRecord r -> record = r.progress();
                case Effect.SetSuspendLo s -> suspendLo = s.arrayPosition();
                case Effect.SetSyncMax _, Effect.Refuse _ -> {}
            }
            // a crash between two effects is a world of its own
            into.add(new World(w.state(), w.reached(), w.copied(), record, suspendLo, w.suspendHi()));
        }
        into.add(new World(step.next(), w.reached(), w.copied(), record, suspendLo, w.suspendHi()));
    }

    /** Power lost: what the record says is restored, the array stands at the checkpoint, nothing is suspended above it. */
    private static World restart(ReshapeShape shape, MonitorMachine machine, World w) {
        Progress record = w.record().inCopyArea() ? new Progress(w.record().unit() + 1, false) : w.record();
        State state = machine.start(record);
        return new World(state, shape.deviceOf(state.checkpoint()), -1, record, state.checkpoint(), state.checkpoint());
    }

    /** A fault-free run: restart if need be, then save or step until the end. */
    private static boolean canFinish(ReshapeShape shape, MonitorMachine machine, World from) {
        World w = restart(shape, machine, from);
        State state = w.state();
        for (long step = 0; step <= shape.units() && !(state instanceof State.Finished); step++) {
            long unit = shape.unitAt(state.checkpoint());
            boolean critical = shape.isCritical(unit);
            long to = critical
                    ? shape.deviceEndOfUnit(unit)
                    : shape.deviceOf(shape.stepEndWithoutBackup(state.checkpoint()));
            Step asked = machine.on(
                    state,
                    new Event.SyncMaxAsked(to, critical, to * shape.after().dataMembers()));
            if (asked.refusal() != null) {
                return false;
            }
            state = machine.on(asked.next(), new Event.SyncCompleted(to, 0)).next();
        }
        return state instanceof State.Finished;
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void half_a_saved_unit_is_no_checkpoint(ReshapeShape shape) {
        MonitorMachine machine = new MonitorMachine(shape);
        State released = machine.on(
                        machine.start(new Progress(0, false)),
                        new Event.SyncMaxAsked(shape.deviceEndOfUnit(0), true, shape.positionOfUnit(1)))
                .next();
        Step half = machine.on(released, new Event.SyncCompleted(1, shape.positionOfUnit(1)));
        assertThat(half.effects()).isEqualTo(List.of());
        assertThat(half.next()).isEqualTo(released);
    }
}
