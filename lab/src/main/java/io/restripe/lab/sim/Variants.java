package io.restripe.lab.sim;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.SplittableRandom;

/**
 * The ways in which the unflushed writes of all disks may survive a cut at one point, numbered from 0. A fate is a write's sectors that
 * survive; a variant is a fate for every write.
 */
final class Variants {
    private static final int RANGES_TOLD = 3;
    private static final int TEARS = 3;
    private final List<List<DiskWrite>> unflushed;
    private final int disks;
    private final int writes;
    private final int subsets;
    private final int randoms;
    private final long seed;

    Variants(List<List<DiskWrite>> unflushed, int allSubsetsOf, int randoms, long seed) {
        this.unflushed = unflushed;
        this.disks = unflushed.size();
        this.writes = unflushed.stream().mapToInt(List::size).sum();
        this.subsets = writes <= allSubsetsOf ? 1 << writes : 0;
        this.randoms = randoms;
        this.seed = seed;
    }

    /**
     * With few writes: every subset of them, then each torn with the others lost and kept. With many: everything lost, everything kept;
     * last of each disk lost; each disk's all lost, all kept; each write lost, kept; the last of each disk torn. Then random ones.
     */
    int count() {
        if (writes == 0) {
            return 1;
        }
        return (subsets > 0 ? subsets + 2 * TEARS * writes : 3 + 2 * disks + 2 * writes + TEARS * disks)
                + (writes > 1 ? randoms : 0);
    }

    record Variant(List<List<BitSet>> kept, String description) {}

    Variant get(int number) {
        return subsets > 0 ? ofFew(number) : ofMany(number);
    }

    private Variant ofFew(int number) {
        if (number < subsets) {
            return subset(number);
        }
        int n = number - subsets;
        if (n < 2 * TEARS * writes) {
            boolean othersKept = n % 2 == 0;
            return torn(n / 2 / TEARS, n / 2 % TEARS, othersKept);
        }
        return random(n - 2 * TEARS * writes);
    }

    private Variant subset(int bits) {
        int[] before = new int[disks];
        for (int d = 1; d < disks; d++) {
            before[d] = before[d - 1] + unflushed.get(d - 1).size();
        }
        StringBuilder lost = new StringBuilder();
        Variant variant = new Variant(
                fates((d, w) -> {
                    boolean kept = (bits >> before[d] + w & 1) != 0;
                    if (!kept) {
                        lost.append(" disk ").append(d).append(' ').append(name(d, w));
                    }
                    return kept;
                }),
                "");
        return new Variant(variant.kept(), lost.isEmpty() ? "nothing unflushed is lost" : "lost:" + lost);
    }

    private Variant ofMany(int number) {
        if (number == 0) {
            return new Variant(fates((d, w) -> false), "everything unflushed lost");
        }
        if (number == 1) {
            return new Variant(fates((d, w) -> true), "everything unflushed kept");
        }
        int n = number - 2;
        if (n-- == 0) {
            return new Variant(fates((d, w) -> w < unflushed.get(d).size() - 1), "the last write of each disk lost");
        }
        if (n < 2 * disks) {
            int disk = n / 2;
            boolean lost = n % 2 == 0;
            return new Variant(
                    fates((d, w) -> (d == disk) != lost), "disk " + disk + (lost ? ": all lost" : ": alone kept"));
        }
        n -= 2 * disks;
        if (n < 2 * writes) {
            return single(n / 2, n % 2 == 0);
        }
        n -= 2 * writes;
        return n < TEARS * disks ? lastTorn(n / TEARS, n % TEARS) : random(n - TEARS * disks);
    }

    private interface Keeps {
        boolean keeps(int disk, int write);
    }

    private List<List<BitSet>> fates(Keeps keeps) {
        List<List<BitSet>> all = new ArrayList<>();
        for (int d = 0; d < disks; d++) {
            List<BitSet> mine = new ArrayList<>();
            for (int w = 0; w < unflushed.get(d).size(); w++) {
                BitSet kept = new BitSet();
                kept.set(0, keeps.keeps(d, w) ? unflushed.get(d).get(w).sectors() : 0);
                mine.add(kept);
            }
            all.add(mine);
        }
        return all;
    }

    private record Place(int disk, int write) {}

    private Place place(int nth) {
        int disk = 0;
        int write = nth;
        while (write >= unflushed.get(disk).size()) {
            write -= unflushed.get(disk++).size();
        }
        return new Place(disk, write);
    }

    private Variant single(int nth, boolean lost) {
        Place at = place(nth);
        return new Variant(
                fates((d, w) -> (d == at.disk() && w == at.write()) != lost),
                "disk " + at.disk() + ": write " + name(at.disk(), at.write()) + (lost ? " lost" : " alone kept"));
    }

    private Variant lastTorn(int disk, int way) {
        int last = unflushed.get(disk).size() - 1;
        if (last < 0) {
            return new Variant(fates((d, w) -> true), "everything unflushed kept");
        }
        return torn(new Place(disk, last), way, true);
    }

    private Variant torn(int nth, int way, boolean othersKept) {
        return torn(place(nth), way, othersKept);
    }

    private Variant torn(Place at, int way, boolean othersKept) {
        List<List<BitSet>> kept = fates((d, w) -> othersKept);
        int sectors = unflushed.get(at.disk()).get(at.write()).sectors();
        BitSet torn = new BitSet(sectors);
        switch (way) {
            case 0 -> torn.set(0, sectors / 2);
            case 1 -> torn.set(sectors / 2, sectors);
            default -> torn.or(SimDisk.tear(sectors, new SplittableRandom(seed + at.disk() + 31L * at.write())));
        }
        kept.get(at.disk()).set(at.write(), torn);
        return new Variant(
                kept,
                "disk " + at.disk() + ": write " + name(at.disk(), at.write()) + " torn, kept " + told(torn)
                        + ", others " + (othersKept ? "kept" : "lost"));
    }

    private Variant random(int number) {
        SplittableRandom fate = new SplittableRandom(ImageHash.mix(seed + 31L * number));
        List<List<BitSet>> kept = new ArrayList<>();
        StringBuilder lost = new StringBuilder();
        for (int d = 0; d < disks; d++) {
            List<BitSet> mine = new ArrayList<>();
            for (int w = 0; w < unflushed.get(d).size(); w++) {
                int sectors = unflushed.get(d).get(w).sectors();
                BitSet bits = new BitSet(sectors);
                switch (fate.nextInt(5)) {
                    case 0, 1 -> bits.set(0, sectors);
                    case 2 -> bits.or(SimDisk.tear(sectors, fate));
                    default -> {}
                }
                if (bits.cardinality() < sectors) {
                    lost.append(" disk ").append(d).append(' ').append(name(d, w));
                    lost.append(bits.isEmpty() ? " lost;" : " torn, kept " + told(bits) + ";");
                }
                mine.add(bits);
            }
            kept.add(mine);
        }
        return new Variant(kept, "random:" + lost);
    }

    /** The first few ranges of a set of sectors, and how many sectors there are in all. */
    private static String told(BitSet kept) {
        StringBuilder told = new StringBuilder();
        int from = kept.nextSetBit(0);
        for (int range = 0; from >= 0 && range < RANGES_TOLD; range++) {
            int end = kept.nextClearBit(from);
            told.append('[').append(from).append(", ").append(end).append(") ");
            from = kept.nextSetBit(end);
        }
        return told + (from >= 0 ? "... " : "") + "(" + kept.cardinality() + " sectors)";
    }

    private String name(int disk, int write) {
        DiskWrite w = unflushed.get(disk).get(write);
        return "#" + w.number() + " [" + w.sector() + ", " + (w.sector() + w.sectors()) + ")";
    }
}
