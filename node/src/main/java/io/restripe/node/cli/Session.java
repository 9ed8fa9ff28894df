package io.restripe.node.cli;

import io.restripe.env.Env;
import io.restripe.node.daemon.ArrayEngine;
import io.restripe.node.rpc.Json;
import io.restripe.node.rpc.RunFolder;
import io.restripe.os.FileStatus;
import io.restripe.os.Terminal;
import io.restripe.rule.Problem;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Map;

/**
 * Everything around one invocation of the command.
 *
 * @param in standard input
 * @param out standard output: results only
 * @param err standard error: refusals, progress, notes
 * @param json results and refusals as JSON
 * @param terminal whether err is a terminal, so that a line may be overwritten
 * @param variables environment variables
 */
record Session(
        Env env,
        ArrayEngine engine,
        InputStream in,
        PrintStream out,
        PrintStream err,
        boolean json,
        boolean terminal,
        Map<String, String> variables) {

    private static final int USUAL_COLUMNS = 80;

    RunFolder run() {
        return RunFolder.of(variables);
    }

    Session withJson() {
        return new Session(env, engine, in, out, err, true, terminal, variables);
    }

    /** Columns of the terminal: what COLUMNS says, else what the terminal does. */
    int columns() {
        try {
            int told = Integer.parseInt(variables.getOrDefault("COLUMNS", "0"));
            return told > 0 ? told : Terminal.columns(Terminal.STANDARD_ERROR).orElse(USUAL_COLUMNS);
        } catch (NumberFormatException e) {
            return USUAL_COLUMNS;
        }
    }

    /** Prints a result in the form that was asked for. */
    void result(Map<String, Object> forPrograms, String forPeople) {
        out.println(json ? Json.pretty(forPrograms) : forPeople);
    }

    /** Standard output for array contents; unlike a PrintStream it says when the reader has gone. */
    OutputStream data() {
        return new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                write(new byte[] {(byte) b}, 0, 1);
            }

            @Override
            public void write(byte[] bytes, int offset, int length) throws IOException {
                out.write(bytes, offset, length);
                if (out.checkError()) {
                    throw readerGone()
                            ? new ReaderGoneException()
                            : new IOException("writing to standard output failed");
                }
            }
        };
    }

    /** The reader of standard output has gone: it has what it wanted. */
    static final class ReaderGoneException extends IOException {
        private static final long serialVersionUID = 1L;
    }

    /** A write to a pipe fails for no other reason. */
    private static boolean readerGone() {
        try {
            return FileStatus.of(Path.of("/proc/self/fd/1")).kind() == FileStatus.Kind.PIPE;
        } catch (IOException e) {
            return false;
        }
    }

    /** A word on the side, for people only. */
    void note(String text) {
        if (!json) {
            err.println(text);
        }
    }

    void refuse(Problem problem) {
        if (json) {
            err.println(Json.line(Json.map("error", Json.ofProblem(problem))));
            return;
        }
        err.println("restripe: " + problem.what());
        err.println("  where:   " + problem.where());
        err.println("  why:     " + problem.why());
        err.println("  remedy:  " + problem.remedy());
    }
}
