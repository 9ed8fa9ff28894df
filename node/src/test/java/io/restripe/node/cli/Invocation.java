package io.restripe.node.cli;

import io.restripe.env.SystemEnv;
import io.restripe.node.daemon.ArrayEngine;
import io.restripe.node.daemon.CoreEngine;
import io.restripe.node.daemon.FakeEngine;
import io.restripe.node.rpc.RunFolder;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;

/** Runs the command inside the test and keeps what it said. */
final class Invocation {
    final int status;
    final byte[] data;
    final String out;
    final String err;

    private Invocation(int status, byte[] data, String err) {
        this.status = status;
        this.data = data;
        this.out = new String(data, StandardCharsets.UTF_8);
        this.err = err;
    }

    static Invocation of(Path run, String... words) {
        return of(run, new FakeEngine(), new byte[0], words);
    }

    /** With the engine that ships. */
    static Invocation real(Path run, byte[] input, String... words) {
        return of(run, new CoreEngine(new SystemEnv(), new RunFolder(run)), input, words);
    }

    static Invocation of(Path run, ArrayEngine engine, byte[] input, String... words) {
        return of(run, engine, input, 0, words);
    }

    /** On a terminal of so many columns. */
    static Invocation onTerminal(Path run, int columns, String... words) {
        return of(run, new FakeEngine(), new byte[0], columns, words);
    }

    private static Invocation of(Path run, ArrayEngine engine, byte[] input, int columns, String... words) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        Session session = new Session(
                new SystemEnv(),
                engine,
                new ByteArrayInputStream(input),
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                false,
                columns > 0,
                Map.of(
                        "RESTRIPE_RUN",
                        run.toString(),
                        "PATH",
                        System.getenv("PATH"),
                        "COLUMNS",
                        String.valueOf(columns)));
        int status = Main.run(session, words);
        return new Invocation(status, out.toByteArray(), err.toString(StandardCharsets.UTF_8));
    }
}
