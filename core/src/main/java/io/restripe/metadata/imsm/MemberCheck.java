package io.restripe.metadata.imsm;

import io.restripe.metadata.Claim;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.Selection;
import io.restripe.rule.Finding.Kind;
import io.restripe.rule.Finding.Severity;
import java.util.List;

/** Each disk's own metadata, and the disk itself, against what was chosen (docs/imsm.md, chapters 1.3, 2.9, 6.1 and 8). One use. */
final class MemberCheck {
    private final Findings findings;
    private final Mpb mpb;
    private final Selection selection;
    private final List<Claim> claims;

    MemberCheck(Findings findings, ImsmMetadata metadata, Selection selection, List<Claim> claims) {
        this.findings = findings;
        this.mpb = metadata.mpb();
        this.selection = selection;
        this.claims = claims;
    }

    void run() {
        for (Claim claim : claims) {
            switch (claim) {
                case ImsmClaim whole -> check(whole);
                case TornClaim torn -> check(torn);
                default -> throw new IllegalArgumentException("a claim of another format");
            }
        }
        for (int index : selection.missing()) {
            findings.add(
                    Severity.WARNING,
                    Kind.MISSING,
                    "a member is missing",
                    "disk table, entry " + index,
                    "the disk \"" + mpb.disks().get(index).serial() + "\" is not among those given, or cannot be used",
                    "Name all members");
        }
    }

    private boolean isUsed(MemberDisk member) {
        return selection.members().containsKey(member.serial());
    }

    private void check(TornClaim claim) {
        if (isUsed(claim.member())) {
            ImsmInspection.tellTorn(findings, claim.member(), claim.why());
            checkSize(claim.member());
        } else {
            ImsmInspection.tellDamaged(findings, claim.member(), claim.why());
        }
    }

    private void check(ImsmClaim claim) {
        boolean listed = mpb.workingDisk(claim.serial()) >= 0;
        if (claim.spare() && !listed) {
            checkSpare(claim);
        } else if (!isUsed(claim.member())) {
            tellUnused(claim, listed);
        } else {
            checkSize(claim.member());
            checkGeneration(claim);
        }
    }

    private void tellUnused(ImsmClaim claim, boolean listed) {
        String where = "member " + claim.name();
        if (listed && claim.spare()) {
            findings.add(
                    Severity.ERROR,
                    Kind.SPARE_RECORD,
                    "a member carries only a spare's record",
                    where,
                    "generation " + mpb.header().generation() + " lists it as a working member with data",
                    "Assemble without it, then add it: it is rebuilt");
            return;
        }
        findings.add( // who is to be left out is recorded as failed before the others go on (R9)
                listed ? Severity.ERROR : Severity.WARNING,
                Kind.STALE,
                "a disk that the others do not use",
                where,
                "it carries generation " + claim.generation() + " of this container, which is at "
                        + mpb.header().generation() + (listed ? " and lists it, but not with this past" : ""),
                "Leave it out; to use it again, add it to the running container");
    }

    private void checkSize(MemberDisk member) {
        int index = mpb.workingDisk(member.serial());
        long recorded = mpb.disks().get(index).totalSectors();
        long size = Placement.usableSectors(member.disk());
        if (size != recorded) {
            findings.add(
                    size < recorded ? Severity.ERROR : Severity.WARNING,
                    Kind.DISK_TABLE,
                    "the disk has another size than recorded",
                    "member " + member.name() + ", disk table, entry " + index,
                    "it has " + size + " sectors, recorded are " + recorded,
                    size < recorded
                            ? "Do not start it: bring back the whole disk, or leave it out"
                            : "Nothing now; what is behind the recorded end is not used");
        }
    }

    /** Members are written one after the other: a power cut leaves them one write apart, or more when attempts to start were cut off too. */
    private void checkGeneration(ImsmClaim claim) {
        String where = "member " + claim.name() + ", MPB header";
        if (claim.spare()) {
            findings.add(
                    Severity.WARNING,
                    Kind.SPARE_RECORD,
                    "a member still carries a spare's record",
                    where,
                    "the write that made it a member was cut off before it",
                    "Assemble it: its metadata is written anew");
            return;
        }
        long behind = mpb.header().generation() - claim.generation();
        if (behind != 0) {
            findings.add(
                    Severity.WARNING,
                    Kind.GENERATION,
                    "the metadata is not the newest",
                    where,
                    "generation " + claim.generation() + ", the newest is "
                            + mpb.header().generation()
                            + (behind == 1
                                    ? ": a write was cut off between two members"
                                    : ": nothing can have been written without it, the newer members are too few"),
                    "Assemble it: its metadata is written anew");
        }
        if (claim.mpb().header().family() != mpb.header().family()) {
            findings.add(
                    behind == 1 ? Severity.WARNING : Severity.ERROR,
                    Kind.FAMILY,
                    "the family is not that of the others",
                    where,
                    "family " + Long.toHexString(claim.mpb().header().family()) + " at generation " + claim.generation()
                            + ", the others say "
                            + Long.toHexString(mpb.header().family()),
                    "Assemble it: its metadata is written anew when it belongs to the container");
        }
    }

    private void checkSpare(ImsmClaim claim) {
        String where = "spare " + claim.name();
        DiskEntry own = claim.mpb().disks().getFirst();
        if (!own.serial().equals(claim.serial())) {
            findings.add(
                    Severity.ERROR,
                    Kind.SPARE_RECORD,
                    "a spare's record names another disk",
                    where,
                    "it says \"" + own.serial() + "\", the disk's serial is \"" + claim.serial() + "\"",
                    "Add it anew: restripe add CONTAINER MEMBER");
        }
        long size = Placement.usableSectors(claim.member().disk());
        boolean plain = claim.mpb().disks().size() == 1
                && own.status() == DiskEntry.SPARE
                && own.totalSectors() == size
                && claim.generation() == 1;
        if (!plain) {
            findings.odd(
                    Kind.SPARE_RECORD,
                    "a spare's record is not as it should be",
                    where,
                    "status " + own.status() + ", " + own.totalSectors() + " of " + size + " sectors, generation "
                            + claim.generation() + ", "
                            + claim.mpb().disks().size() + " entries; expected are status 1, the disk's size, "
                            + "generation 1 and one entry");
        }
        if (!claim.recordSectorIsZero()) {
            findings.odd(
                    Kind.RECORD,
                    "a left-over migration record",
                    where + ", last sector",
                    "a spare has no part in a reshape");
        }
    }
}
