package io.restripe.array.engine;

import io.restripe.consistency.ConsistencyPolicy;
import io.restripe.geometry.Geometry;
import io.restripe.unit.Units;

/**
 * The numbers that md's attributes show, present and wanted. Guarded by the state lock. While no reshape is set up the "new" values
 * equal the present ones; once {@code reshapePosition} is set, the present ones are the OLD geometry.
 */
final class Config {
    static final long NONE = -1;
    static final long MAX = Long.MAX_VALUE;

    String metadataVersion = "none";
    String level = "";
    int layout;
    int raidDisks;
    long chunkSectors;
    long componentSectors;
    long explicitArraySectors = NONE;
    long resyncStart;

    int newLayout;
    int newRaidDisks;
    long newChunkSectors;
    long reshapePosition = NONE;

    long safeModeNanos = DEFAULT_SAFE_MODE_NANOS;
    long syncMin;
    long syncMax = MAX;
    long speedMinKib = NONE;
    long speedMaxKib = NONE;
    long suspendLo;
    long suspendHi;

    /** 0: writes into the suspended range are held. */
    long writeThroughMillis;

    ConsistencyPolicy policy = ConsistencyPolicy.RESYNC;
    /** Of the whole disk: where the bits of a write-intent bitmap begin on every member. */
    long bitmapSector = NONE;

    boolean bitmapMayClear = true;
    long mismatchSectors;
    String lastSyncAction = "none";

    static final long DEFAULT_SAFE_MODE_NANOS = 200_000_000L;
    static final long DEFAULT_SPEED_MIN_KIB = 1000;
    static final long DEFAULT_SPEED_MAX_KIB = 200_000;

    /** md's number of a level's name; -1 for what is not known. */
    int mdLevel() {
        return switch (level) {
            case "raid0" -> 0;
            case "raid1" -> 1;
            case "raid4" -> 4;
            case "raid5" -> 5;
            case "raid6" -> 6;
            case "raid10" -> 10;
            default -> -1;
        };
    }

    boolean reshaping() {
        return reshapePosition != NONE;
    }

    boolean changePending() {
        return newRaidDisks != raidDisks || newLayout != layout || newChunkSectors != chunkSectors;
    }

    void forgetChange() {
        newRaidDisks = raidDisks;
        newLayout = layout;
        newChunkSectors = chunkSectors;
    }

    /** What the array has become at the end of a reshape. */
    void adoptChange() {
        raidDisks = newRaidDisks;
        layout = newLayout;
        chunkSectors = newChunkSectors;
        reshapePosition = NONE;
    }

    /** Throws IllegalArgumentException when the numbers give no geometry. */
    Geometry geometry() {
        return Geometry.ofMd(mdLevel(), layout, raidDisks, chunkOf(chunkSectors));
    }

    /** As {@link #geometry}, of the wanted one. */
    Geometry newGeometry() {
        return Geometry.ofMd(mdLevel(), newLayout, newRaidDisks, chunkOf(newChunkSectors));
    }

    private int chunkOf(long sectors) {
        // RAID1 has no chunk; 64 KiB is the granule of its locks.
        return mdLevel() == 1 && sectors == 0 ? 64 * Units.SECTORS_PER_KIB : Math.toIntExact(sectors);
    }

    /** Component rounded down to both chunks: the device sectors that a sync passes over. */
    long syncSectors() {
        if (mdLevel() == 1) {
            return componentSectors;
        }
        long larger = Math.max(chunkSectors, newChunkSectors);
        return Units.floorToUnit(componentSectors, larger);
    }

    long arraySectors(Geometry geometry) {
        return explicitArraySectors != NONE ? explicitArraySectors : geometry.arraySectors(componentSectors);
    }

    long speedMinKibPerSecond() {
        return speedMinKib == NONE ? DEFAULT_SPEED_MIN_KIB : speedMinKib;
    }

    long speedMaxKibPerSecond() {
        return speedMaxKib == NONE ? DEFAULT_SPEED_MAX_KIB : speedMaxKib;
    }
}
