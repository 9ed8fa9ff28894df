package io.restripe.array.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.restripe.disk.Buffers;
import io.restripe.disk.Disk;
import io.restripe.disk.DiskException;
import io.restripe.unit.Units;
import java.lang.foreign.MemorySegment;
import java.util.random.RandomGenerator;

/** What an array must hold: a plain copy of everything written, checked on random reads. One thread. */
final class Model {
    private final Disk disk;
    private final long first;
    private final long end;
    private final MemorySegment content;
    private final RandomGenerator random;

    /** Of the range [first, end) of the disk, which must read as zeros or be written first. */
    Model(Disk disk, long first, long end, RandomGenerator random) {
        this.disk = disk;
        this.first = first;
        this.end = end;
        this.random = random;
        this.content = Buffers.allocate(end - first);
    }

    /** The same content on another disk. */
    Model on(Disk other) {
        Model same = new Model(other, first, end, random);
        same.content.copyFrom(content);
        return same;
    }

    void fill() throws DiskException {
        byte[] bytes = new byte[(int) content.byteSize()];
        random.nextBytes(bytes);
        content.copyFrom(MemorySegment.ofArray(bytes));
        disk.write(first, content);
    }

    void step(int mostSectors) throws DiskException {
        long length = Math.min(1 + random.nextInt(mostSectors), end - first);
        long at = random.nextLong(end - first - length + 1);
        MemorySegment buffer = Buffers.allocate(length);
        MemorySegment mine = content.asSlice(Units.bytesOfSectors(at), Units.bytesOfSectors(length));
        if (random.nextBoolean()) {
            byte[] bytes = new byte[(int) buffer.byteSize()];
            random.nextBytes(bytes);
            buffer.copyFrom(MemorySegment.ofArray(bytes));
            disk.write(first + at, buffer);
            mine.copyFrom(buffer);
        } else {
            disk.read(first + at, buffer);
            assertThat(buffer.mismatch(mine))
                    .as("read at %d, %d sectors", first + at, length)
                    .isEqualTo(-1);
        }
    }

    /** New random content, written and remembered. */
    void write(long sector, long sectors) throws DiskException {
        MemorySegment mine = content.asSlice(Units.bytesOfSectors(sector - first), Units.bytesOfSectors(sectors));
        byte[] bytes = new byte[(int) mine.byteSize()];
        random.nextBytes(bytes);
        mine.copyFrom(MemorySegment.ofArray(bytes));
        disk.write(sector, mine);
    }

    /** Gives up a range: zeros where the answer says so; else what is there is taken over, if it is as before or zeros. */
    boolean discard(long sector, long sectors) throws DiskException {
        boolean zeros = disk.discard(sector, sectors);
        MemorySegment found = Buffers.allocate(sectors);
        disk.read(sector, found);
        MemorySegment mine = content.asSlice(Units.bytesOfSectors(sector - first), Units.bytesOfSectors(sectors));
        MemorySegment zero = Buffers.allocate(1);
        for (long at = 0; at < mine.byteSize(); at += Units.SECTOR_BYTES) {
            MemorySegment one = found.asSlice(at, Units.SECTOR_BYTES);
            boolean allowed =
                    one.mismatch(zero) < 0 || !zeros && one.mismatch(mine.asSlice(at, Units.SECTOR_BYTES)) < 0;
            assertThat(allowed)
                    .as("%s, sector %d of a discard of %d at %d", zeros, at / Units.SECTOR_BYTES, sectors, sector)
                    .isTrue();
        }
        mine.copyFrom(found);
        return zeros;
    }

    void verify() throws DiskException {
        MemorySegment all = Buffers.allocate(end - first);
        disk.read(first, all);
        long differs = all.mismatch(content);
        assertThat(differs < 0 ? -1 : first + differs / Units.SECTOR_BYTES)
                .as("first differing sector")
                .isEqualTo(-1);
    }

    long sectors() {
        return end - first;
    }

    MemorySegment content() {
        return content;
    }
}
