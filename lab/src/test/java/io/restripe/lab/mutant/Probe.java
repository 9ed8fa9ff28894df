package io.restripe.lab.mutant;

import io.restripe.geometry.Geometry;
import io.restripe.lab.crash.Campaign;
import io.restripe.lab.crash.Recording;
import io.restripe.lab.crash.ReshapeCase;
import io.restripe.lab.life.EngineLife;
import io.restripe.lab.life.Life;
import io.restripe.lab.life.PowerCuts;
import io.restripe.lab.sim.Budget;
import io.restripe.reshape.ReshapeShape;
import java.math.BigInteger;
import java.util.List;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;
import org.junit.platform.launcher.listeners.TestExecutionSummary;

/**
 * What may catch a mutant, by name: {@code crash CASE USERS STATES [SEEDS]} (campaigns), {@code
 * loss CASE STATES} (one in which a member is lost with the power), {@code power CASE LIVES} and {@code life CASE LIVES [SEED]}
 * (the simulator's), {@code engine CASE LIVES} (of the engine alone; the case does not matter), {@code prompt CASE USERS MS} (simulated time), {@code large CASE} (arithmetic; the case does not matter),
 * {@code test CLASS[#METHOD]} (tests of core or of the lab). Public for the class loader in which the mutant lives.
 */
public final class Probe {
    private Probe() {}

    /** @return what was wrong, null when nothing was */
    public static String run(String probe, long seed) {
        String[] words = probe.split(" ");
        if (words[0].equals("test")) {
            return test(words[1]);
        }
        ReshapeCase which = ReshapeCase.named(words[1]).getFirst();
        return switch (words[0]) {
            case "crash" -> {
                String found = null;
                for (long s = seed;
                        found == null && s < seed + (words.length > 4 ? Long.parseLong(words[4]) : 1);
                        s++) {
                    found = crash(which, Integer.parseInt(words[2]), Integer.parseInt(words[3]), s);
                }
                yield found;
            }
            case "prompt" -> prompt(which, Integer.parseInt(words[2]), Long.parseLong(words[3]), seed);
            case "large" -> large();
            case "loss" -> loss(which, Integer.parseInt(words[2]), seed);
            case "power" -> lives(Integer.parseInt(words[2]), seed, s -> new PowerCuts(which, s).run());
            case "engine" ->
                lives(Integer.parseInt(words[2]), seed, s -> {
                    EngineLife.run(s, false);
                    EngineLife.run(s, true);
                });
            case "life" ->
                lives(
                        Integer.parseInt(words[2]),
                        words.length > 3 ? Long.parseLong(words[3]) : seed,
                        s -> new Life(which, s).run());
            default -> throw new IllegalArgumentException("no probe " + probe);
        };
    }

    private static String test(String selector) {
        SummaryGeneratingListener heard = new SummaryGeneratingListener();
        LauncherFactory.create()
                .execute(
                        LauncherDiscoveryRequestBuilder.request()
                                .selectors(
                                        selector.contains("#")
                                                ? DiscoverySelectors.selectMethod(selector)
                                                : DiscoverySelectors.selectClass(selector))
                                .build(),
                        heard);
        TestExecutionSummary summary = heard.getSummary();
        if (summary.getFailures().isEmpty() && summary.getTestsSucceededCount() == 0) {
            throw new IllegalArgumentException("no test " + selector);
        }
        return summary.getFailures().stream()
                .findFirst()
                .map(failure -> failure.getTestIdentifier().getDisplayName() + ": " + told(failure.getException()))
                .orElse(null);
    }

    private static String crash(ReshapeCase which, int users, int states, long seed) {
        try {
            Campaign.Plan plan = new Campaign.Plan(users, 40, Budget.atMost(states, seed), 20, 5, 1, false);
            return first(which, plan, seed);
        } catch (RuntimeException e) {
            return told(e);
        }
    }

    /** Nobody sleeps through a change: what needs no waiting takes no more than so many simulated milliseconds. */
    private static String prompt(ReshapeCase which, int users, long milliseconds, long seed) {
        try {
            long took = Recording.of(which, seed, users, 4).nanos() / 1_000_000;
            return took > milliseconds ? which.id() + " took " + took + " simulated ms" : null;
        } catch (RuntimeException e) {
            return told(e);
        }
    }

    /** Positions of an array of many TiB, against arithmetic that knows no bounds. */
    private static String large() {
        Geometry before = Geometry.ofMd(5, 0, 5, 128);
        Geometry after = Geometry.ofMd(5, 0, 6, 128);
        long depth = 2048;
        ReshapeShape shape = new ReshapeShape(before, after, depth * after.dataMembers(), depth, 1L << 40);
        for (long unit = 1; unit < shape.units(); unit *= 3) {
            BigInteger position = BigInteger.valueOf(unit).multiply(BigInteger.valueOf(shape.unitSectors()));
            if (!position.equals(BigInteger.valueOf(shape.positionOfUnit(unit)))) {
                return "unit " + unit + " is at " + shape.positionOfUnit(unit) + ", not at " + position;
            }
        }
        return null;
    }

    private static String loss(ReshapeCase which, int states, long seed) {
        try {
            return first(
                    which,
                    Campaign.Plan.quiet(Budget.atMost(states, seed))
                            .withMostFailures(1)
                            .losingAMember(),
                    seed);
        } catch (RuntimeException e) {
            return told(e);
        }
    }

    private static String first(ReshapeCase which, Campaign.Plan plan, long seed) {
        List<String> failures = new Campaign(which, seed, plan).run().failures();
        return failures.isEmpty() ? null : failures.getFirst();
    }

    private interface Lived {
        void live(long seed);
    }

    private static String lives(int count, long seed, Lived lived) {
        for (long s = seed; s < seed + count; s++) {
            try {
                lived.live(s);
            } catch (RuntimeException e) {
                return told(e);
            }
        }
        return null;
    }

    /** The innermost cause says what broke. */
    private static String told(Throwable failure) {
        Throwable cause = failure;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        if (cause instanceof LinkageError broken) {
            throw broken; // the mutant and the classes around it are of different builds: nothing was shown
        }
        return cause == failure ? String.valueOf(failure.getMessage()) : cause + "; " + failure.getMessage();
    }
}
