package io.restripe.lab.kill;

import io.restripe.rule.ProblemException;
import java.io.IOException;
import java.util.List;

/** How a round's container runs, and dies. One use. */
interface Style {
    /** Runs the reshape through all its kills to its end, users compare everything, and everything is stopped. */
    void run() throws IOException, ProblemException;

    /** What has been killed so far. */
    List<String> kills();

    /** Blocks that the users of the last life wrote. */
    long writtenBlocks();

    /** Kills what still runs. */
    void end();
}
