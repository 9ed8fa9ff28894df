package io.restripe.host;

import io.restripe.array.ArrayControl;
import io.restripe.array.Attribute;
import io.restripe.array.AttributeException;
import io.restripe.array.Attributes;
import io.restripe.check.ContainerCheck;
import io.restripe.metadata.Activity;
import io.restripe.metadata.Container;
import io.restripe.metadata.Inspection;
import io.restripe.metadata.Volume;
import io.restripe.reshape.Monitor;
import io.restripe.rule.Finding;
import io.restripe.rule.Finding.Kind;
import io.restripe.rule.Finding.Severity;
import io.restripe.rule.Problem;
import io.restripe.rule.ProblemException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Checks a running container: its metadata as it lies on the members, and parity or copies through the arrays' own sync action, under
 * load. Any thread.
 */
public final class ContainerScrub {
    private final String name;
    private final Monitor monitor;
    private final ContainerArrays arrays;

    ContainerScrub(String name, Monitor monitor, ContainerArrays arrays) {
        this.name = name;
        this.monitor = monitor;
        this.arrays = arrays;
    }

    /**
     * What a check or repair of a volume came to.
     *
     * @param action check, repair or another sync action that was the last to run
     * @param complete false when it was ended early: by a person, a failing member, a reshape
     * @param reachedSectors member sectors it passed over
     * @param differingSectors sectors that did not agree, as md counts them; after a repair they do
     */
    public record Result(String action, boolean complete, long reachedSectors, long differingSectors) {}

    /** The metadata on the members in use, between two changes of it. That volumes are dirty or half-way is nothing to tell here. */
    public List<Finding> metadata() {
        Inspection inspection = monitor.inspect();
        List<Finding> findings = new ArrayList<>(inspection.findings());
        Container recorded = monitor.container();
        inspection
                .selection()
                .map(selection -> selection.metadata().container())
                .filter(found -> !found.uuid().equals(recorded.uuid()) || found.generation() > recorded.generation())
                .ifPresent(found -> findings.add(new Finding(
                        Severity.ERROR,
                        Kind.DISAGREEMENT,
                        new Problem(
                                "the members carry what this host did not write",
                                "container " + name,
                                "generation " + found.generation() + " of " + found.uuid() + ", written here was "
                                        + recorded.generation() + " of " + recorded.uuid(),
                                "Stop it and find out who else writes to its members"))));
        ContainerCheck.states(recorded, monitor.disks()).stream()
                .filter(finding -> finding.kind() == Kind.DEGRADED)
                .forEach(findings::add);
        return findings;
    }

    /**
     * Begins a check, or a repair, of a volume. A reshape, a rebuild or a resync of it must be waited for first; one that comes later
     * ends the scrub early.
     *
     * @return why there is nothing to compare; empty when it has begun
     */
    public Optional<String> begin(Volume volume, boolean repair) throws ProblemException {
        if (volume.geometry().redundancy() == 0 && !(volume.activity() instanceof Activity.Reshape)) {
            return Optional.of("its level has no redundancy");
        }
        if (volume.missingSlots() > 0) {
            return Optional.of("it lacks members, whose chunks follow from the others");
        }
        try {
            Optional<String> why = monitor.scrub(volume.index(), repair);
            if (why.isPresent()) {
                throw new ProblemException(new Problem(
                        "cannot " + (repair ? "repair" : "check") + " the contents",
                        "volume " + name + "/" + volume.name(),
                        why.get(),
                        "Wait for its end: restripe wait " + name));
            }
            return Optional.empty();
        } catch (AttributeException e) {
            throw failed(volume, e);
        }
    }

    /** Ends a check or repair that runs; what it has rewritten stays. */
    public void end(Volume volume) throws ProblemException {
        try {
            monitor.endScrub(volume.index());
        } catch (AttributeException e) {
            throw failed(volume, e);
        }
    }

    /** What the last check or repair of a volume came to, when none runs. */
    public Result result(Volume volume) throws ProblemException {
        try {
            Attributes array = attributes(volume);
            long stoppedAt = array.number(Attribute.SYNC_MIN);
            String last = array.textOr(Attribute.LAST_SYNC_ACTION, "none");
            boolean ran = last.equals("check") || last.equals("repair");
            boolean complete = ran && array.number(Attribute.SYNC_MAX) == Attributes.MAX;
            return new Result(
                    last,
                    complete,
                    complete ? volume.componentSectors() : stoppedAt,
                    array.number(Attribute.MISMATCH_CNT));
        } catch (AttributeException e) {
            throw failed(volume, e);
        }
    }

    private Attributes attributes(Volume volume) {
        ArrayControl control = arrays.of(volume.index());
        return new Attributes(control);
    }

    private ProblemException failed(Volume volume, AttributeException e) {
        return new ProblemException(
                new Problem(
                        "cannot check the contents",
                        "volume " + name + "/" + volume.name(),
                        String.valueOf(e.getMessage()),
                        "Look at it: restripe detail " + name),
                e);
    }
}
