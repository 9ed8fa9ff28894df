package io.restripe.lab;

import io.restripe.lab.crash.ReshapeCase;
import java.io.PrintStream;
import java.util.Arrays;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * The lab's command: {@code lab crash} checks the crash states of recorded runs, {@code lab sim} lives long lives with many power cuts.
 * Everything it reports wrong comes with the words that show it again.
 */
public final class Lab {
    /** Kept: a logger that nobody holds forgets its level. */
    private static final Logger PRODUCT_LOG = Logger.getLogger("io.restripe");

    private final PrintStream out;

    private Lab(PrintStream out) {
        this.out = out;
    }

    public static void main(String[] args) {
        // What the product says of the faults it is given is no news here; wrong states are told below.
        PRODUCT_LOG.setLevel(Level.OFF);
        System.exit(run(List.of(args), System.out));
    }

    /** @return 0 when everything was right, 1 when something was wrong, 2 when asked wrongly */
    static int run(List<String> args, PrintStream out) {
        Lab lab = new Lab(out);
        if (args.isEmpty()) {
            return lab.usage();
        }
        try {
            Arguments arguments = new Arguments(args.subList(1, args.size()));
            return switch (args.getFirst()) {
                case "crash" -> new CrashCommand(arguments, out).run();
                case "sim" -> new SimCommand(arguments, out).run();
                case "soak" -> new SoakCommand(arguments, out).run();
                case "walk" -> new WalkCommand(arguments, out).run();
                case "load" -> new LoadCommand(arguments, out).run();
                case "kill" -> new KillCommand(arguments, out).run();
                default -> lab.usage();
            };
        } catch (IllegalArgumentException e) {
            out.println(e.getMessage());
            return lab.usage();
        }
    }

    private int usage() {
        out.printf("""
                        lab crash [--case NAME] [--seed N] [--runs N | --in-all N] [--jobs N] [--states N] [--subsets N] [--random N]
                                  [--users N] [--requests N] [--deeper-every N] [--deeper-states N] [--failures N] [--draw N]
                        lab crash --case NAME --seed N --draw N [--users N] [--subsets N] --state ID [--then ID]     one state again
                        lab sim   [--case NAME] [--seed N] [--runs N | --minutes N] [--jobs N] [--kind actors|power]
                        lab soak  [--seed N] [--hours N] [--file PATH] [--history N]   a simulated day of reshapes, replacements, kills and
                                  power cuts; with a file it can be interrupted and goes on
                        lab walk  [--bounds NAME,...|large] [--most N]   every state of manager, monitor and array
                        lab kill  [--seed N] [--runs N] [--folder PATH]   real processes on real files, killed at random instants
                        lab load  [--seed N] [--minutes N] [--folder PATH]   a real host under NBD clients, reshape after reshape, with kills and lost members

                        --case     one of %s;
                                   several with commas; all of them when left out
                        --seed     of the first run; the next runs take the next numbers
                        --in-all   runs until so many distinct crash states have been checked
                        --jobs     campaigns at the same time
                        --states   at most so many crash states a run, drawn at random when there are more; 0: all
                        --subsets  where no more writes are unflushed, every subset of them is a state
                        --random   random subsets, torn writes included, at each point of a run
                        --users    0: nobody but the reshape writes
                        --minutes  goes on with further seeds for so long
                        --kind     lives of actors that are killed beside other faults, or of a host whose power fails; both when left out
                        --losing   1: with the power a member is lost, and nobody but the reshape writes
                        --failures stops after so many wrong states; 10 when left out
                        """, Arrays.stream(ReshapeCase.values()).map(ReshapeCase::id).toList());
        return 2;
    }
}
