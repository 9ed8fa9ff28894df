package io.restripe.array.engine;

import io.restripe.array.AttributeException;
import io.restripe.array.Errno;
import io.restripe.geometry.Geometry;
import io.restripe.geometry.Level;
import java.util.ArrayList;
import java.util.List;

/** The start of a reshape: the wanted change is checked and put into force at position 0 (docs/md-control.md, section 8.1). */
final class ReshapeSetup {
    private final ArrayState state;

    ReshapeSetup(ArrayState state) {
        this.state = state;
    }

    void begin() throws AttributeException {
        Config config = state.config;
        if (!config.changePending()) {
            throw refusal("nothing of raid_disks, chunk_size and layout has been changed");
        }
        Geometry after = newGeometry();
        if (!(state.main.geometry().level() instanceof Level.Parity)) {
            throw refusal("level " + config.level + " does not relocate");
        }
        if (after.dataMembers() < state.main.geometry().dataMembers()) {
            throw refusal("a descending reshape is not supported");
        }
        if (state.broken || !state.main.survives()) {
            throw refusal("too many members failed");
        }
        List<Member> taken = takeSpares(after);
        config.reshapePosition = 0;
        state.frontier = 0;
        state.publishedFrontier = 0;
        state.rebuildLayouts();
        if (!state.fresh.survives()) {
            int missing = state.fresh.missing();
            undo(taken);
            throw refusal(missing + " members of the new geometry are missing");
        }
    }

    private Geometry newGeometry() throws AttributeException {
        try {
            return state.config.newGeometry();
        } catch (IllegalArgumentException e) {
            throw refusal(e.getMessage());
        }
    }

    private AttributeException refusal(String why) {
        return state.refusal("sync_action", "reshape", Errno.EINVAL, why);
    }

    /** Spares hold new rows from the first; those in slots of the old geometry hold none of its rows. */
    private List<Member> takeSpares(Geometry after) {
        List<Member> taken = new ArrayList<>();
        for (Member member : state.members.values()) {
            if (member.failed() || member.inSync || member.sizeSectors < state.config.componentSectors) {
                continue;
            }
            if (member.slot == Member.NO_SLOT) {
                member.slot = emptySlot(after.members());
            }
            if (member.slot != Member.NO_SLOT && member.slot < after.members()) {
                member.inSync = true;
                member.filledByReshape = member.slot < state.config.raidDisks;
                member.recoveredTo(Long.MAX_VALUE);
                taken.add(member);
            }
        }
        return taken;
    }

    private int emptySlot(int slots) {
        for (int slot = 0; slot < slots; slot++) {
            int wanted = slot;
            if (state.members.values().stream().noneMatch(member -> member.slot == wanted)) {
                return slot;
            }
        }
        return Member.NO_SLOT;
    }

    private void undo(List<Member> taken) {
        for (Member member : taken) {
            member.inSync = false;
            member.filledByReshape = false;
            member.recoveredTo(0);
        }
        state.config.reshapePosition = Config.NONE;
        state.rebuildLayouts();
    }
}
