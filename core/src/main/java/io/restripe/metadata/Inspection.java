package io.restripe.metadata;

import io.restripe.rule.Finding;
import java.util.List;
import java.util.Optional;

/**
 * What a strict look at the metadata of a container's disks found.
 *
 * @param findings everything that is wrong or worth knowing, in the order in which it was looked at
 * @param selection what the disks amount to; empty when they do not
 */
public record Inspection(List<Finding> findings, Optional<Selection> selection) {
    public Inspection {
        findings = List.copyOf(findings);
    }
}
