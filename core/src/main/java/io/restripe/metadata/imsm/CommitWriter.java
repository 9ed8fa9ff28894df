package io.restripe.metadata.imsm;

import io.restripe.codec.U32;
import io.restripe.disk.DiskException;
import io.restripe.disk.DiskException.Operation;
import io.restripe.metadata.Committed;
import io.restripe.metadata.MemberDisk;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The one way onto the disks (docs/imsm.md, 6.1, corrected). In this order, each step flushed before the next:
 *
 * <ol>
 *   <li>the MPB on every working member, one member completely after the other, the youngest table entry first: a disk that
 *       becomes member says so before the old ones rely on it
 *   <li>the record of every disk that has become spare
 *   <li>zeros over the members' record sectors, if a reshape has ended or its remains were found, and only when every
 *       member says so: until then the record still matters to those who do not know
 * </ol>
 *
 * One use; the caller's thread.
 */
final class CommitWriter {
    private final ImsmMetadata wanted;
    private final Map<String, MemberDisk> disks;
    private final Map<String, String> failed = new LinkedHashMap<>();
    private DiskException last;

    CommitWriter(ImsmMetadata wanted, Map<String, MemberDisk> disks) {
        this.wanted = wanted;
        this.disks = disks;
    }

    /** The same without a new generation: members that are behind get what the others have. */
    Committed settle(Collection<MemberDisk> behind) {
        Mpb mpb = wanted.mpb();
        byte[] bytes = mpb.volumes().isEmpty() ? new byte[0] : MpbCodec.encode(mpb, wanted.blocks());
        for (MemberDisk member : members(mpb)) {
            if (behind.contains(member)) {
                attempt(member, () -> Placement.writeMpb(member.disk(), bytes));
            }
        }
        boolean due = clearRecords(members(mpb));
        return new Committed(wanted.withMpbAndReshape(mpb, wanted.reshape(), due), failed);
    }

    /** Whether the records are still to be cleared afterwards. */
    private boolean clearRecords(List<MemberDisk> members) {
        if (wanted.recordsToClear() && failed.isEmpty()) {
            for (MemberDisk member : members) {
                attempt(member, () -> Placement.clearRecord(member.disk()));
            }
            return !failed.isEmpty();
        }
        return wanted.recordsToClear();
    }

    Committed commit() throws DiskException {
        if (Attributes.unsupported(wanted.mpb().header().attributes()) != 0) {
            throw new IllegalStateException("metadata with unknown attributes must not be written");
        }
        Mpb mpb = next(wanted.mpb(), wanted.blocks());
        List<MemberDisk> members = members(mpb);
        byte[] bytes = mpb.volumes().isEmpty() ? new byte[0] : MpbCodec.encode(mpb, wanted.blocks());
        List<MemberDisk> written = new ArrayList<>();
        for (MemberDisk member : members) {
            if (attempt(member, () -> Placement.writeMpb(member.disk(), bytes))) {
                written.add(member);
            }
        }
        List<SpareDisk> spares = writeSpares(written);
        if (written.isEmpty()) {
            throw last != null
                    ? last
                    : new DiskException("container", Operation.WRITE, -1, 0, "none of its disks is at hand");
        }
        boolean due = clearRecords(members);
        ImsmMetadata result = wanted.withSpares(spares).withMpbAndReshape(mpb, wanted.reshape(), due);
        return new Committed(result, failed);
    }

    /** What is written: the next generation, with everything that follows from the content. */
    private static Mpb next(Mpb mpb, Blocks blocks) {
        MpbHeader header = mpb.header();
        MpbHeader stamped = mpb.volumes().isEmpty() ? header : header.withFamily(header.family());
        return mpb.withHeader(stamped.withGeneration(header.generation() + 1 & U32.MAX)
                .withAttributes(header.version(), Attributes.normalised(mpb, blocks)));
    }

    private List<MemberDisk> members(Mpb mpb) {
        List<MemberDisk> members = new ArrayList<>();
        for (DiskEntry disk : mpb.disks().reversed()) {
            if (disk.isWorking() && disks.containsKey(disk.serial())) {
                members.add(disks.get(disk.serial()));
            }
        }
        return members;
    }

    private List<SpareDisk> writeSpares(List<MemberDisk> written) {
        List<SpareDisk> spares = new ArrayList<>();
        for (SpareDisk spare : wanted.spares()) {
            MemberDisk disk = disks.get(spare.serial());
            boolean due = spare.recordDue();
            if (disk != null && due) {
                byte[] record = SpareRecord.encode(spare, wanted.blocks());
                due = !attempt(disk, () -> {
                    Placement.writeMpb(disk.disk(), record);
                    Placement.clearRecord(disk.disk());
                });
            }
            if (disk != null && !due) {
                written.add(disk);
            }
            spares.add(new SpareDisk(spare.serial(), spare.totalSectors(), due));
        }
        return spares;
    }

    /** A write to one disk. */
    private interface Write {
        void run() throws DiskException;
    }

    private boolean attempt(MemberDisk member, Write write) {
        try {
            write.run();
            return true;
        } catch (DiskException e) {
            // Safe: the caller learns of it from Committed, or from the exception when no disk is left.
            failed.putIfAbsent(member.serial(), String.valueOf(e.getMessage()));
            last = e;
            return false;
        }
    }
}
