package io.restripe.lab.soak;

import io.restripe.lab.crash.ReshapeCase;
import io.restripe.lab.life.Life;
import java.io.IOException;
import java.io.PrintStream;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import java.util.Properties;

/**
 * One history after another, until so much time has been simulated. After each the file has the seed, the number of the next one and what
 * was counted: whoever is interrupted goes on there, and lives the history that was under way anew. One thread.
 */
public final class Soak {
    private static final String SEED = "seed";
    private static final long LIVES_OF_A_SEED = 100_000;
    private static final String NEXT = "next";

    private final Path file;
    private final PrintStream out;
    private final long seed;
    private long next;
    private final Tally tally;

    /**
     * Begins, or goes on where the file says.
     *
     * @param file null: nothing is remembered
     * @param seed of a soak that begins; one that goes on has its own
     */
    public Soak(Path file, long seed, PrintStream out) {
        this.file = file;
        this.out = out;
        Properties kept = new Properties();
        if (file != null && Files.exists(file)) {
            try (Reader in = Files.newBufferedReader(file)) {
                kept.load(in);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        this.seed = Long.parseLong(kept.getProperty(SEED, Long.toString(seed)));
        this.next = Long.parseLong(kept.getProperty(NEXT, "0"));
        this.tally = Tally.from(kept);
    }

    /**
     * Goes on until so many hours have been simulated in all, or something is wrong.
     *
     * @return what happened, from the very beginning
     * @throws IllegalStateException when something was wrong; the message says what, and how to see it again
     */
    public Tally run(double hours) {
        out.println("seed " + seed + (next == 0 ? "" : ", goes on with history " + next + " after " + tally));
        while (tally.simulatedHours() < hours) {
            live(next);
            next++;
            keep();
        }
        out.println(tally + ", nothing wrong; seed " + seed);
        return tally;
    }

    /** One history, by its number. */
    public void live(long number) {
        long began = System.nanoTime();
        Tally lived = new History(seed, number, line -> out.println("  history " + number + ": " + line)).run();
        lived.add(actors(number));
        lived.add(Tally.Count.REAL_NANOS, System.nanoTime() - began);
        tally.add(lived);
        out.println("history " + number + " of seed " + seed + ": " + lived);
        out.println("so far " + tally);
    }

    /** Beside it a short life whose manager, monitor and arrays are processes of their own, with messages that are lost. */
    private Tally actors(long number) {
        List<ReshapeCase> cases = Arrays.stream(ReshapeCase.values())
                .filter(which -> which.reshapes() && which.past() != ReshapeCase.Past.LOST_A_MEMBER)
                .toList();
        Life.Tally life = new Life(cases.get((int) (number % cases.size())), seed * LIVES_OF_A_SEED + number).run();
        Tally counted = new Tally();
        counted.add(Tally.Count.ACTORS_KILLED, life.kills());
        counted.add(Tally.Count.STEPS, life.steps());
        counted.add(Tally.Count.SIMULATED_NANOS, life.simulatedNanos());
        return counted;
    }

    /** By another name first, so that an interruption leaves the old one or the new one. */
    private void keep() {
        if (file == null) {
            return;
        }
        Properties kept = new Properties();
        kept.setProperty(SEED, Long.toString(seed));
        kept.setProperty(NEXT, Long.toString(next));
        tally.putInto(kept);
        Path made = file.resolveSibling(file.getFileName() + ".new");
        try {
            try (Writer to = Files.newBufferedWriter(made)) {
                kept.store(to, "lab soak");
            }
            Files.move(made, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
