package io.restripe.metadata.imsm;

import io.restripe.rule.Finding.Kind;
import io.restripe.rule.Finding.Severity;
import io.restripe.rule.Problem;

/** A volume's maps: states, flags and order tables against each other and the disk table (docs/imsm.md, 2.6, 2.7, 3, 6.2). One use. */
final class MapCheck {
    private static final int KNOWN_DIRTY_BITS = 3;

    private final Findings findings;
    private final Mpb mpb;
    private final int index;
    private final VolumeEntry volume;
    private final String name;

    MapCheck(Findings findings, ImsmMetadata metadata, int index) {
        this.findings = findings;
        this.mpb = metadata.mpb();
        this.index = index;
        this.volume = mpb.volumes().get(index);
        this.name = "volume " + volume.name();
    }

    void run() {
        checkMap("map 0 of " + name, volume.map0());
        volume.map1().ifPresent(map1 -> checkMap("map 1 of " + name, map1));
        checkSlots(volume.present(), (volume.migrating() ? "map 1 of " : "map 0 of ") + name);
        if (volume.migrating()) {
            checkPair(volume.map0(), volume.present());
        } else {
            checkIdle();
        }
        checkFlags();
        for (Problem problem : Refusals.activation(mpb, index)) {
            findings.add(
                    Severity.WARNING, Kind.HEADER, problem.what(), problem.where(), problem.why(), problem.remedy());
        }
    }

    private void checkMap(String where, MapEntry map) {
        int domains = VolumeShape.mirrored(map.storedLevel()) ? 2 : 1;
        if (map.domains() != domains) {
            findings.wrong(
                    Kind.MAPS,
                    "a number of domains that does not go with the level",
                    where,
                    map.domains() + " for level " + map.storedLevel() + ", expected " + domains);
        }
        int due = MapStates.restated(map).state();
        if (map.state() != due) {
            findings.wrong(
                    Kind.MAPS,
                    "a state that does not follow from the flags",
                    where,
                    "map state " + map.state() + " with " + map.outOfSyncCount() + " of " + map.members()
                            + " slots out of sync, expected " + due);
        }
        int failed = map.failedSlot();
        boolean known = failed == MapEntry.NO_SLOT || failed < map.members();
        if (!known || failed != MapEntry.NO_SLOT && !volume.migrating() && !map.outOfSync(failed)) {
            findings.odd(
                    Kind.MAPS,
                    "the failed slot is not one that failed",
                    where,
                    "slot " + failed + " of " + map.members() + " is named and not flagged as out of sync");
        }
        for (int slot = 0; slot < map.members(); slot++) {
            int unknown = map.order().get(slot) & ~(MapEntry.INDEX_MASK | MapEntry.OUT_OF_SYNC);
            if (unknown != 0) {
                findings.add(
                        Severity.WARNING,
                        Kind.MAPS,
                        "flags of a slot that nobody here knows",
                        where + ", slot " + slot,
                        "bits " + Integer.toHexString(unknown),
                        "They are kept as they are");
            }
        }
    }

    private void checkSlots(MapEntry present, String where) {
        boolean rebuilding = volume.migrating() && volume.migrationType() == VolumeEntry.REBUILD;
        for (int slot = 0; slot < present.members(); slot++) {
            DiskEntry disk = mpb.disks().get(present.diskOf(slot));
            if (disk.isFailed() && !present.outOfSync(slot)) {
                findings.wrong(
                        Kind.MAPS,
                        "a slot in sync whose disk failed",
                        where + ", slot " + slot,
                        "entry " + present.diskOf(slot) + " \"" + disk.serial() + "\" is marked failed");
            } else if (disk.isWorking() && present.outOfSync(slot) && !rebuilding && !volume.reshaping()) {
                findings.add(
                        Severity.WARNING,
                        Kind.MAPS,
                        "a slot out of sync whose disk works",
                        where + ", slot " + slot,
                        "entry " + present.diskOf(slot) + " \"" + disk.serial() + "\" is not being rebuilt",
                        "Remove the disk and add it again: it is rebuilt");
            }
        }
    }

    private void checkPair(MapEntry goal, MapEntry source) {
        String where = "maps of " + name;
        boolean sameShape = goal.startSector() == source.startSector()
                && goal.members() == source.members()
                && goal.storedLevel() == source.storedLevel()
                && goal.chunkSectors() == source.chunkSectors()
                && goal.stripes() == source.stripes();
        if (!volume.reshaping() && !sameShape) {
            findings.wrong(
                    Kind.MAPS,
                    "two geometries without a reshape",
                    where,
                    "migration type " + volume.migrationType() + " changes no geometry");
        }
        for (int slot = 0; slot < Math.min(source.members(), goal.members()); slot++) {
            if (source.diskOf(slot) != goal.diskOf(slot)) {
                findings.wrong(
                        Kind.MAPS,
                        "a slot with two disks",
                        where + ", slot " + slot,
                        "map 0 names entry " + goal.diskOf(slot) + ", map 1 entry " + source.diskOf(slot));
            }
        }
        int sourceState = switch (volume.migrationType()) {
            case VolumeEntry.INIT -> MapEntry.UNINITIALISED;
            case VolumeEntry.REBUILD -> MapEntry.DEGRADED;
            default -> MapEntry.NORMAL;
        };
        boolean degraded = source.outOfSyncCount() > 0;
        if (source.state() != sourceState && !(degraded && source.state() == MapEntry.DEGRADED)) {
            findings.wrong(
                    Kind.MAPS,
                    "a source that does not go with what is under way",
                    "map 1 of " + name,
                    "map state " + source.state() + " under migration type " + volume.migrationType() + ", expected "
                            + sourceState);
        }
    }

    private void checkIdle() {
        boolean fixes = (volume.status() & VolumeEntry.VERIFY_AND_FIX) != 0;
        boolean typeRemains = volume.migrationType() != 0 && !PendingGrow.isIn(mpb, index);
        if (typeRemains || volume.migrationUnit() != 0 || fixes) {
            findings.odd(
                    Kind.HEADER,
                    "remains of something that was under way",
                    name,
                    "idle, with migration type " + volume.migrationType() + ", unit " + volume.migrationUnit()
                            + (fixes ? " and the mark of a repair" : ""));
        }
    }

    private void checkFlags() {
        boolean unknown = (volume.dirty() & ~KNOWN_DIRTY_BITS) != 0;
        if (unknown || (volume.dirty() & 2) != 0 && !volume.logsParity()) {
            findings.odd(
                    Kind.HEADER,
                    "a dirty state that does not go with the volume",
                    name,
                    "dirty " + volume.dirty() + " with write hole policy " + volume.writeHolePolicy());
        }
    }
}
