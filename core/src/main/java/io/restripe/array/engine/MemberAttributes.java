package io.restripe.array.engine;

import io.restripe.array.AttributeException;
import io.restripe.array.Errno;
import io.restripe.array.MemberAttribute;
import io.restripe.array.engine.SyncControl.Action;
import io.restripe.consistency.ConsistencyPolicy;
import io.restripe.unit.Units;

/** The members' attributes as md's texts (docs/md-control.md, section 4). Called with both locks held; reads with the state lock. */
final class MemberAttributes {
    private final ArrayState state;
    private final Admission admission;

    MemberAttributes(ArrayState state, Admission admission) {
        this.state = state;
        this.admission = admission;
    }

    String read(String name, MemberAttribute attribute) throws AttributeException {
        Member member = state.member(name);
        return switch (attribute) {
            case SLOT -> member.slot == Member.NO_SLOT ? "none" : Integer.toString(member.slot);
            case OFFSET -> Long.toString(member.offsetSectors);
            case SIZE -> Long.toString(member.sizeSectors / Units.SECTORS_PER_KIB);
            case STATE -> member.stateText();
            case RECOVERY_START ->
                member.recoveredSector() == Config.MAX ? "none" : Long.toString(member.recoveredSector());
            case PPL_SECTOR -> Long.toString(member.pplSector);
            case PPL_SIZE -> Long.toString(member.pplSectors);
            case ERRORS -> Long.toString(member.correctedErrors);
            case BAD_BLOCKS, UNACKNOWLEDGED_BAD_BLOCKS -> "";
        };
    }

    void write(String name, MemberAttribute attribute, String value) throws AttributeException {
        Member member = state.member(name);
        String path = "dev-" + name + "/" + attribute.mdName();
        switch (attribute) {
            case SLOT -> writeSlot(member, path, value);
            case OFFSET -> {
                requireNotRunning(member, path, value);
                if (member.sizeSectors != 0) {
                    throw state.refusal(path, value, Errno.EBUSY, "size has been set already");
                }
                member.offsetSectors = Texts.number(state, path, value);
            }
            case SIZE -> writeSize(member, path, value);
            case STATE -> writeState(member, path, value);
            case RECOVERY_START -> {
                requireNotRunning(member, path, value);
                member.recoveredTo(Texts.numberOrNone(state, path, value));
                member.inSync = member.recoveredSector() == Config.MAX;
            }
            case PPL_SECTOR -> {
                requireNotLogging(member, path, value);
                member.pplSector = Texts.number(state, path, value);
            }
            case PPL_SIZE -> writeLogSize(member, path, value);
            case ERRORS -> member.correctedErrors = Texts.number(state, path, value);
            case BAD_BLOCKS, UNACKNOWLEDGED_BAD_BLOCKS ->
                throw state.refusal(path, value, Errno.EINVAL, "bad blocks are not supported");
        }
        state.changed();
    }

    private void requireNotRunning(Member member, String path, String value) throws AttributeException {
        if (state.running && member.slot != Member.NO_SLOT) {
            throw state.refusal(path, value, Errno.EBUSY, "in a slot of a running array");
        }
    }

    private void requireNotLogging(Member member, String path, String value) throws AttributeException {
        if (state.config.policy == ConsistencyPolicy.PPL) {
            requireNotRunning(member, path, value);
        }
    }

    private void writeSize(Member member, String path, String value) throws AttributeException {
        long sectors = Math.multiplyExact(Texts.number(state, path, value), (long) Units.SECTORS_PER_KIB);
        if (sectors < state.config.componentSectors) {
            throw state.refusal(path, value, Errno.EINVAL, "smaller than component_size");
        }
        if (member.offsetSectors + sectors > member.disk.sectors()) {
            throw state.refusal(path, value, Errno.EINVAL, "the disk has only " + member.disk.sectors() + " sectors");
        }
        member.sizeSectors = sectors;
    }

    private void writeLogSize(Member member, String path, String value) throws AttributeException {
        requireNotLogging(member, path, value);
        long sectors = Texts.number(state, path, value);
        boolean apart = member.pplSector >= member.offsetSectors + state.config.componentSectors
                || member.pplSector + sectors <= member.offsetSectors;
        if (!apart || member.pplSector + sectors > member.disk.sectors()) {
            throw state.refusal(path, value, Errno.EINVAL, "not within the disk and outside of its data");
        }
        member.pplSectors = sectors;
    }

    private void writeSlot(Member member, String path, String value) throws AttributeException {
        if (value.equals("none")) {
            takeOut(member, path, value);
            return;
        }
        int slot = (int) Math.min(Texts.number(state, path, value), Integer.MAX_VALUE);
        if (slot >= Math.max(state.config.raidDisks, state.config.newRaidDisks)) {
            throw state.refusal(path, value, Errno.ENOSPC, "no such slot");
        }
        boolean taken = state.members.values().stream().anyMatch(other -> other != member && other.slot == slot);
        if (state.running) {
            if (member.slot != Member.NO_SLOT || state.sync.running != Action.IDLE || state.config.reshaping()) {
                throw state.refusal(path, value, Errno.EBUSY, "it has a slot, or a sync runs");
            }
            if (taken) {
                throw state.refusal(path, value, Errno.EEXIST, "the slot is taken");
            }
            member.inSync = false;
            member.recoveredTo(0);
        } else {
            if (taken) {
                throw state.refusal(path, value, Errno.EEXIST, "the slot is taken");
            }
            member.inSync = true;
            member.recoveredTo(Config.MAX);
        }
        member.slot = slot;
        state.notifyWatchers();
    }

    private void takeOut(Member member, String path, String value) throws AttributeException {
        if (member.slot == Member.NO_SLOT) {
            throw state.refusal(path, value, Errno.EEXIST, "it has no slot");
        }
        if (!freesSlot(member)) {
            throw state.refusal(path, value, Errno.EBUSY, "in use");
        }
    }

    /** Gives up its slot, if it is failed or a spare and no sync needs the slots as they are. */
    private boolean freesSlot(Member member) {
        boolean idle = state.sync.running == Action.IDLE && !state.config.reshaping();
        if (state.running && (member.working() || !idle)) {
            return false;
        }
        member.slot = Member.NO_SLOT;
        member.blocked = false;
        if (state.running) {
            state.rebuildLayouts();
        }
        return true;
    }

    private void writeState(Member member, String path, String word) throws AttributeException {
        switch (word) {
            case "faulty" -> fail(member, path, word);
            case "remove" -> remove(member, path, word);
            case "insync" -> {
                if (member.slot != Member.NO_SLOT) {
                    throw state.refusal(path, word, Errno.EINVAL, "it has a slot");
                }
                member.inSync = true;
                member.recoveredTo(Config.MAX);
            }
            case "-insync" -> {
                if (state.running) {
                    throw state.refusal(path, word, Errno.EINVAL, "the array runs");
                }
                member.inSync = false;
                member.recoveredTo(0);
            }
            case "blocked" -> member.blocked = true;
            case "-blocked" -> member.blocked = false;
            case "writemostly" -> member.writeMostly = true;
            case "-writemostly" -> member.writeMostly = false;
            case "write_error" -> member.writeError = true;
            case "-write_error" -> member.writeError = false;
            case "external_bbl" -> member.externalBadBlocks = true;
            case "-external_bbl" -> member.externalBadBlocks = false;
            default -> throw state.refusal(path, word, Errno.EINVAL, "not a state word");
        }
        state.notifyWatchers();
    }

    private void fail(Member member, String path, String word) throws AttributeException {
        state.failLocked(member, "declared faulty");
        if (state.running && state.broken) {
            throw state.refusal(path, word, Errno.EBUSY, "the array needs it");
        }
    }

    private void remove(Member member, String path, String word) throws AttributeException {
        if (member.slot != Member.NO_SLOT && !freesSlot(member)) {
            throw state.refusal(path, word, Errno.EBUSY, "its slot is in use, or a sync runs");
        }
        if (state.running) {
            // Requests that were mapped while it had its slot are let out before the disk is let go.
            admission.alone(() -> state.members.remove(member.name));
        } else {
            state.members.remove(member.name);
        }
    }
}
