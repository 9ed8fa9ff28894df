package io.restripe.unit;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/** Sets of sectors as lists of ranges. What these give is ascending, and its ranges neither touch nor are empty. */
public final class SectorRanges {
    private SectorRanges() {}

    /** The sectors that any of them has. */
    public static List<SectorRange> union(Collection<SectorRange> ranges) {
        List<SectorRange> merged = new ArrayList<>();
        List<SectorRange> ascending = ranges.stream()
                .filter(range -> !range.isEmpty())
                .sorted(Comparator.comparingLong(SectorRange::start))
                .toList();
        for (SectorRange range : ascending) {
            SectorRange last = merged.isEmpty() ? null : merged.getLast();
            if (last != null && range.start() <= last.end()) {
                merged.set(merged.size() - 1, new SectorRange(last.start(), Math.max(last.end(), range.end())));
            } else {
                merged.add(range);
            }
        }
        return List.copyOf(merged);
    }

    /** Those of the sectors that lie in {@code bounds}. */
    public static List<SectorRange> within(Collection<SectorRange> ranges, SectorRange bounds) {
        List<SectorRange> cut = new ArrayList<>();
        for (SectorRange range : ranges) {
            if (range.overlaps(bounds)) {
                cut.add(new SectorRange(Math.max(range.start(), bounds.start()), Math.min(range.end(), bounds.end())));
            }
        }
        return union(cut);
    }

    /** Those of the sectors that lie outside of {@code bounds}. */
    public static List<SectorRange> outside(Collection<SectorRange> ranges, SectorRange bounds) {
        List<SectorRange> cut = new ArrayList<>(within(ranges, new SectorRange(0, bounds.start())));
        cut.addAll(within(ranges, new SectorRange(bounds.end(), Long.MAX_VALUE)));
        return union(cut);
    }

    /** How many sectors they are, where none is there twice. */
    public static long count(Collection<SectorRange> ranges) {
        return ranges.stream().mapToLong(SectorRange::length).sum();
    }
}
