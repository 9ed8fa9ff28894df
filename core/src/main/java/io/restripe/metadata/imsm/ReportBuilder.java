package io.restripe.metadata.imsm;

import io.restripe.unit.Units;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Collects the values of an {@link ImsmReport}. One use. */
final class ReportBuilder {
    private static final List<String> MAP_STATES = List.of("normal", "uninitialised", "degraded", "failed");
    private static final List<String> ACTIVITIES =
            List.of("initialise", "rebuild", "check", "general migration", "state change", "repair");
    private static final List<String> WRITE_HOLE_POLICIES = List.of(
            "off",
            "distributed PPL",
            "journaling drive",
            "multiple distributed PPLs",
            "multiple PPLs on journaling drive",
            "off",
            "write-intent bitmap");
    private static final long JOURNAL_DRIVE = 0x0200_0000L;

    private final ImsmClaim claim;
    private final Mpb mpb;
    private final Blocks blocks;
    /** The examined disk's own entry, -1 when the table does not have it. */
    private final int self;

    ReportBuilder(ImsmClaim claim) {
        this.claim = claim;
        this.mpb = claim.mpb();
        this.blocks = claim.blocks();
        this.self = ownEntry();
    }

    private int ownEntry() {
        for (int i = 0; i < mpb.disks().size(); i++) {
            if (mpb.disks().get(i).serial().equals(claim.serial())) {
                return i;
            }
        }
        return -1;
    }

    Map<String, Object> build() {
        MpbHeader header = mpb.header();
        long unsupported = Attributes.unsupported(header.attributes());
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("member", claim.name());
        values.put("format", ImsmFormat.NAME);
        values.put("version", header.version());
        values.put("origFamily", hex(header.storedOrigFamily()));
        values.put("family", hex(header.family()));
        values.put("generation", header.generation());
        values.put("created", created(header.creationTime()));
        values.put("attributes", hex(header.attributes()));
        values.put("attributesSupported", unsupported == 0);
        values.put("uuid", mpb.volumes().isEmpty() ? Uuids.NONE : Uuids.container(header.origFamily()));
        byte[] bytes = MpbCodec.encode(mpb, blocks);
        values.put("mpbBytes", (long) bytes.length);
        values.put("mpbBlocks", Units.ceilDiv(bytes.length, blocks.sectorBytes()));
        values.put("blockBytes", (long) blocks.sectorBytes());
        values.put("serial", claim.serial());
        values.put("tableEntry", self < 0 ? "none" : Long.toString(self));
        values.put("disk", disks());
        values.put("volume", volumes());
        if (!mpb.badBlocks().isEmpty()) {
            values.put("badBlocks", badBlocks());
        }
        if (mpb.reshapingVolume() >= 0) {
            values.put("migrationRecord", record());
        }
        return values;
    }

    private static String hex(long value) {
        return String.format(Locale.ROOT, "%08x", value);
    }

    /** Times that no calendar has come from other writers, or from damage that the checksum missed. */
    private static String created(long unixSeconds) {
        boolean plausible = unixSeconds > 0 && unixSeconds < Instant.MAX.getEpochSecond();
        return plausible ? Instant.ofEpochSecond(unixSeconds).toString() : "unknown";
    }

    private List<Object> disks() {
        List<Object> disks = new ArrayList<>();
        for (int i = 0; i < mpb.disks().size(); i++) {
            DiskEntry disk = mpb.disks().get(i);
            Map<String, Object> values = new LinkedHashMap<>();
            values.put("index", (long) i);
            values.put("serial", disk.serial());
            values.put("state", state(disk));
            values.put("id", hex(disk.scsiId()));
            values.put("sectors", disk.totalSectors());
            values.put("usableSectors", Math.max(0, disk.totalSectors() - reserved(disk)));
            disks.add(values);
        }
        return disks;
    }

    private static String state(DiskEntry disk) {
        List<String> words = new ArrayList<>();
        addIf(words, (disk.status() & DiskEntry.SPARE) != 0, "spare");
        addIf(words, (disk.status() & DiskEntry.CONFIGURED) != 0, "active");
        addIf(words, disk.isFailed(), disk.isMissing() ? "missing" : "failed");
        addIf(words, (disk.status() & JOURNAL_DRIVE) != 0, "journal");
        return words.isEmpty() ? "none" : String.join(" ", words);
    }

    private static void addIf(List<String> words, boolean condition, String word) {
        if (condition) {
            words.add(word);
        }
    }

    private long reserved(DiskEntry disk) {
        long full = VolumeCreation.METADATA_SECTORS + VolumeCreation.RESERVED_SECTORS;
        boolean spare = (disk.status() & DiskEntry.SPARE) != 0;
        long left = Units.floorToUnit(Math.max(0, disk.totalSectors() - Refusals.endOfVolumes(mpb)), 2);
        return spare ? VolumeCreation.METADATA_SECTORS : Math.min(full, left);
    }

    private List<Object> volumes() {
        List<Object> volumes = new ArrayList<>();
        for (int i = 0; i < mpb.volumes().size(); i++) {
            volumes.add(volume(i, mpb.volumes().get(i)));
        }
        return volumes;
    }

    private Map<String, Object> volume(int index, VolumeEntry volume) {
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("index", (long) index);
        values.put("name", volume.name());
        values.put("uuid", Uuids.volume(mpb.header().origFamily(), index, volume.name()));
        values.putAll(shape(volume.map0()));
        if (volume.migrating()) {
            values.put("before", shape(volume.present()));
        }
        int failed = volume.map0().failedSlot();
        values.put("failedSlot", failed == MapEntry.NO_SLOT ? "none" : Integer.toString(failed));
        values.put("thisSlot", thisSlot(volume));
        values.put("arraySectors", volume.sizeSectors());
        values.put("memberSectors", volume.map0().memberSectors());
        values.put("startSector", volume.map0().startSector());
        values.put("stripes", volume.map0().stripes());
        values.put("activity", activity(volume));
        if (volume.migrating()) {
            values.put("checkpointUnit", volume.migrationUnit());
            values.put("unitSectors", unitSectors(index, volume));
        }
        values.put("dirty", (volume.dirty() & 1) != 0);
        values.put("writeHolePolicy", policy(volume.writeHolePolicy()));
        values.put("volumeId", (long) volume.volumeId());
        return values;
    }

    private static Map<String, Object> shape(MapEntry map) {
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("level", (long) VolumeShape.geometry(map).mdLevel());
        values.put("members", (long) map.members());
        StringBuilder slots = new StringBuilder();
        for (int slot = 0; slot < map.members(); slot++) {
            slots.append(map.outOfSync(slot) ? '_' : 'U');
        }
        values.put("slots", "[" + slots + "]");
        values.put("chunkKib", (long) map.chunkSectors() / Units.SECTORS_PER_KIB);
        values.put("state", MAP_STATES.get(map.state()));
        return values;
    }

    private String thisSlot(VolumeEntry volume) {
        int slot = self < 0 ? -1 : volume.map0().slotOf(self);
        if (slot < 0) {
            return "none";
        }
        int present = volume.present().slotOf(self);
        boolean outOfSync = present >= 0 && volume.present().outOfSync(present);
        return slot + (outOfSync ? " (out of sync)" : "");
    }

    private static String activity(VolumeEntry volume) {
        if (!volume.migrating()) {
            return "idle";
        }
        boolean repair =
                volume.migrationType() == VolumeEntry.VERIFY && (volume.status() & VolumeEntry.VERIFY_AND_FIX) != 0;
        return ACTIVITIES.get(repair ? VolumeEntry.REPAIR : volume.migrationType());
    }

    private long unitSectors(int index, VolumeEntry volume) {
        return volume.reshaping() ? ReshapeShape.of(mpb, index, blocks).unitSectors() : SyncUnits.of(volume);
    }

    private static String policy(int policy) {
        return policy < WRITE_HOLE_POLICIES.size() ? WRITE_HOLE_POLICIES.get(policy) : "unknown (" + policy + ")";
    }

    private List<Object> badBlocks() {
        List<Object> entries = new ArrayList<>();
        for (BadBlock bad : mpb.badBlocks()) {
            Map<String, Object> values = new LinkedHashMap<>();
            values.put("disk", (long) bad.disk());
            values.put("sector", bad.sector());
            values.put("sectors", bad.sectors());
            entries.add(values);
        }
        return entries;
    }

    private Object record() {
        MapEntry map = mpb.volumes().get(mpb.reshapingVolume()).map0();
        int slot = self < 0 ? -1 : map.slotOf(self);
        if (slot < 0 || slot >= RecordChoice.RECORD_SLOTS) {
            return "on the disks of slots 0 and 1 only";
        }
        if (claim.recordDamage().isPresent()) {
            return "damaged: " + claim.recordDamage().get().getMessage();
        }
        return claim.record().isPresent() ? record(claim.record().get()) : "empty";
    }

    private static Map<String, Object> record(MigrationRecord record) {
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("inCopyArea", record.progress().inCopyArea());
        values.put("unit", record.progress().unit());
        values.put("units", record.units());
        values.put("family", hex(record.family()));
        values.put("ascending", record.ascending());
        values.put("unitSectors", record.unitSectors());
        values.put("depthSectors", record.depthSectors());
        values.put("copyAreaSector", record.copyAreaSector());
        values.put("destinationSector", record.destinationSector());
        values.put("arraySectorsAfter", record.sizeAfter());
        return values;
    }
}
