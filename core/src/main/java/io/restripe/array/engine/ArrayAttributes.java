package io.restripe.array.engine;

import io.restripe.array.Attribute;
import io.restripe.array.AttributeException;
import io.restripe.array.Errno;
import io.restripe.array.engine.SyncControl.Action;
import io.restripe.geometry.Level;
import io.restripe.unit.Units;
import java.math.BigDecimal;

/** The array's attributes as md's texts (docs/md-control.md, section 3). Called with the state lock held. */
final class ArrayAttributes {
    private static final String NONE = "none";
    private static final int LEAST_CHUNK_SECTORS = 8;
    private final ArrayState state;
    private final Config config;
    private final Admission admission;
    private final SyncWords syncs;
    private final Lifecycle lifecycle;
    private final Takeover takeover;
    private final PolicySwitch policies;

    ArrayAttributes(Parts parts, SyncWords syncs) {
        this.state = parts.state();
        this.config = state.config;
        this.admission = parts.admission();
        this.syncs = syncs;
        this.lifecycle = new Lifecycle(parts, syncs);
        this.takeover = new Takeover(state, admission);
        this.policies = new PolicySwitch(parts, lifecycle);
    }

    /** Whether a write goes on while another one holds the configuration lock. */
    boolean isFree(Attribute attribute, String value) {
        return switch (attribute) {
            case SYNC_MAX, SYNC_MIN, SYNC_SPEED_MIN, SYNC_SPEED_MAX, SAFE_MODE_DELAY -> true;
            case SYNC_ACTION -> SyncWords.isFree(value);
            case ARRAY_STATE -> lifecycle.isFree(value);
            default -> false;
        };
    }

    private AttributeException refusal(Attribute attribute, String value, Errno errno, String why) {
        return state.refusal(attribute.mdName(), value, errno, why);
    }

    private void requireOffered(Attribute attribute, String value) throws AttributeException {
        boolean onlySync = switch (attribute) {
            case SYNC_ACTION, LAST_SYNC_ACTION, MISMATCH_CNT, SYNC_SPEED_MIN, SYNC_SPEED_MAX, SYNC_SPEED -> true;
            case SYNC_COMPLETED, SYNC_MIN, SYNC_MAX, SUSPEND_LO, SUSPEND_HI, WRITE_THROUGH, DEGRADED -> true;
            default -> false;
        };
        if (onlySync && !state.offersSync()) {
            throw refusal(attribute, value, Errno.ENOENT, "only a running array with redundancy has it");
        }
    }

    String read(Attribute attribute) throws AttributeException {
        requireOffered(attribute, null);
        return switch (attribute) {
            case METADATA_VERSION -> config.metadataVersion;
            case LEVEL -> config.level;
            case LAYOUT -> changing(config.newLayout, config.layout);
            case RAID_DISKS -> changing(config.newRaidDisks, config.raidDisks);
            case CHUNK_SIZE ->
                changing(Units.bytesOfSectors(config.newChunkSectors), Units.bytesOfSectors(config.chunkSectors));
            case COMPONENT_SIZE -> kib(config.componentSectors);
            case ARRAY_SIZE ->
                config.explicitArraySectors == Config.NONE ? "default" : kib(config.explicitArraySectors);
            case ARRAY_STATE -> state.stateWord();
            case RESYNC_START -> config.resyncStart == Config.MAX ? NONE : Long.toString(config.resyncStart);
            case RESHAPE_POSITION -> config.reshaping() ? Long.toString(config.reshapePosition) : NONE;
            case RESHAPE_DIRECTION -> "forwards";
            case SAFE_MODE_DELAY ->
                new BigDecimal(config.safeModeNanos / 1_000_000)
                        .movePointLeft(3)
                        .toString();
            case SYNC_ACTION -> syncs.shown();
            case LAST_SYNC_ACTION -> config.lastSyncAction;
            case SYNC_COMPLETED -> state.sync.completed < 0 ? NONE : state.sync.completed + " / " + state.sync.total;
            case SYNC_MIN -> Long.toString(config.syncMin);
            case SYNC_MAX -> config.syncMax == Config.MAX ? "max" : Long.toString(config.syncMax);
            case SYNC_SPEED -> state.sync.running == Action.IDLE ? NONE : Long.toString(state.sync.speedKib);
            case SYNC_SPEED_MIN -> speed(config.speedMinKib, Config.DEFAULT_SPEED_MIN_KIB);
            case SYNC_SPEED_MAX -> speed(config.speedMaxKib, Config.DEFAULT_SPEED_MAX_KIB);
            case SUSPEND_LO -> Long.toString(config.suspendLo);
            case SUSPEND_HI -> Long.toString(config.suspendHi);
            case WRITE_THROUGH -> Long.toString(config.writeThroughMillis);
            case DEGRADED -> Integer.toString(state.degraded());
            case MISMATCH_CNT -> Long.toString(config.mismatchSectors);
            case CONSISTENCY_POLICY -> state.running && !state.redundant() ? NONE : config.policy.word();
            case BITMAP_LOCATION -> config.bitmapSector == Config.NONE ? NONE : "+" + config.bitmapSector;
            case BITMAP_CAN_CLEAR -> Boolean.toString(config.bitmapMayClear);
        };
    }

    private String changing(long newValue, long oldValue) {
        return config.reshaping() && newValue != oldValue ? newValue + " (" + oldValue + ")" : Long.toString(oldValue);
    }

    private static String kib(long sectors) {
        return Long.toString(sectors / Units.SECTORS_PER_KIB);
    }

    private static String speed(long own, long system) {
        return own == Config.NONE ? system + " (system)" : own + " (local)";
    }

    void write(Attribute attribute, String value) throws AttributeException {
        requireOffered(attribute, value);
        switch (attribute) {
            case METADATA_VERSION -> config.metadataVersion = value;
            case LEVEL -> writeLevel(value);
            case LAYOUT -> writeLayout(value);
            case RAID_DISKS -> writeRaidDisks(value);
            case CHUNK_SIZE -> writeChunkSize(value);
            case COMPONENT_SIZE -> writeComponentSize(value);
            case ARRAY_SIZE -> writeArraySize(value);
            case ARRAY_STATE -> lifecycle.write(value);
            case RESYNC_START -> writeResyncStart(value);
            case RESHAPE_POSITION -> writeReshapePosition(value);
            case RESHAPE_DIRECTION -> writeDirection(value);
            case SAFE_MODE_DELAY -> writeSafeModeDelay(value);
            case SYNC_ACTION -> syncs.write(value);
            case SYNC_MIN -> writeSyncMin(value);
            case SYNC_MAX -> writeSyncMax(value);
            case SYNC_SPEED_MIN -> config.speedMinKib = speedOf(attribute, value);
            case SYNC_SPEED_MAX -> config.speedMaxKib = speedOf(attribute, value);
            case SUSPEND_LO -> suspend(number(attribute, value), config.suspendHi);
            case SUSPEND_HI -> suspend(config.suspendLo, number(attribute, value));
            case WRITE_THROUGH -> {
                config.writeThroughMillis = number(attribute, value);
                suspend(config.suspendLo, config.suspendHi);
            }
            case CONSISTENCY_POLICY, BITMAP_LOCATION, BITMAP_CAN_CLEAR -> policies.write(attribute, value);
            case LAST_SYNC_ACTION, SYNC_COMPLETED, SYNC_SPEED, DEGRADED, MISMATCH_CNT ->
                throw refusal(attribute, value, Errno.EIO, "it can only be read");
        }
        state.changed();
    }

    private void suspend(long lo, long hi) {
        config.suspendLo = lo;
        config.suspendHi = hi;
        state.notifyWatchers();
        if (!state.letsThrough()) {
            admission.drainSuspended(lo, hi);
        }
    }

    private long speedOf(Attribute attribute, String value) throws AttributeException {
        if (value.equals("system")) {
            return Config.NONE;
        }
        long kib = number(attribute, value);
        if (kib == 0) {
            throw refusal(attribute, value, Errno.EINVAL, "not a speed");
        }
        return kib;
    }

    private long number(Attribute attribute, String value) throws AttributeException {
        return Texts.number(state, attribute.mdName(), value);
    }

    private int smallNumber(Attribute attribute, String value) throws AttributeException {
        return (int) Math.min(number(attribute, value), Integer.MAX_VALUE);
    }

    /** A running array takes a change for its next reshape, if its level can relocate at all. */
    private void requireRelocatable(Attribute attribute, String value, Errno otherLevel) throws AttributeException {
        if (state.mode != ArrayState.Mode.READ_WRITE) {
            throw refusal(attribute, value, Errno.EROFS, "the array is read-only");
        }
        if (config.reshaping() || state.sync.running != Action.IDLE) {
            throw refusal(attribute, value, Errno.EBUSY, "a sync runs, or a reshape is unfinished");
        }
        if (!(state.main.geometry().level() instanceof Level.Parity)) {
            throw refusal(attribute, value, otherLevel, config.level + " does not relocate");
        }
    }

    private void writeLevel(String value) throws AttributeException {
        if (state.running) {
            takeover.write(value);
        } else {
            config.level = value;
        }
    }

    private void writeLayout(String value) throws AttributeException {
        int layout = smallNumber(Attribute.LAYOUT, value);
        if (state.running) {
            requireRelocatable(Attribute.LAYOUT, value, Errno.EBUSY);
            int before = config.newLayout;
            config.newLayout = layout;
            requireNewGeometry(Attribute.LAYOUT, value, () -> config.newLayout = before);
        } else {
            config.newLayout = layout;
            if (!config.reshaping()) {
                config.layout = layout;
            }
        }
    }

    private void requireNewGeometry(Attribute attribute, String value, Runnable undo) throws AttributeException {
        try {
            if (config.newGeometry().members() != config.newRaidDisks) {
                throw new IllegalStateException("geometry with other members than asked for");
            }
        } catch (IllegalArgumentException e) {
            undo.run();
            throw refusal(attribute, value, Errno.EINVAL, e.getMessage());
        }
    }

    private void writeRaidDisks(String value) throws AttributeException {
        int raidDisks = smallNumber(Attribute.RAID_DISKS, value);
        if (state.running) {
            requireRelocatable(Attribute.RAID_DISKS, value, Errno.EINVAL);
            int before = config.newRaidDisks;
            config.newRaidDisks = raidDisks;
            requireNewGeometry(Attribute.RAID_DISKS, value, () -> config.newRaidDisks = before);
        } else {
            config.newRaidDisks = raidDisks;
            if (!config.reshaping()) {
                config.raidDisks = raidDisks;
            }
        }
    }

    private void writeChunkSize(String value) throws AttributeException {
        long bytes = number(Attribute.CHUNK_SIZE, value);
        long sectors = Units.sectorsOfBytesFloor(bytes);
        if (!state.running) {
            config.newChunkSectors = sectors;
            if (!config.reshaping()) {
                config.chunkSectors = sectors;
            }
            return;
        }
        requireRelocatable(Attribute.CHUNK_SIZE, value, Errno.EBUSY);
        boolean fits =
                Long.bitCount(bytes) == 1 && sectors >= LEAST_CHUNK_SECTORS && state.visibleSectors() % sectors == 0;
        if (!fits) {
            throw refusal(
                    Attribute.CHUNK_SIZE, value, Errno.EINVAL, "not a power of two from 4096 that divides the array");
        }
        config.newChunkSectors = sectors;
    }

    private void writeComponentSize(String value) throws AttributeException {
        long sectors = Math.multiplyExact(number(Attribute.COMPONENT_SIZE, value), (long) Units.SECTORS_PER_KIB);
        if (state.running) {
            throw refusal(Attribute.COMPONENT_SIZE, value, Errno.EBUSY, "a running array keeps its size");
        }
        if (config.componentSectors != 0 && sectors > config.componentSectors) {
            throw refusal(Attribute.COMPONENT_SIZE, value, Errno.ENOSPC, "larger than before");
        }
        config.componentSectors = sectors;
    }

    private void writeArraySize(String value) throws AttributeException {
        if (value.equals("default")) {
            config.explicitArraySectors = Config.NONE;
            return;
        }
        long sectors = Math.multiplyExact(number(Attribute.ARRAY_SIZE, value), (long) Units.SECTORS_PER_KIB);
        if (state.running && sectors > state.main.geometry().arraySectors(config.componentSectors)) {
            throw refusal(Attribute.ARRAY_SIZE, value, Errno.E2BIG, "more than the geometry gives");
        }
        config.explicitArraySectors = sectors;
    }

    private void writeResyncStart(String value) throws AttributeException {
        if (state.running && !(state.sync.frozen && state.sync.running == Action.IDLE)) {
            throw refusal(Attribute.RESYNC_START, value, Errno.EBUSY, "the array runs and is not frozen");
        }
        config.resyncStart = Texts.numberOrNone(state, "resync_start", value);
        state.parityKnownTo = config.resyncStart; // a start sets it too
    }

    private void writeReshapePosition(String value) throws AttributeException {
        if (state.running) {
            throw refusal(Attribute.RESHAPE_POSITION, value, Errno.EBUSY, "the array runs");
        }
        long position = Texts.numberOrNone(state, "reshape_position", value);
        config.reshapePosition = position == Config.MAX ? Config.NONE : position;
        config.forgetChange();
    }

    private void writeDirection(String value) throws AttributeException {
        if (!value.equals("forwards")) {
            throw refusal(Attribute.RESHAPE_DIRECTION, value, Errno.EINVAL, "only forwards is supported");
        }
    }

    private void writeSafeModeDelay(String value) throws AttributeException {
        try {
            BigDecimal seconds = new BigDecimal(value);
            if (seconds.signum() < 0) {
                throw new NumberFormatException("negative");
            }
            config.safeModeNanos = seconds.movePointRight(9).longValue();
        } catch (NumberFormatException e) {
            throw refusal(Attribute.SAFE_MODE_DELAY, value, Errno.EINVAL, "not a time in seconds");
        }
    }

    private void writeSyncMin(String value) throws AttributeException {
        long min = Units.floorToUnit(number(Attribute.SYNC_MIN, value), LEAST_CHUNK_SECTORS);
        if (min > config.syncMax) {
            throw refusal(Attribute.SYNC_MIN, value, Errno.EINVAL, "above sync_max");
        }
        if (state.sync.running != Action.IDLE) {
            throw refusal(Attribute.SYNC_MIN, value, Errno.EBUSY, "a sync runs");
        }
        config.syncMin = min;
    }

    private void writeSyncMax(String value) throws AttributeException {
        long max = value.equals("max") ? Config.MAX : number(Attribute.SYNC_MAX, value);
        boolean whole = max == Config.MAX || config.chunkSectors == 0 || max % config.chunkSectors == 0;
        if (max < config.syncMin || !whole) {
            throw refusal(Attribute.SYNC_MAX, value, Errno.EINVAL, "below sync_min, or not whole chunks");
        }
        if (max < config.syncMax && state.sync.running != Action.IDLE) {
            throw refusal(Attribute.SYNC_MAX, value, Errno.EBUSY, "lower than now while a sync runs");
        }
        config.syncMax = max;
    }
}
