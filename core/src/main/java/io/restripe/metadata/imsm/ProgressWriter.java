package io.restripe.metadata.imsm;

import io.restripe.disk.DiskException;
import io.restripe.disk.DiskException.Operation;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.Progress;
import io.restripe.rule.Rule;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Writes the record of a reshape on the disks of slots 0 and 1 of its destination, one after the other, each flushed (docs/imsm.md,
 * 2.8). At least one must take it (R9). One use; the caller's thread.
 */
final class ProgressWriter {
    private final Map<String, MemberDisk> disks;
    private final Map<String, String> failed = new LinkedHashMap<>();
    private DiskException last =
            new DiskException("container", Operation.WRITE, -1, 0, "neither disk of the migration record is at hand");
    private int written;

    ProgressWriter(Map<String, MemberDisk> disks) {
        this.disks = disks;
    }

    /** Serial -> why, of record disks that could not be written. */
    Map<String, String> write(ImsmMetadata pending, int volume, Progress progress) throws DiskException {
        Mpb mpb = pending.mpb();
        ReshapeState state = Optional.of(pending)
                .filter(p -> p.mpb().reshapingVolume() == volume)
                .flatMap(ImsmMetadata::reshape)
                .orElseThrow(() -> new IllegalStateException("volume " + volume + " is not being reshaped"));
        MigrationRecord record = MigrationRecord.of(mpb, volume, state.copyAreaSector(), pending.blocks(), progress);
        byte[] bytes = MigrationRecordCodec.encode(record, pending.blocks());
        MapEntry map = mpb.volumes().get(volume).map0();
        int working = 0;
        for (int slot = 0; slot < Math.min(RecordChoice.RECORD_SLOTS, map.members()); slot++) {
            DiskEntry entry = mpb.disks().get(map.diskOf(slot));
            if (entry.isWorking()) {
                working++;
                attempt(entry.serial(), bytes);
            }
        }
        if (written == 0) {
            throw last;
        }
        Rule.R9_QUORUM.holds(written + failed.size() == working, "record disks accounted for", written, working);
        return failed;
    }

    private void attempt(String serial, byte[] bytes) {
        MemberDisk member = disks.get(serial);
        if (member == null) {
            failed.put(serial, "the disk is not at hand");
            return;
        }
        try {
            Placement.writeRecord(member.disk(), bytes);
            written++;
        } catch (DiskException e) {
            // Safe: the caller learns of it from the result, or from the exception when no record disk is left.
            failed.put(serial, String.valueOf(e.getMessage()));
            last = e;
        }
    }
}
