package io.restripe.lab.crash;

import io.restripe.disk.Buffers;
import io.restripe.disk.Disk;
import io.restripe.disk.DiskException;
import io.restripe.disk.Zeros;
import io.restripe.env.Env;
import io.restripe.unit.SectorRange;
import io.restripe.unit.Units;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.BiConsumer;
import java.util.function.IntFunction;

/**
 * Users that read, write and flush volumes while the geometry changes, and check what they read. Every step is told to a journal before
 * and after. Simulated threads: one runs at a time, so the plain fields are safe.
 */
public final class Users {
    private static final int MOST_SECTORS = 160;
    private static final int DISCARD_EVERY = 5;
    private static final long DISCARD_SECTORS = 300;
    private final Env env;
    private final List<Disk> volumes;
    private final List<Long> sectors;
    private final BiConsumer<Mark, Boolean> journal;
    private final SplittableRandom chance;
    private final List<List<SectorRange>> busy = new ArrayList<>();
    private final List<int[]> acknowledged = new ArrayList<>();
    private final List<Env.Worker> workers = new ArrayList<>();
    /** Where users crowd; null: nowhere. */
    private IntFunction<SectorRange> place;

    /** Whether they also give up ranges; they do on half of the seeds. */
    private final boolean discards;

    private final Set<Integer> zeroVersions = new HashSet<>();
    private boolean stopping;
    private int version;
    private int flushes;

    /** @param journal takes a mark, and whether it tightens what is expected */
    public Users(
            Env env,
            List<Disk> volumes,
            List<Long> sectors,
            long seed,
            int version,
            BiConsumer<Mark, Boolean> journal) {
        this.env = env;
        this.volumes = volumes;
        this.sectors = sectors;
        this.journal = journal;
        this.chance = new SplittableRandom(seed);
        this.version = version;
        this.discards = (seed & 2) != 0;
        for (long count : sectors) {
            busy.add(new ArrayList<>());
            acknowledged.add(new int[Math.toIntExact(count)]);
        }
    }

    /** Begins with what is known to be there. */
    public void expect(Expectation known) {
        for (int v = 0; v < sectors.size(); v++) {
            for (int s = 0; s < sectors.get(v); s++) {
                int floor = known.floor(v, s);
                acknowledged.get(v)[s] = floor;
                if (known.isZeros(floor)) {
                    zeroVersions.add(floor);
                }
            }
        }
    }

    /** Users mostly wait until this range of a volume is not empty, then ask for what lies in and around it, and flush often. */
    public void crowdAround(IntFunction<SectorRange> range) {
        place = range;
    }

    public void start(int count, int requests, long pauseNanos) {
        for (int u = 0; u < count; u++) {
            workers.add(env.start("user-" + u, () -> {
                for (int i = 0; i < requests && !stopping; ) {
                    if (place == null || !place.apply(0).isEmpty() || chance.nextInt(20) == 0) {
                        request();
                        i++;
                    }
                    env.sleepNanos(chance.nextLong(pauseNanos));
                }
            }));
        }
    }

    /** Until each has asked for as much as it was to. */
    public void finish() {
        workers.forEach(Env.Worker::join);
    }

    public void stop() {
        stopping = true;
        workers.forEach(Env.Worker::join);
    }

    private void request() {
        int volume = chance.nextInt(volumes.size());
        try {
            switch (chance.nextInt(place == null ? 8 : 5)) {
                case 0 -> flush(volume);
                case 1, 2 -> read(volume);
                default -> write(volume);
            }
        } catch (DiskException e) {
            throw new IllegalStateException("a user's request failed", e);
        }
    }

    private void flush(int volume) throws DiskException {
        int mine = ++flushes;
        journal.accept(new Mark.FlushBegan(mine, volume), false);
        volumes.get(volume).flush();
        journal.accept(new Mark.FlushDone(mine), true);
    }

    private SectorRange free(int volume) {
        while (true) {
            int length = 1 + chance.nextInt(chance.nextInt(4) == 0 ? MOST_SECTORS : 24);
            long at = place(volume, sectors.get(volume) - length);
            SectorRange range = new SectorRange(at, at + length);
            if (busy.get(volume).stream().noneMatch(range::overlaps)) {
                return range;
            }
        }
    }

    private long place(int volume, long end) {
        SectorRange range = place == null ? new SectorRange(0, 0) : place.apply(volume);
        if (range.isEmpty() || chance.nextInt(8) == 0) {
            return chance.nextLong(end);
        }
        long around = MOST_SECTORS;
        return Math.clamp(range.start() - around + chance.nextLong(range.length() + 2 * around), 0, end);
    }

    private void write(int volume) throws DiskException {
        int mine = ++version;
        boolean zeros = discards && mine % DISCARD_EVERY == 0;
        SectorRange range = zeros ? wide(volume, free(volume), mine) : free(volume);
        busy.get(volume).add(range);
        journal.accept(new Mark.Issued(mine, volume, range.start(), (int) range.length(), zeros), false);
        if (zeros) {
            zeroVersions.add(mine);
            Zeros.make(volumes.get(volume), range.start(), range.length());
        } else {
            fill(volume, range, mine);
        }
        journal.accept(new Mark.Acknowledged(mine), false);
        for (long s = range.start(); s < range.end(); s++) {
            acknowledged.get(volume)[Math.toIntExact(s)] = mine;
        }
        busy.get(volume).remove(range);
    }

    /** A range long enough for whole rows, where nobody is in its way. */
    private SectorRange wide(int volume, SectorRange range, int mine) {
        long end = Math.min(sectors.get(volume), range.start() + (1 + mine % 4) * DISCARD_SECTORS);
        SectorRange wide = new SectorRange(range.start(), Math.max(range.end(), end));
        return busy.get(volume).stream().noneMatch(wide::overlaps) ? wide : range;
    }

    private void fill(int volume, SectorRange range, int mine) throws DiskException {
        try (Arena arena = Arena.ofShared()) {
            MemorySegment data = Buffers.allocate(arena, range.length());
            Content.fill(data, volume, range.start(), mine);
            volumes.get(volume).write(range.start(), data);
        }
    }

    private void read(int volume) throws DiskException {
        SectorRange range = free(volume);
        busy.get(volume).add(range);
        try (Arena arena = Arena.ofShared()) {
            MemorySegment data = Buffers.allocate(arena, range.length());
            volumes.get(volume).read(range.start(), data);
            for (long s = range.start(); s < range.end(); s++) {
                int found = Content.version(data, s - range.start(), volume, s);
                int wanted = acknowledged.get(volume)[Math.toIntExact(s)];
                boolean right = zeroVersions.contains(wanted) ? found == Content.ZEROS : found == wanted;
                if (!right) {
                    throw new IllegalStateException("volume " + volume + " sector " + s + " reads as version " + found
                            + ", acknowledged was " + wanted + " (request of "
                            + Units.sectorsOfBytesExact(data.byteSize()) + " sectors at " + range.start() + ")");
                }
            }
        }
        busy.get(volume).remove(range);
    }
}
