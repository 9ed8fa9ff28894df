package io.restripe.node.cli;

import io.restripe.node.rpc.Json;
import io.restripe.node.rpc.ScrubResult;
import io.restripe.rule.Finding;
import io.restripe.rule.Finding.Severity;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What a check came to, as it is told.
 *
 * @param name what was checked
 * @param scrubs how the contents were compared, a volume each
 * @param repair whether what differed was rewritten
 */
record CheckResult(String name, List<Finding> findings, List<ScrubResult> scrubs, boolean repair) {
    /** Prints it; gives the exit status. */
    int tell(Session session) {
        List<String> lines = new ArrayList<>();
        for (Finding finding : findings) {
            lines.add(word(finding) + ": " + finding.problem().what());
            lines.add("  where:   " + finding.problem().where());
            lines.add("  why:     " + finding.problem().why());
            lines.add("  remedy:  " + finding.problem().remedy());
        }
        for (ScrubResult scrub : scrubs) {
            lines.add("volume " + scrub.volume() + ": " + scrub.action() + " of " + scrub.comparedSectors()
                    + " sectors on every member, " + scrub.differingSectors() + " differ"
                    + (scrub.action().equals("repair") && scrub.differingSectors() > 0 ? "ed and were rewritten" : "")
                    + (scrub.complete() ? "" : ", not finished"));
        }
        lines.add(name + ": " + summary());
        session.result(
                Json.map(
                        "name",
                        name,
                        "verdict",
                        verdict(),
                        "findings",
                        Json.ofFindings(findings),
                        "scrubs",
                        scrubs.stream().map(ScrubResult::toMap).toList()),
                String.join("\n", lines));
        return isConsistent() ? Main.OK : Main.FAILED;
    }

    private static String word(Finding finding) {
        return finding.severity().name().toLowerCase(Locale.ROOT);
    }

    private boolean isConsistent() {
        return findings.stream().noneMatch(f -> f.isAtLeast(Severity.WARNING));
    }

    private boolean isRepaired() {
        boolean wrong =
                findings.stream().anyMatch(f -> f.isAtLeast(Severity.WARNING) && f.kind() != Finding.Kind.CONTENTS);
        return repair && !wrong && !isConsistent();
    }

    private String verdict() {
        return isConsistent() ? "consistent" : isRepaired() ? "repaired" : "wrong";
    }

    private String summary() {
        if (isConsistent()) {
            return "everything is consistent";
        }
        return (isRepaired() ? "repaired" : "something is wrong") + ": " + count(Severity.ERROR) + " errors, "
                + count(Severity.WARNING) + " warnings, " + count(Severity.NOTE) + " notes";
    }

    private long count(Severity severity) {
        return findings.stream().filter(f -> f.severity() == severity).count();
    }
}
