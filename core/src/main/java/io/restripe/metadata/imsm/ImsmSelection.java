package io.restripe.metadata.imsm;

import io.restripe.metadata.Claim;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.MetadataException;
import io.restripe.metadata.RecordDoubt;
import io.restripe.metadata.Selection;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One choice among claims (docs/imsm.md, chapter 8, and the rules of {@link io.restripe.metadata.MetadataFormat#choose}). The newest
 * generation wins. A disk that it lists as working member takes part; one that it lists as failed, or does not list, is stale; a disk
 * without volumes is a spare. What would need a guess is refused: two containers, one serial twice, two states of the same generation,
 * disks that declare each other lost.
 */
final class ImsmSelection {
    private final List<ImsmClaim> claims;
    private final List<TornClaim> torn;
    private final Stamp stamp;
    private final List<String> notes = new ArrayList<>();
    private RecordDoubt doubt = RecordDoubt.NONE;
    private final Map<String, MemberDisk> members = new LinkedHashMap<>();
    private final List<SpareDisk> spares = new ArrayList<>();
    private final List<MemberDisk> behind = new ArrayList<>();
    private final List<MemberDisk> stale = new ArrayList<>();
    /** The disks that take part, by serial. */
    private final Map<String, ImsmClaim> working = new HashMap<>();

    private ImsmSelection(List<ImsmClaim> claims, List<TornClaim> torn, Stamp stamp) {
        this.claims = claims;
        this.torn = torn;
        this.stamp = stamp;
    }

    static Selection choose(List<Claim> claims, Stamp stamp) throws MetadataException {
        if (claims.isEmpty()) {
            throw new MetadataException("no disk", "container", -1, "a container needs at least one disk");
        }
        checkSerials(claims);
        List<ImsmClaim> whole = new ArrayList<>();
        List<TornClaim> torn = new ArrayList<>();
        for (Claim claim : claims) {
            switch (claim) {
                case ImsmClaim c -> whole.add(c);
                case TornClaim t -> torn.add(t);
                default ->
                    throw new IllegalArgumentException(claim.member().name() + " carries another format than IMSM");
            }
        }
        return new ImsmSelection(whole, torn, stamp).choose();
    }

    private Selection choose() throws MetadataException {
        List<ImsmClaim> populated = claims.stream().filter(c -> !c.spare()).toList();
        if (populated.isEmpty() && !torn.isEmpty()) {
            throw torn.getFirst().why(); // nothing vouches for what it says
        }
        checkSectorSizes();
        Optional<ImsmClaim> winner = populated.isEmpty() ? Optional.empty() : Optional.of(winner(populated));
        Mpb mpb = winner.map(ImsmClaim::mpb).orElseGet(ImsmMetadata::emptyMpb);
        for (ImsmClaim claim : claims) {
            sort(claim, mpb);
        }
        for (TornClaim claim : torn) {
            sort(claim, mpb);
        }
        List<Integer> missing = missing(mpb);
        Optional<ReshapeState> reshape = reshape(mpb);
        boolean leftOver = reshape.isEmpty() && working.values().stream().anyMatch(c -> !c.recordSectorIsZero());
        ImsmMetadata metadata = new ImsmMetadata(mpb, claims.getFirst().blocks(), spares, reshape, stamp, leftOver);
        return new Selection(metadata, members, behind, stale, missing, doubt, notes);
    }

    private static void checkSerials(List<Claim> claims) throws MetadataException {
        Map<String, MemberDisk> seen = new HashMap<>();
        for (Claim claim : claims) {
            MemberDisk member = claim.member();
            MemberDisk other = seen.put(member.serial(), member);
            if (other != null) {
                throw new MetadataException(
                        member.name(),
                        "serial",
                        -1,
                        "\"" + member.serial() + "\" is also the serial of " + other.name()
                                + ": the same disk twice, or a copy of it");
            }
        }
    }

    private void checkSectorSizes() throws MetadataException {
        ImsmClaim first = claims.getFirst();
        for (ImsmClaim claim : claims) {
            if (!claim.blocks().equals(first.blocks())) {
                throw new MetadataException(
                        claim.name(),
                        "disk",
                        -1,
                        "sectors of " + claim.blocks().sectorBytes() + " bytes, those of " + first.name() + " have "
                                + first.blocks().sectorBytes());
            }
        }
    }

    private static ImsmClaim winner(List<ImsmClaim> populated) throws MetadataException {
        checkOneContainer(populated);
        List<ImsmClaim> candidates = populated.stream()
                .filter(c -> c.mpb().workingDisk(c.serial()) >= 0)
                .toList();
        // Of one generation, the one that calls the other lost was written later: the other was not there to be
        // written.
        ImsmClaim winner = (candidates.isEmpty() ? populated : candidates)
                .stream()
                        .max(Comparator.comparingLong(ImsmClaim::generation)
                                .thenComparingLong(c ->
                                        populated.stream().filter(c::denies).count()))
                        .orElseThrow();
        for (ImsmClaim claim : populated) {
            checkOwnSerial(claim);
            checkAgainst(winner, claim, populated);
        }
        return winner;
    }

    private static void checkOneContainer(List<ImsmClaim> populated) throws MetadataException {
        ImsmClaim first = populated.getFirst();
        for (ImsmClaim claim : populated) {
            if (claim.mpb().header().origFamily() != first.mpb().header().origFamily()) {
                throw new MetadataException(
                        claim.name(),
                        "container",
                        -1,
                        "belongs to container "
                                + Uuids.container(claim.mpb().header().origFamily()) + ", " + first.name() + " to "
                                + Uuids.container(first.mpb().header().origFamily()));
            }
        }
    }

    /** Every disk is in the table that was written to it, as what it is or as failed: one that is not goes by a wrong serial. */
    private static void checkOwnSerial(ImsmClaim claim) throws MetadataException {
        List<String> serials =
                claim.mpb().disks().stream().map(DiskEntry::serial).toList();
        boolean listed = serials.stream().anyMatch(s -> s.equals(claim.serial()) || s.startsWith(claim.serial() + ":"));
        if (!listed) {
            throw new MetadataException(
                    claim.name(),
                    "disk table",
                    -1,
                    "has no disk of the serial " + claim.serial() + " that this one goes by; it has "
                            + String.join(", ", serials));
        }
    }

    private static void checkAgainst(ImsmClaim winner, ImsmClaim claim, List<ImsmClaim> populated)
            throws MetadataException {
        if (claim.mpb().equals(winner.mpb())) {
            return;
        }
        if (claim.generation() == winner.generation() && !winner.denies(claim)) {
            throw new MetadataException(
                    claim.name(),
                    "MPB",
                    -1,
                    "differs from that of " + winner.name() + " although both are generation " + claim.generation()
                            + ": they were changed apart from each other; choose one of them");
        }
        for (ImsmClaim carrier : populated) {
            if (carrier.mpb().equals(winner.mpb()) && claim.denies(carrier)) {
                throw new MetadataException(
                        claim.name(),
                        "disk table",
                        -1,
                        "says at generation " + claim.generation() + " that " + carrier.name()
                                + " was lost, which says otherwise at generation " + carrier.generation()
                                + ": they were used apart from each other; choose one of them");
            }
        }
    }

    /** Decides what becomes of one disk. */
    private void sort(ImsmClaim claim, Mpb mpb) {
        int index = mpb.workingDisk(claim.serial());
        if (index >= 0) {
            Optional<String> objection = objection(claim, mpb, index);
            if (objection.isEmpty()) {
                take(claim);
                if (!claim.mpb().equals(mpb)) {
                    behind.add(claim.member());
                }
            } else {
                stale.add(claim.member());
                notes.add(claim.name() + " is a member, but " + objection.get() + ": its data is not used");
            }
        } else if (claim.spare()) {
            spares.add(new SpareDisk(
                    claim.serial(), Placement.usableSectors(claim.member().disk()), false));
            members.put(claim.serial(), claim.member());
        } else {
            stale.add(claim.member());
            notes.add(claim.name() + " carries generation " + claim.generation() + " of this container, which is at "
                    + mpb.header().generation() + " and does not use it any more");
        }
    }

    private void sort(TornClaim claim, Mpb mpb) {
        MemberDisk member = claim.member();
        int index = mpb.workingDisk(member.serial());
        boolean usable = index >= 0
                && claim.belongsTo(mpb)
                && claim.blocks().equals(claims.getFirst().blocks());
        Optional<String> objection = usable ? objection(claim.with(mpb), mpb, index) : Optional.of("cannot be told");
        if (objection.isEmpty()) {
            take(claim.with(mpb));
            behind.add(member);
            notes.add(member.name() + ": its metadata was cut off while it was written; that of the others counts");
        } else {
            stale.add(member);
            notes.add(claim.why().getMessage() + ", and whether it belongs to the others " + objection.get()
                    + ": its data is not used");
        }
    }

    private void take(ImsmClaim claim) {
        members.put(claim.serial(), claim.member());
        working.put(claim.serial(), claim);
    }

    /** Why a listed member cannot be trusted; empty when it can. A crash between the writes of two members leaves one behind by one. */
    private Optional<String> objection(ImsmClaim claim, Mpb mpb, int index) {
        long size = Placement.usableSectors(claim.member().disk());
        for (VolumeEntry volume : mpb.volumes()) {
            if (MpbCheck.disksOf(volume).contains(index)
                    && MpbCheck.extent(volume).end() > size) {
                return Optional.of("has " + size + " sectors, too few for volume " + volume.name());
            }
        }
        if (claim.spare()) {
            return mayBeBlank(mpb, index) ? Optional.empty() : Optional.of("carries only the record of a spare");
        }
        long missed = mpb.header().generation() - claim.generation();
        if (missed <= 1) {
            return Optional.empty();
        }
        if (claim.mpb().header().family() != mpb.header().family()) {
            return Optional.of("carries generation " + claim.generation() + " of an earlier set of disks");
        }
        if (reliedOn(mpb) - claim.generation() > 1) {
            return Optional.of("missed the last " + missed + " changes of the metadata");
        }
        notes.add(
                claim.name() + " missed the last " + missed
                        + " changes of the metadata; nothing can have been written without it meanwhile, the others are too few");
        return Optional.empty();
    }

    /**
     * R9: the newest generation at which the volumes may have been written: the members that have it, or were not shown, are enough for
     * all of them.
     */
    private long reliedOn(Mpb mpb) {
        long[] generations = claims.stream()
                .filter(claim -> mpb.workingDisk(claim.serial()) >= 0)
                .mapToLong(ImsmClaim::generation)
                .sorted()
                .toArray();
        for (int i = generations.length - 1; i > 0; i--) {
            if (enoughFrom(generations[i], mpb)) {
                return generations[i];
            }
        }
        return generations[0];
    }

    private boolean enoughFrom(long generation, Mpb mpb) {
        for (VolumeEntry volume : mpb.volumes()) {
            MapEntry before = volume.present();
            MapEntry after = volume.map0();
            for (ImsmClaim claim : claims) {
                int index = mpb.workingDisk(claim.serial());
                if (index >= 0 && claim.generation() < generation) {
                    before = MapStates.withDiskOutOfSync(before, index);
                    after = MapStates.withDiskOutOfSync(after, index);
                }
            }
            if (before.state() == MapEntry.LOST || after.state() == MapEntry.LOST) {
                return false;
            }
        }
        return true;
    }

    /**
     * Whether a member may still carry a spare's record: when the commit that made it member was cut off before it, and nothing was
     * written to it that anybody has been told of.
     */
    private static boolean mayBeBlank(Mpb mpb, int index) {
        if (mpb.header().generation() <= ImsmMetadata.FIRST_GENERATION) {
            return true;
        }
        for (VolumeEntry volume : mpb.volumes()) {
            int slot = volume.present().slotOf(index);
            if (slot >= 0 && !volume.present().outOfSync(slot)) {
                return false;
            }
        }
        return true;
    }

    private List<Integer> missing(Mpb mpb) {
        List<Integer> missing = new ArrayList<>();
        for (int i = 0; i < mpb.disks().size(); i++) {
            DiskEntry disk = mpb.disks().get(i);
            if (disk.isWorking() && !working.containsKey(disk.serial())) {
                missing.add(i);
            }
        }
        return missing;
    }

    private Optional<ReshapeState> reshape(Mpb mpb) throws MetadataException {
        int volume = mpb.reshapingVolume();
        if (volume < 0) {
            return Optional.empty();
        }
        MapEntry map = mpb.volumes().get(volume).map0();
        List<ImsmClaim> holders = new ArrayList<>();
        for (int slot = 0; slot < Math.min(RecordChoice.RECORD_SLOTS, map.members()); slot++) {
            ImsmClaim claim = working.get(mpb.disks().get(map.diskOf(slot)).serial());
            if (claim != null) {
                holders.add(claim);
            }
        }
        RecordChoice choice = new RecordChoice(mpb, volume, claims.getFirst().blocks());
        ReshapeState state = choice.choose(holders, notes);
        doubt = choice.doubt();
        return Optional.of(state);
    }
}
