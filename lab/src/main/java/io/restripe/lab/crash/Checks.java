package io.restripe.lab.crash;

import io.restripe.disk.Buffers;
import io.restripe.disk.Disk;
import io.restripe.disk.DiskException;
import io.restripe.disk.MemoryDisk;
import io.restripe.geometry.Geometry;
import io.restripe.metadata.Container;
import io.restripe.metadata.Volume;
import io.restripe.parity.Parity;
import io.restripe.unit.Units;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Compares volumes with what they may hold, and members with each other. Every check answers null, or what is wrong. */
public final class Checks {
    private static final long AT_ONCE = 2048;

    private Checks() {}

    /** Reads all of a volume that has known content. */
    public static String contents(Disk volume, int index, Expectation expected) throws DiskException {
        return contents(volume, index, expected, false);
    }

    /**
     * The same.
     *
     * @param pin what is there becomes what must be there from now on
     */
    public static String contents(Disk volume, int index, Expectation expected, boolean pin) throws DiskException {
        long end = expected.sectors(index);
        if (volume.sectors() < end) {
            return "volume " + index + " has " + volume.sectors() + " sectors, less than its " + end;
        }
        try (Arena arena = Arena.ofShared()) {
            MemorySegment buffer = Buffers.allocate(arena, AT_ONCE);
            for (long at = 0; at < end; at += AT_ONCE) {
                long length = Math.min(AT_ONCE, end - at);
                MemorySegment part = buffer.asSlice(0, Units.bytesOfSectors(length));
                volume.read(at, part);
                String wrong = expected.mismatch(index, at, part, length);
                if (wrong != null) {
                    return wrong;
                }
                if (pin) {
                    expected.pin(index, at, part, length);
                }
            }
        }
        return null;
    }

    /** A member's disk by slot of a volume, found by serial. */
    public interface MemberImages {
        MemoryDisk of(String serial);
    }

    /** All rows of an idle volume: the members of each add up to zero. */
    public static String parity(Volume volume, Container container, MemberImages images) throws DiskException {
        Geometry geometry = volume.geometry();
        if (geometry.parityMembers() != 1 || volume.missingSlots() > 0) {
            return null;
        }
        long end = Units.floorToUnit(volume.componentSectors(), geometry.chunkSectors());
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment sum = Buffers.allocate(arena, AT_ONCE);
            MemorySegment one = Buffers.allocate(arena, AT_ONCE);
            for (long at = 0; at < end; at += AT_ONCE) {
                long bytes = Units.bytesOfSectors(Math.min(AT_ONCE, end - at));
                sum.fill((byte) 0);
                for (int slot = 0; slot < geometry.members(); slot++) {
                    String serial = container
                            .disks()
                            .get(volume.slots().get(slot).disk())
                            .serial();
                    images.of(serial).read(volume.dataOffset() + at, one.asSlice(0, bytes));
                    Parity.xorInto(sum.asSlice(0, bytes), one.asSlice(0, bytes));
                }
                long wrong =
                        sum.asSlice(0, bytes).mismatch(one.asSlice(0, bytes).fill((byte) 0));
                if (wrong >= 0) {
                    return "volume " + volume.name() + ": parity is wrong at member sector "
                            + (at + Units.sectorsOfBytesFloor(wrong));
                }
            }
        }
        return null;
    }

    /** Whether two images of a disk are the same, byte for byte. */
    static String difference(MemoryDisk one, MemoryDisk other) throws DiskException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment a = Buffers.allocate(arena, AT_ONCE);
            MemorySegment b = Buffers.allocate(arena, AT_ONCE);
            for (long at = 0; at < one.sectors(); at += AT_ONCE) {
                long bytes = Units.bytesOfSectors(Math.min(AT_ONCE, one.sectors() - at));
                one.read(at, a.asSlice(0, bytes));
                other.read(at, b.asSlice(0, bytes));
                long differs = a.asSlice(0, bytes).mismatch(b.asSlice(0, bytes));
                if (differs >= 0) {
                    return one.name() + " differs at sector " + (at + Units.sectorsOfBytesFloor(differs));
                }
            }
            return null;
        }
    }
}
