package io.restripe.lab.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.restripe.disk.Buffers;
import io.restripe.disk.MemoryDisk;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class CrashStatesTest {
    private static final int DATA = 8;
    private static final int COMMIT = 0;
    private static final int VALUE_SECTORS = 4;

    /**
     * A value on two disks in slots taken in turns, then a commit sector on disk 0 that names the slot: right with both flushes, wrong
     * without the one before the commit.
     */
    private static Trace miniCommits(boolean flushBeforeCommit, int values) {
        SimEnv env = new SimEnv(SimOptions.fast(1));
        SimMachine machine = new SimMachine(env);
        SimDisk first = machine.disk("d0", new MemoryDisk("d0", 64));
        SimDisk second = machine.disk("d1", new MemoryDisk("d1", 64));
        Recorder recorder = new Recorder();
        machine.record(recorder);
        for (int v = 1; v <= values; v++) {
            int value = v;
            long slot = DATA + (long) (value % 2) * VALUE_SECTORS;
            Io.run(() -> {
                first.write(slot, filled(VALUE_SECTORS, value));
                second.write(slot, filled(VALUE_SECTORS, value));
                if (flushBeforeCommit) {
                    first.flush();
                }
                second.flush();
                first.write(COMMIT, filled(1, value));
                first.flush();
            });
            recorder.mark(value, true);
        }
        return recorder.trace();
    }

    private static MemorySegment filled(int sectors, int value) {
        return Buffers.allocate(sectors).fill((byte) value);
    }

    private static void check(Trace trace, CrashState state) {
        List<Object> acknowledged = trace.marks(state.prefix());
        int committed = SimDiskTest.at(state.disks().get(0), COMMIT);
        int least = acknowledged.isEmpty() ? 0 : (int) acknowledged.getLast();
        assertThat(committed).as(state.description()).isBetween(least, least + 1);
        if (committed > 0) {
            for (MemoryDisk disk : state.disks()) {
                for (int s = 0; s < VALUE_SECTORS; s++) {
                    assertThat(SimDiskTest.at(disk, DATA + (committed % 2) * VALUE_SECTORS + s))
                            .as(state.description())
                            .isEqualTo(committed);
                }
            }
        }
    }

    @Test
    void the_correct_protocol_passes_every_state() {
        Trace trace = miniCommits(true, 3);
        int shown = CrashStates.forEachState(trace, Budget.everything(1), state -> check(trace, state));
        assertThat(shown).isGreaterThan(40);
    }

    @Test
    void the_protocol_without_one_flush_is_caught_and_the_state_can_be_had_again() {
        Trace trace = miniCommits(false, 3);
        List<CrashState> bad = new ArrayList<>();
        CrashStates.forEachState(trace, Budget.everything(1), state -> {
            try {
                check(trace, state);
            } catch (AssertionError e) {
                bad.add(state);
            }
        });
        assertThat(bad).isNotEmpty();
        CrashState again =
                CrashStates.one(trace, Budget.everything(1), bad.getFirst().id());
        assertThat(again.description()).isEqualTo(bad.getFirst().description());
        assertThatThrownBy(() -> check(trace, again)).isInstanceOf(AssertionError.class);
    }

    @Test
    void a_flush_of_one_disk_says_nothing_about_another() {
        SimMachine machine = new SimMachine(new SimEnv(SimOptions.fast(1)));
        SimDisk first = machine.disk("d0", new MemoryDisk("d0", 8));
        SimDisk second = machine.disk("d1", new MemoryDisk("d1", 8));
        Recorder recorder = new Recorder();
        machine.record(recorder);
        Io.run(() -> {
            first.write(0, filled(1, 1));
            second.write(0, filled(1, 1));
            second.flush();
        });
        Set<List<Integer>> seen = new HashSet<>();
        CrashStates.forEachState(
                recorder.trace(),
                Budget.everything(1),
                s -> seen.add(List.of(
                        SimDiskTest.at(s.disks().get(0), 0),
                        SimDiskTest.at(s.disks().get(1), 0))));
        assertThat(seen).containsExactlyInAnyOrder(List.of(0, 0), List.of(1, 0), List.of(0, 1), List.of(1, 1));
    }

    @Test
    void no_state_is_shown_twice_and_a_budget_draws_some_of_them() {
        Trace trace = miniCommits(true, 4);
        Set<String> seen = new HashSet<>();
        int all = CrashStates.forEachState(trace, Budget.everything(1), s -> seen.add(s.id()));
        assertThat(seen).hasSize(all);
        int some = CrashStates.forEachState(
                trace, Budget.atMost(all / 4, 1), s -> assertThat(s.disks()).hasSize(2));
        assertThat(some).isPositive().isLessThan(all);
    }

    @Test
    void torn_writes_are_among_the_states() {
        SimMachine machine = new SimMachine(new SimEnv(SimOptions.fast(1)));
        SimDisk disk = machine.disk("d0", new MemoryDisk("d0", 8));
        Recorder recorder = new Recorder();
        machine.record(recorder);
        Io.run(() -> disk.write(0, filled(4, 1)));
        Set<List<Integer>> seen = new HashSet<>();
        CrashStates.forEachState(recorder.trace(), Budget.everything(1), s -> {
            MemoryDisk d = s.disks().get(0);
            seen.add(List.of(SimDiskTest.at(d, 0), SimDiskTest.at(d, 1), SimDiskTest.at(d, 2), SimDiskTest.at(d, 3)));
        });
        assertThat(seen).contains(List.of(0, 0, 0, 0), List.of(1, 1, 1, 1), List.of(1, 1, 0, 0), List.of(0, 0, 1, 1));
    }
}
