package io.restripe.metadata.imsm;

import io.restripe.disk.Disk;
import io.restripe.disk.DiskException;
import io.restripe.env.Env;
import io.restripe.metadata.Claim;
import io.restripe.metadata.Committed;
import io.restripe.metadata.ContainerMetadata;
import io.restripe.metadata.Inspection;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.MetadataException;
import io.restripe.metadata.MetadataFormat;
import io.restripe.metadata.Progress;
import io.restripe.metadata.Selection;
import io.restripe.unit.Units;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;

/**
 * Intel IMSM metadata (docs/imsm.md). Stateless: any thread may call. What the environment gives (chance for family numbers, the time of
 * creation) is taken when a container is created or chosen, so that everything after is pure.
 */
public final class ImsmFormat implements MetadataFormat {
    /** What {@link #name} says. */
    public static final String NAME = "imsm";

    private final Env env;

    public ImsmFormat(Env env) {
        this.env = Objects.requireNonNull(env);
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Optional<Claim> taste(MemberDisk member) throws MetadataException, DiskException {
        Optional<Region> region = Placement.readMpb(member);
        if (region.isEmpty()) {
            return Optional.empty();
        }
        // 512 bytes are written whole or not at all, whatever the sectors are that the metadata counts in: a file may
        // stand for a disk.
        boolean mayBeTorn = region.get().bytes().byteSize() > Units.SECTOR_BYTES;
        if (mayBeTorn && !MpbCodec.checksumAgrees(region.get())) {
            return Optional.of(torn(member, region.get()));
        }
        return Optional.of(claim(member, region.get()));
    }

    @Override
    public long placeBytes(Disk disk) {
        return Units.bytesOfSectors(Math.max(0, Placement.anchorSector(disk)));
    }

    /** What a disk says of itself; damage of any kind is an exception. */
    static Optional<ImsmClaim> claim(MemberDisk member) throws MetadataException, DiskException {
        Optional<Region> region = Placement.readMpb(member);
        return region.isEmpty() ? Optional.empty() : Optional.of(claim(member, region.get()));
    }

    private static ImsmClaim claim(MemberDisk member, Region region) throws MetadataException, DiskException {
        Mpb mpb = MpbCodec.decode(region);
        Region record = Placement.readRecord(member);
        try {
            return new ImsmClaim(member, mpb, record.blocks(), MigrationRecordCodec.decode(record), Optional.empty());
        } catch (MetadataException e) {
            // Safe: whether the record matters, and whether another disk has a better copy, is decided among all
            // claims.
            return new ImsmClaim(member, mpb, record.blocks(), Optional.empty(), Optional.of(e));
        }
    }

    private static TornClaim torn(MemberDisk member, Region region) throws DiskException {
        MpbHeader header = MpbCodec.header(region);
        MetadataException why = MpbCodec.checksumDisagrees(region);
        Region record = Placement.readRecord(member);
        try {
            return new TornClaim(
                    member, header, record.blocks(), MigrationRecordCodec.decode(record), Optional.empty(), why);
        } catch (MetadataException e) {
            // Safe: as above.
            return new TornClaim(member, header, record.blocks(), Optional.empty(), Optional.of(e), why);
        }
    }

    @Override
    public OptionalInt sectorBytes(Disk disk) throws DiskException {
        return Placement.sectorBytes(disk);
    }

    @Override
    public OptionalLong unusedSector(Disk disk) {
        return Placement.unusedSector(disk);
    }

    @Override
    public Selection choose(List<Claim> claims) throws MetadataException {
        return ImsmSelection.choose(claims, stamp());
    }

    @Override
    public Inspection inspect(List<MemberDisk> members) {
        return new ImsmInspection(this, members).run();
    }

    @Override
    public ContainerMetadata create(List<MemberDisk> disks) {
        if (disks.isEmpty()) {
            throw new IllegalArgumentException("a container needs at least one disk");
        }
        Blocks blocks = Placement.blocks(disks.getFirst().disk());
        Set<String> serials = new HashSet<>();
        List<SpareDisk> spares = new ArrayList<>();
        for (MemberDisk disk : disks) {
            if (!Placement.blocks(disk.disk()).equals(blocks)) {
                throw new IllegalArgumentException(disk.name() + " has another sector size than "
                        + disks.getFirst().name());
            }
            String serial = disk.serial();
            if (serial.isEmpty() || !Serials.normalise(serial).equals(serial) || !serials.add(serial)) {
                throw new IllegalArgumentException(disk.name() + ": serial \"" + serial
                        + "\" is taken, or not 1 to 16 printable ASCII characters");
            }
            spares.add(new SpareDisk(serial, Placement.usableSectors(disk.disk()), true));
        }
        return new ImsmMetadata(ImsmMetadata.emptyMpb(), blocks, spares, Optional.empty(), stamp(), true);
    }

    @Override
    public Committed settle(ContainerMetadata chosen, Collection<MemberDisk> behind, Map<String, MemberDisk> disks) {
        return new CommitWriter(own(chosen), disks).settle(behind);
    }

    @Override
    public Committed commit(ContainerMetadata wanted, Map<String, MemberDisk> disks) throws DiskException {
        return new CommitWriter(own(wanted), disks).commit();
    }

    @Override
    public Map<String, String> writeProgress(
            ContainerMetadata pending, int volume, Progress progress, Map<String, MemberDisk> disks)
            throws DiskException {
        return new ProgressWriter(disks).write(own(pending), volume, progress);
    }

    @Override
    public void erase(Collection<MemberDisk> disks) throws DiskException {
        for (MemberDisk disk : disks) {
            Placement.wipe(disk.disk());
        }
    }

    private static ImsmMetadata own(ContainerMetadata metadata) {
        if (metadata instanceof ImsmMetadata imsm) {
            return imsm;
        }
        throw new IllegalArgumentException("metadata of another format than IMSM");
    }

    private Stamp stamp() {
        return new Stamp(env.random().nextLong(), env.wallTime().getEpochSecond());
    }
}
