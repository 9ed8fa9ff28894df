package io.restripe.array.engine;

import io.restripe.array.AttributeException;
import io.restripe.array.Errno;
import io.restripe.consistency.ConsistencyPolicy;
import io.restripe.consistency.PplArea;
import io.restripe.consistency.PplHeader;
import io.restripe.geometry.Geometry;
import io.restripe.geometry.Level;
import io.restripe.geometry.Rotation;
import io.restripe.unit.SectorRange;

/**
 * Writing array_state: start, stop, read-only and back, clean and active (the table of docs/md-control.md, section 2). Called with the
 * state lock held; start, stop and read-only with the configuration lock as well.
 */
final class Lifecycle {
    private static final Admission.Claim ALL = Admission.Claim.everything(new SectorRange(0, Long.MAX_VALUE));
    private final ArrayState state;
    private final Admission admission;
    private final SyncWords syncs;
    private final PartialParityLog log;
    private final WriteIntentBitmap bitmap;

    Lifecycle(Parts parts, SyncWords syncs) {
        this.state = parts.state();
        this.admission = parts.admission();
        this.log = parts.log();
        this.bitmap = parts.bitmap();
        this.syncs = syncs;
    }

    /** Whether the word is one of those that need no configuration lock now. */
    boolean isFree(String word) {
        return state.running
                && state.mode == ArrayState.Mode.READ_WRITE
                && (word.equals("active") || word.equals("clean"));
    }

    void write(String word) throws AttributeException {
        switch (word) {
            case "clear" -> {
                stop(word);
                clear();
            }
            case "inactive" -> stop(word);
            case "readonly" -> close(word, ArrayState.Mode.READONLY);
            case "read-auto" -> close(word, ArrayState.Mode.READ_AUTO);
            case "clean" -> clean(word);
            case "active" -> active(word);
            default -> throw refusal(word, Errno.EINVAL, "not a state that can be asked for");
        }
        state.notifyWatchers();
    }

    private AttributeException refusal(String word, Errno errno, String why) {
        return state.refusal("array_state", word, errno, why);
    }

    private void active(String word) throws AttributeException {
        if (!state.running) {
            start(word, ArrayState.Mode.READ_WRITE);
        } else if (state.mode != ArrayState.Mode.READ_WRITE) {
            goReadWrite();
        } else {
            state.pending = false;
            state.lastWriteNanos = state.env.nanoTime();
        }
    }

    private void goReadWrite() {
        state.mode = ArrayState.Mode.READ_WRITE;
        state.clean = true;
        state.sync.stuck = false;
    }

    private void clean(String word) throws AttributeException {
        if (!state.running) {
            throw refusal(word, Errno.EINVAL, "the array is not running");
        }
        if (state.mode != ArrayState.Mode.READ_WRITE) {
            goReadWrite();
            return;
        }
        if (state.pending || state.writesInFlight > 0) {
            throw refusal(word, Errno.EBUSY, "writes are in flight or wait to be recorded");
        }
        state.clean = true;
        state.idle = false;
        bitmap.wentClean();
    }

    private void close(String word, ArrayState.Mode mode) throws AttributeException {
        if (!state.running) {
            start(word, mode);
            return;
        }
        if (state.mode == mode) {
            throw refusal(word, mode == ArrayState.Mode.READONLY ? Errno.ENXIO : Errno.EINVAL, "it is that already");
        }
        quiet(word);
        state.mode = mode;
        state.clean = true;
        state.idle = false;
        admission.release(ALL);
    }

    private void stop(String word) throws AttributeException {
        if (!state.running) {
            return;
        }
        quiet(word);
        if (state.config.reshaping()) {
            state.config.reshapePosition = state.frontier;
        }
        state.running = false;
        state.main = null;
        state.fresh = null;
        state.pending = false;
        admission.release(ALL);
    }

    /** No sync runs and nobody is inside; the caller releases {@link #ALL}. */
    private void quiet(String word) throws AttributeException {
        requireRecorded(word);
        syncs.stopRunning();
        boolean quiet = false;
        try {
            requireRecorded(word);
            admission.claim(ALL, () -> state.closed);
            requireRecorded(word); // those inside may have met a failure on their way out
            quiet = true;
        } finally {
            syncs.letRun();
            if (!quiet) {
                admission.release(ALL);
            }
        }
    }

    private void requireRecorded(String word) throws AttributeException {
        if (state.pending) {
            throw refusal(word, Errno.EBUSY, "a write, a failure or the end of a sync waits to be recorded");
        }
    }

    private void clear() {
        Config fresh = new Config();
        Config config = state.config;
        config.metadataVersion = "none";
        config.level = "";
        config.layout = 0;
        config.raidDisks = 0;
        config.chunkSectors = 0;
        config.componentSectors = 0;
        config.explicitArraySectors = Config.NONE;
        config.resyncStart = 0;
        config.reshapePosition = Config.NONE;
        config.forgetChange();
        config.syncMin = 0;
        config.syncMax = Config.MAX;
        config.suspendLo = 0;
        config.suspendHi = 0;
        config.writeThroughMillis = 0;
        config.policy = fresh.policy;
        config.bitmapSector = fresh.bitmapSector;
        config.bitmapMayClear = fresh.bitmapMayClear;
        config.mismatchSectors = 0;
        config.lastSyncAction = fresh.lastSyncAction;
        state.members.clear();
    }

    private void start(String word, ArrayState.Mode mode) throws AttributeException {
        Config config = state.config;
        if (config.raidDisks == 0 || state.members.isEmpty() || config.componentSectors == 0) {
            throw refusal(word, Errno.EINVAL, "members, raid_disks and component_size are not all set");
        }
        requireReshapeCanGoOn(word, mode);
        placeMembers();
        try {
            state.rebuildLayouts();
        } catch (IllegalArgumentException e) {
            throw refusal(word, Errno.EINVAL, e.getMessage());
        }
        requireEnough(word);
        if (state.config.policy == ConsistencyPolicy.PPL) {
            requireLogs(word);
        }
        log.start();
        bitmap.start();
        state.frontier = Math.max(config.reshapePosition, 0);
        state.publishedFrontier = state.frontier;
        state.mode = mode;
        state.clean = true;
        state.idle = false;
        state.pending = false;
        state.broken = false;
        state.sync.frozen = false;
        state.sync.stuck = false;
        state.sync.requested = SyncControl.Action.IDLE;
        config.safeModeNanos = Config.DEFAULT_SAFE_MODE_NANOS;
        state.parityKnownTo = config.resyncStart;
        state.running = true;
    }

    private void requireReshapeCanGoOn(String word, ArrayState.Mode mode) throws AttributeException {
        Config config = state.config;
        if (!config.reshaping()) {
            return;
        }
        try {
            Geometry before = config.geometry();
            Geometry after = config.newGeometry();
            long step = Math.max(before.chunkSectors(), after.chunkSectors()) * (long) after.dataMembers();
            if (after.dataMembers() < before.dataMembers()) {
                throw refusal(word, Errno.EINVAL, "a descending reshape is not supported");
            }
            if (config.reshapePosition % step != 0) {
                throw refusal(
                        word,
                        Errno.EINVAL,
                        "reshape_position " + config.reshapePosition + " is no multiple of " + step);
            }
            if (after.dataMembers() == before.dataMembers() && mode == ArrayState.Mode.READ_WRITE) {
                throw refusal(word, Errno.EINVAL, "start it readonly: all of this reshape needs a backup");
            }
        } catch (IllegalArgumentException e) {
            throw refusal(word, Errno.EINVAL, e.getMessage());
        }
    }

    /** Which members hold what, half way through a reshape: see {@link #holdsNothingOld}. */
    private void placeMembers() {
        for (Member member : state.members.values()) {
            member.filledByReshape = false;
            if (member.slot == Member.NO_SLOT || !state.config.reshaping()) {
                continue;
            }
            boolean partly = member.recoveredSector() != Long.MAX_VALUE && member.slot < state.config.raidDisks;
            if (partly || holdsNothingOld(member)) {
                member.filledByReshape = true;
                member.inSync = true;
                member.recoveredTo(Long.MAX_VALUE);
            }
        }
    }

    /**
     * A RAID0 relocates as a parity array without parity: its first new member took the slot of the missing parity and never held
     * any. A real RAID4, or a RAID5 with parity last, loses nothing but redundancy by being taken for one.
     */
    private boolean holdsNothingOld(Member member) {
        Config config = state.config;
        boolean lastOld = member.slot == config.raidDisks - 1;
        boolean fixedParity =
                config.mdLevel() == 4 || (config.mdLevel() == 5 && config.layout == Rotation.PARITY_LAST.mdLayout());
        if (!lastOld || !fixedParity) {
            return false;
        }
        return (config.mdLevel() == 5 && config.newLayout != config.layout)
                || (config.newRaidDisks > config.raidDisks && !anyoneIn(config.newRaidDisks - 1));
    }

    private boolean anyoneIn(int slot) {
        return state.members.values().stream().anyMatch(member -> member.slot == slot);
    }

    private void requireEnough(String word) throws AttributeException {
        boolean enough = state.main.survives() && (state.fresh == null || state.fresh.survives());
        if (state.main.geometry().level() instanceof Level.Striped) {
            enough = state.main.missing() == 0;
        }
        if (!enough) {
            throw refusal(word, Errno.EIO, state.main.missing() + " members are missing");
        }
        if (state.redundant() && state.config.resyncStart != Config.MAX && onlyMissing() > 0) {
            throw refusal(word, Errno.EIO, "dirty and degraded: what is missing cannot be computed safely");
        }
        if (state.config.explicitArraySectors > state.main.geometry().arraySectors(state.config.componentSectors)) {
            throw refusal(word, Errno.EINVAL, "array_size is larger than the geometry gives");
        }
    }

    /** Refuses what would need partial parity logs where they cannot be. */
    void requireLogs(String word) throws AttributeException {
        if (state.config.mdLevel() != 5) {
            throw refusal(word, Errno.EINVAL, "a partial parity log goes with raid5 only");
        }
        for (Member member : state.members.values()) {
            if (member.slot != Member.NO_SLOT && member.pplSectors < PplHeader.SECTORS + PplArea.UNIT_SECTORS) {
                throw refusal(word, Errno.EINVAL, "member " + member.name + " has no room for a partial parity log");
            }
        }
    }

    private int onlyMissing() {
        return state.main.geometry().level() instanceof Level.Parity ? state.main.missing() : 0;
    }
}
