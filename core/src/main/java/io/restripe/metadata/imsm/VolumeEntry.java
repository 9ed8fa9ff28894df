package io.restripe.metadata.imsm;

import java.util.Optional;

/**
 * A volume (docs/imsm.md, 2.4 and 2.5).
 *
 * @param raw the 112 bytes before the maps
 * @param sizeSectors usable capacity, after a running reshape
 * @param status flag bits, {@link #VERIFY_AND_FIX} among them
 * @param volumeId number of the volume in creation order, from 1
 * @param writeHolePolicy 3.5
 * @param migrationUnit progress of a resync or rebuild in units of 4.5; during a reshape a copy of the record's unit
 * @param migrationType {@link #INIT} to {@link #REPAIR}; when idle 0, or {@link #RESHAPE} while a grow is to go on in it
 * @param dirty bit 0: writes may be under way; bit 1: a PPL record is valid
 * @param map0 the goal: destination, or the only map
 * @param map1 the present state while something is under way: source
 */
record VolumeEntry(
        Raw raw,
        String name,
        long sizeSectors,
        long status,
        int volumeId,
        int writeHolePolicy,
        long migrationUnit,
        int migrationType,
        int dirty,
        MapEntry map0,
        Optional<MapEntry> map1) {
    static final int HEAD_BYTES = 112;
    static final int NAME_BYTES = 16;

    static final long VERIFY_AND_FIX = 0x80;
    /** Read and write coalescing: what a new volume says. */
    static final long NEW_STATUS = 0x0c;

    static final int DIRTY = 1;
    static final int PPL_VALID = 2;

    static final int INIT = 0;
    static final int REBUILD = 1;
    static final int VERIFY = 2;
    static final int RESHAPE = 3;
    static final int STATE_CHANGE = 4;
    static final int REPAIR = 5;

    static final int WRITE_HOLE_PPL = 1;
    static final int WRITE_HOLE_JOURNAL = 2;
    static final int WRITE_HOLE_PPL_MULTIPLE = 3;
    static final int WRITE_HOLE_JOURNAL_MULTIPLE = 4;
    static final int WRITE_HOLE_OFF = 5;
    static final int WRITE_HOLE_BITMAP = 6;

    /** Whether anything but parity and mirrors must be kept when the volume is written: a bitmap, a journal, partial parity. */
    boolean guardsWriteHole() {
        return writeHolePolicy != 0 && writeHolePolicy != WRITE_HOLE_OFF;
    }

    /** Whether every member has a partial parity log. */
    boolean logsParity() {
        return writeHolePolicy == WRITE_HOLE_PPL || writeHolePolicy == WRITE_HOLE_PPL_MULTIPLE;
    }

    /** What {@code dirty} says of a volume that is being written. */
    int dirtyMark() {
        return logsParity() ? DIRTY | PPL_VALID : DIRTY;
    }

    boolean migrating() {
        return map1.isPresent();
    }

    boolean reshaping() {
        return migrating() && migrationType == RESHAPE;
    }

    /** Whether a grow of the container is to go on in this idle volume: see {@link PendingGrow}. */
    boolean awaitsGrow() {
        return !migrating() && migrationType == RESHAPE;
    }

    /** What is true now: the source while something is under way. */
    MapEntry present() {
        return map1.orElse(map0);
    }

    int bytes() {
        return HEAD_BYTES + map0.bytes() + map1.map(MapEntry::bytes).orElse(0);
    }

    VolumeEntry withMaps(MapEntry newMap0, Optional<MapEntry> newMap1) {
        return new VolumeEntry(
                raw,
                name,
                sizeSectors,
                status,
                volumeId,
                writeHolePolicy,
                migrationUnit,
                migrationType,
                dirty,
                newMap0,
                newMap1);
    }

    VolumeEntry withMigration(int type, MapEntry goal, MapEntry source) {
        return new VolumeEntry(
                raw, name, sizeSectors, status, volumeId, writeHolePolicy, 0, type, dirty, goal, Optional.of(source));
    }

    /** Nothing under way; one map. */
    VolumeEntry idle(MapEntry only) {
        return new VolumeEntry(
                raw,
                name,
                sizeSectors,
                status & ~VERIFY_AND_FIX,
                volumeId,
                writeHolePolicy,
                0,
                0,
                dirty,
                only,
                Optional.empty());
    }

    VolumeEntry withUnit(long unit) {
        return new VolumeEntry(
                raw, name, sizeSectors, status, volumeId, writeHolePolicy, unit, migrationType, dirty, map0, map1);
    }

    /** The same idle volume; a grow is to go on in it. */
    VolumeEntry awaitingGrow() {
        return new VolumeEntry(
                raw, name, sizeSectors, status, volumeId, writeHolePolicy, 0, RESHAPE, dirty, map0, Optional.empty());
    }

    VolumeEntry withDirty(int newDirty) {
        return new VolumeEntry(
                raw,
                name,
                sizeSectors,
                status,
                volumeId,
                writeHolePolicy,
                migrationUnit,
                migrationType,
                newDirty,
                map0,
                map1);
    }

    VolumeEntry withWriteHolePolicy(int policy) {
        return new VolumeEntry(
                raw, name, sizeSectors, status, volumeId, policy, migrationUnit, migrationType, dirty, map0, map1);
    }

    VolumeEntry withSize(long sectors) {
        return new VolumeEntry(
                raw, name, sectors, status, volumeId, writeHolePolicy, migrationUnit, migrationType, dirty, map0, map1);
    }

    VolumeEntry withStatus(long newStatus) {
        return new VolumeEntry(
                raw,
                name,
                sizeSectors,
                newStatus,
                volumeId,
                writeHolePolicy,
                migrationUnit,
                migrationType,
                dirty,
                map0,
                map1);
    }
}
