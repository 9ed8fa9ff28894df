package io.restripe.assembly;

import io.restripe.consistency.PplArea;
import io.restripe.consistency.PplReplay;
import io.restripe.disk.DiskException;
import io.restripe.metadata.Activity;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.Slot;
import io.restripe.metadata.Volume;
import io.restripe.reshape.ReshapeShape;
import java.util.ArrayList;
import java.util.List;

/** The partial parity logs of a container's volumes, while it is put together. The caller's thread. */
final class LoggedParity {
    private final Parts parts;

    LoggedParity(Parts parts) {
        this.parts = parts;
    }

    /**
     * Whether a volume was being written when it stopped, and its logs say where: what they say once replayed, its parity is right. Reads
     * only.
     */
    boolean tells(Volume volume) {
        try {
            return volume.consistency().logsParity()
                    && volume.dirty()
                    && replay(volume).isKnown();
        } catch (DiskException e) {
            parts.notes.add("volume " + volume.name() + ": its partial parity log cannot be read: " + e.getMessage());
            return false;
        }
    }

    /**
     * Makes the parity right that was being written; durable on return. Again gives the same.
     *
     * @return false when the logs do not tell, or not all
     */
    boolean replayed(Volume volume) throws DiskException {
        if (!tells(volume)) {
            return false;
        }
        PplReplay replay = replay(volume);
        int entries = replay.run();
        if (entries > 0) {
            parts.notes.add("volume " + volume.name()
                    + " was stopped while it was written; parity was restored from its partial" + " parity log: "
                    + entries + (entries == 1 ? " entry" : " entries"));
        }
        return replay.isKnown();
    }

    /**
     * The logs of all volumes say nothing any more: for arrays that are about to start, when metadata says of none that it was being written.
     * Where it does, because a resync is owed that something else must precede, they become no logs at all until a later start: read once
     * more, they would seem to tell that nothing is owed.
     */
    void empty() throws DiskException {
        for (Volume volume : parts.container().volumes()) {
            if (volume.consistency().logsParity()) {
                for (MemberDisk disk : SlotDisks.of(everybody(volume), parts.container(), parts.disks)) {
                    if (disk != null) {
                        empty(new PplArea(disk.disk(), volume.consistency()), volume.dirty());
                    }
                }
            }
        }
    }

    private static void empty(PplArea log, boolean owing) throws DiskException {
        if (owing) {
            log.wipe();
        } else {
            log.clear();
        }
    }

    private static List<Slot> everybody(Volume volume) {
        List<Slot> slots =
                volume.activity() instanceof Activity.Reshape reshape ? reshape.slotsAfter() : volume.slots();
        return slots.stream()
                .map(slot -> isRebuilt(volume, slots.indexOf(slot)) ? new Slot(slot.disk(), true) : slot)
                .toList();
    }

    private static boolean isRebuilt(Volume volume, int slot) {
        return volume.activity() instanceof Activity.Rebuild r && r.slot() == slot;
    }

    private PplReplay replay(Volume volume) throws DiskException {
        List<PplReplay.Face> faces = new ArrayList<>();
        List<PplReplay.Holder> before = holders(volume, volume.slots());
        List<PplReplay.Holder> logs = before;
        if (volume.activity() instanceof Activity.Reshape reshape) {
            List<PplReplay.Holder> after = holders(volume, reshape.slotsAfter());
            addFaces(faces, volume, reshape, before, after);
            logs = reshape.progress().unit() == 0 ? before : after; // new members may not have theirs yet
        } else {
            faces.add(new PplReplay.Face(volume.geometry(), before, 0, volume.arraySectors()));
        }
        return new PplReplay(volume.consistency(), logs, faces, volume.dataOffset());
    }

    /**
     * Old rows count from the one on that the checkpoint cuts, which is whole where it is; a unit in the copy area will be in its new place
     * then. New rows count below the checkpoint: users write none behind it that a crash must know of.
     */
    private static void addFaces(
            List<PplReplay.Face> faces,
            Volume volume,
            Activity.Reshape reshape,
            List<PplReplay.Holder> before,
            List<PplReplay.Holder> after) {
        ReshapeShape shape = ReshapeShape.of(volume, reshape);
        long unit = reshape.progress().unit();
        long checkpoint = shape.positionOfUnit(unit);
        long restored = reshape.progress().inCopyArea() ? shape.positionOfUnit(unit + 1) : checkpoint;
        long firstOldRow = restored / reshape.before().rowSectors();
        faces.add(new PplReplay.Face(reshape.before(), before, firstOldRow, volume.arraySectors()));
        faces.add(new PplReplay.Face(reshape.after(), after, 0, checkpoint));
    }

    /** Who was written to: also the disk that is being rebuilt, as far as it was. */
    private List<PplReplay.Holder> holders(Volume volume, List<Slot> slots) {
        List<PplReplay.Holder> holders = new ArrayList<>();
        for (int slot = 0; slot < slots.size(); slot++) {
            long valid = Long.MAX_VALUE;
            Slot told = slots.get(slot);
            if (volume.activity() instanceof Activity.Rebuild r && r.slot() == slot) {
                valid = r.memberSector();
                told = new Slot(told.disk(), valid > 0);
            }
            MemberDisk disk =
                    SlotDisks.of(List.of(told), parts.container(), parts.disks).getFirst();
            holders.add(new PplReplay.Holder(disk == null ? null : disk.disk(), valid));
        }
        return holders;
    }
}
