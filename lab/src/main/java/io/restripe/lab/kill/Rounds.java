package io.restripe.lab.kill;

import io.restripe.rule.ProblemException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** Rounds of kills, each in a folder of its own that is removed when all was right. */
public final class Rounds {
    private final Path folder;

    /** @param folder where the rounds' folders go */
    public Rounds(Path folder) {
        this.folder = folder;
    }

    /** The round of this seed: its case, its style and its kills follow from it. */
    public Result run(long seed) throws IOException {
        KillCase which = KillCase.values()[(int) Math.floorMod(seed, (long) KillCase.values().length)];
        boolean host = Math.floorMod(seed / KillCase.values().length, 2L) == 1;
        String plan = which.name().toLowerCase(Locale.ROOT).replace('_', '-') + (host ? " host" : " actors") + " seed "
                + seed;
        Path place = Files.createTempDirectory(folder, "kill-" + seed + "-");
        Round round = new Round(place, which, seed);
        Style style = host ? new HostStyle(round) : new ActorsStyle(round);
        long began = round.env().nanoTime();
        String failure = failureOf(round, style);
        double seconds = (round.env().nanoTime() - began) / 1e9;
        round.close();
        if (failure == null) {
            remove(place);
        } else {
            failure += " (its files are in " + place + ")";
        }
        return new Result(plan, style.kills(), style.writtenBlocks(), seconds, failure);
    }

    private static String failureOf(Round round, Style style) throws IOException {
        try {
            round.create();
            style.run();
            round.verifyOffline();
        } catch (ProblemException e) {
            return e.problem().text() + told(round);
        } catch (IOException | User.Wrong e) {
            return e.getMessage() + told(round);
        } finally {
            style.end();
        }
        String wrong = round.wrong();
        return wrong.isEmpty() ? null : wrong;
    }

    private static String told(Round round) throws IOException {
        return round.wrong().isEmpty() ? "" : "; users found: " + round.wrong();
    }

    private static void remove(Path place) throws IOException {
        try (var paths = Files.walk(place)) {
            for (Path path : paths.sorted(java.util.Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
