package io.restripe.node.cli;

import io.restripe.node.daemon.ArrayEngine;
import io.restripe.node.rpc.Json;
import io.restripe.rule.Problem;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;

/** Tells what the metadata of members says. */
final class ExamineVerb extends Verb {
    ExamineVerb() {
        super("examine", "Tell what the metadata on members says");
    }

    @Override
    void describe(CommandSpec spec) {
        arguments(
                spec,
                "MEMBER...",
                "MEMBER",
                "Members, PATH, PATH@SERIAL or the URI of an NBD export; each is told on its own");
        text(
                spec,
                "Strictly read-only. A member that cannot be read or is damaged does not keep the others from being told;",
                "the exit status is 1 then.");
    }

    @Override
    int run(Line line, Session session) {
        if (line.positionals().isEmpty()) {
            throw line.usage("arguments", "members are missing");
        }
        List<ArrayEngine.Report> reports = session.engine().examine(Line.absolute(line.positionals()));
        boolean failed = false;
        for (ArrayEngine.Report report : reports) {
            var error = Json.inner(report.fields(), "error");
            failed |= error.isPresent();
            if (session.json()) {
                continue;
            }
            if (error.isPresent()) {
                Problem problem = Json.problemOf(error.get());
                session.refuse(problem);
            } else {
                session.out().println(String.join("\n", report.lines()));
            }
        }
        if (session.json()) {
            session.out()
                    .println(Json.pretty(Json.map(
                            "members",
                            reports.stream().map(ArrayEngine.Report::fields).toList())));
        }
        return failed ? Main.FAILED : Main.OK;
    }
}
