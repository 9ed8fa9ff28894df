package io.restripe.assembly;

import io.restripe.disk.DiskException;
import io.restripe.metadata.Activity;
import io.restripe.metadata.Container;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.Volume;
import io.restripe.rule.Problem;
import io.restripe.rule.ProblemException;
import java.lang.foreign.Arena;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Copies a saved unit from the copy area to its place in the new layout, on every member that is there, and flushes
 * (docs/reshape-protocol.md, section 7). Parts whose copy area is missing come from the others. Doing it twice gives the same result.
 */
final class CopyAreaReplay {
    private final Volume volume;
    private final Activity.Reshape reshape;
    private final SavedUnit unit;
    private final List<MemberDisk> bySlot;
    private final CopyAreaPlacement placement;

    CopyAreaReplay(
            Volume volume,
            Activity.Reshape reshape,
            Container container,
            Map<String, MemberDisk> disks,
            CopyAreaUse use) {
        this.volume = volume;
        this.reshape = reshape;
        this.unit = new SavedUnit(volume, reshape, reshape.progress().unit(), container, disks);
        this.bySlot = SlotDisks.of(reshape.slotsAfter(), container, disks);
        this.placement = new CopyAreaPlacement(volume, reshape, container, disks, use);
    }

    /** @return serial -> why, of members that did not take their part: they must not be trusted for it */
    Map<String, String> run() throws ProblemException {
        Map<String, String> failed = new LinkedHashMap<>();
        try (Arena arena = Arena.ofShared()) {
            SavedUnit.Image image = unit.read(placement.decide(), arena);
            for (int slot = 0; slot < bySlot.size(); slot++) {
                MemberDisk member = bySlot.get(slot);
                if (member != null) {
                    try {
                        member.disk().write(volume.dataOffset() + unit.destinationSector(), image.bySlot()[slot]);
                        member.disk().flush();
                    } catch (DiskException e) {
                        failed.put(member.serial(), String.valueOf(e.getMessage()));
                    }
                }
            }
        } catch (DiskException e) {
            throw new ProblemException(
                    problem("too much of it is missing: " + e.getMessage(), "Nothing was changed. "), e);
        }
        long absent = bySlot.stream().filter(member -> member == null).count();
        int redundancy = reshape.after().redundancy();
        if (absent + failed.size() > redundancy) {
            throw new ProblemException(problem(
                    absent + " members are missing and " + failed.size() + " failed " + failed.values()
                            + "; the new layout can do without " + redundancy,
                    "The copy area is as it was. "));
        }
        return failed;
    }

    private Problem problem(String why, String state) {
        return new Problem(
                "cannot restore unit " + reshape.progress().unit(),
                "volume " + volume.name() + ", copy area at sector " + reshape.copyAreaSector(),
                why,
                state + "Bring back the missing members and assemble again");
    }
}
