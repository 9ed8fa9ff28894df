package io.restripe.metadata.imsm;

import io.restripe.geometry.Geometry;
import io.restripe.geometry.Level;
import io.restripe.metadata.VolumeSpec;
import io.restripe.unit.Units;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A new volume (docs/imsm.md, 4.2 and 6.2). Pure. */
final class VolumeCreation {
    /** What we write: with the attribute bits of the levels (1.2). */
    static final String VERSION = "1.3.00";

    /** Sectors behind a volume's data that belong to it. */
    static final long GAP_SECTORS = 2048;

    /** Sectors between volumes, and kept free behind the last one. */
    static final long RESERVED_SECTORS = 8192;

    /** Sectors at the end of a disk for copy area and metadata. */
    static final long METADATA_SECTORS = 2210;

    /** Sizes are whole MiB of each member. */
    static final long MIB_SECTORS = 2048;

    private static final int MIRROR_DOMAINS = 2;

    private VolumeCreation() {}

    /**
     * Where it goes and how large it is.
     *
     * @param start first sector on every member
     * @param perMember sectors of data on every member; 0 or less: there is no room
     * @param room what there is room for
     */
    record Extent(long start, long perMember, long room) {}

    static Extent extent(ImsmMetadata metadata, VolumeSpec spec) {
        long start = 0;
        for (VolumeEntry volume : metadata.mpb().volumes()) {
            start = Math.max(start, MpbCheck.extent(volume).end() + RESERVED_SECTORS);
        }
        long smallest = Long.MAX_VALUE;
        for (String serial : spec.serials()) {
            if (serial != null) {
                smallest = Math.min(smallest, metadata.sizeOf(serial).orElse(0));
            }
        }
        long room = smallest - METADATA_SECTORS - RESERVED_SECTORS - start;
        long wanted = spec.memberKib() == 0 ? room : Math.multiplyExact(spec.memberKib(), (long) Units.SECTORS_PER_KIB);
        boolean mirrored = spec.geometry().level() instanceof Level.Mirrored;
        long inChunks = mirrored
                ? wanted
                : Units.floorToUnit(Math.max(0, wanted), spec.geometry().chunkSectors());
        return new Extent(start, Units.floorToUnit(Math.max(0, inChunks), MIB_SECTORS), room);
    }

    static ImsmMetadata added(ImsmMetadata metadata, VolumeSpec spec) {
        Extent extent = extent(metadata, spec);
        boolean first = metadata.mpb().volumes().isEmpty();
        List<SpareDisk> spares = new ArrayList<>(metadata.spares());
        Mpb mpb = metadata.mpb();
        List<Integer> order = new ArrayList<>();
        for (int slot = 0; slot < spec.serials().size(); slot++) {
            String serial = spec.serials().get(slot);
            int disk = serial == null ? -1 : mpb.workingDisk(serial);
            if (disk < 0) {
                disk = mpb.disks().size();
                mpb = Tables.withAppended(mpb, newEntry(metadata, serial, slot, extent));
                spares.removeIf(s -> s.serial().equals(serial));
            }
            order.add(disk | (serial == null ? MapEntry.OUT_OF_SYNC : 0));
        }
        int id = mpb.volumes().stream().mapToInt(VolumeEntry::volumeId).max().orElse(0) + 1;
        List<VolumeEntry> volumes = new ArrayList<>(mpb.volumes());
        volumes.add(volume(spec, extent, order, id));
        mpb = mpb.withVolumes(volumes).withHeader(header(mpb, metadata.stamp(), first, volumes));
        return metadata.withSpares(spares).withMpbAndReshape(mpb, Optional.empty(), true);
    }

    private static DiskEntry newEntry(ImsmMetadata metadata, String serial, int slot, Extent extent) {
        if (serial == null) {
            long total = metadata.spares().stream()
                    .mapToLong(SpareDisk::totalSectors)
                    .min()
                    .orElse(extent.start() + extent.perMember());
            return DiskEntry.fresh("missing:" + slot, total, 0).withFailure("missing:" + slot, DiskEntry.NO_SCSI_ID);
        }
        return DiskEntry.fresh(serial, metadata.spare(serial).totalSectors(), DiskEntry.CONFIGURED);
    }

    private static VolumeEntry volume(VolumeSpec spec, Extent extent, List<Integer> order, int id) {
        Geometry geometry = spec.geometry();
        MapEntry map = map(geometry, extent, order);
        boolean noResync = spec.assumeClean() || geometry.redundancy() == 0;
        VolumeEntry idle = new VolumeEntry(
                Raw.zeros(VolumeEntry.HEAD_BYTES),
                spec.name(),
                extent.perMember() * geometry.dataMembers(),
                VolumeEntry.NEW_STATUS,
                id,
                WriteHole.stored(spec.policy()),
                0,
                0,
                0,
                MapStates.restated(map),
                Optional.empty());
        boolean whole = map.outOfSyncCount() == 0;
        return noResync || !whole ? idle : SyncTransitions.resync(idle, true);
    }

    private static MapEntry map(Geometry geometry, Extent extent, List<Integer> order) {
        boolean mirrored = VolumeShape.mirrored(geometry.mdLevel());
        boolean raid1 = geometry.level() instanceof Level.Mirrored;
        int domains = mirrored ? MIRROR_DOMAINS : 1;
        long reserved = extent.perMember() + GAP_SECTORS;
        return new MapEntry(
                MapEntryCodec.freshHead(),
                extent.start(),
                raid1 ? reserved : Units.floorToUnit(reserved, geometry.chunkSectors()),
                extent.perMember() / domains / geometry.chunkSectors(),
                geometry.chunkSectors(),
                MapEntry.NORMAL,
                mirrored ? 1 : geometry.mdLevel(),
                domains,
                MapEntry.NO_SLOT,
                order);
    }

    private static MpbHeader header(Mpb mpb, Stamp stamp, boolean first, List<VolumeEntry> volumes) {
        MpbHeader header = mpb.header();
        long attributes = Attributes.withLevels(header.attributes(), volumes);
        MpbHeader versioned = header.withAttributes(VERSION, attributes).withVolumesCreated(volumesCreated(header));
        if (!first) {
            return versioned;
        }
        long family = Families.after(mpb, stamp, "volume " + volumes.getFirst().name());
        return new MpbHeader(
                versioned.raw(),
                VERSION,
                family,
                versioned.generation(),
                attributes,
                family,
                versioned.volumesCreated(),
                stamp.unixSeconds());
    }

    private static int volumesCreated(MpbHeader header) {
        return Math.min(header.volumesCreated() + 1, 0xffff);
    }
}
