package io.restripe.node.cli;

import io.restripe.env.SystemEnv;
import io.restripe.node.daemon.CoreEngine;
import io.restripe.node.rpc.RunFolder;
import io.restripe.rule.Problem;
import io.restripe.rule.ProblemException;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine;

/** The {@code restripe} command: finds the verb, parses its line, runs it, and turns every refusal into text and exit status. */
public final class Main {
    static final int OK = 0;
    static final int FAILED = 1;
    static final int USAGE = 2;
    static final String VERSION = "0.1.0";

    private Main() {}

    public static void main(String[] args) {
        PrintStream out = stream(FileDescriptor.out);
        PrintStream err = stream(FileDescriptor.err);
        boolean terminal = Boolean.getBoolean("restripe.terminal"); // the launcher's "test -t 2"
        Session session = new Session(
                new SystemEnv(),
                new CoreEngine(new SystemEnv(), RunFolder.of(System.getenv())),
                new FileInputStream(FileDescriptor.in),
                out,
                err,
                false,
                terminal,
                System.getenv());
        int status = run(session, args);
        out.flush();
        err.flush();
        System.exit(status);
    }

    private static PrintStream stream(FileDescriptor descriptor) {
        return new PrintStream(new FileOutputStream(descriptor), true, StandardCharsets.UTF_8);
    }

    /** One invocation; never exits, never throws for anything a user can do. */
    static int run(Session session, String... args) {
        List<String> words = new ArrayList<>(List.of(args));
        boolean json = words.contains("--json");
        Session chosen = json ? session.withJson() : session;
        while (!words.isEmpty() && words.getFirst().equals("--json")) {
            words.removeFirst();
        }
        try {
            return dispatch(chosen, words);
        } catch (UsageException e) {
            chosen.refuse(e.problem());
            return USAGE;
        } catch (ProblemException e) {
            chosen.refuse(e.problem());
            return FAILED;
        } catch (Session.ReaderGoneException e) {
            return OK;
        } catch (IOException e) {
            chosen.refuse(new Problem(
                    "cannot finish " + words.getFirst(),
                    "standard input or output",
                    String.valueOf(e.getMessage()),
                    "Check the pipe, or the space where the output goes"));
            return FAILED;
        }
    }

    private static int dispatch(Session session, List<String> words) throws ProblemException, IOException {
        if (words.isEmpty()) {
            throw new UsageException("", "arguments", "a verb is missing");
        }
        String word = words.getFirst();
        switch (word) {
            case "help", "--help", "-h" -> {
                return help(session, words);
            }
            case "--version", "-V" -> {
                session.result(io.restripe.node.rpc.Json.map("version", VERSION), "restripe " + VERSION);
                return OK;
            }
            default -> {
                return run(session, verb(word), words.subList(1, words.size()));
            }
        }
    }

    private static Verb verb(String word) {
        // mdadm's way of naming a mode: --grow for grow.
        String name = word.startsWith("--") ? word.substring(2) : word;
        Optional<Verb> verb = Verbs.find(name);
        return verb.orElseThrow(() -> new UsageException("", "\"" + word + "\"", "there is no such verb"));
    }

    private static int run(Session session, Verb verb, List<String> words) throws ProblemException, IOException {
        CommandLine commandLine = new CommandLine(verb.spec());
        CommandLine.ParseResult parsed;
        try {
            parsed = commandLine.parseArgs(words.toArray(String[]::new));
        } catch (CommandLine.ParameterException e) {
            throw new UsageException(verb.name(), "restripe " + verb.name(), e.getMessage());
        }
        if (parsed.isUsageHelpRequested()) {
            commandLine.usage(session.out());
            return OK;
        }
        return verb.run(new Line(verb.name(), parsed), session);
    }

    private static int help(Session session, List<String> words) {
        if (words.size() > 1) {
            new CommandLine(verb(words.get(1)).spec()).usage(session.out());
        } else {
            session.out().print(Verbs.overview());
        }
        return OK;
    }
}
