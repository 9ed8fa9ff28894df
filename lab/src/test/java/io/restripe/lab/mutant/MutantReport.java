package io.restripe.lab.mutant;

import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;
import java.util.logging.Level;
import java.util.logging.Logger;

/** All mutants, or some, and what caught each: a line a mutant as it comes, and the sum. */
final class MutantReport {
    /** Kept: a logger that nobody holds forgets its level. */
    private static final Logger PRODUCT_LOG = Logger.getLogger("io.restripe");

    private final MutantRun run;
    private final PrintStream out;
    private final long seed;

    /**
     * @param sourceRoot the top of the source tree
     * @param folder for compiled mutants
     * @param classPath the unchanged classes, the lab's included
     * @param seed of all probes
     */
    MutantReport(Path sourceRoot, Path folder, String classPath, long seed, PrintStream out) {
        this.run = new MutantRun(sourceRoot, folder, classPath);
        this.seed = seed;
        this.out = out;
        PRODUCT_LOG.setLevel(Level.OFF); // what broken products say of themselves is told by the probes
    }

    /** @return names of those that nothing caught, and probes that find fault with the unchanged product */
    List<String> print(List<Mutant> chosen) {
        List<String> wrong = new ArrayList<>();
        Set<String> probes = new LinkedHashSet<>();
        for (MutantRun.Outcome outcome : each(chosen, mutant -> {
            MutantRun.Outcome found = run.run(mutant, seed);
            out.println(found);
            return found;
        })) {
            if (outcome.isCaught()) {
                probes.add(outcome.probe());
            } else {
                wrong.add(outcome.mutant().name());
            }
        }
        int survivors = wrong.size();
        each(List.copyOf(probes), probe -> {
                    String found = run.unchanged(probe, seed);
                    if (found != null) {
                        out.println("the unchanged product fails " + probe + ": " + found);
                    }
                    return Optional.ofNullable(found).map(f -> probe + " on the unchanged product");
                })
                .forEach(found -> found.ifPresent(wrong::add));
        out.println(chosen.size() + " mutants, " + (chosen.size() - survivors) + " caught by " + probes.size()
                + " probes that find nothing in the unchanged product, " + survivors + " survived; seed " + seed);
        return wrong;
    }

    /** As many at a time as there are processors. */
    private static <T, R> List<R> each(List<T> all, Function<T, R> work) {
        try (ExecutorService pool =
                Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors())) {
            List<Future<R>> futures =
                    all.stream().map(one -> pool.submit(() -> work.apply(one))).toList();
            List<R> results = new ArrayList<>();
            for (Future<R> future : futures) {
                results.add(future.get());
            }
            return results;
        } catch (InterruptedException | ExecutionException e) {
            throw new IllegalStateException(e);
        }
    }
}
