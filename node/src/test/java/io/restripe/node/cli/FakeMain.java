package io.restripe.node.cli;

import io.restripe.env.SystemEnv;
import io.restripe.node.daemon.FakeEngine;
import java.util.Map;

/** The command with the remembering engine behind it, as a program: what tests start as host process. */
public final class FakeMain {
    private FakeMain() {}

    public static void main(String[] args) {
        Map<String, String> variables = System.getenv();
        Session session = new Session(
                new SystemEnv(), new FakeEngine(), System.in, System.out, System.err, false, false, variables);
        System.exit(Main.run(session, args));
    }
}
