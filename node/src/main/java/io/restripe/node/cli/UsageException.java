package io.restripe.node.cli;

import io.restripe.rule.Problem;

/** The command line was not understood; exit status 2. */
final class UsageException extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final transient Problem problem;

    /**
     * @param verb whose help explains it; empty for the command as a whole
     * @param where the option or argument at fault
     * @param why what is wrong with it
     */
    UsageException(String verb, String where, String why) {
        super(why);
        String help = verb.isEmpty() ? "restripe --help" : "restripe " + verb + " --help";
        this.problem = new Problem("cannot understand the command line", where, why, "See " + help);
    }

    Problem problem() {
        return problem;
    }
}
