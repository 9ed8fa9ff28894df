package io.restripe.metadata.imsm;

import io.restripe.metadata.Claim;
import io.restripe.metadata.Progress;
import io.restripe.metadata.Selection;
import io.restripe.rule.Finding.Kind;
import io.restripe.rule.Finding.Severity;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The migration records of all members against the maps, the MPB and each other (docs/imsm.md, 2.8, 7.6, 13.11). One use. */
final class RecordCheck {
    private static final String REMEDY = "Assemble it: the record is written anew";

    private final Findings findings;
    private final Mpb mpb;
    private final Blocks blocks;
    private final List<ImsmClaim> used = new ArrayList<>();

    RecordCheck(Findings findings, ImsmMetadata metadata, Selection selection, List<Claim> claims) {
        this.findings = findings;
        this.mpb = metadata.mpb();
        this.blocks = metadata.blocks();
        for (Claim claim : claims) {
            if (mpb.workingDisk(claim.member().serial()) >= 0
                    && selection.members().containsKey(claim.member().serial())) {
                used.add(claim instanceof TornClaim torn ? torn.with(mpb) : (ImsmClaim) claim);
            }
        }
    }

    void run() {
        int reshaping = mpb.reshapingVolume();
        List<ImsmClaim> holders =
                reshaping < 0 ? List.of() : holders(mpb.volumes().get(reshaping).map0());
        for (ImsmClaim claim : used) {
            if (!holders.contains(claim) && !claim.recordSectorIsZero()) {
                findings.add(
                        Severity.WARNING,
                        Kind.RECORD,
                        "a left-over migration record",
                        where(claim),
                        reshaping < 0
                                ? "no volume is being reshaped"
                                : "only the disks of slots 0 and 1 of the volume that is being reshaped have one",
                        "Nothing: it is not used, and cleared with the next change of the metadata that ends a reshape");
            }
        }
        if (reshaping >= 0) {
            checkReshape(reshaping, holders);
        }
    }

    private List<ImsmClaim> holders(MapEntry map) {
        List<ImsmClaim> holders = new ArrayList<>();
        for (int slot = 0; slot < Math.min(RecordChoice.RECORD_SLOTS, map.members()); slot++) {
            String serial = mpb.disks().get(map.diskOf(slot)).serial();
            used.stream().filter(c -> c.serial().equals(serial)).forEach(holders::add);
        }
        return holders;
    }

    private static String where(ImsmClaim claim) {
        return "member " + claim.name() + ", migration record";
    }

    private void checkReshape(int index, List<ImsmClaim> holders) {
        VolumeEntry volume = mpb.volumes().get(index);
        ReshapeShape shape = ReshapeShape.of(mpb, index, blocks);
        if (shape.units() == 0) {
            findings.add(
                    Severity.ERROR,
                    Kind.RECORD,
                    "a reshape that cannot be carried out",
                    "volume " + volume.name(),
                    "a chunk of "
                            + Math.max(
                                    shape.before().chunkSectors(), shape.after().chunkSectors())
                            + " sectors does not fit into the copy area",
                    "Assemble it: nothing has moved, and the reshape is taken back");
        }
        if (holders.stream().allMatch(ImsmClaim::recordSectorIsZero)) {
            findings.add(
                    Severity.WARNING,
                    Kind.RECORD,
                    "a reshape without a record",
                    "volume " + volume.name(),
                    "it is recorded as begun, nothing has moved, and no unit is saved",
                    "Do not let real mdadm assemble it, which may destroy it; restripe assemble begins it anew");
            return;
        }
        RecordChoice choice = new RecordChoice(mpb, index, blocks);
        List<ImsmClaim> plausible = new ArrayList<>();
        for (ImsmClaim claim : holders) {
            if (checkRecord(claim, choice, shape)) {
                plausible.add(claim);
            }
        }
        if (plausible.size() == RecordChoice.RECORD_SLOTS) {
            checkPair(plausible.getFirst(), plausible.getLast());
        }
    }

    /** Whether there is a record that could be the right one. */
    private boolean checkRecord(ImsmClaim claim, RecordChoice choice, ReshapeShape shape) {
        Optional<MigrationRecord> record = claim.record();
        if (record.isEmpty() && claim.recordDamage().isEmpty()) {
            findings.add(
                    Severity.WARNING,
                    Kind.RECORD,
                    "a migration record is not there",
                    where(claim),
                    "the other disk has one: its write was cut off before this one's, or this disk is new in its slot",
                    REMEDY);
            return false;
        }
        Optional<String> why = record.isPresent()
                ? choice.objection(record.get())
                : claim.recordDamage().map(Throwable::getMessage);
        if (why.isPresent()) {
            findings.add(
                    Severity.ERROR,
                    Kind.RECORD,
                    "a migration record that contradicts the maps",
                    where(claim),
                    why.get(),
                    "Assemble it only when the other record is whole");
            return false;
        }
        if (record.get().family() != mpb.header().family()) {
            findings.odd(
                    Kind.RECORD,
                    "a migration record of another family",
                    where(claim),
                    Long.toHexString(record.get().family()) + ", the metadata says "
                            + Long.toHexString(mpb.header().family()));
        }
        if (record.get().copyAreaSector() != shape.copyAreaSector()) {
            findings.add(
                    Severity.WARNING,
                    Kind.RECORD,
                    "the copy area is not where it would be put today",
                    where(claim),
                    "sector " + record.get().copyAreaSector() + ", the smallest member's size gives "
                            + shape.copyAreaSector(),
                    "Nothing: the record counts");
        }
        return true;
    }

    /** The two are written one after the other: a power cut leaves them one step apart. */
    private void checkPair(ImsmClaim one, ImsmClaim other) {
        MigrationRecord first = one.record().orElseThrow();
        MigrationRecord second = other.record().orElseThrow();
        if (first.copyAreaSector() != second.copyAreaSector()) {
            findings.add(
                    Severity.ERROR,
                    Kind.RECORD,
                    "two copy areas",
                    where(one) + " and " + where(other),
                    "sectors " + first.copyAreaSector() + " and " + second.copyAreaSector(),
                    "Do not assemble it before it is known which of them holds the saved unit");
        } else if (!first.progress().equals(second.progress())) {
            findings.add(
                    Severity.WARNING,
                    Kind.RECORD,
                    "one migration record is behind the other",
                    where(one) + " and " + where(other),
                    text(first.progress()) + " and " + text(second.progress()) + ": the farther one counts",
                    REMEDY);
        }
    }

    private static String text(Progress progress) {
        return "unit " + progress.unit() + (progress.inCopyArea() ? " in the copy area" : "");
    }
}
