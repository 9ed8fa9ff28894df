package io.restripe.metadata.imsm;

import io.restripe.metadata.MetadataException;
import io.restripe.metadata.Progress;
import io.restripe.metadata.RecordDoubt;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * Which of the migration records counts (docs/imsm.md, 13.11): they lie on the disks of slots 0 and 1 of map 0, have no checksum, and
 * may differ after a crash between their two writes. Counts: what agrees with the maps; of that, what names the present family; of
 * that, what is farther. Whether the unit is in the copy area is sure only when two copies say so. One use.
 */
final class RecordChoice {
    private static final String STRUCTURE = "migration record";
    /** Slots whose disks carry the record. */
    static final int RECORD_SLOTS = 2;

    private final Mpb mpb;
    private final int index;
    private final VolumeEntry volume;
    private final Blocks blocks;
    private final ReshapeShape shape;
    private RecordDoubt doubt = RecordDoubt.NONE;

    RecordChoice(Mpb mpb, int volume, Blocks blocks) {
        this.mpb = mpb;
        this.index = volume;
        this.volume = mpb.volumes().get(volume);
        this.blocks = blocks;
        this.shape = ReshapeShape.of(mpb, volume, blocks);
    }

    /**
     * Decides.
     *
     * @param holders the record disks that are there and in use
     * @param notes what a person should know is added here
     */
    ReshapeState choose(List<ImsmClaim> holders, List<String> notes) throws MetadataException {
        if (holders.isEmpty()) {
            throw new MetadataException(
                    "volume " + volume.name(),
                    STRUCTURE,
                    -1,
                    "neither of the disks that carry it is there: how far the reshape came is not known");
        }
        for (ImsmClaim claim : holders) {
            why(claim).ifPresent(text -> notes.add(claim.name() + ": its migration record is not used: " + text));
        }
        List<ImsmClaim> plausible = sameCopyArea(holders.stream()
                .filter(c ->
                        c.record().isPresent() && objection(c.record().get()).isEmpty())
                .toList());
        Optional<ImsmClaim> best = plausible.stream()
                .max(Comparator.comparing((ImsmClaim c) -> familyAgrees(c))
                        .thenComparing(c -> c.record().get().progress().unit())
                        .thenComparing(c -> c.record().get().progress().inCopyArea()));
        return best.isPresent() ? decided(best.get(), plausible, holders, notes) : notBegun(holders, notes);
    }

    /** Where the copy area lies never changes in a reshape: copies that disagree on it are not what a crash leaves. */
    private List<ImsmClaim> sameCopyArea(List<ImsmClaim> plausible) throws MetadataException {
        long places = plausible.stream()
                .map(c -> c.record().orElseThrow().copyAreaSector())
                .distinct()
                .count();
        if (places <= 1) {
            return plausible;
        }
        List<ImsmClaim> expected = plausible.stream()
                .filter(c -> c.record().orElseThrow().copyAreaSector() == shape.copyAreaSector())
                .toList();
        if (expected.isEmpty()) {
            throw new MetadataException(
                    "volume " + volume.name(),
                    STRUCTURE,
                    MigrationRecordCodec.COPY_AREA_AT,
                    "its copies place the copy area differently, and neither where it should be: sector "
                            + shape.copyAreaSector());
        }
        return expected;
    }

    /** How sure the choice is; after {@link #choose}. */
    RecordDoubt doubt() {
        return doubt;
    }

    private RecordDoubt doubtOf(MigrationRecord best, List<ImsmClaim> plausible) {
        int copies = Math.min(RECORD_SLOTS, volume.map0().members());
        List<Progress> progresses =
                plausible.stream().map(c -> c.record().orElseThrow().progress()).toList();
        boolean borneOut = progresses.size() == copies && progresses.stream().allMatch(best.progress()::equals);
        boolean farther =
                progresses.stream().anyMatch(p -> p.unit() < best.progress().unit());
        if (borneOut
                || (farther && !best.progress().inCopyArea())
                || !mayBeSaved(best.progress().unit())) {
            return RecordDoubt.NONE;
        }
        return best.progress().inCopyArea() ? RecordDoubt.SAYS_SAVED : RecordDoubt.SAYS_NOT_SAVED;
    }

    private boolean mayBeSaved(long unit) {
        return unit < shape.units() && Criticality.critical(shape, unit);
    }

    /** No record can be used: fine when all are zero. */
    private ReshapeState notBegun(List<ImsmClaim> holders, List<String> notes) throws MetadataException {
        for (ImsmClaim claim : holders) {
            Optional<String> why = why(claim);
            if (why.isPresent()) {
                throw new MetadataException(claim.name(), STRUCTURE, -1, why.get() + ", and no other copy is whole");
            }
        }
        notes.add("volume " + volume.name() + ": its reshape was recorded and has not moved anything yet"
                + (shape.units() == 0 ? "; it cannot be carried out, only taken back" : ""));
        Progress none = new Progress(0, false);
        checkAgainstMpb(none);
        return new ReshapeState(none, shape.copyAreaSector());
    }

    private ReshapeState decided(
            ImsmClaim claim, List<ImsmClaim> plausible, List<ImsmClaim> holders, List<String> notes)
            throws MetadataException {
        MigrationRecord record = claim.record().orElseThrow();
        if (!familyAgrees(claim)) {
            notes.add(claim.name() + ": its migration record names another family than the metadata");
        }
        for (ImsmClaim other : holders) {
            if (!other.record().equals(claim.record())) {
                notes.add(other.name() + ": its migration record is behind that of " + claim.name());
            }
        }
        doubt = doubtOf(record, plausible);
        Progress progress = record.progress();
        checkAgainstMpb(progress);
        // Of the one unit more that protects a real mdadm (13.1) it may go on to say that it is in the copy area: it is
        // empty, everything is moved.
        boolean saved = progress.inCopyArea() && progress.unit() < shape.units() && doubt == RecordDoubt.NONE;
        return new ReshapeState(new Progress(Math.min(progress.unit(), shape.units()), saved), record.copyAreaSector());
    }

    /** The MPB's copy of the unit is written after the record: a record behind it is an old one. On 4Kn that copy means nothing. */
    private void checkAgainstMpb(Progress progress) throws MetadataException {
        long reached = ReshapeTransitions.reached(progress);
        if (blocks.sectorsPerBlock() == 1 && reached < Math.min(volume.migrationUnit(), shape.units())) {
            throw new MetadataException(
                    "volume " + volume.name(),
                    STRUCTURE,
                    -1,
                    "unit " + progress.unit() + ", but the MPB has seen unit " + volume.migrationUnit()
                            + ": the newest record is on a disk that is not there");
        }
    }

    private boolean familyAgrees(ImsmClaim claim) {
        return claim.record().orElseThrow().family() == mpb.header().family();
    }

    private Optional<String> why(ImsmClaim claim) {
        if (claim.recordDamage().isPresent()) {
            return claim.recordDamage().map(Throwable::getMessage);
        }
        return claim.record().flatMap(this::objection);
    }

    /** What of a record contradicts the maps; empty when it is plausible. */
    Optional<String> objection(MigrationRecord record) {
        Progress progress = record.progress();
        if (!record.ascending()) {
            return Optional.of("it is descending");
        }
        if (record.unitSectors() != shape.unitSectors() || record.depthSectors() != shape.depthSectors()) {
            return Optional.of("units of " + record.unitSectors() + " and " + record.depthSectors()
                    + " sectors, expected " + shape.unitSectors() + " and " + shape.depthSectors());
        }
        if (record.units() != shape.units() && record.units() != shape.units() + 1) {
            return Optional.of(record.units() + " units, expected " + shape.units());
        }
        if (progress.unit() > record.units() || progress.inCopyArea() && progress.unit() >= record.units()) {
            return Optional.of("unit " + progress.unit() + " of " + record.units());
        }
        if (progress.inCopyArea() && progress.unit() < shape.units() && !mayBeSaved(progress.unit())) {
            return Optional.of("unit " + progress.unit() + " in the copy area, which needs no backup");
        }
        if (record.destinationSector() != progress.unit() * shape.depthSectors()) {
            return Optional.of("destination " + record.destinationSector() + " of unit " + progress.unit());
        }
        if (record.sizeAfter() != volume.sizeSectors()) {
            return Optional.of("size " + record.sizeAfter() + ", the volume's is " + volume.sizeSectors());
        }
        if (mayBeOfEarlierVolume(progress)) {
            return Optional.of("unit " + progress.unit() + " of " + shape.units()
                    + ", of which the MPB has seen none: an earlier volume's reshape may have left it");
        }
        return copyAreaObjection(record.copyAreaSector());
    }

    /**
     * Real mdadm hands a grow over to the next volume in one write of the MPB, while the record may still say how far the volume before
     * came; where both are alike it fits this one too. Its own record is one unit ahead of an MPB that says 0 at most (on 4Kn, where
     * what the MPB says is divided, eight), and not near the end.
     */
    private boolean mayBeOfEarlierVolume(Progress progress) {
        long reached = ReshapeTransitions.reached(progress);
        return index > 0
                && volume.migrationUnit() == 0
                && reached > 0
                && (reached > blocks.sectorsPerBlock() || reached >= shape.units());
    }

    private Optional<String> copyAreaObjection(long sector) {
        boolean known = mpb.disks().stream()
                .mapToLong(DiskEntry::totalSectors)
                .anyMatch(size -> ReshapeShape.copyAreaOn(size, blocks) == sector);
        if (!known) {
            return Optional.of("a copy area at sector " + sector + ", where no disk's size puts it");
        }
        long limit = mpb.disks().stream()
                .filter(DiskEntry::isWorking)
                .mapToLong(DiskEntry::totalSectors)
                .min()
                .orElse(0);
        long end = sector + ReshapeShape.COPY_AREA_SECTORS;
        boolean overMetadata = end > limit - Placement.metadataSectors(mpb, blocks);
        boolean overData = mpb.volumes().stream()
                .map(MpbCheck::extent)
                .anyMatch(extent -> sector < extent.end() && extent.start() < end);
        return overMetadata || overData
                ? Optional.of("a copy area at sector " + sector + ", over "
                        + (overData ? "a volume's data" : "the metadata or the end of the smallest disk"))
                : Optional.empty();
    }
}
