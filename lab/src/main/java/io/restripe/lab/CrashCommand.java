package io.restripe.lab;

import io.restripe.lab.crash.Campaign;
import io.restripe.lab.crash.ReshapeCase;
import io.restripe.lab.sim.Budget;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * {@code lab crash}: campaigns over crash states, one after another or several at a time, of given runs or until so many distinct states
 * have been seen. Every run says its seed: what was stopped goes on with {@code --seed}.
 */
final class CrashCommand {
    private final Arguments arguments;
    private final PrintStream out;
    private final List<ReshapeCase> cases;
    private final Set<Long> seen = ConcurrentHashMap.newKeySet();
    private final AtomicLong nextRun = new AtomicLong();
    private final AtomicLong states = new AtomicLong();
    private final AtomicLong deeper = new AtomicLong();
    private final AtomicLong wrong = new AtomicLong();
    private final long began = System.nanoTime();

    CrashCommand(Arguments arguments, PrintStream out) {
        this.arguments = arguments;
        this.out = out;
        this.cases = ReshapeCase.named(arguments.text("case")).stream()
                .filter(which -> !arguments.has("losing") || which.canLoseAMember())
                .toList();
    }

    /** @return 0 when every state was right */
    int run() {
        if (arguments.has("state")) {
            Campaign.Result result = new Campaign(
                            cases.getFirst(), arguments.number("seed", 1), plan(arguments.number("seed", 1)))
                    .one(arguments.text("state"), arguments.text("then"));
            out.println(result);
            return result.failures().isEmpty() ? 0 : 1;
        }
        List<Thread> workers = new ArrayList<>();
        for (int w = 0; w < arguments.count("jobs", 1); w++) {
            workers.add(Thread.ofPlatform().start(this::work));
        }
        try {
            for (Thread worker : workers) {
                worker.join();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        double seconds = (System.nanoTime() - began) / 1e9;
        out.printf(
                "%d distinct crash states and %d crash states of recoveries checked, %d wrong, %.0f states a second%n",
                states.get(), deeper.get(), wrong.get(), (states.get() + deeper.get()) / seconds);
        return wrong.get() == 0 ? 0 : 1;
    }

    private void work() {
        for (long run = nextRun.getAndIncrement(); isWanted(run); run = nextRun.getAndIncrement()) {
            long seed = arguments.number("seed", 1) + run / cases.size();
            ReshapeCase which = cases.get((int) (run % cases.size()));
            Campaign.Result result;
            try {
                result = new Campaign(which, seed, plan(seed), seen).run();
            } catch (RuntimeException e) {
                result =
                        new Campaign.Result(which.id() + " seed " + seed, 0, 0, List.of("the run itself failed: " + e));
            }
            states.addAndGet(result.states());
            deeper.addAndGet(result.deeper());
            wrong.addAndGet(result.failures().size());
            out.println(result);
        }
    }

    private boolean isWanted(long run) {
        long inAll = arguments.number("in-all", 0);
        boolean failedEnough = wrong.get() >= arguments.number("failures", 10);
        return !failedEnough && (inAll > 0 ? states.get() < inAll : run < arguments.number("runs", 1) * cases.size());
    }

    private Campaign.Plan plan(long seed) {
        int most = arguments.count("states", 0);
        Budget budget = new Budget(
                most == 0 ? Integer.MAX_VALUE : most,
                arguments.count("subsets", Budget.SUBSETS),
                arguments.count("random", 4),
                arguments.number("draw", seed));
        Campaign.Plan plan = new Campaign.Plan(
                arguments.count("users", 2),
                arguments.count("requests", 40),
                budget,
                arguments.count("deeper-every", 50),
                arguments.count("deeper-states", 10),
                arguments.count("failures", 10),
                false);
        if (!arguments.has("losing")) {
            return plan;
        }
        return cases.stream().allMatch(ReshapeCase::logsParity) ? plan.losingAMemberUnderUsers() : plan.losingAMember();
    }
}
