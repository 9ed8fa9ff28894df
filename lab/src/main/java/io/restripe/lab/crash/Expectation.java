package io.restripe.lab.crash;

import io.restripe.unit.Units;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What volumes may hold after a crash: each sector a version that was written to it and is not older than what a flush covered. What
 * was acknowledged but not flushed may be there or not, sector by sector.
 */
public final class Expectation {
    private final List<int[]> floors = new ArrayList<>();
    private final Map<Integer, Mark.Issued> issued = new HashMap<>();
    /** Versions whose content is zeros; those that are a floor still are never forgotten. */
    private final Set<Integer> zeroVersions = new HashSet<>();

    private final boolean born;
    private boolean lossy;

    /** @param sectors of each volume that held version 0 from the beginning */
    public Expectation(List<Long> sectors, List<Object> marks) {
        this(sectors.stream().map(count -> new int[Math.toIntExact(count)]).toList(), Map.of(), Set.of(), false, marks);
    }

    private Expectation(
            List<int[]> known,
            Map<Integer, Mark.Issued> before,
            Set<Integer> zerosBefore,
            boolean bornBefore,
            List<Object> marks) {
        issued.putAll(before);
        zeroVersions.addAll(zerosBefore);
        known.forEach(floor -> floors.add(floor.clone()));
        List<Integer> acknowledged = new ArrayList<>();
        Map<Integer, List<Integer>> covered = new HashMap<>();
        boolean bornThen = bornBefore;
        for (Object mark : marks) {
            switch ((Mark) mark) {
                case Mark.Issued write -> {
                    issued.put(write.version(), write);
                    if (write.zeros()) {
                        zeroVersions.add(write.version());
                    }
                }
                case Mark.Acknowledged done -> acknowledged.add(done.version());
                case Mark.FlushBegan flush ->
                    covered.put(
                            flush.flush(),
                            acknowledged.stream()
                                    .filter(v -> issued.get(v).volume() == flush.volume())
                                    .toList());
                case Mark.FlushDone flush -> covered.get(flush.flush()).forEach(this::raise);
                case Mark.Born _ -> bornThen = true;
            }
        }
        this.born = bornThen;
    }

    /** What may be there after more has happened. What was pinned or known before is the floor. */
    public Expectation after(List<Object> marks) {
        return new Expectation(floors, issued, zeroVersions, born, marks);
    }

    /** Every sector has been read and pinned: what was lost by then must not come back. */
    public void settled() {
        issued.clear();
    }

    /** The version that is known to be there, and no older one. */
    public int floor(int volume, long sector) {
        return floors.get(volume)[Math.toIntExact(sector)];
    }

    /** Whether a version is one whose content is zeros. */
    boolean isZeros(int version) {
        return zeroVersions.contains(version);
    }

    private void raise(int version) {
        Mark.Issued write = issued.get(version);
        int[] floor = floors.get(write.volume());
        for (int s = 0; s < write.sectors(); s++) {
            int sector = Math.toIntExact(write.sector()) + s;
            floor[sector] = Math.max(floor[sector], version);
        }
    }

    /** A member is gone: a sector that was written and not flushed when the power failed may hold anything, all others what they must. */
    Expectation withoutWritesInFlight() {
        lossy = true;
        return this;
    }

    private boolean inFlight(int volume, long sector, int floor) {
        return issued.values().stream()
                .anyMatch(write -> write.volume() == volume
                        && write.version() > floor
                        && write.sector() <= sector
                        && sector < write.sector() + write.sectors());
    }

    public boolean isBorn() {
        return born;
    }

    int volumes() {
        return floors.size();
    }

    /** Sectors of a volume whose content is known. */
    long sectors(int volume) {
        return floors.get(volume).length;
    }

    /**
     * Compares sectors of a volume.
     *
     * @return null when all are right; else what is wrong with the first that is not
     */
    String mismatch(int volume, long firstSector, MemorySegment data, long sectors) {
        int[] floor = floors.get(volume);
        MemorySegment first = Content.firstVersion(volume, floor.length)
                .asSlice(Units.bytesOfSectors(firstSector), Units.bytesOfSectors(sectors));
        long at = 0;
        while (at < sectors) {
            long old = untilNewer(floor, firstSector, at, sectors);
            long from = Units.bytesOfSectors(at);
            long length = Units.bytesOfSectors(old) - from;
            long differs =
                    length == 0 ? -1 : MemorySegment.mismatch(data, from, from + length, first, from, from + length);
            at = differs < 0 ? old : at + Units.sectorsOfBytesFloor(differs);
            if (at < sectors) {
                String wrong = mismatchAt(volume, firstSector + at, data, at);
                if (wrong != null) {
                    return wrong;
                }
                at++;
            }
        }
        return null;
    }

    /** Up to where nothing newer than version 0 is known to be there. */
    private static long untilNewer(int[] floor, long firstSector, long from, long sectors) {
        long at = from;
        while (at < sectors && floor[Math.toIntExact(firstSector + at)] == 0) {
            at++;
        }
        return at;
    }

    private String mismatchAt(int volume, long sector, MemorySegment data, long index) {
        int found = Content.version(data, index, volume, sector);
        int floor = floors.get(volume)[Math.toIntExact(sector)];
        if (lossy && inFlight(volume, sector, floor)) {
            return null;
        }
        int version = found == Content.ZEROS ? newestZeros(volume, sector) : found;
        if (version == Content.ALIEN) {
            String what = found == Content.ZEROS ? "zeros that nobody made" : "none of its versions";
            return "volume " + volume + " sector " + sector + " holds " + what + " (flushed: " + floor + ")";
        }
        Mark.Issued write = issued.get(version);
        boolean written = version == floor || write != null && write.covers(volume, sector);
        return version < floor || !written || isZeros(version) != (found == Content.ZEROS)
                ? "volume " + volume + " sector " + sector + " holds version " + version + ", flushed was version "
                        + floor
                : null;
    }

    /** The last version of a sector that made it zeros, as far as it may still be there. */
    private int newestZeros(int volume, long sector) {
        int floor = floors.get(volume)[Math.toIntExact(sector)];
        int newest = isZeros(floor) ? floor : Content.ALIEN;
        for (Mark.Issued write : issued.values()) {
            if (write.zeros() && write.covers(volume, sector)) {
                newest = Math.max(newest, write.version());
            }
        }
        return newest;
    }

    /** What was read once must be read for ever: the versions that are there now become the only right ones. */
    void pin(int volume, long firstSector, MemorySegment data, long sectors) {
        for (long i = 0; i < sectors; i++) {
            long sector = firstSector + i;
            int version = Content.version(data, i, volume, sector);
            floors.get(volume)[Math.toIntExact(sector)] =
                    version == Content.ZEROS ? newestZeros(volume, sector) : version;
        }
    }
}
