package io.restripe.node.cli;

import io.restripe.check.Verdict;
import io.restripe.node.rpc.HostClient;
import io.restripe.node.rpc.Json;
import io.restripe.node.rpc.ScrubResult;
import io.restripe.node.rpc.VolumeStatus;
import io.restripe.rule.Finding;
import io.restripe.rule.Finding.Kind;
import io.restripe.rule.Finding.Severity;
import io.restripe.rule.Problem;
import io.restripe.rule.ProblemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;

/** Checks metadata strictly, then parity or copies: of a running container, or strictly read-only from the members alone. */
final class CheckVerb extends Verb {
    CheckVerb() {
        super("check", "Check metadata, and parity or copies, and tell everything that is wrong");
    }

    @Override
    void describe(CommandSpec spec) {
        arguments(
                spec,
                "(CONTAINER[/VOLUME] [--repair] | [--volume=NAME] MEMBER...) [OPTION...]",
                "CONTAINER[/VOLUME] | MEMBER",
                "A running container, or the members of one that does not run");
        spec.addOption(flag("Rewrite parity from the data, or the other copies from the first", "--repair"));
        spec.addOption(flag("End a check or repair that runs in the background, and nothing else", "--stop"));
        spec.addOption(value("NAME", "Whose contents are compared, from members alone; default: all", "--volume"));
        text(
                spec,
                "Of a running container the array itself compares, under load, one volume after the other. Ctrl-C ends the",
                "command, and what is being compared goes on to its end: restripe wait follows it, --stop ends it.",
                "A reshape, a rebuild or a resync goes first.",
                "",
                "From members alone nothing is written anywhere: the files are opened read-only. Half-way reshapes are",
                "compared by the new geometry below the checkpoint and by the old one above it, a saved unit in the copy",
                "area. Of a volume that lacks members only the metadata is checked.",
                "",
                "A finding is an error (damage, a bug, a foreign hand), a warning (what a failure or a power cut leaves,",
                "and the next start or a person puts right) or a note. Exit status: 0 when there are only notes;",
                "1 when something is wrong or was repaired.");
    }

    @Override
    int run(Line line, Session session) throws ProblemException {
        String first = line.first("CONTAINER[/VOLUME] or MEMBER");
        boolean named = ArrayName.isVolume(first) || ArrayName.isContainer(first);
        boolean running =
                line.positionals().size() == 1 && !line.has("--volume") && named && !Files.exists(Path.of(first));
        if (!running) {
            if (line.has("--repair") || line.has("--stop")) {
                throw line.usage("--repair, --stop", "members alone are never written to: assemble them first");
            }
            return offline(line, session);
        }
        ArrayName array = ArrayName.parse(name(), first);
        try (HostClient client = HostClient.connect(session.run(), array.container())) {
            return line.has("--stop") ? stop(client, array, session) : running(client, array, line, session);
        }
    }

    private static int offline(Line line, Session session) throws ProblemException {
        CheckProgress progress = new CheckProgress(session);
        Verdict verdict = session.engine().check(Line.absolute(line.positionals()), line.text("--volume"), progress);
        progress.end();
        List<ScrubResult> scrubs = verdict.scrubs().stream()
                .map(s -> new ScrubResult(s.volume(), "check", true, s.comparedSectors(), s.differingSectors()))
                .toList();
        String name = verdict.container().map(c -> "container " + c.uuid()).orElse("these members");
        return new CheckResult(name, verdict.findings(), scrubs, false).tell(session);
    }

    private static List<String> volumes(HostClient client, ArrayName array) throws ProblemException {
        if (!array.volume().isEmpty()) {
            return List.of(DetailVerb.volume(client.status(), array).name());
        }
        return client.status().volumes().stream().map(VolumeStatus::name).toList();
    }

    private static int stop(HostClient client, ArrayName array, Session session) throws ProblemException {
        List<ScrubResult> ended = new ArrayList<>();
        for (String volume : volumes(client, array)) {
            client.call("scrub-end", Json.map("volume", volume));
            ended.add(result(client, volume));
        }
        session.result(
                Json.map("scrubs", ended.stream().map(ScrubResult::toMap).toList()),
                "no check or repair of " + array + " runs any more");
        return Main.OK;
    }

    private static int running(HostClient client, ArrayName array, Line line, Session session) throws ProblemException {
        boolean repair = line.has("--repair");
        List<String> volumes = volumes(client, array);
        List<Finding> findings = new ArrayList<>();
        for (Map<String, Object> finding : Json.maps(client.call("check", Map.of()), "findings")) {
            findings.add(Json.findingOf(finding));
        }
        List<ScrubResult> scrubs = new ArrayList<>();
        for (String volume : volumes) {
            ArrayName one = new ArrayName(array.container(), volume);
            Map<String, Object> begun = client.call("scrub", Json.map("volume", volume, "repair", repair));
            Optional<String> skipped = Json.optionalText(begun, "skipped");
            if (skipped.isPresent()) {
                findings.add(finding(
                        Severity.NOTE, Kind.NOT_COMPARED, "contents not compared", one, skipped.get(), "Nothing"));
                continue;
            }
            new Follower(session, client, one).follow(Long.MAX_VALUE);
            ScrubResult result = result(client, volume);
            scrubs.add(result);
            judge(one, result, repair).ifPresent(findings::add);
        }
        return new CheckResult(array.toString(), findings, scrubs, repair).tell(session);
    }

    private static ScrubResult result(HostClient client, String volume) throws ProblemException {
        return ScrubResult.ofMap(client.call("scrub-result", Json.map("volume", volume)));
    }

    private static Optional<Finding> judge(ArrayName array, ScrubResult result, boolean repair) {
        if (!result.complete()) {
            return Optional.of(finding(
                    Severity.WARNING,
                    Kind.NOT_COMPARED,
                    "the contents were not compared to the end",
                    array,
                    "it was ended at member sector " + result.comparedSectors() + "; up to there "
                            + result.differingSectors() + " sectors differ",
                    "See what came in between, restripe detail " + array + ", and check again"));
        }
        if (result.differingSectors() == 0) {
            return Optional.empty();
        }
        return Optional.of(finding(
                repair ? Severity.WARNING : Severity.ERROR,
                Kind.CONTENTS,
                repair ? "parity or copies did not agree and were rewritten" : "parity or copies do not agree",
                array,
                result.differingSectors() + " of " + result.comparedSectors() + " sectors per member differ",
                repair
                        ? "Find the cause, and compare the files with a backup: where data was wrong, it still is"
                        : "Find the cause, then rewrite them: restripe check --repair " + array));
    }

    private static Finding finding(
            Severity severity, Kind kind, String what, ArrayName where, String why, String remedy) {
        return new Finding(severity, kind, new Problem(what, "volume " + where, why, remedy));
    }
}
