package io.restripe.metadata.imsm;

import io.restripe.disk.DiskException;
import io.restripe.metadata.Claim;
import io.restripe.metadata.Inspection;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.MetadataException;
import io.restripe.metadata.Selection;
import io.restripe.rule.Finding.Kind;
import io.restripe.rule.Finding.Severity;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A strict look at a container (docs/imsm.md, all of it): the same reading and the same choice as assembly's, then everything that
 * assembly has no need to know. One use.
 */
final class ImsmInspection {
    private final ImsmFormat format;
    private final List<MemberDisk> members;
    private final Findings findings = new Findings();
    private final List<Claim> claims = new ArrayList<>();
    private final Map<MemberDisk, MetadataException> damaged = new LinkedHashMap<>();

    ImsmInspection(ImsmFormat format, List<MemberDisk> members) {
        this.format = format;
        this.members = members;
    }

    Inspection run() {
        members.forEach(this::taste);
        Optional<Selection> selection = choose();
        Optional<ImsmMetadata> metadata = selection.map(s -> (ImsmMetadata) s.metadata());
        damaged.forEach((member, why) -> tellDamaged(findings, member, why));
        if (selection.isPresent()) {
            new MemberCheck(findings, metadata.get(), selection.get(), claims).run();
            new TableCheck(findings, metadata.get()).run();
            for (int v = 0; v < metadata.get().mpb().volumes().size(); v++) {
                new MapCheck(findings, metadata.get(), v).run();
                new SizeCheck(findings, metadata.get(), v).run();
            }
            new RecordCheck(findings, metadata.get(), selection.get(), claims).run();
        }
        return new Inspection(findings.all(), selection);
    }

    private void taste(MemberDisk member) {
        try {
            Optional<Claim> claim = format.taste(member);
            claim.ifPresent(claims::add);
            if (claim.isEmpty()) {
                findings.add(
                        Severity.ERROR,
                        Kind.NO_METADATA,
                        "no metadata",
                        "member " + member.name(),
                        "no " + format.name() + " signature at byte " + format.placeBytes(member.disk()),
                        "If it never was a member, leave it out; if it was, it was overwritten or cut short: assembling says more");
            }
        } catch (MetadataException e) {
            damaged.put(member, e);
        } catch (DiskException e) {
            findings.add(
                    Severity.ERROR,
                    Kind.UNREADABLE,
                    "the metadata cannot be read",
                    "member " + member.name(),
                    String.valueOf(e.getMessage()),
                    "Check the disk; the others may be enough without it");
        }
    }

    private Optional<Selection> choose() {
        if (claims.isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(format.choose(claims));
        } catch (MetadataException e) {
            findings.add(
                    Severity.ERROR,
                    Kind.DISAGREEMENT,
                    "the members contradict each other",
                    e.member() + ", " + e.structure(),
                    String.valueOf(e.getMessage()),
                    "Look at each member, restripe examine MEMBER..., and name only those that belong together");
            return Optional.empty();
        }
    }

    static void tellTorn(Findings findings, MemberDisk member, MetadataException why) {
        findings.add(
                Severity.WARNING,
                Kind.TORN,
                "the metadata was cut off while it was written",
                "member " + member.name() + ", " + why.structure(),
                String.valueOf(why.getMessage()),
                "Assemble it with the others, who have it whole: it is written anew");
    }

    static void tellDamaged(Findings findings, MemberDisk member, MetadataException why) {
        findings.add(
                Severity.ERROR,
                Kind.DAMAGED,
                "the metadata is damaged",
                "member " + member.name() + ", " + why.structure(),
                String.valueOf(why.getMessage()),
                "Leave this member out; the others may be enough");
    }
}
