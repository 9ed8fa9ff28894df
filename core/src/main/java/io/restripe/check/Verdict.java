package io.restripe.check;

import io.restripe.metadata.Container;
import io.restripe.rule.Finding;
import io.restripe.rule.Finding.Severity;
import java.util.List;
import java.util.Optional;

/**
 * What a check came to.
 *
 * @param container what the members amount to; empty when they do not
 * @param findings in the order in which it was looked at
 * @param scrubs what was compared, a volume each
 */
public record Verdict(Optional<Container> container, List<Finding> findings, List<Scrub> scrubs) {
    public Verdict {
        findings = List.copyOf(findings);
        scrubs = List.copyOf(scrubs);
    }

    /**
     * How much of a volume's redundancy was compared.
     *
     * @param comparedSectors member sectors, the same on every member
     * @param differingSectors member sectors of the rows that do not agree
     */
    public record Scrub(String volume, long comparedSectors, long differingSectors) {}

    /** Whether nothing is wrong: there are no findings but notes. */
    public boolean isConsistent() {
        return atLeast(Severity.WARNING).isEmpty();
    }

    /** The findings that are so bad or worse. */
    public List<Finding> atLeast(Severity least) {
        return findings.stream().filter(f -> f.isAtLeast(least)).toList();
    }
}
