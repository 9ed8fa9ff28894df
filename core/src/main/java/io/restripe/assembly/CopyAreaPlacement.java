package io.restripe.assembly;

import io.restripe.assembly.SavedUnit.Evidence;
import io.restripe.assembly.SavedUnit.Image;
import io.restripe.disk.DiskException;
import io.restripe.metadata.Activity;
import io.restripe.metadata.Container;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.RecordDoubt;
import io.restripe.metadata.Slot;
import io.restripe.metadata.Volume;
import io.restripe.rule.Problem;
import io.restripe.rule.ProblemException;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Which disk's copy area holds which slot's part of a saved unit, and, where the records are in doubt, whether it holds the unit at
 * all. The format's rule is: the disk of the slot. Real mdadm places by index in the disk table instead (docs/imsm.md, 13.3), which is
 * another disk once an array has been rebuilt. The bytes decide ({@link SavedUnit}): the members contradict the wrong reading, or have less
 * of it than a crash can have left. If they do not settle it, nobody guesses.
 */
final class CopyAreaPlacement {
    /** Of the sectors in which two readings differ, the part by which one must be borne out better when both are contradicted. */
    private static final long MARGIN = 20;

    private final Volume volume;
    private final Activity.Reshape reshape;
    private final CopyAreaUse use;
    private final SavedUnit unit;
    private final List<MemberDisk> bySlot;
    private final List<MemberDisk> byIndex;
    private volatile List<MemberDisk> decided;

    CopyAreaPlacement(
            Volume volume,
            Activity.Reshape reshape,
            Container container,
            Map<String, MemberDisk> disks,
            CopyAreaUse use) {
        this.volume = volume;
        this.reshape = reshape;
        this.use = use;
        this.unit = new SavedUnit(volume, reshape, reshape.progress().unit(), container, disks);
        this.bySlot = SlotDisks.of(reshape.slotsAfter(), container, disks);
        List<Slot> inTableOrder = new ArrayList<>();
        for (int index = 0; index < reshape.slotsAfter().size(); index++) {
            inTableOrder.add(new Slot(index, true));
        }
        this.byIndex = isInTableOrder(reshape.slotsAfter()) ? bySlot : SlotDisks.of(inTableOrder, container, disks);
    }

    private static boolean isInTableOrder(List<Slot> slots) {
        for (int slot = 0; slot < slots.size(); slot++) {
            if (slots.get(slot).disk() != slot) {
                return false;
            }
        }
        return true;
    }

    /** For each slot the disk whose copy area has its part; null where there is none. Looks once. */
    List<MemberDisk> decide() throws DiskException, ProblemException {
        if (decided == null) {
            decided = switch (use) {
                case BY_SLOT -> bySlot;
                case BY_INDEX -> byIndex;
                case ASK, UNUSED -> bySlot.equals(byIndex) ? bySlot : borneOut();
            };
        }
        return decided;
    }

    private List<MemberDisk> borneOut() throws DiskException, ProblemException {
        try (Arena arena = Arena.ofShared()) {
            Image slots = unit.read(bySlot, arena);
            Image indexes = readable(byIndex, arena);
            if (indexes == null) {
                return bySlot;
            }
            long different = unit.differences(slots, indexes);
            if (different == 0) {
                return bySlot;
            }
            Evidence forSlots = unit.evidence(slots);
            Evidence forIndexes = unit.evidence(indexes);
            long againstSlots = forSlots.contradictions();
            long againstIndexes = forIndexes.contradictions();
            long margin = againstSlots == 0 || againstIndexes == 0 ? 1 : Math.max(1, different / MARGIN);
            if (againstIndexes - againstSlots >= margin) {
                return bySlot;
            }
            if (againstSlots - againstIndexes >= margin) {
                return byIndex;
            }
            // Much of a unit may be zeros, which are at every place: then what the readings have besides must be found
            // somewhere, first of all where they differ. (If both comparisons tell, they tell the same.)
            List<MemberDisk> found = onlyOne(unit.evidence(slots, indexes), unit.evidence(indexes, slots));
            found = found != null ? found : onlyOne(forSlots, forIndexes);
            if (found != null) {
                return found;
            }
            throw undecided(
                    "its parts may be placed by slot or by disk table index (the table is permuted): the readings differ in "
                            + different + " sectors, and the members contradict " + againstSlots + " and "
                            + againstIndexes
                            + " sectors of them");
        }
    }

    private List<MemberDisk> onlyOne(Evidence forSlots, Evidence forIndexes) {
        if (forSlots.bearsOut() == forIndexes.bearsOut()) {
            return null;
        }
        return forSlots.bearsOut() ? bySlot : byIndex;
    }

    /** Null when too much of it is missing: RAID0 by index, or two members gone. */
    private Image readable(List<MemberDisk> holders, Arena arena) {
        try {
            return unit.read(holders, arena);
        } catch (DiskException e) {
            return null; // then the other reading is the only one that can be tried
        }
    }

    /**
     * Whether the unit is in the copy area although not all records say so.
     *
     * @throws ProblemException when that cannot be told
     */
    boolean holdsUnit(RecordDoubt doubt) throws ProblemException {
        switch (use) {
            case BY_SLOT, BY_INDEX -> {
                return true;
            }
            case UNUSED -> {
                return false;
            }
            case ASK -> {}
        }
        boolean borneOut = false;
        long relocated = 0;
        for (List<MemberDisk> holders : bySlot.equals(byIndex) ? List.of(bySlot) : List.of(bySlot, byIndex)) {
            try (Arena arena = Arena.ofShared()) {
                Image image = readable(holders, arena);
                if (image != null) {
                    Evidence evidence = unit.evidence(image);
                    borneOut |= evidence.bearsOut();
                    relocated = Math.max(relocated, evidence.relocated());
                }
            }
        }
        if (borneOut) {
            return doubt == RecordDoubt.SAYS_SAVED || relocated > 0;
        }
        if (doubt == RecordDoubt.SAYS_SAVED && relocated > 0) {
            throw undecided(
                    "one copy of the migration record says that the unit is in the copy area and no other bears it out; the"
                            + " members have " + relocated + " sectors of it, and others that contradict it");
        }
        return false;
    }

    private ProblemException undecided(String why) {
        return new ProblemException(new Problem(
                "cannot restore unit " + reshape.progress().unit(),
                "volume " + volume.name() + ", copy area at sector " + reshape.copyAreaSector(),
                why,
                "Nothing was changed. Read the volume each way with restripe cat --copy-area=slot (as this product places the"
                        + " parts), =index (as mdadm does) or =unused (the unit is still in its old place), then say the right"
                        + " one to restripe assemble"));
    }
}
