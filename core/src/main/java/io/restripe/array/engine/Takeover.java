package io.restripe.array.engine;

import io.restripe.array.AttributeException;
import io.restripe.array.Errno;
import io.restripe.array.engine.SyncControl.Action;
import io.restripe.geometry.Geometry;
import io.restripe.geometry.Rotation;

/**
 * Writing level on a running array: the same sectors on the same members under another name, with a parity member that is missing
 * (docs/md-control.md, section 8.6). Called with both locks held; nobody is inside while the level changes.
 */
final class Takeover {
    private final ArrayState state;
    private final Admission admission;

    Takeover(ArrayState state, Admission admission) {
        this.state = state;
        this.admission = admission;
    }

    void write(String level) throws AttributeException {
        Config config = state.config;
        if (state.mode != ArrayState.Mode.READ_WRITE) {
            throw refusal(level, Errno.EROFS, "the array is read-only");
        }
        if (state.sync.running != Action.IDLE || config.reshaping()) {
            throw refusal(level, Errno.EBUSY, "a sync runs, or a reshape is unfinished");
        }
        if (!level.equals(config.level)) {
            change(level);
        }
        state.notifyWatchers();
    }

    private AttributeException refusal(String level, Errno errno, String why) {
        return state.refusal("level", level, errno, why);
    }

    private void change(String level) throws AttributeException {
        Config config = state.config;
        int parityLast = Rotation.PARITY_LAST.mdLayout();
        boolean last = config.mdLevel() == 4 || config.layout == parityLast;
        switch (config.level + ">" + level) {
            case "raid0>raid4", "raid0>raid5" -> admission.alone(() -> becomeParity(level, parityLast));
            case "raid4>raid0", "raid5>raid0" -> {
                requireEmptyLastSlot(level, last);
                admission.alone(this::becomeStriped);
            }
            case "raid4>raid5", "raid5>raid4" -> {
                if (!last) {
                    throw refusal(level, Errno.EINVAL, "only from layout " + parityLast);
                }
                admission.alone(() -> rename(level, parityLast, config.raidDisks));
            }
            case "raid5>raid6" -> {
                requireGeometry(level, config.layout, config.raidDisks + 1);
                if (!last) {
                    throw refusal(level, Errno.EINVAL, "only from layout " + parityLast);
                }
                admission.alone(() -> rename(level, parityLast, config.raidDisks + 1));
            }
            default -> throw refusal(level, Errno.EINVAL, "no way from " + config.level);
        }
    }

    private void requireGeometry(String level, int layout, int raidDisks) throws AttributeException {
        try {
            Geometry wanted = Geometry.ofMd(6, layout, raidDisks, Math.toIntExact(state.config.chunkSectors));
            assert wanted.members() == raidDisks;
        } catch (IllegalArgumentException e) {
            throw refusal(level, Errno.EINVAL, e.getMessage());
        }
    }

    private void requireEmptyLastSlot(String level, boolean last) throws AttributeException {
        int lastSlot = state.config.raidDisks - 1;
        boolean taken = state.members.values().stream().anyMatch(member -> member.slot == lastSlot);
        if (!last || taken || state.degraded() != 1) {
            throw refusal(level, Errno.EINVAL, "parity must be last and its member, and no other, missing");
        }
    }

    private void becomeParity(String level, int layout) {
        rename(level, layout, state.config.raidDisks + 1);
        state.config.resyncStart = Config.MAX;
        state.parityKnownTo = Config.MAX;
        state.config.safeModeNanos = 0;
        state.config.suspendLo = 0;
        state.config.suspendHi = 0;
        state.config.writeThroughMillis = 0;
        state.clean = false;
        state.idle = false;
    }

    private void becomeStriped() {
        rename("raid0", 0, state.config.raidDisks - 1);
        state.clean = true;
        state.pending = false;
        state.idle = false;
        state.sync.frozen = false;
        state.sync.requested = Action.IDLE;
    }

    private void rename(String level, int layout, int raidDisks) {
        Config config = state.config;
        config.level = level;
        config.layout = layout;
        config.raidDisks = raidDisks;
        config.forgetChange();
        state.rebuildLayouts();
    }
}
