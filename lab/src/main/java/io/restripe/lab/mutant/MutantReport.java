package io.restripe.lab.mutant;

import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.logging.Level;
import java.util.logging.Logger;

/** All mutants, or some, and what caught each: a line a mutant as it comes, and the sum. */
public final class MutantReport {
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
    public MutantReport(Path sourceRoot, Path folder, String classPath, long seed, PrintStream out) {
        this.run = new MutantRun(sourceRoot, folder, classPath);
        this.seed = seed;
        this.out = out;
        PRODUCT_LOG.setLevel(Level.OFF); // what broken products say of themselves is told by the probes
    }

    /** @return names of those that nothing caught, and probes that find fault with the unchanged product */
    public List<String> print(Predicate<String> names) {
        List<Mutant> chosen =
                Mutants.read().stream().filter(m -> names.test(m.name())).toList();
        List<String> wrong = new ArrayList<>();
        Set<String> probes = new LinkedHashSet<>();
        for (Mutant mutant : chosen) {
            MutantRun.Outcome outcome = run.run(mutant, seed);
            out.println(outcome);
            if (outcome.isCaught()) {
                probes.add(outcome.probe());
            } else {
                wrong.add(mutant.name());
            }
        }
        int survivors = wrong.size();
        for (String probe : probes) {
            String found = run.unchanged(probe, seed);
            if (found != null) {
                out.println("the unchanged product fails " + probe + ": " + found);
                wrong.add(probe + " on the unchanged product");
            }
        }
        out.println(chosen.size() + " mutants, " + (chosen.size() - survivors) + " caught by " + probes.size()
                + " probes that find nothing in the unchanged product, " + survivors + " survived; seed " + seed);
        return wrong;
    }
}
