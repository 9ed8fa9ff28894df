package io.restripe.lab.kernel;

import io.restripe.disk.Disk;
import io.restripe.disk.DiskException;
import io.restripe.unit.Units;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Tells from nothing but the bytes of the members at which moments of a reshape they are. How far a unit is moved it sees by samples of
 * the data: what they were before, and what they must be in the end. Looked at again and again while the reshape goes on.
 */
final class Moments {
    /** Where it lies on disks that are all alike (docs/imsm.md 7.2). */
    private static final long COPY_AREA_FROM_END = 2209;

    private static final int SAMPLES = 8;
    private static final long SAMPLE_EVERY = Change.DEPTH_SECTORS / SAMPLES;
    /** Every other sample lies this much farther: rows of either parity are looked at. */
    private static final long ROW_SECTORS = 128;

    private static final long SAMPLE_SECTORS = 2;

    private final Change change;
    private final List<? extends Disk> before;
    private final List<? extends Disk> after;
    private final Map<Integer, byte[]> samplesBefore = new HashMap<>();
    private final Map<Integer, byte[]> samplesAfter = new HashMap<>();
    private int unitAwaited = -1;
    private byte[] copyAreaThen;
    private boolean wasMigrating;

    /**
     * @param before the members before the reshape
     * @param after and when it has ended
     */
    Moments(Change change, List<? extends Disk> before, List<? extends Disk> after) {
        this.change = change;
        this.before = before;
        this.after = after;
    }

    /** At which of the wanted moments the members are; empty when at none. */
    Set<Cut> now(List<? extends Disk> members, Set<Cut> wanted) throws DiskException {
        List<OnDisk> told = new ArrayList<>();
        for (Disk member : members) {
            if (OnDisk.isTorn(member)) {
                return wasMigrating && wanted.contains(Cut.TORN) ? EnumSet.of(Cut.TORN) : EnumSet.noneOf(Cut.class);
            }
            OnDisk.of(member, change.watched()).ifPresent(told::add);
        }
        Set<Cut> cuts = EnumSet.noneOf(Cut.class);
        if (wanted.isEmpty()) {
            return cuts;
        }
        List<OnDisk.MigrationRecord> records =
                told.stream().flatMap(t -> t.record().stream()).toList();
        long migrating = told.stream()
                .filter(t -> t.migrating() && t.type() == OnDisk.RESHAPE)
                .count();
        if (migrating < told.size() || told.size() < change.after.members()) {
            if (wasMigrating) {
                cuts.add(Cut.FINISHED);
            } else if (change.firstCritical() == 0 && isSaved(members)) {
                cuts.add(Cut.SAVING); // ours saves before it says so, docs/reshape-protocol.md R12
            }
            cuts.retainAll(wanted);
            return cuts;
        }
        wasMigrating = true;
        long offset = told.getFirst().dataOffset();
        if (records.isEmpty()) {
            cuts.add(Cut.START);
        } else if (records.size() == 2 && records.getFirst().equals(records.getLast())) {
            add(cuts, wanted, members, offset, records.getFirst());
        }
        cuts.retainAll(wanted);
        return cuts;
    }

    private void add(
            Set<Cut> cuts, Set<Cut> wanted, List<? extends Disk> members, long offset, OnDisk.MigrationRecord record)
            throws DiskException {
        int unit = record.unit();
        if (unit >= Change.UNITS) {
            cuts.add(Cut.FINISHED);
            return;
        }
        if (unit == 0 && wanted.contains(Cut.START) && moved(members, offset, 0) == 0) {
            cuts.add(Cut.START);
        }
        if (record.inCopyArea()) {
            boolean fit = unit >= change.firstCritical() && unit < Change.UNITS - 1;
            if (fit && wanted.contains(Cut.COPIED) && isHalf(members, offset, unit)) {
                cuts.add(Cut.COPIED);
            }
        } else if (unit >= change.firstCritical() && (wanted.contains(Cut.SAVING) || wanted.contains(Cut.AFTER))) {
            addSaving(cuts, members, record);
        }
        if (wanted.contains(Cut.MIDDLE) && isHalf(members, offset, Change.UNITS / 2)) {
            cuts.add(Cut.MIDDLE);
        }
        if (wanted.contains(Cut.LAST) && isHalf(members, offset, Change.UNITS - 1)) {
            cuts.add(Cut.LAST);
        }
    }

    private void addSaving(Set<Cut> cuts, List<? extends Disk> members, OnDisk.MigrationRecord record)
            throws DiskException {
        byte[] copyArea = samples(members, record.copyAreaSector());
        if (record.unit() != unitAwaited) {
            unitAwaited = record.unit();
            copyAreaThen = copyArea;
        }
        if (!Arrays.equals(copyArea, copyAreaThen)) {
            cuts.add(Cut.SAVING);
        } else if (record.unit() > 0) {
            cuts.add(Cut.AFTER);
        }
    }

    private boolean isSaved(List<? extends Disk> members) throws DiskException {
        long copyArea = members.getFirst().sectors() - COPY_AREA_FROM_END;
        return !Arrays.equals(samples(before, copyArea), samples(members, copyArea));
    }

    private boolean isHalf(List<? extends Disk> members, long offset, int unit) throws DiskException {
        double share = moved(members, offset, unit);
        return share > 0 && share < 1;
    }

    /** The share of a unit's samples that are as they must be in the end, of those that change at all. */
    private double moved(List<? extends Disk> members, long offset, int unit) throws DiskException {
        long from = offset + (long) unit * Change.DEPTH_SECTORS;
        byte[] now = samples(members, from);
        if (!samplesBefore.containsKey(unit)) {
            samplesBefore.put(unit, samples(before, from));
            samplesAfter.put(unit, samples(after, from));
        }
        byte[] then = samplesBefore.get(unit);
        byte[] end = samplesAfter.get(unit);
        int sample = Math.toIntExact(Units.bytesOfSectors(SAMPLE_SECTORS));
        int changing = 0;
        int done = 0;
        for (int at = 0; at < then.length; at += sample) {
            if (!Arrays.equals(then, at, at + sample, end, at, at + sample)) {
                changing++;
                done += Arrays.equals(now, at, at + sample, end, at, at + sample) ? 1 : 0;
            }
        }
        return (double) done / changing;
    }

    private static byte[] samples(List<? extends Disk> members, long from) throws DiskException {
        int sample = Math.toIntExact(Units.bytesOfSectors(SAMPLE_SECTORS));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment all = arena.allocate((long) members.size() * SAMPLES * sample, 4096);
            long at = 0;
            for (Disk member : members) {
                for (int i = 0; i < SAMPLES; i++) {
                    member.read(from + i * SAMPLE_EVERY + i % 2 * ROW_SECTORS, all.asSlice(at, sample));
                    at += sample;
                }
            }
            return all.toArray(ValueLayout.JAVA_BYTE);
        }
    }
}
