package io.restripe.lab.crash;

import io.restripe.disk.MemoryDisk;
import io.restripe.lab.sim.Budget;
import io.restripe.lab.sim.CrashState;
import io.restripe.lab.sim.CrashStates;
import io.restripe.lab.sim.Trace;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Checks the crash states of one recorded run, and for some of them those of their recovery too. */
public final class Campaign {
    private final Recording recording;
    private final Plan plan;
    private final Set<Long> seen;
    private final List<String> failures = new ArrayList<>();
    private int states;
    private int deeper;

    /**
     * What to check.
     *
     * @param users how many read, write and flush during the reshape; none in an array that is degraded, whose writes in flight may be
     *     lost with what they share a row with
     * @param requests of each user
     * @param budget how many states
     * @param deeperEvery the recovery of every n-th state is recorded and cut again; 0: of none
     * @param deeperStates how many states of each such recovery
     * @param mostFailures it stops when so many states were wrong
     * @param losing with the power a member is lost, another one in each state; only where the level can do without, and with users only
     *     where partial parity is logged
     */
    public record Plan(
            int users,
            int requests,
            Budget budget,
            int deeperEvery,
            int deeperStates,
            int mostFailures,
            boolean losing) {
        /** Two users, and a look into some recoveries. */
        public static Plan usual(Budget budget) {
            return new Plan(2, 40, budget, 50, 10, 10, false);
        }

        /** Nobody but the reshape writes: few enough states to see all of them. */
        public static Plan quiet(Budget budget) {
            return new Plan(0, 0, budget, 50, 10, 10, false);
        }

        public Plan withDeeper(int every, int eachStates) {
            return new Plan(users, requests, budget, every, eachStates, mostFailures, losing);
        }

        public Plan withMostFailures(int most) {
            return new Plan(users, requests, budget, deeperEvery, deeperStates, most, losing);
        }

        /** The same without users and looks into recoveries, a member lost in each state. */
        public Plan losingAMember() {
            return new Plan(0, 0, budget, 0, 0, mostFailures, true);
        }

        /** The same with users. */
        public Plan losingAMemberUnderUsers() {
            return new Plan(users, requests, budget, 0, 0, mostFailures, true);
        }
    }

    public Campaign(ReshapeCase which, long seed, Plan plan) {
        this(which, seed, plan, new HashSet<>());
    }

    /** @param seen hashes of states that need no second look; takes the new ones */
    public Campaign(ReshapeCase which, long seed, Plan plan, Set<Long> seen) {
        boolean alone = which.past() == ReshapeCase.Past.LOST_A_MEMBER && !which.logsParity();
        int users = alone ? 0 : plan.users();
        this.recording = Recording.of(which, seed, users, plan.requests());
        this.plan = plan;
        this.seen = seen;
    }

    /**
     * What came out.
     *
     * @param states crash states of the run that were checked
     * @param deeper crash states of recoveries that were checked
     * @param failures what was wrong, each with the words to see it again; empty when nothing was
     */
    public record Result(String run, int states, int deeper, List<String> failures) {
        @Override
        public String toString() {
            return run + ": " + states + " crash states and " + deeper + " crash states of recoveries checked, "
                    + failures.size() + " wrong"
                    + String.join("", failures.stream().map(f -> "\n" + f).toList());
        }
    }

    /** Checks until done, or until too many states were wrong. */
    public Result run() {
        CrashStates.forEachState(recording.trace(), plan.budget(), seen, state -> {
            if (failures.size() < plan.mostFailures()) {
                check(state);
            }
        });
        return result();
    }

    /** Checks one state, and one of its recovery when {@code deeperId} is not null. */
    public Result one(String id, String deeperId) {
        CrashState state = CrashStates.one(recording.trace(), plan.budget(), id);
        Expectation expected = expectation(state);
        Recovery.Result result = recover(state, expected, deeperId != null);
        states++;
        report(state.description(), "--state " + id, result);
        if (!plan.losing()) {
            reportTwice(state, expected);
        }
        if (deeperId != null) {
            CrashState again = CrashStates.one(result.trace(), deeperBudget(), deeperId);
            deeper++;
            report(
                    state.description() + "; then in recovery " + again.description(),
                    "--state " + id + " --then " + deeperId,
                    Recovery.of(recording.which(), again.disks(), expected, false));
        }
        return result();
    }

    private Result result() {
        return new Result(
                recording.which().id() + " seed " + recording.seed() + ", " + plan.users() + " users, "
                        + recording.trace().events().size() + " events",
                states,
                deeper,
                List.copyOf(failures));
    }

    private Budget deeperBudget() {
        return new Budget(plan.deeperStates(), 0, 2, plan.budget().seed());
    }

    private Expectation expectation(CrashState state) {
        return new Expectation(recording.sectors(), recording.trace().marks(state.prefix()));
    }

    private Recovery.Result recover(CrashState state, Expectation expected, boolean recorded) {
        if (!plan.losing()) {
            return Recovery.of(recording.which(), state.disks(), expected, recorded);
        }
        int lost =
                Math.floorMod(state.id().hashCode(), recording.which().before().members());
        List<MemoryDisk> left = new ArrayList<>(state.disks());
        left.set(lost, new MemoryDisk("disk" + lost, recording.which().diskSectors()));
        return Recovery.afterLoss(recording.which(), left, expected);
    }

    private void check(CrashState state) {
        states++;
        boolean recorded = plan.deeperEvery() > 0 && states % plan.deeperEvery() == 0;
        Expectation expected = expectation(state);
        Recovery.Result result = recover(state, expected, recorded);
        report(state.description(), "--state " + state.id(), result);
        if (recorded && result.wrong().isEmpty()) {
            reportTwice(state, expected);
            deeper(state, expected, result.trace());
        }
    }

    private void reportTwice(CrashState state, Expectation expected) {
        List<String> wrong = Recovery.twice(recording.which(), state.disks(), expected);
        report(state.description(), "--state " + state.id(), new Recovery.Result(wrong, null));
    }

    private void deeper(CrashState state, Expectation expected, Trace trace) {
        CrashStates.forEachState(trace, deeperBudget(), again -> {
            deeper++;
            report(
                    state.description() + "; then in recovery " + again.description(),
                    "--state " + state.id() + " --then " + again.id(),
                    Recovery.of(recording.which(), again.disks(), expected, false));
        });
    }

    private void report(String description, String how, Recovery.Result result) {
        if (!result.wrong().isEmpty()) {
            failures.add("WRONG " + description + "\n  again: lab crash --case "
                    + recording.which().id() + " --seed " + recording.seed() + " --draw "
                    + plan.budget().seed() + " --users " + plan.users() + " --subsets "
                    + plan.budget().allSubsetsOf() + (plan.losing() ? " --losing 1 " : " ") + how
                    + "\n  " + String.join("\n  ", result.wrong()));
        }
    }
}
