package io.restripe.lab.sim;

import io.restripe.disk.MemoryDisk;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * Every state that a power cut during a recorded run could have left on the disks, or as many of them as a budget allows. The model: a
 * write that had returned before a flush of its disk began is durable once that flush has returned; anything else may be there, in any
 * sectors, or not; disks are independent. Each distinct state is shown once, and once more after each mark that tightens.
 */
public final class CrashStates {
    private final Trace trace;
    private final Budget budget;
    private final List<ImageHash> durable = new ArrayList<>();
    private final List<List<DiskWrite>> unflushed = new ArrayList<>();
    private final List<List<Integer>> eventOf = new ArrayList<>();
    private int tightened;

    /** Looks at a state. What it throws stops the enumeration. */
    @FunctionalInterface
    public interface StateVisitor {
        void visit(CrashState state);
    }

    private CrashStates(Trace trace, Budget budget) {
        this.trace = trace;
        this.budget = budget;
        for (MemoryDisk disk : trace.initial()) {
            durable.add(new ImageHash(disk.snapshot(), 0));
            unflushed.add(new ArrayList<>());
            eventOf.add(new ArrayList<>());
        }
    }

    /**
     * Shows the states of a trace, in the order of its events.
     *
     * @return how many distinct ones were shown
     */
    public static int forEachState(Trace trace, Budget budget, StateVisitor visitor) {
        return forEachState(trace, budget, new HashSet<>(), visitor);
    }

    /** The same, leaving out states that were shown before: {@code seen} has their hashes, and takes the new ones. */
    public static int forEachState(Trace trace, Budget budget, Set<Long> seen, StateVisitor visitor) {
        long candidates = new CrashStates(trace, budget).walk((prefix, variants) -> variants.count());
        double share = Math.min(1.0, (double) budget.maxStates() / candidates);
        CrashStates states = new CrashStates(trace, budget);
        SplittableRandom draw = new SplittableRandom(budget.seed());
        return Math.toIntExact(states.walk((prefix, variants) -> {
            int shown = 0;
            for (int i = 0; i < variants.count(); i++) {
                if (share >= 1.0 || draw.nextDouble() < share) {
                    shown += states.show(prefix, i, variants, seen, visitor);
                }
            }
            return shown;
        }));
    }

    /** One state again, by its id. The budget's seed counts, nothing else of it. */
    public static CrashState one(Trace trace, Budget budget, String id) {
        CrashStates states = new CrashStates(trace, budget);
        List<CrashState> found = new ArrayList<>();
        states.walk((prefix, variants) -> {
            if (id.startsWith(prefix + ":")) {
                int variant = Integer.parseInt(id.substring(id.indexOf(':') + 1));
                states.show(prefix, variant, variants, new HashSet<>(), found::add);
            }
            return 0;
        });
        if (found.isEmpty()) {
            throw new IllegalArgumentException("the trace has no state " + id);
        }
        return found.getFirst();
    }

    private interface Point {
        long at(int prefix, Variants variants);
    }

    private long walk(Point point) {
        long sum = point.at(0, variants(0));
        for (int i = 0; i < trace.events().size(); i++) {
            boolean changed = switch (trace.events().get(i)) {
                case Trace.Write write -> cache(write, i);
                case Trace.FlushBegan _ -> false;
                case Trace.FlushEnded flush -> flush(flush);
                case Trace.Mark mark -> {
                    tightened += mark.tightens() ? 1 : 0;
                    yield mark.tightens();
                }
            };
            if (changed) {
                sum += point.at(i + 1, variants(i + 1));
            }
        }
        return sum;
    }

    private Variants variants(int prefix) {
        return new Variants(
                unflushed,
                budget.allSubsetsOf(),
                budget.randomPerPrefix(),
                ImageHash.mix(budget.seed() * 1_000_003 + prefix));
    }

    private boolean cache(Trace.Write write, int event) {
        unflushed.get(write.disk()).add(write.write());
        eventOf.get(write.disk()).add(event);
        return true;
    }

    private boolean flush(Trace.FlushEnded flush) {
        List<DiskWrite> mine = unflushed.get(flush.disk());
        List<Integer> events = eventOf.get(flush.disk());
        boolean any = false;
        while (!mine.isEmpty() && events.getFirst() < flush.began()) {
            DiskWrite write = mine.removeFirst();
            events.removeFirst();
            durable.get(flush.disk()).apply(write, 0, write.sectors());
            any = true;
        }
        return any;
    }

    private int show(int prefix, int number, Variants variants, Set<Long> seen, StateVisitor visitor) {
        Variants.Variant variant = variants.get(number);
        List<MemoryDisk> disks = new ArrayList<>();
        long hash = ImageHash.mix(tightened);
        for (int d = 0; d < durable.size(); d++) {
            ImageHash image = durable.get(d).copy();
            for (int w = 0; w < unflushed.get(d).size(); w++) {
                apply(image, unflushed.get(d).get(w), variant.kept().get(d).get(w));
            }
            disks.add(image.image());
            hash = ImageHash.mix(hash * 31 + image.hash());
        }
        if (!seen.add(hash)) {
            return 0;
        }
        String id = prefix + ":" + number;
        visitor.visit(new CrashState(
                id,
                prefix,
                List.copyOf(disks),
                "state " + id + ", seed " + budget.seed() + ": op " + prefix + " of "
                        + trace.events().size() + ", " + variant.description()));
        return 1;
    }

    private static void apply(ImageHash image, DiskWrite write, BitSet kept) {
        for (int from = kept.nextSetBit(0); from >= 0; ) {
            int end = kept.nextClearBit(from);
            image.apply(write, from, end);
            from = kept.nextSetBit(end);
        }
    }
}
