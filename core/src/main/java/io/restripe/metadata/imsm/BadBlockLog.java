package io.restripe.metadata.imsm;

import io.restripe.unit.SectorRange;
import io.restripe.unit.SectorRanges;
import io.restripe.unit.Units;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The bad-block log as one list of sectors for each disk (docs/imsm.md, 2.10). Pure. */
final class BadBlockLog {
    private BadBlockLog() {}

    /** Bad sectors of a disk, in no order. */
    static List<SectorRange> of(Mpb mpb, int disk) {
        return mpb.badBlocks().stream()
                .filter(bad -> bad.disk() == disk)
                .map(bad -> new SectorRange(bad.sector(), bad.sector() + bad.sectors()))
                .toList();
    }

    /**
     * Within {@code bounds} exactly these sectors of a disk are bad, in whole blocks; elsewhere all stays as it was.
     *
     * @return the same object when they are already; empty when the log, or the room behind the volumes, does not take so many
     */
    static Optional<Mpb> with(Mpb mpb, Blocks blocks, int disk, SectorRange bounds, List<SectorRange> bad) {
        List<SectorRange> before = SectorRanges.union(of(mpb, disk));
        List<SectorRange> now = new ArrayList<>(SectorRanges.outside(before, bounds));
        now.addAll(SectorRanges.within(inBlocks(bad, blocks), bounds));
        List<SectorRange> wanted = SectorRanges.union(now);
        if (wanted.equals(before)) {
            return Optional.of(mpb);
        }
        List<BadBlock> log = new ArrayList<>(
                mpb.badBlocks().stream().filter(entry -> entry.disk() != disk).toList());
        wanted.forEach(range -> log.add(new BadBlock(disk, range.start(), range.length())));
        Mpb changed = mpb.withBadBlocks(log);
        boolean shrinks = SectorRanges.count(wanted) < SectorRanges.count(before);
        return shrinks || hasRoom(changed, blocks) ? Optional.of(changed) : Optional.empty();
    }

    private static List<SectorRange> inBlocks(List<SectorRange> ranges, Blocks blocks) {
        int unit = blocks.sectorsPerBlock();
        return ranges.stream()
                .map(range ->
                        new SectorRange(Units.floorToUnit(range.start(), unit), Units.ceilToUnit(range.end(), unit)))
                .toList();
    }

    private static boolean hasRoom(Mpb mpb, Blocks blocks) {
        if (BadBlockCodec.entries(mpb.badBlocks(), blocks) > BadBlockCodec.MAX_ENTRIES
                || MpbCodec.bytes(mpb, blocks) > Placement.maxMpbBytes(blocks)) {
            return false;
        }
        for (int volume = 0; volume < mpb.volumes().size(); volume++) {
            if (!Refusals.place(mpb, volume, blocks).isEmpty()) {
                return false;
            }
        }
        return true;
    }
}
