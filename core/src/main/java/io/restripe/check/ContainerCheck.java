package io.restripe.check;

import io.restripe.assembly.KnownBad;
import io.restripe.metadata.Container;
import io.restripe.metadata.Inspection;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.MetadataFormat;
import io.restripe.metadata.Selection;
import io.restripe.metadata.Volume;
import io.restripe.rule.Finding;
import io.restripe.rule.Finding.Kind;
import io.restripe.rule.Finding.Severity;
import io.restripe.rule.Problem;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Checks a container that does not run, from its members: strictly, and without writing anything. The members must not change meanwhile.
 * Any thread; reads each sector once.
 */
public final class ContainerCheck {
    private final MetadataFormat format;
    private final Watcher watcher;

    /** Told how far the comparison of a volume is, in member sectors. */
    public interface Watcher {
        void reached(String volume, long doneSectors, long totalSectors);
    }

    public ContainerCheck(MetadataFormat format) {
        this(format, (_, _, _) -> {});
    }

    public ContainerCheck(MetadataFormat format, Watcher watcher) {
        this.format = format;
        this.watcher = watcher;
    }

    /** Everything that is to be found, of all volumes. */
    public List<Finding> findings(List<MemberDisk> members) {
        return check(members, Optional.empty()).findings();
    }

    /**
     * The metadata of all members, then the contents.
     *
     * @param volume the only one whose contents are compared; empty: all
     */
    public Verdict check(List<MemberDisk> members, Optional<String> volume) {
        Inspection inspection = format.inspect(members);
        List<Finding> findings = new ArrayList<>(inspection.findings());
        if (inspection.selection().isEmpty()) {
            return new Verdict(Optional.empty(), findings, List.of());
        }
        Selection selection = inspection.selection().get();
        Container container = selection.metadata().container();
        Map<String, MemberDisk> disks = selection.members();
        Map<String, MemberDisk> readable = KnownBad.hidden(selection.metadata(), disks);
        List<Verdict.Scrub> scrubs = new ArrayList<>();
        if (volume.isPresent() && container.volume(volume.get()).isEmpty()) {
            findings.add(noSuchVolume(container, volume.get()));
        }
        findings.addAll(states(container, disks));
        for (Volume each : container.volumes()) {
            if (volume.isEmpty() || volume.get().equals(each.name())) {
                new ContentCheck(container, each, readable, watcher)
                        .run(findings)
                        .ifPresent(scrubs::add);
            }
        }
        return new Verdict(Optional.of(container), findings, scrubs);
    }

    /** What is dirty, half-way or missing in a container, whatever its format. */
    public static List<Finding> states(Container container, Map<String, MemberDisk> disks) {
        return container.volumes().stream()
                .flatMap(volume -> new VolumeState(container, volume, disks).findings().stream())
                .toList();
    }

    private static Finding noSuchVolume(Container container, String name) {
        return new Finding(
                Severity.ERROR,
                Kind.NOT_COMPARED,
                new Problem(
                        "there is no volume " + name,
                        "container " + container.uuid(),
                        "its volumes are: "
                                + container.volumes().stream().map(Volume::name).toList(),
                        "Name one of them with --volume"));
    }
}
